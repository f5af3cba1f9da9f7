"""Two sockets interleaved, delays, clocks that are set back: what is late, and what is not (rulings 1 and 4)."""

from calltrack import AnomalyKind, Frame, Outcome, State, Tracker
from calltrack.core.changes import Anomaly, LegEnded, LegStarted
from tests.frames import OFFSET_MIN, START, all_extensions, all_queues, call, extension, queue, stamp, utc, waiting

RINGS = extension(2, "A", "NEWCALL", call("1", "Ringing", 1))
TALKS = extension(9, "A", "ANSWER", call("1", "Talking", 1, 8))
ENDS = extension(20, "A", "HANGUP", call("1", "Talking", 1, 8))


def fed(*frames: Frame) -> tuple[Tracker, list[object]]:
    """A tracker after some frames, and the names of all changes, of an anomaly its kind."""
    tracker = Tracker()
    changes = [change for frame in frames for change in tracker.feed(frame)]
    return tracker, [change.kind if isinstance(change, Anomaly) else type(change) for change in changes]


def test_an_older_frame_does_not_bring_a_leg_back() -> None:
    """A ends its call; a second socket reports the answer once more."""
    again = Frame.of("ExtensionEvent", {**TALKS.payload(), "noise": 1})
    tracker, changes = fed(RINGS, TALKS, ENDS, again)

    assert AnomalyKind.LATE_FRAME == changes[-1]
    assert State.IDLE == tracker.snapshot().extensions[0].state
    assert utc(20) == tracker.time


def test_the_evidence_says_what_is_late() -> None:
    """What came, about which call, and where."""
    tracker, _ = fed(RINGS, TALKS)
    (found,) = tracker.feed(Frame.of("ExtensionEvent", {**RINGS.payload(), "noise": 1}))

    assert isinstance(found, Anomaly)
    assert ("NEWCALL reports what is known already", "1", "A") == (found.detail, found.call_id, found.exten_user)


def test_two_sockets_interleaved_open_no_leg_twice() -> None:
    """The second one lags by two frames; the first one's account stands."""
    _, once = fed(RINGS, TALKS, ENDS)
    _, changes = fed(RINGS, TALKS, RINGS, ENDS, TALKS, ENDS)

    assert once == [change for change in changes if change != AnomalyKind.LATE_FRAME]


def test_one_extension_s_late_frame_says_nothing_of_another() -> None:
    """B was not heard of since; its frame is believed, and time does not go back."""
    tracker, _ = fed(TALKS, extension(5, "B", "NEWCALL", call("2", "Ringing", 5)))

    assert utc(9) == tracker.time
    assert 2 == len(tracker.snapshot().calls)


def test_a_late_agent_status_is_not_the_status() -> None:
    """Its stamp and its status are both older than what is known."""
    lunch = extension(30, "A", "userStatusUpdate", representativeStatus=3, representativeUpdated=(START + 29) * 1000)
    late = extension(29, "A", "userStatusUpdate", representativeStatus=1, representativeUpdated=(START + 20) * 1000)
    tracker, changes = fed(lunch, late)

    assert AnomalyKind.LATE_FRAME == changes[-1]

    assert 3 == tracker.snapshot().extensions[0].agent_status


def test_within_a_second_the_list_shows_which_is_older() -> None:
    """What has ended is in the list again, in the same second: that frame was made before."""
    held = extension(20, "A", "HOLD", call("1", "Hold", 1, 8))
    tracker, changes = fed(RINGS, TALKS, ENDS, held)

    assert AnomalyKind.LATE_FRAME == changes[-1]
    assert State.IDLE == tracker.snapshot().extensions[0].state


def test_within_a_second_what_is_known_is_older() -> None:
    """The end of call 1, its echo after call 2 began; and the same for a beginning and an answer."""
    begins = extension(20, "A", "NEWCALL", call("2", "Ringing", 20))
    answered = extension(20, "A", "ANSWER", call("2", "Talking", 20, 20))
    held = extension(20, "A", "HOLD", call("2", "Hold", 20, 20))
    tracker, changes = fed(RINGS, TALKS, ENDS, begins, ENDS, answered, begins, held, answered)

    assert 2 == changes.count(LegStarted)
    assert 0 == changes.count(AnomalyKind.LATE_FRAME)  # exact echoes say nothing at all
    assert State.HOLD == tracker.snapshot().calls[0].state


def test_a_frame_that_comes_twice_in_a_second_and_changes_nothing_is_not_reported() -> None:
    """Two sockets double every frame; what agrees is no news, and no anomaly."""
    again = Frame.of("ExtensionEvent", TALKS.payload(), at=2.0)
    _, changes = fed(RINGS, TALKS, again)

    assert AnomalyKind.LATE_FRAME not in changes


def test_within_a_second_a_new_call_is_a_new_attempt() -> None:
    """A redial can fall in the second of the call before (field guide §3)."""
    _, changes = fed(
        extension(2, "A", "NEWCALL", call("1", "Dialing", 2)),
        extension(2, "A", "HANGUP", call("1", "Dialing", 2)),
        extension(2, "A", "NEWCALL", call("1", "Dialing", 2, channel="SIP/A-2")),
    )

    assert 2 == changes.count(LegStarted)
    assert AnomalyKind.LATE_FRAME not in changes


