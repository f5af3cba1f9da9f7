"""What disturbed traffic has found: one test for each fault, and a few seeds of `disturb` itself."""

import pytest

from calltrack import Frame, Outcome, State, Tracker
from tests.core.disturb import broken
from tests.core.proved import proved
from tests.frames import START, all_extensions, all_queues, call, extension, queue, utc, waiting

NO_OFFSET = {"servertimeoffset": None}


@pytest.mark.parametrize(
    "seed",
    [5, 10, 14, 21, 22, 33, 46, 50, 85, 235, 491, 948, 1141, 3373, 4119, 5683, 9347, 20257, 37860, 52243, *range(20)],
)
def test_no_law_is_broken_by_disturbed_traffic(seed: int) -> None:
    """Longer: `python -m tests.core.disturb`."""
    assert [] == broken(seed)


def test_a_stamp_that_moves_is_reported() -> None:
    """The leg in the changes has the stamp that the snapshot has."""
    moved = call("1", "Ringing", 3)
    _, snapshot = proved(
        extension(1, "A", "NEWCALL", call("1", "Ringing", 1)), extension(4, "A", "userStatusUpdate", calls=[moved])
    )

    assert [START + 3] == [leg.stamp for leg in snapshot.extensions[0].legs]


def test_the_evidence_of_an_ended_leg_stays_without_an_offset() -> None:
    """Later frames of the extension confirm it no more."""
    frames = [
        extension(1, "A", "NEWCALL", call("1", "Ringing", 1), outside=NO_OFFSET),
        extension(9, "A", "HANGUP", call("1", "Ringing", 1), outside=NO_OFFSET),
        extension(10, "A", "NEWCALL", call("2", "Ringing", 10), outside=NO_OFFSET),
    ]

    assert 1 == proved(*frames)[1].ended[0].past_legs[0].confirmed_position


def test_the_last_events_of_an_extension_are_in_utc() -> None:
    """As every other time; the stream says them in the server's wall clock."""
    known = proved(extension(5, "A", "userStatusUpdate", lastCallEventEpoch=START + 3))[1].extensions[0]

    assert utc(3) == known.last_call_at


def test_a_replica_learns_the_caller_s_name_from_the_queue() -> None:
    """The tracker does, of a call whose leg said none."""
    nameless = call("1", "Ringing", 1, callername="", callerphone="")
    proved(
        extension(1, "A", "NEWCALL", nameless),
        queue(2, "JOIN", "1", [waiting("1", 1)]),
    )


def test_a_wrong_stamp_leaves_no_time_of_tomorrow() -> None:
    """Neither in states nor in what orders frames: the next list is believed (ruling 2)."""
    tomorrow = extension(10 + 86_400, "A", "NEWCALL", call("1", "Dialing", 10))
    frames = [
        extension(1, "B", "userStatusUpdate"),
        tomorrow,
        extension(12, "B", "userStatusUpdate", representativeStatus=3),
    ]
    tracker, snapshot = proved(*frames)
    latest = max(snapshot.calls[0].since or 0, snapshot.extensions[1].since or 0)
    assert latest <= utc(12)

    tracker.feed(extension(20, "A", "userStatusUpdate", calls=[]))  # its end was lost

    assert State.IDLE == tracker.snapshot().extensions[1].state
    assert Outcome.LOST == tracker.snapshot().ended[0].outcome


