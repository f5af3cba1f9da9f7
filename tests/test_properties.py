"""What holds for every stream, lawful or not."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from calltrack import Frame, Tracker
from calltrack.core.changes import LegEnded, LegResumed, LegStarted
from calltrack.testing import Trial, prove
from calltrack.testing.strategies import frames, json_values, streams


@given(streams())
def test_every_law_holds_after_every_frame(stream: list[Frame]) -> None:
    """Lists, sums, states, durations, changes replayed; a frame fed twice; a restart after each frame."""
    trial = Trial(history=3, thorough=True)
    for frame in stream:
        trial.feed(frame)
        assert [] == trial.broken()


@given(streams())
def test_other_ids_make_no_difference(stream: list[Frame]) -> None:
    """Renaming calls, extensions and queues before the tracker is renaming them after it."""
    prove(stream)


@given(streams())
def test_no_attempt_starts_or_ends_twice(stream: list[Frame]) -> None:
    """(call, attempt) names one leg: it starts once, and ends at most once more often than it comes back."""
    tracker = Tracker(history=10_000)
    changes = [change for frame in stream for change in tracker.feed(frame)]

    def times(kind: type[LegStarted | LegEnded | LegResumed]) -> Counter[tuple[str, int]]:
        return Counter((change.call_id, change.leg.attempt) for change in changes if isinstance(change, kind))

    starts, ends, back = times(LegStarted), times(LegEnded), times(LegResumed)
    assert all(number == 1 for number in starts.values())
    assert all(number <= 1 + back[key] for key, number in ends.items())


@given(st.text(max_size=12), json_values)
@settings(max_examples=300)
def test_nothing_that_is_sent_makes_it_fail(event: str, payload: object) -> None:
    """Any event with any payload is a change, an anomaly or nothing."""
    tracker = Tracker()
    for name in (event or "x", "ExtensionEvent", "QueueEvent", "AllExtensionsStatus", "loginStatus"):
        tracker.feed(Frame.of(name, payload))
        tracker.feed(Frame.of(name, {"data": payload, "reason": "NEWCALL", "calls": payload, "queues": payload}))
        tracker.feed(Frame.of(name, {"extensions": [payload], "queues": [payload], "servertime": payload}))
        tracker.feed(Frame.of(name, {"data": {"extenUser": "A", "QueueID": 5, "calls": [payload], "Calls": [payload]}}))


@given(frames(), json_values, st.data())
@settings(max_examples=300)
def test_a_broken_field_does_not_make_it_fail(frame: Frame, value: object, data: st.DataObject) -> None:
    """Whichever field of a real frame is replaced by whatever value."""

    def holders(found: Any) -> list[Any]:
        inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else []
        return [found, *(holder for one in inner for holder in holders(one))] if inner else []

    payload = frame.payload() or {}
    spots = holders(payload)
    if spots:
        spot = data.draw(st.sampled_from(spots))
        spot[data.draw(st.sampled_from(sorted(spot)) if isinstance(spot, dict) else st.integers(0, len(spot) - 1))] = (
            value
        )
    tracker = Tracker()
    tracker.feed(frame)
    tracker.feed(Frame.of(frame.event, payload))
    assert 2 == tracker.snapshot().position