def test_a_late_end_of_a_leg_that_was_never_seen_is_reported() -> None:
    """It happened: opened and closed, while the newer call goes on."""
    tracker, changes = fed(
        extension(9, "A", "NEWCALL", call("2", "Ringing", 9)),
        extension(8, "A", "HANGUP", call("1", "Talking", 1, 2)),
    )

    assert 1 == changes.count(LegEnded)
    assert ["2"] == [leg.call_id for leg in tracker.snapshot().extensions[0].legs]
    assert [Outcome.ANSWERED] == [ended.outcome for ended in tracker.snapshot().ended]


def test_a_clock_that_was_set_back_is_believed() -> None:
    """Summer time ends, and the offset does not say so."""
    tracker, _ = fed(TALKS, extension(20 - 3600, "A", "HANGUP", call("1", "Talking", 1, 8)))

    assert () == tracker.snapshot().calls


def test_an_offset_that_changes_with_the_clock_makes_nothing_late() -> None:
    """The clock goes from 180 to 120 minutes ahead; in UTC it goes on."""
    frame = extension(20, "A", "HANGUP", call("1", "Talking", 1, 8), outside={"servertimeoffset": OFFSET_MIN - 60})
    back = frame.payload() | {"servertime": START + 20 - 3600}
    _, changes = fed(RINGS, TALKS, Frame.of("ExtensionEvent", back))

    assert AnomalyKind.LATE_FRAME not in changes
    assert AnomalyKind.CLOCK_STEPPED not in changes


def test_a_frame_without_a_time_is_not_late() -> None:
    """It cannot be known; its list is believed."""
    tracker, _ = fed(TALKS, extension(20, "A", "HANGUP", call("1", "Talking", 1, 8), outside={"servertime": None}))

    assert () == tracker.snapshot().calls


def test_a_frame_without_a_time_makes_no_other_late() -> None:
    """B and the other queue moved the time on; what A and the queue then say without one was not said by then."""
    elsewhere, timeless = extension(30, "B", "userStatusUpdate"), {"servertime": None}
    joined, left = queue(1, "JOIN", "1", [waiting("1", 1)]), queue(5, "ABANDONED", "1", [])
    for first, then in ((RINGS, TALKS), (joined, left)):
        tracker, _ = fed(first, elsewhere, Frame.of(first.event, first.payload() | timeless))

        assert AnomalyKind.LATE_FRAME not in [getattr(change, "kind", None) for change in tracker.feed(then)]


def test_another_server_has_another_clock() -> None:
    """After a login or a lost connection whatever comes is believed."""
    for between in ([Frame.of("loginSuccess", stamp(5))], [Frame.of("disconnect", {})]):
        tracker, changes = fed(
            all_queues(9, [waiting("2")]), TALKS, *between, all_extensions(6, A=[]), all_queues(7, [])
        )

        assert [] == [leg for known in tracker.snapshot().extensions for leg in known.legs]
        assert () == tracker.snapshot().waiting_in(55)
        assert AnomalyKind.LATE_FRAME not in changes


def test_a_login_that_is_reported_again_is_no_new_one() -> None:
    """It is of the very time of the one before; the list behind it is as old as that, and there was no gap."""
    login, listed = Frame.of("loginSuccess", stamp(0)), all_extensions(0, A=[call("1", "Ringing", 0)])
    tracker, changes = fed(login, listed, extension(9, "A", "HANGUP", call("1", "Ringing", 0)), login, listed)

    assert [AnomalyKind.LATE_FRAME] * 2 == [change for change in changes if change == AnomalyKind.LATE_FRAME]
    assert 1 == changes.count(LegEnded) == changes.count(LegStarted)
    assert () == tracker.snapshot().gaps

    after_a_loss, changes = fed(login, listed, TALKS, Frame.of("disconnect", {}), login, all_extensions(0, A=[]))
    assert AnomalyKind.LATE_FRAME not in changes
    assert () == after_a_loss.snapshot().calls


def test_a_queue_has_its_own_time() -> None:
    """A late JOIN does not queue the call again, neither seconds later nor within the second."""
    joined, left = queue(1, "JOIN", "1", [waiting("1", 1)]), queue(1, "ABANDONED", "1", [])
    later = queue(5, "ABANDONED", "1", [])
    for stream in ([joined, left, joined], [joined, later, joined]):
        tracker, _ = fed(all_queues(0, []), *stream[:2], Frame.of("QueueEvent", {**joined.payload(), "noise": 1}))

        assert (1, 1) == (tracker.snapshot().queues[0].queued, tracker.snapshot().queues[0].abandoned)


def test_a_late_list_of_all_queues_leaves_alone_what_is_known_better() -> None:
    """The caller joined after it was made."""
    tracker, changes = fed(all_queues(0, []), queue(9, "JOIN", "1", [waiting("1", 9)]), all_queues(8, []))

    assert AnomalyKind.LATE_FRAME == changes[-1]
    assert 1 == len(tracker.snapshot().waiting_in(55))


def test_two_that_join_in_one_second_are_both_news() -> None:
    """Who still waits has not left, and who was never seen neither."""
    tracker, changes = fed(queue(5, "JOIN", "1", [waiting("1")]), queue(5, "JOIN", "2", [waiting("1"), waiting("2")]))

    assert ["1", "2"] == [wait.call_id for wait in tracker.snapshot().waiting_in(55)]
    assert AnomalyKind.LATE_FRAME not in changes


def test_a_wait_that_is_listed_twice_is_one() -> None:
    """Queue, call and moment of joining are what it is (field guide §3)."""
    tracker = Tracker()
    tracker.feed(queue(1, "JOIN", "1", [waiting("1"), waiting("1")]))
    found = tracker.snapshot().queues[0]

    assert (1, 1) == (len(found.waiting), found.queued)