@pytest.mark.parametrize("by", [3600, 7200])
def test_a_clock_step_moves_each_time_once(by: int) -> None:
    """A leg that was written twice in the frame is moved once (ruling 2)."""
    talk = call("1", "Talking", 1, 9)
    frames = [
        extension(1, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(9, "A", "ANSWER", talk),
        extension(69 + by, "A", "HANGUP", talk),
        *(extension(75 + n + by, "B", "userStatusUpdate", representativeStatus=n) for n in (1, 3, 5)),
    ]

    assert 60 - 9 <= proved(*frames)[1].ended[0].talk_s <= 69


def test_times_that_become_known_are_handed_out() -> None:
    """The first offset comes with a stamp behind that of a call: the changes have its times then."""
    frames = [
        extension(1, "B", "userStatusUpdate", outside=NO_OFFSET),
        extension(9, "A", "NEWCALL", call("1", "Dialing", 14), outside=NO_OFFSET),
        extension(10, "B", "userStatusUpdate", representativeStatus=3),
        all_extensions(12, A=[call("1", "Dialing", 14)], B=[]),
    ]

    assert utc(14) == proved(*frames)[1].calls[0].legs[0].started


def test_an_answer_that_was_lost_counts_when_the_leg_comes_back() -> None:
    """A list lacks the leg, the next shows it talking since before that (ruling 4)."""
    talk = call("1", "Talking", 1, 5)
    frames = [
        extension(1, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(20, "A", "userStatusUpdate", calls=[]),
        extension(21, "A", "userStatusUpdate", calls=[talk]),
        extension(65, "A", "HANGUP", talk),
    ]

    leg = proved(*frames)[1].ended[0].past_legs[0]
    assert (4, 60, 0) == (leg.ring_s, leg.talk_s, leg.unknown_s)


STATUSES = [
    extension(1, "A", "NEWCALL", call("1", "Ringing", 1)),
    extension(5, "A", "ANSWER", call("1", "Talking", 1, 5)),
    extension(30, "B", "userStatusUpdate", representativeStatus=3),
    extension(31, "B", "userStatusUpdate", representativeStatus=1),
    extension(65, "A", "HANGUP", call("1", "Talking", 1, 5)),
    extension(66, "B", "userStatusUpdate", representativeStatus=3),
]


@pytest.mark.parametrize("frame", [0, 1, 4])
@pytest.mark.parametrize("later", [1, 2, 3])
def test_a_frame_that_comes_late_reports_its_own_time(frame: int, later: int) -> None:
    """Whatever has come before it meanwhile, unless that is of its own leg (ruling 4)."""
    frames = [*STATUSES[:frame], *STATUSES[frame + 1 :]]
    frames.insert(frame + later, STATUSES[frame])

    (leg,) = proved(*frames)[1].ended[0].past_legs
    assert (utc(1), utc(5), utc(65), 4, 60) == (leg.started, leg.answered_at, leg.ended_at, leg.ring_s, leg.talk_s)


def test_a_late_frame_after_a_long_silence_is_late_once_the_next_shows_it() -> None:
    """A minute and more behind it may be of a clock that was set back."""
    late = [extension(5, "A", "ANSWER", call("1", "Talking", 1, 5)), extension(200, "B", "userStatusUpdate")]
    talk = call("1", "Talking", 1, 5)
    frames = [STATUSES[0], late[1], late[0]]
    assert utc(200) == proved(*frames)[1].calls[0].legs[0].answered_at

    after = [extension(201, "C", "userStatusUpdate"), extension(260, "A", "HANGUP", talk)]
    (leg,) = proved(*frames, *after)[1].ended[0].past_legs
    assert (utc(5), 4, 255) == (leg.answered_at, leg.ring_s, leg.talk_s)


@pytest.mark.parametrize("by", [-25, -50, -90, -1000, -3600])
def test_what_came_right_after_the_clock_was_set_back_is_moved(by: int) -> None:
    """The first frames seem to be late; three show the step (ruling 2)."""
    back = call("2", "Ringing", 101 + by)
    frames = [
        extension(100, "A", "NEWCALL", call("1", "Ringing", 100)),
        extension(101 + by, "B", "NEWCALL", back),
        extension(104 + by, "A", "ANSWER", call("1", "Talking", 100, 104 + by)),
        extension(107 + by, "B", "HANGUP", back),
        extension(164 + by, "A", "HANGUP", call("1", "Talking", 100, 104 + by)),
    ]

    (first,), (second,) = (found.past_legs for found in sorted(proved(*frames)[1].ended, key=lambda one: one.call_id))
    assert 6 == second.ring_s
    assert first.ring_s <= 5 and 59 <= first.talk_s <= 61


def test_the_first_offset_dates_a_phone_that_no_stamp_has_dated() -> None:
    """Also what a snapshot has shown before without a time."""
    tracker = Tracker()
    seen = extension(0, "A", "userStatusUpdate", lastCallEventEpoch=START, outside={**NO_OFFSET, "servertime": None})
    tracker.feed(seen)
    assert None is tracker.snapshot().extensions[0].last_call_at

    tracker.feed(extension(0, "B", "userStatusUpdate", outside={"servertime": None}))

    assert utc(0) == tracker.snapshot().extensions[0].last_call_at


def test_a_first_frame_without_a_stamp_moves_no_time() -> None:
    """A login without servertime, and then a call: its times are those of its own stamps and offset."""
    tracker = Tracker()
    tracker.feed(Frame.of("loginSuccess", {}))
    tracker.feed(extension(10, "A", "NEWCALL", call("1", "Ringing", 10)))

    assert (utc(10), utc(10)) == (tracker.snapshot().time, tracker.snapshot().calls[0].started)


BUSY = [extension(2, "A", "NEWCALL", call("1", "Dialing", 2)), extension(3, "A", "HANGUP", call("1", "Dialing", 2))]
REDIALED = call("1", "Talking", 2, 20)


@pytest.mark.parametrize(
    "seen",
    [
        [extension(21, "A", "ANSWER", REDIALED)],
        [extension(30, "A", "userStatusUpdate", calls=[REDIALED])],
        [],
    ],
)
def test_a_redial_of_the_same_second_whose_start_was_lost_is_another_attempt(seen: list[Frame]) -> None:
    """Nothing is answered after its end was reported (guide §3)."""
    snapshot = proved(*BUSY, *seen, extension(80, "A", "HANGUP", REDIALED))[1]

    busy, answered = snapshot.ended[0].past_legs
    assert (1, 0, False) == (busy.ring_s, busy.talk_s, busy.answered)
    assert (18, 60, True) == (answered.ring_s, answered.talk_s, answered.answered)


LOST = Frame.of("disconnect", {})


def test_what_was_answered_before_the_connection_was_lost_did_not_ring_on() -> None:
    """Its ANSWER was lost too; the list after the gap has its stamp."""
    other = extension(40, "B", "userStatusUpdate", representativeStatus=3)
    lists = all_extensions(60, A=[call("1", "Talking", 1, 5)], B=[])
    frames = [extension(1, "A", "NEWCALL", call("1", "Ringing", 1)), other, LOST, lists]

    (leg,) = proved(*frames, extension(65, "A", "HANGUP", call("1", "Talking", 1, 5)))[1].ended[0].past_legs
    assert (4, 35 + 5, 20) == (leg.ring_s, leg.talk_s, leg.unknown_s)


def test_a_list_that_was_made_after_an_end_does_not_put_it_off() -> None:
    """The first list after a gap has the caller still, its EXIT is dated before that."""
    join = queue(1, "JOIN", "1", [waiting("1", 1)])
    end = queue(50, "EXIT", "1", [])
    frames = [join, LOST, all_queues(52, [waiting("1", 1)]), end]

    (wait,) = proved(*frames)[1].calls[0].past_waits
    assert (49, utc(50)) == (wait.wait_s, wait.left_at)
