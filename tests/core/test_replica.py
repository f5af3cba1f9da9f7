"""The state rebuilt from changes; that it always is the tracker's, the laws say (test_properties.py)."""

import pytest

from calltrack import Frame, State, Tracker
from calltrack.core.changes import CallResumed, CallStarted, ExtensionStateChanged, LegEnded, QueueLeft
from calltrack.core.replica import View
from tests.frames import all_extensions, all_queues, call, extension, queue, stamp, waiting

DAY = [
    Frame.of("loginSuccess", stamp(0)),
    all_queues(0, []),
    all_extensions(0, A=[], B=[]),
    queue(1, "JOIN", "1", [waiting("1")]),
    extension(2, "A", "NEWCALL", call("1", "Ringing", 2, queueID=55)),
    extension(8, "A", "ANSWER", call("1", "Talking", 2, 8, queueID=55)),
    queue(9, "EXIT", "1", []),
    extension(12, "A", "HOLD", call("1", "Hold", 2, 8)),
    extension(13, "B", "userStatusUpdate", representativeStatus=3),
    Frame.of("disconnect", {"reason": "transport close"}),
    all_extensions(60, A=[call("1", "Talking", 2, 8, relatedIvrUniqueIDs="9")], C=[]),
    extension(90, "A", "HANGUP", call("1", "Talking", 2, 8)),
    extension(95, "C", "NEWCALL", call("2", "Dialing", 95)),
]


def test_changes_replayed_are_the_snapshot_after_every_frame() -> None:
    """From nothing, and from the snapshot of any moment."""
    tracker, view, later = Tracker(), View(), list[View]()
    for frame in DAY:
        later.append(View.of(tracker.snapshot()))
        for change in tracker.feed(frame):
            for each in (view, *later):
                each.apply(change)
        expected = View.of(tracker.snapshot())
        assert [] == [found for found in (view, *later) if found != expected]
    assert 0 == view.faults
    assert State.DIALING == view.calls["2"].state
    assert ["1"] == list(view.ended)
    assert (1, 1) == (view.queues["55"].queued, view.queues["55"].answered)


@pytest.mark.parametrize("kind", [LegEnded, ExtensionStateChanged, CallStarted, QueueLeft])
def test_a_change_that_is_missing_shows(kind: type) -> None:
    """The view is not the snapshot's."""
    tracker, view = Tracker(), View()
    for frame in DAY:
        for change in tracker.feed(frame):
            if not isinstance(change, kind):
                view.apply(change)

    assert View.of(tracker.snapshot()) != view


def test_a_change_that_cannot_be_is_a_fault() -> None:
    """A leg that ends twice, and one whose call was never told of."""
    tracker, view = Tracker(), View()
    told = [change for frame in DAY for change in tracker.feed(frame)]
    ends = [change for change in told if isinstance(change, LegEnded)]
    for change in [*ends, *told, *ends]:
        view.apply(change)

    assert 2 * len(ends) == view.faults


def test_differences_are_named() -> None:
    """By what it is and its id."""
    tracker = Tracker()
    tracker.feed(DAY[4])

    assert ["call 1", "extension A"] == View().differences(View.of(tracker.snapshot()))


def test_the_history_is_bounded_as_the_tracker_s() -> None:
    """The oldest goes first."""
    tracker, view = Tracker(history=2), View(history=2)
    for n in range(4):
        for change in tracker.feed(extension(n, "A", "HANGUP", call(str(n), "Talking", n, n))):
            view.apply(change)

    assert ["2", "3"] == list(view.ended)
    assert View.of(tracker.snapshot()) == view


def test_a_call_that_is_resumed_goes_on_where_it_was() -> None:
    """One that the view does not know of is a fault; so is a second leg no first."""
    tracker, view, blank = Tracker(), View(), View()
    for frame in (
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(3, "A", "HANGUP", call("1", "Ringing", 1)),
        extension(9, "B", "NEWCALL", call("1", "Ringing", 9)),
        extension(10, "C", "NEWCALL", call("1", "Ringing", 9)),
    ):
        for change in tracker.feed(frame):
            view.apply(change)
            if isinstance(change, CallResumed):
                blank.apply(change)

    assert (0, 1) == (view.faults, blank.faults)
    assert View.of(tracker.snapshot()) == view
    assert 3 == view.calls["1"].attempts


def test_who_logs_off_is_nobody() -> None:
    """The phone stays."""
    tracker, view = Tracker(), View()
    for frame in (extension(2, "A", "userStatusUpdate"), extension(3, "A", "userStatusUpdate", onlineUserID=0)):
        for change in tracker.feed(frame):
            view.apply(change)

    assert View.of(tracker.snapshot()) == view
    assert view.extensions["A"].agent_id is None
