"""The state rebuilt from changes; that it always is the tracker's, the laws say (test_properties.py)."""

import pytest

from calltrack import Frame, State, Tracker
from calltrack.core.changes import CallResumed, CallStarted, ExtensionStateChanged, LegEnded, QueueLeft
from calltrack.core.replica import Replica
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
    tracker, replica, later = Tracker(), Replica(), list[Replica]()
    for frame in DAY:
        later.append(Replica.of(tracker.snapshot()))
        for change in tracker.feed(frame):
            for each in (replica, *later):
                each.apply(change)
        expected = Replica.of(tracker.snapshot())
        assert [] == [found for found in (replica, *later) if found != expected]
    assert 0 == replica.faults
    assert State.DIALING == replica.calls["2"].state
    assert ["1"] == list(replica.ended)
    assert (1, 1) == (replica.queues["55"].queued, replica.queues["55"].answered)


@pytest.mark.parametrize("kind", [LegEnded, ExtensionStateChanged, CallStarted, QueueLeft])
def test_a_change_that_is_missing_shows(kind: type) -> None:
    """The replica is not the snapshot's."""
    tracker, replica = Tracker(), Replica()
    for frame in DAY:
        for change in tracker.feed(frame):
            if not isinstance(change, kind):
                replica.apply(change)

    assert Replica.of(tracker.snapshot()) != replica


def test_a_change_that_cannot_be_is_a_fault() -> None:
    """A leg that ends twice, and one whose call was never reported."""
    tracker, replica = Tracker(), Replica()
    reported = [change for frame in DAY for change in tracker.feed(frame)]
    ends = [change for change in reported if isinstance(change, LegEnded)]
    for change in [*ends, *reported, *ends]:
        replica.apply(change)

    assert 2 * len(ends) == replica.faults


def test_differences_are_named() -> None:
    """By what it is and its id."""
    tracker = Tracker()
    tracker.feed(DAY[4])

    assert ["call 1", "extension A"] == Replica().differences(Replica.of(tracker.snapshot()))


def test_the_history_is_bounded_as_the_tracker_s() -> None:
    """The oldest goes first."""
    tracker, replica = Tracker(history=2), Replica(history=2)
    for n in range(4):
        for change in tracker.feed(extension(n, "A", "HANGUP", call(str(n), "Talking", n, n))):
            replica.apply(change)

    assert ["2", "3"] == list(replica.ended)
    assert Replica.of(tracker.snapshot()) == replica


def test_a_call_that_is_resumed_goes_on_where_it_was() -> None:
    """One that the replica does not know of is a fault; so is a second leg no first."""
    tracker, replica, blank = Tracker(), Replica(), Replica()
    for frame in (
        extension(2, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(3, "A", "HANGUP", call("1", "Ringing", 1)),
        extension(9, "B", "NEWCALL", call("1", "Ringing", 9)),
        extension(10, "C", "NEWCALL", call("1", "Ringing", 9)),
    ):
        for change in tracker.feed(frame):
            replica.apply(change)
            if isinstance(change, CallResumed):
                blank.apply(change)

    assert (0, 1) == (replica.faults, blank.faults)
    assert Replica.of(tracker.snapshot()) == replica
    assert 3 == replica.calls["1"].attempts


def test_who_logs_off_is_no_one() -> None:
    """The phone stays."""
    tracker, replica = Tracker(), Replica()
    for frame in (extension(2, "A", "userStatusUpdate"), extension(3, "A", "userStatusUpdate", onlineUserID=0)):
        for change in tracker.feed(frame):
            replica.apply(change)

    assert Replica.of(tracker.snapshot()) == replica
    assert replica.extensions["A"].agent_id is None
