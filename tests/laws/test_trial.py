"""That a trial finds what it looks for: each law is broken once, by a tracker that does wrong."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from calltrack import Frame, Snapshot, State, Tracker
from calltrack.core.changes import Change
from calltrack.core.values import leg_value
from calltrack.laws.health import Sum
from calltrack.laws.trial import Trial
from tests.frames import all_queues, call, extension, queue, waiting

DAY = [
    all_queues(0, []),
    queue(1, "JOIN", "1", [waiting("1")]),
    extension(2, "A", "NEWCALL", call("1", "Ringing", 2)),
    extension(8, "A", "ANSWER", call("1", "Talking", 2, 8)),
    queue(9, "EXIT", "1", []),
    extension(12, "A", "HANGUP", call("1", "Talking", 2, 8)),
    extension(20, "A", "NEWCALL", call("2", "Dialing", 20)),
]


def broken_laws(frames: Iterable[Frame], *, thorough: bool = False) -> list[Sum]:
    """Which laws a stream breaks; none is as it should be."""
    trial = Trial(thorough=thorough)
    for frame in frames:
        trial.feed(frame)
    return trial.broken()


def test_a_sound_tracker_breaks_no_law() -> None:
    """Cut at every frame or not."""
    assert [] == broken_laws(DAY)
    assert [] == broken_laws(DAY, thorough=True)


def test_time_that_passes_breaks_no_law() -> None:
    """A Tick is time, not a frame that comes again: an end that is 50 s old is corrected, one of 90 s is not."""
    gone = extension(25, "A", "userStatusUpdate")
    end = extension(24, "A", "HANGUP", call("2", "Dialing", 20))

    assert [] == broken_laws([*DAY, gone, Frame.of("tick", {"elapsed_s": 45}), end])


def forgetful(feed: Callable[..., Any]) -> Callable[..., Any]:
    """Drops the last change of every frame."""
    return lambda self, frame: feed(self, frame)[:-1]


def backwards(feed: Callable[..., Any]) -> Callable[..., Any]:
    """Reports the end of every frame first."""
    return lambda self, frame: feed(self, frame)[::-1]


def repetitive(feed: Callable[..., Any]) -> Callable[..., Any]:
    """Reports once more what it reported of the frame before."""
    reported: dict[Tracker, tuple[Change, ...]] = {}

    def twice(self: Tracker, frame: Frame) -> tuple[Change, ...]:
        changes: tuple[Change, ...] = feed(self, frame) or reported.get(self, ())
        reported[self] = changes
        return changes

    return twice


def deaf(feed: Callable[..., Any]) -> Callable[..., Any]:
    """Does not hear of answers."""
    return lambda self, frame: () if b'"ANSWER"' in frame.raw else feed(self, frame)


@pytest.mark.parametrize(
    ("fault", "law"),
    [
        (forgetful, "differences between the changes and the snapshot"),
        (backwards, "changes that contradict the ones before"),
        (forgetful, "calls started or resumed = ended + live"),
        (repetitive, "frames that change something when fed again"),
        (deaf, "lists that are not what is tracked"),
    ],
)
def test_a_tracker_that_does_wrong_is_found(fault: Any, law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the law that it breaks is named."""
    monkeypatch.setattr(Tracker, "feed", fault(Tracker.feed))

    assert law in [each.check for each in broken_laws(DAY)]


def test_what_a_restart_loses_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracker that counts its frames from 1 again."""
    real = Tracker.restore.__func__  # type: ignore[attr-defined]

    def restore(snapshot: Snapshot) -> Any:
        tracker = real(Tracker, snapshot)
        tracker._held.position = 0
        return tracker

    monkeypatch.setattr(Tracker, "restore", restore)

    assert ["frames that change something else after a restart"] == [
        law.check for law in broken_laws(DAY, thorough=True)
    ]


def test_a_duration_that_does_not_add_up_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Talk time that no leg counts."""

    def forgetful(held: Any, one: Any) -> Any:
        one.value = replace(leg_value(held, one), talk_s=0)
        return one.value

    monkeypatch.setattr("calltrack.core.reports.leg_value", forgetful)
    monkeypatch.setattr("calltrack.core.values.leg_value", forgetful)
    trial = Trial()
    for frame in DAY:
        trial.feed(frame)

    assert "legs whose times don't add up to their length" in [law.check for law in trial.broken()]


def test_a_step_that_no_row_allows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leg that is said to dial after it rang."""

    def wrong(held: Any, one: Any) -> Any:
        leg = leg_value(held, one)
        return replace(leg, state=State.DIALING) if leg.state is State.TALKING else leg

    monkeypatch.setattr("calltrack.core.reports.leg_value", wrong)
    trial = Trial()
    for frame in DAY:
        trial.feed(frame)

    assert "steps that no row of the table allows" in [law.check for law in trial.broken()]
