"""What holds for every stream, lawful or not."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from calltrack import Frame, Snapshot, Tracker
from calltrack.changes import Anomaly, LegEnded, LegStarted
from calltrack.health import Health
from tests.strategies import frames, json_values, streams

STATES = {"ringing": "Ringing", "dialing": "Dialing", "talking": "Talking", "hold": "Hold", "spying": "Spying"}


def listed(call: dict[str, Any]) -> tuple[str, str]:
    state = STATES.get(call["callstatus"].lower(), "Unknown")
    if str(call.get("c2cdirection")) == "2" and state == "Talking" and not call["answered"]:
        state = "Dialing"
    return call["ivrid"], state


@given(streams())
def test_the_lists_are_the_authority(stream: list[Frame]) -> None:
    """After every event that is not late the tracked legs and waits are those of its own list."""
    tracker = Tracker()
    for frame in stream:
        changes = tracker.feed(frame)
        if any(isinstance(change, Anomaly) and change.kind == "late_frame" for change in changes):
            continue
        data = (frame.payload() or {}).get("data", {})
        if frame.event == "ExtensionEvent":
            known = tracker.snapshot().extension(data["extenUser"])
            assert known is not None
            assert sorted(map(listed, data["calls"])) == sorted((leg.call_id, leg.state) for leg in known.legs)
        elif frame.event == "QueueEvent":
            waiting = tracker.snapshot().waiting_in(55)
            assert sorted(call["ivrid"] for call in data["Calls"]) == sorted(wait.call_id for wait in waiting)


@given(streams())
def test_the_sums_hold(stream: list[Frame]) -> None:
    """Legs, waits and calls that began have ended or are live; none ends twice; times add up."""
    tracker, health = Tracker(), Health()
    for frame in stream:
        health.see(tracker.feed(frame))
        broken = [law for law in health.sums(tracker.snapshot()) if not law.holds and "add up" not in law.check]
        assert [] == broken


@given(streams())
def test_no_attempt_starts_or_ends_twice(stream: list[Frame]) -> None:
    """(call, attempt) names one leg, which starts once and ends at most once."""
    tracker = Tracker(history=10_000)
    changes = [change for frame in stream for change in tracker.feed(frame)]

    for kind in (LegStarted, LegEnded):
        keys = [(change.call_id, change.leg.attempt) for change in changes if isinstance(change, kind)]
        assert len(set(keys)) == len(keys)


@given(streams(), st.data())
def test_a_frame_fed_twice_changes_nothing(stream: list[Frame], data: st.DataObject) -> None:
    """Wherever in the stream, and also as a new object."""
    tracker = Tracker()
    for frame in stream:
        tracker.feed(frame)
        before = tracker.snapshot()
        again = data.draw(st.sampled_from([frame, Frame.decode(frame.raw)]))

        assert () == tracker.feed(again)
        after = tracker.snapshot()
        assert (before.calls, before.extensions, before.queues) == (after.calls, after.extensions, after.queues)


@given(streams(40), st.integers(0, 40))
def test_a_cut_stream_ends_like_the_whole_one(stream: list[Frame], cut: int) -> None:
    """Saved, restored and gone on with, the tracker reports the same changes and ends in the same state."""
    whole, first = Tracker(history=2), Tracker(history=2)
    expected = [whole.feed(frame) for frame in stream]
    actual = [first.feed(frame) for frame in stream[:cut]]
    saved = first.snapshot().to_json()
    restored = Tracker.restore(Snapshot.from_json(saved))
    assert saved == restored.snapshot().to_json()
    actual += [restored.feed(frame) for frame in stream[cut:]]

    assert expected == actual
    assert whole.snapshot().to_json() == restored.snapshot().to_json()


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
