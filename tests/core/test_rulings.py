"""The rulings of the field guide, §8, each by its number; order and echoes are tried on generated streams."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from calltrack import AnomalyKind, Frame, Outcome, Snapshot, State, Tracker
from calltrack.core import changes as ch
from calltrack.core.changes import Change
from calltrack.core.held import REMEMBERED
from calltrack.core.records import Call, Leg, Wait
from calltrack.core.replica import Replica
from calltrack.testing import lawful
from tests.frames import OFFSET_MIN, START, all_extensions, all_queues, call, extension, queue, stamp, utc, waiting

LOST = Frame.of("disconnect", {})
ELSEWHERE = {"cause": "Answered elsewhere"}
NORMAL = {"cause": "Normal hangup"}


def fed(*frames: Frame) -> tuple[Snapshot, list[Change]]:
    """What is known after some frames, and all that changed; a replica of the changes must agree with it."""
    tracker, replica = Tracker(), Replica()
    changes = [change for frame in frames for change in tracker.feed(frame)]
    for change in changes:
        replica.apply(change)
    snapshot = tracker.snapshot()
    assert [] == replica.differences(Replica.of(snapshot))
    assert 0 == replica.faults
    return snapshot, changes


def the_call(snapshot: Snapshot, call_id: str = "1") -> Call:
    """A call that is there."""
    found = snapshot.call(call_id)
    assert found is not None
    return found


def legs_of(found: Call) -> list[Leg]:
    """All its legs, by attempt."""
    return sorted((*found.legs, *found.past_legs), key=lambda leg: leg.attempt)


def waits_of(found: Call) -> list[Wait]:
    """All its waits."""
    return [*found.waiting, *found.past_waits]


def kinds(changes: Iterable[Change]) -> list[AnomalyKind]:
    """What anomalies there are."""
    return [change.kind for change in changes if isinstance(change, ch.Anomaly)]


def final(frames: Iterable[Frame]) -> Any:
    """The final records, without what says how they came about."""
    snapshot = fed(*frames)[0]
    return _bare([msgspec.to_builtins(one) for one in sorted(snapshot.ended, key=lambda one: one.call_id)])


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        left_out = ("confirmed_position", "confirmed_at", "attempt")
        return {key: _bare(inner) for key, inner in value.items() if key not in left_out}
    return [_bare(one) for one in value] if isinstance(value, list | tuple) else value


CALL = [
    all_queues(0, []),
    all_extensions(0, A=[], B=[]),
    queue(1, "JOIN", "1", [waiting("1", 1)]),
    extension(2, "A", "NEWCALL", call("1", "Ringing", 2)),
    extension(9, "A", "HANGUP", call("1", "Ringing", 2), outside=NORMAL),
    extension(12, "B", "NEWCALL", call("1", "Ringing", 12)),
    extension(20, "B", "ANSWER", call("1", "Talking", 12, 20)),
    queue(20, "EXIT", "1", []),
    extension(80, "B", "HANGUP", call("1", "Talking", 12, 20), outside=NORMAL),
]


def test_1_frames_count_in_the_order_in_which_they_arrive() -> None:
    """An answer stamped 4 s before its start is an answer all the same."""
    snapshot, changes = fed(
        extension(10, "A", "NEWCALL", call("1", "Ringing", 9)),
        extension(6, "A", "ANSWER", call("1", "Talking", 9, 15), outside={"telephonyservertime": START + 6}),
    )

    assert State.TALKING is the_call(snapshot).state
    assert AnomalyKind.LATE_FRAME not in kinds(changes)


def test_1_a_list_of_the_same_second_that_comes_later_is_younger() -> None:
    """Its retrieval was lost, or was the echo of another; the next event's list shows the leg talking."""
    talking, second = call("1", "Talking", 9, 15), call("2", "Dialing", 20, direction="Outgoing")
    snapshot, _ = fed(
        extension(9, "A", "NEWCALL", call("1", "Ringing", 9)),
        extension(15, "A", "ANSWER", talking),
        extension(20, "A", "HOLD", call("1", "Hold", 9, 15)),
        extension(20, "A", "NEWCALL", second, calls=[talking, second]),
    )

    assert [State.TALKING] == [leg.state for leg in the_call(snapshot).legs]


def test_1_a_hold_of_the_second_of_an_unexpected_retrieval_is_another_hold() -> None:
    """The first hold was lost; frames of one second count in the order in which they arrive."""
    talks, holds = call("1", "Talking", 10, answered_at=12), call("1", "Hold", 10, answered_at=12)
    frames = (
        extension(10, "A", "NEWCALL", call("1", "Ringing", 10)),
        extension(12, "A", "ANSWER", talks),
        extension(30, "A", "UNHOLD", talks),
        extension(30, "A", "HOLD", holds),
    )
    assert State.HOLD is the_call(fed(*frames)[0]).state

    snapshot, _ = fed(*frames, extension(40, "A", "HANGUP", holds, outside=NORMAL))

    assert [(18, 10)] == [(leg.talk_s, leg.hold_s) for leg in legs_of(the_call(snapshot))]


def test_1_what_is_known_is_late_and_changes_nothing() -> None:
    """A second report of an answer, in other bytes."""
    again = Frame.of("ExtensionEvent", {**CALL[6].payload(), "noise": 1})
    snapshot, changes = fed(*CALL[:8], again)

    assert AnomalyKind.LATE_FRAME is kinds(changes)[-1]
    assert fed(*CALL[:8])[0].calls == snapshot.calls


@pytest.mark.parametrize("by", [-1000, -30, -5, -3600, 3600])
@pytest.mark.parametrize("at", range(3, 9))
def test_2_a_clock_step_at_any_place_leaves_states_and_durations(by: int, at: int) -> None:
    """The call is tracked as without it, its wait, ring and talk are within what the step hides."""
    moved = [_moved(frame, by) if n >= at else frame for n, frame in enumerate(CALL)]
    more = [extension(90 + n + by, "C", "userStatusUpdate", representativeUpdated=n) for n in range(4)]
    found = the_call(fed(*moved, *more)[0])

    assert (Outcome.ANSWERED, True) == (found.outcome, found.answered)
    assert abs(found.talk_s - 60) <= (60 if at == 8 and by < 0 else 30)  # a step in a silence of 60 s hides in it
    assert found.wait_s + found.talk_s + found.hold_s + found.unknown_s <= (found.ended_at or 0) - (found.started or 0)


def _moved(frame: Frame, by: int) -> Frame:
    """The frame with its stamps as a clock set by so many seconds has them; what began before keeps its stamp."""
    stamps = {"servertime", "telephonyservertime"}

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: inner + by if key in stamps and inner else moved(inner) for key, inner in value.items()}
        return [moved(one) for one in value] if isinstance(value, list) else value

    return Frame.of(frame.event, moved(frame.payload()))


def test_2_an_hour_that_seemed_to_pass_was_a_step_once_the_offset_says_so() -> None:
    """Summer time in a quiet night: the silence before it hides the step; what was written since is moved."""
    ringing, talking, summer = (
        call("1", "Ringing", 1),
        call("1", "Talking", 1, 5),
        {"servertimeoffset": OFFSET_MIN + 60},
    )
    frames = [extension(1, "A", "NEWCALL", ringing), extension(5, "A", "ANSWER", talking)]
    frames += [
        extension(at + 3600, name, "NEWCALL", call(name, "Ringing", at + 3600)) for name, at in (("B", 200), ("C", 225))
    ]
    frames.append(extension(300 + 3600, "D", "userStatusUpdate", outside=summer))
    frames.append(extension(305 + 3600, "A", "HANGUP", talking, outside=summer))
    snapshot, changes = fed(*frames)

    assert [AnomalyKind.CLOCK_STEPPED] == kinds(changes)
    assert (4, 300, utc(305)) == (the_call(snapshot).ring_s, the_call(snapshot).talk_s, the_call(snapshot).ended_at)
    assert [utc(200), utc(225)] == [the_call(snapshot, name).started for name in "BC"]


@pytest.mark.parametrize("by", [5000, 86_400, -86_400])
def test_2_a_wrong_stamp_leaves_the_times_that_the_call_itself_has(by: int) -> None:
    """The one frame that is stamped wrong reports an answer, whose own stamp is right."""
    ringing, talking = call("1", "Ringing", 1), call("1", "Talking", 1, 6)
    snapshot, _ = fed(
        extension(1, "A", "NEWCALL", ringing),
        extension(6 + by, "A", "ANSWER", talking),
        extension(20, "B", "userStatusUpdate"),
        extension(66, "A", "HANGUP", talking),
    )

    assert (5, 60, utc(6)) == (the_call(snapshot).ring_s, the_call(snapshot).talk_s, the_call(snapshot).answered_at)


def test_2_a_lone_stamp_far_ahead_dates_nothing() -> None:
    """A status that is set a day ahead; the frames behind it are not late."""
    ahead = extension(
        86_400, "B", "userStatusUpdate", representativeStatus=3, representativeUpdated=(START + 86_400) * 1000
    )
    snapshot, changes = fed(*CALL[:5], ahead, *CALL[5:])

    assert [AnomalyKind.WRONG_STAMP] == kinds(changes)
    assert all(change.at is None or change.at <= utc(80) for change in changes)
    status = snapshot.extension("B")
    assert status is not None and status.agent_status_since is not None and status.agent_status_since <= utc(80)
    assert 60 == the_call(snapshot).talk_s


CROWD = [
    extension(1, "B", "NEWCALL", call("1", "Ringing", 1)),
    extension(5, "B", "ANSWER", call("1", "Talking", 1, 5)),
    extension(6, "C", "userStatusUpdate"),
]
"""A call at one phone, and another phone that is heard."""


def crowd(*seconds: int) -> list[Frame]:
    """Two phones are heard by turns."""
    return [extension(at, "CD"[n % 2], "userStatusUpdate", representativeStatus=n) for n, at in enumerate(seconds)]


@pytest.mark.parametrize("by", [60, 100, 300, 580, 1000, 3600, 86_400])
@pytest.mark.parametrize("frames", [1, 2])
def test_2_what_one_phone_stamps_ahead_moves_nothing(by: int, frames: int) -> None:
    """The others are back where the clock was; neither a step nor a silence is seen at one phone alone."""
    wrong = [
        extension(20 + by, "A", "NEWCALL", call("2", "Dialing", 20 + by)),
        extension(22 + by, "A", "ANSWER", call("2", "Talking", 20 + by, 22 + by)),
    ]
    end = extension(65, "B", "HANGUP", call("1", "Talking", 1, 5))
    snapshot, changes = fed(*CROWD, *wrong[:frames], *crowd(24, 26), end, *crowd(66, 67))

    assert [AnomalyKind.WRONG_STAMP] == kinds(changes)
    assert (4, 60, utc(65)) == (the_call(snapshot).ring_s, the_call(snapshot).talk_s, the_call(snapshot).ended_at)
    assert utc(0) <= (the_call(snapshot, "2").started or 0) <= utc(24)


@pytest.mark.parametrize("by", [100, 300, 1000, 3600])
def test_2_a_silence_is_believed_at_one_phone(by: int) -> None:
    """Where no other one is back where the clock was, time has passed."""
    talks = extension(9 + by, "A", "ANSWER", call("2", "Talking", 1 + by, 9 + by))
    end = extension(20 + by, "A", "HANGUP", call("2", "Talking", 1 + by, 9 + by))
    snapshot, changes = fed(*crowd(0, 1), extension(1 + by, "A", "NEWCALL", call("2", "Ringing", 1 + by)), talks, end)

    assert [] == kinds(changes)
    assert (8, 11, utc(20 + by)) == (
        the_call(snapshot, "2").ring_s, the_call(snapshot, "2").talk_s, the_call(snapshot, "2").ended_at
    )  # fmt: skip


@pytest.mark.parametrize("lag", [20, 39])
def test_2_the_delayed_frames_of_one_phone_are_no_step(lag: int) -> None:
    """Three in a row that are behind, and the other phones go on where they were."""
    late = [
        extension(1, "A", "NEWCALL", call("2", "Ringing", 1)),
        extension(5, "A", "ANSWER", call("2", "Talking", 1, 5)),
        extension(20, "A", "HANGUP", call("2", "Talking", 1, 5)),
    ]
    end = extension(65, "B", "HANGUP", call("1", "Talking", 1, 5))
    snapshot, changes = fed(*CROWD, *crowd(1 + lag), *late, *crowd(60, 61), end)

    assert [] == kinds(changes)
    found = the_call(snapshot, "2")
    assert (utc(1), 4, 15, utc(20)) == (found.started, found.ring_s, found.talk_s, found.ended_at)
    assert 60 == the_call(snapshot).talk_s


@pytest.mark.parametrize("heard", [[], [frame for at in (0, 2) for frame in crowd(at)]])
def test_2_a_step_is_seen_at_one_phone_where_no_other_is_heard(heard: list[Frame]) -> None:
    """For ten minutes: then it is the stream. Where another was, its frames count until then."""
    back = [extension(at - 1000, "A", "userStatusUpdate", representativeStatus=at % 9) for at in range(30, 1200, 60)]
    _, changes = fed(*heard, extension(20, "A", "userStatusUpdate"), *back)

    assert [AnomalyKind.CLOCK_STEPPED] == kinds(changes)


@pytest.mark.parametrize("elapsed", [20, 61, 300])
def test_4_a_tick_after_a_late_frame_leaves_its_phone_s_clock_where_it_was(elapsed: int) -> None:
    """The next frame of that phone is as late as the one before: its leg ends at its own time, at once."""
    snapshot, _ = fed(
        extension(1, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(20, "B", "userStatusUpdate"),
        extension(5, "A", "ANSWER", call("1", "Talking", 1, 5)),
        Frame.of("tick", {"elapsed_s": elapsed}),
        extension(10 + elapsed, "A", "HANGUP", call("1", "Talking", 1, 5)),
    )

    assert (4, 5 + elapsed, utc(10 + elapsed)) == (
        the_call(snapshot).ring_s, the_call(snapshot).talk_s, the_call(snapshot).ended_at
    )  # fmt: skip


@pytest.mark.parametrize("offset_by", [60, 0])
@pytest.mark.parametrize("by", [3600, -3600])
def test_2_a_leg_first_seen_after_a_step_has_the_stamps_of_the_clock_before(by: int, offset_by: int) -> None:
    """Summer time begins or ends between its start, which was lost, and its answer; the offset says so, or not."""
    outside = {"servertimeoffset": OFFSET_MIN + by // 3600 * offset_by}
    after = [_moved(extension(at, "CD"[at % 2], "userStatusUpdate", outside=outside), by) for at in (24, 25, 26, 27)]
    ends = [
        _moved(extension(30, "A", "ANSWER", call("1", "Talking", 20, 30 + by), outside=outside), by),
        _moved(extension(65, "A", "HANGUP", call("1", "Talking", 20, 30 + by), outside=outside), by),
    ]
    found = the_call(fed(*crowd(10, 22), extension(23, "B", "NEWCALL", call("2", "Ringing", 23)), *after, *ends)[0])

    assert (10, 35, 0) == (found.ring_s, found.talk_s, found.unknown_s)


def test_2_a_wait_first_seen_after_summer_time_began_has_its_join_in_winter() -> None:
    """The list has it with the stamp of the clock before."""
    listed = [waiting("2", 10), waiting("3", 15 + 3600)]
    after = [queue(15 + 3600, "JOIN", "3", listed), queue(41 + 3600, "ABANDONED", "2", listed[1:])]
    summer = [Frame.of(one.event, {**one.payload(), "servertimeoffset": OFFSET_MIN + 60}) for one in after]

    assert [31] == [wait.wait_s for wait in waits_of(the_call(fed(*crowd(10, 12), *summer)[0], "2"))]


def test_3_without_an_offset_durations_are_right_and_times_unknown() -> None:
    """Live states too."""
    frames = [Frame.of(frame.event, _without_offset(frame.payload())) for frame in CALL]
    found = the_call(fed(*frames)[0])

    assert (None, None, 19, 15, 60) == (found.started, found.ended_at, found.wait_s, found.ring_s, found.talk_s)


def _without_offset(value: Any) -> Any:
    return {key: inner for key, inner in value.items() if key != "servertimeoffset"}


def test_4_an_end_that_is_reported_late_is_the_end() -> None:
    """One further change corrects what was handed out."""
    gone = extension(70, "B", "userStatusUpdate", calls=[], representativeStatus=3)
    snapshot, changes = fed(*CALL[:8], gone, CALL[8])

    assert 1 == sum(isinstance(change, ch.LegRevised) for change in changes)
    leg = legs_of(the_call(snapshot))[-1]
    assert (60, 0, "Normal hangup", "") == (leg.talk_s, leg.unknown_s, leg.cause, leg.inferred)


def test_4_a_leg_that_comes_back_has_lost_no_time() -> None:
    """A list lacks it for some seconds."""
    gone = extension(30, "B", "userStatusUpdate", calls=[], representativeStatus=3)
    back = extension(33, "B", "userStatusUpdate", calls=[call("1", "Talking", 12, 20)], representativeStatus=1)
    snapshot, changes = fed(*CALL[:8], gone, back, CALL[8])

    assert [ch.LegResumed] == [type(change) for change in changes if isinstance(change, ch.LegResumed | ch.LegRevised)]
    leg = legs_of(the_call(snapshot))[-1]
    assert (2, 60, 0) == (leg.attempt, leg.talk_s, leg.unknown_s)


def test_4_after_a_minute_an_end_is_final() -> None:
    """A late HANGUP is evidence then, and changes nothing."""
    gone = extension(30, "B", "userStatusUpdate", calls=[], representativeStatus=3)
    later = extension(95, "C", "userStatusUpdate")
    snapshot, changes = fed(*CALL[:8], gone, later, extension(96, "B", "HANGUP", call("1", "Talking", 12, 20)))

    assert AnomalyKind.LATE_FRAME is kinds(changes)[-1]
    assert "gone from the list, its end was not reported" == legs_of(the_call(snapshot))[-1].inferred


@pytest.mark.parametrize("seed", range(40))
def test_4_frames_of_other_devices_may_come_in_any_order_within_a_second(seed: int) -> None:
    """The final records are the same."""
    chance = random.Random(seed)
    frames = list(lawful(seed % 4))[:400]
    shuffled = list(frames)
    for n in range(len(shuffled) - 1):
        one, other = shuffled[n], shuffled[n + 1]
        near = abs((one.body.stamp or 0) - (other.body.stamp or 0)) <= 1
        if near and _device(one) and _device(other) and _device(one) != _device(other) and chance.random() < 0.4:
            shuffled[n], shuffled[n + 1] = other, one

    mine, theirs = final(shuffled), final(frames)

    assert [one["call_id"] for one in theirs] == [one["call_id"] for one in mine]
    for found, expected in zip(mine, theirs, strict=True):
        for what in (
            "outcome",
            "answered",
            "answered_at",
            "started",
            "ended_at",
            "talk_s",
            "hold_s",
            "wait_s",
            "ring_s",
        ):
            assert expected[what] == found[what], (expected["call_id"], what)


def _device(frame: Frame) -> str:
    body: Any = frame.body
    seen = getattr(body, "extension", None) or getattr(body, "queue", None)
    return "" if seen is None else str(getattr(seen, "exten_user", None) or getattr(seen, "queue_id", ""))


@pytest.mark.parametrize("distance", [1, 2, 7, 50, 300])
def test_4_an_echo_changes_nothing_however_late(distance: int) -> None:
    """Every event comes again, in another notation and with another time of receipt."""
    frames = list(lawful(1))[:600]
    echoed: list[Frame] = []
    for n, frame in enumerate(frames):
        echoed.append(frame)
        if n >= distance and frames[n - distance].event in ("ExtensionEvent", "QueueEvent"):
            late = frames[n - distance]
            echoed.append(Frame.of(late.event, late.payload(), at=1.0))

    assert final(frames) == final(echoed)


@pytest.mark.parametrize("history", [1000, 0])
def test_4_an_echo_is_no_redial_even_when_no_print_of_it_is_left(history: int) -> None:
    """Nor a call that waits or rings again, once the call has left the history."""
    starts = [queue(1, "JOIN", "1", [waiting("1", 1)]), extension(2, "A", "NEWCALL", call("1", "Ringing", 2))]
    ends = [queue(5, "ABANDONED", "1", []), extension(5, "A", "HANGUP", call("1", "Ringing", 2))]
    tracker = Tracker(history=history)
    for frame in (*starts, *ends):
        tracker.feed(frame)
    for n in range(2 * REMEMBERED):
        tracker.feed(extension(6 + n // 20, "B", "userStatusUpdate", other=n))

    assert [AnomalyKind.LATE_FRAME] * 4 == kinds(c for frame in (*starts, *ends) for c in tracker.feed(frame))
    assert () == tracker.snapshot().calls
    assert history == 0 or [1] == [leg.attempt for leg in legs_of(the_call(tracker.snapshot()))]


def test_5_a_call_listed_twice_is_one() -> None:
    """As the list says it last."""
    once = call("1", "Talking", 1, 5)
    snapshot, _ = fed(
        extension(1, "A", "NEWCALL", call("1", "Ringing", 1)), extension(5, "A", "ANSWER", once, [once, once])
    )

    assert [State.TALKING] == [leg.state for leg in the_call(snapshot).legs]


def test_5_a_stamp_that_moves_by_seconds_is_the_same_leg() -> None:
    """Unless an event starts or ends one between."""
    moved = call("1", "Talking", 3, 8)
    snapshot, _ = fed(
        extension(1, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(8, "A", "ANSWER", moved),
        extension(68, "A", "HANGUP", moved),
    )

    assert [(1, 7, 60)] == [(leg.attempt, leg.ring_s, leg.talk_s) for leg in legs_of(the_call(snapshot))]


def test_6_calls_that_are_absent_say_nothing() -> None:
    """A change of status without them; an end without them ends its own call alone."""
    silent = extension(30, "A", "userStatusUpdate", representativeStatus=3)
    payload = silent.payload()
    del payload["data"]["calls"]
    other = call("2", "Hold", 3, 6)
    ending = extension(65, "A", "HANGUP", call("1", "Talking", 1, 5)).payload()
    ending["data"]["calls"] = None
    snapshot, _ = fed(
        extension(3, "A", "ANSWER", other, [other]),
        extension(5, "A", "ANSWER", call("1", "Talking", 1, 5), [other, call("1", "Talking", 1, 5)]),
        Frame.of("ExtensionEvent", payload),
        Frame.of("ExtensionEvent", ending),
    )

    assert (60, 0) == (the_call(snapshot).talk_s, the_call(snapshot).unknown_s)
    assert ["2"] == [live.call_id for live in snapshot.calls]


def test_7_the_far_end_of_a_transfer_begins_when_its_start_comes() -> None:
    """It repeats the stamps of the consultation."""
    snapshot, _ = fed(
        extension(100, "A", "NEWCALL", call("1", "Talking", 20, 30)),
        extension(160, "A", "HANGUP", call("1", "Talking", 20, 30)),
    )

    assert [(0, 60)] == [(leg.ring_s, leg.talk_s) for leg in legs_of(the_call(snapshot))]


CONSULTATION = [
    extension(22, "B", "NEWCALL", call("2", "Ringing", 22)),
    extension(25, "B", "ANSWER", call("2", "Talking", 22, 25)),
]
FAR_END = {"relatedIvrUniqueIDs": ["2"], "transferExtensionName": "A"}


@pytest.mark.parametrize("lost", [True, False])
def test_7_the_far_end_of_a_transfer_never_rang_though_its_start_is_lost_or_late(lost: bool) -> None:
    talking, held = call("3", "Talking", 22, 25, **FAR_END), call("3", "Hold", 22, 25, **FAR_END)
    start = extension(50, "B", "NEWCALL", talking)
    snapshot, _ = fed(
        *CONSULTATION,
        extension(50, "B", "HANGUP", call("2", "Talking", 22, 25), dialStatus="Transfer"),
        extension(60, "B", "HOLD", held),
        *([] if lost else [start]),
        extension(65, "B", "UNHOLD", talking),
        extension(80, "B", "HANGUP", talking),
    )
    (leg,) = legs_of(the_call(snapshot, "3"))
    assert (utc(50), 0, 5) == (leg.started, leg.ring_s, leg.hold_s)
    assert (leg.unknown_s, leg.talk_s) == ((10, 15) if lost else (0, 25))


def test_7_the_end_of_a_consultation_may_come_before_the_start_of_its_far_end() -> None:
    talking = call("3", "Talking", 22, 25, **FAR_END)
    end = extension(50, "B", "HANGUP", call("2", "Talking", 22, 25), [talking], dialStatus="Transfer")
    snapshot, _ = fed(*CONSULTATION, end, extension(50, "B", "NEWCALL", talking), extension(80, "B", "HANGUP", talking))
    (leg,) = legs_of(the_call(snapshot, "3"))
    assert (utc(50), utc(50), 0, 30) == (leg.started, leg.answered_at, leg.ring_s, leg.talk_s)


@pytest.mark.parametrize("late", [None, "NEWCALL", "ANSWER"])
def test_7_click2call_leg_2_does_not_begin_with_leg_1_though_an_event_is_lost_or_late(late: str | None) -> None:
    first, second = {"c2cdirection": 1}, {"c2cdirection": 2}
    answer = extension(5, "A", "ANSWER", call("1", "Talking", 1, 5, **first))
    start = extension(6, "A", "NEWCALL", call("1", "Talking", 1, **second))
    snapshot, changes = fed(
        extension(1, "A", "NEWCALL", call("1", "Dialing", 1, **first)),
        *([answer] if late != "ANSWER" else [start, answer]),
        extension(15, "A", "ANSWER", call("1", "Talking", 1, 15, **second)),
        *([start] if late == "NEWCALL" else []),
        extension(75, "A", "HANGUP", call("1", "Talking", 1, 15, **second)),
    )
    agent, customer = legs_of(the_call(snapshot))
    assert (True, utc(5), Outcome.ANSWERED) == (agent.answered, agent.answered_at, agent.outcome)
    assert (utc(6 if late else 5), 9 if late else 10, 60) == (customer.started, customer.ring_s, customer.talk_s)
    assert (AnomalyKind.EVENT_MISSED in kinds(changes)) == (late != "ANSWER")


def test_7_the_answer_that_only_an_end_shows_ends_the_ring() -> None:
    snapshot, _ = fed(
        extension(1, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(14, "A", "UNHOLD", call("1", "Talking", 1)),
        extension(65, "A", "HANGUP", call("1", "Talking", 1, 5)),
    )
    (leg,) = legs_of(the_call(snapshot))
    assert (utc(5), 4, 60) == (leg.answered_at, leg.ring_s, leg.talk_s)


def test_7_an_answer_of_the_future_was_given_when_it_was_reported() -> None:
    snapshot, _ = fed(
        extension(1, "A", "NEWCALL", call("1", "Ringing", 1)),
        extension(5, "A", "ANSWER", call("1", "Talking", 1, 70)),
        extension(65, "A", "HANGUP", call("1", "Talking", 1, 70)),
    )
    (leg,) = legs_of(the_call(snapshot))
    assert (utc(5), 4, 60) == (leg.answered_at, leg.ring_s, leg.talk_s)


def test_8_a_talk_that_was_not_answered_and_goes_back_to_the_queue_is_ring() -> None:
    """While it lasts the leg is Talking."""
    frames = (
        queue(0, "JOIN", "1", [waiting("1", 0)]),
        extension(10, "A", "NEWCALL", call("1", "Ringing", 10)),
        extension(14, "A", "UNHOLD", call("1", "Talking", 10, answered=0)),
    )
    assert State.TALKING is the_call(fed(*frames)[0]).state

    snapshot, _ = fed(*frames, extension(20, "A", "HANGUP", call("1", "Talking", 10, answered=0), outside=NORMAL))

    assert State.QUEUED is the_call(snapshot).state
    (leg,) = legs_of(the_call(snapshot))
    assert (False, 10, 0, Outcome.NOT_ANSWERED_HERE) == (leg.answered, leg.ring_s, leg.talk_s, leg.outcome)


@pytest.mark.parametrize(
    ("end", "outcome"), [(18, "answered elsewhere"), (22, "answered elsewhere"), (17, "not answered here")]
)
def test_9_a_ring_that_a_colleague_took_was_answered_elsewhere(end: int, outcome: str) -> None:
    """Within 2 s, before or after, whatever the cause says; but a rejection stays one."""
    rings = extension(12, "A", "NEWCALL", call("1", "Ringing", 12))
    for cause, expected in (("Normal hangup", outcome), ("Call Rejected", "rejected")):
        ends = extension(end, "A", "HANGUP", call("1", "Ringing", 12), outside={"cause": cause})
        frames = [*CALL[:3], rings, CALL[5], *([ends, CALL[6]] if end < 20 else [CALL[6], ends])]
        leg = next(leg for leg in legs_of(the_call(fed(*frames)[0])) if leg.exten_user == "A")

        assert expected == leg.outcome


def test_10_a_call_that_only_its_queue_says_was_answered_is_answered_then() -> None:
    """It stays alive for 30 s, and ends with its wait."""
    frames = [all_queues(0, []), queue(1, "JOIN", "1", [waiting("1", 1)]), queue(20, "EXIT", "1", [])]
    alive = the_call(fed(*frames, extension(50, "B", "userStatusUpdate"))[0])
    assert (State.RINGING, None, True) == (alive.state, alive.outcome, alive.answered)

    over = the_call(fed(*frames, extension(51, "B", "userStatusUpdate"))[0])
    assert (Outcome.ANSWERED, True, utc(20), utc(20), 19) == (
        over.outcome,
        over.answered,
        over.answered_at,
        over.ended_at,
        over.wait_s,
    )


def test_10_a_wait_that_was_lost_says_so_and_not_that_an_agent_answered() -> None:
    snapshot, _ = fed(
        all_queues(0, []), queue(1, "JOIN", "1", [waiting("1", 1)]), all_queues(5, []), all_extensions(50, A=[])
    )

    found = the_call(snapshot)
    assert (Outcome.LOST, "not in the list of all queues") == (found.outcome, found.inferred)


def test_9_the_only_ring_of_a_caller_who_was_transferred_away() -> None:
    """Not its agent's miss either, where the phone that consulted is none that we see."""
    ring = call("1", "Ringing", 2)
    gone = extension(9, "A", "HANGUP", ring, calls=[], dialStatus="Transfer", cause="Normal hangup")
    snapshot, _ = fed(extension(2, "A", "NEWCALL", ring), gone)

    (leg,) = legs_of(the_call(snapshot))
    assert ("answered elsewhere", 7) == (leg.outcome, leg.ring_s)


def test_11_an_end_that_no_event_reported_is_unknown_from_the_last_confirmation() -> None:
    """Known up to the last frame that lists it."""
    confirms = extension(40, "B", "userStatusUpdate", calls=[call("1", "Talking", 12, 20)], representativeStatus=3)
    lacks = extension(70, "B", "userStatusUpdate", calls=[], representativeStatus=1)
    leg = legs_of(the_call(fed(*CALL[:8], confirms, lacks)[0]))[-1]

    assert (20, 30, utc(70)) == (leg.talk_s, leg.unknown_s, leg.ended_at)


def test_11_a_frame_confirms_what_it_lists_at_its_own_moment() -> None:
    """Not at that of the frame before, which lacked the leg although the switch's stamp of it is later."""
    ends = extension(20, "B", "HANGUP", call("1", "Talking", 1, 5))
    rings = extension(22, "B", "NEWCALL", call("2", "Ringing", 12), outside={"telephonyservertime": START + 12})
    snapshot, _ = fed(ends, rings, extension(40, "B", "userStatusUpdate", calls=[], representativeStatus=3))

    (leg,) = legs_of(the_call(snapshot, "2"))
    assert (0, 28, utc(12)) == (leg.ring_s, leg.unknown_s, leg.confirmed_at)


def test_11_first_seen_on_hold_is_unknown_before() -> None:
    """Its ring is known by its stamps."""
    snapshot, _ = fed(
        extension(60, "A", "userStatusUpdate", calls=[call("1", "Hold", 1, 6)]),
        extension(90, "A", "HANGUP", call("1", "Hold", 1, 6)),
    )

    (leg,) = legs_of(the_call(snapshot))
    assert (5, 0, 54, 30) == (leg.ring_s, leg.talk_s, leg.unknown_s, leg.hold_s)


def test_11_a_gap_is_unknown_for_all_that_live_in_it() -> None:
    """From the last frame before it."""
    back = all_extensions(50, A=[], B=[call("1", "Talking", 12, 20)])
    snapshot, _ = fed(*CALL[:8], Frame.of("disconnect", {}), Frame.of("loginSuccess", stamp(49)), back, CALL[8])

    leg = legs_of(the_call(snapshot))[-1]
    assert (30, 30) == (leg.talk_s, leg.unknown_s)


@pytest.mark.parametrize(
    "gap",
    [
        [LOST, Frame.of("loginSuccess", stamp(50))],
        [LOST, Frame.of("loginSuccess", stamp(48)), all_extensions(48, A=[], B=[])],
    ],
)
def test_11_a_gap_is_unknown_for_what_was_given_up_before_it(gap: list[Frame]) -> None:
    """Listed again, it has lost no time (ruling 4) up to the last frame before the gap; its wait the same."""
    lacks = extension(25, "B", "userStatusUpdate", calls=[], representativeStatus=3)
    heard = extension(30, "A", "userStatusUpdate", representativeStatus=3)
    back = all_extensions(60, A=[], B=[call("1", "Talking", 12, 20)])
    snapshot, _ = fed(*CALL[:8], lacks, heard, *gap, back, CALL[8])

    leg = legs_of(the_call(snapshot))[-1]
    assert (8, 10 + 20, 30, utc(80)) == (leg.ring_s, leg.talk_s, leg.unknown_s, leg.ended_at)

    waits = [queue(1, "JOIN", "1", [waiting("1", 1)]), queue(10, "JOIN", "2", [waiting("2", 10)]), LOST]
    snapshot, _ = fed(*waits, all_queues(50, [waiting("1", 1), waiting("2", 10)]), queue(70, "ABANDONED", "1", []))
    assert (9 + 20, 40) == (the_call(snapshot).wait_s, the_call(snapshot).unknown_s)


def test_12_evidence_is_the_last_frame_that_listed_it() -> None:
    """Position and time, of legs, waits and phones."""
    confirms = extension(40, "B", "userStatusUpdate", calls=[call("1", "Talking", 12, 20)], representativeStatus=3)
    snapshot, _ = fed(*CALL[:8], confirms, extension(45, "A", "userStatusUpdate", representativeStatus=5))

    (leg,) = the_call(snapshot).legs
    assert (9, utc(40)) == (leg.confirmed_position, leg.confirmed_at)
    assert (10, utc(45)) == (snapshot.extensions[0].confirmed_position, snapshot.extensions[0].confirmed_at)


def test_12_a_leg_whose_agent_logs_out_is_doubtful_until_the_agent_is_back() -> None:
    """With changes where it begins and ends."""
    talks = [call("1", "Talking", 12, 20)]
    out = extension(40, "B", "userStatusUpdate", calls=talks, representativeStatus=2)
    back = extension(50, "B", "userStatusUpdate", calls=talks, representativeStatus=1)

    snapshot, changes = fed(*CALL[:8], out)
    assert ["its agent logged out while the call was listed"] == [leg.doubtful for leg in the_call(snapshot).legs]
    assert isinstance(changes[-1], ch.LegDoubted)

    snapshot, changes = fed(*CALL[:8], out, back)
    assert [""] == [leg.doubtful for leg in the_call(snapshot).legs]
    assert isinstance(changes[-1], ch.LegConfirmed)


def test_12_a_doubt_has_its_reason_though_the_leg_ends_in_the_same_frame() -> None:
    _, changes = fed(*CALL[:8], extension(40, "B", "userStatusUpdate", calls=[], representativeStatus=2))

    (doubted,) = [change for change in changes if isinstance(change, ch.LegDoubted)]
    assert ("its agent logged out while the call was listed", None) == (doubted.leg.doubtful, doubted.leg.ended_at)


@pytest.mark.parametrize("shown", [call("1", "Ringing", 12), call("1", "Dialing", 12), call("1", "Hold", 12, 20)])
def test_12_every_leg_is_doubtful_whose_agent_logs_out_while_it_is_listed(shown: dict[str, Any]) -> None:
    """Also if it did so in a gap."""
    begins = extension(30, "A", "userStatusUpdate", calls=[shown])
    out = extension(40, "A", "userStatusUpdate", calls=[shown], representativeStatus=2)
    why = ["its agent logged out while the call was listed"]

    assert why == [leg.doubtful for leg in the_call(fed(begins, out)[0]).legs]
    assert why == [leg.doubtful for leg in the_call(fed(begins, LOST, out)[0]).legs]


def test_12_who_was_logged_out_before_leaves_no_doubt() -> None:
    """A phone can be used by one who is logged out."""
    out = extension(1, "A", "userStatusUpdate", representativeStatus=2, representativeUpdated=1000 * (START + 1))
    begins = extension(30, "A", "NEWCALL", call("1", "Ringing", 30), representativeStatus=2)
    listed = all_extensions(60, A=[call("1", "Ringing", 30)])

    assert [""] == [leg.doubtful for leg in the_call(fed(out, begins, LOST, listed)[0]).legs]


def test_12_doubt_comes_back_with_the_list_after_a_gap() -> None:
    """Its list still has the ring that another agent has taken; one of some seconds ago is no contradiction yet."""
    ring = call("1", "Ringing", 12)
    frames = [*CALL[:3], extension(12, "A", "NEWCALL", ring), *CALL[5:8], LOST]

    for at, why in ((25, ""), (50, "another agent has answered the call")):
        lists = all_extensions(at, A=[ring], B=[call("1", "Talking", 12, 20)])
        snapshot, _ = fed(*frames, lists)
        assert [why] == [leg.doubtful for leg in the_call(snapshot).legs if leg.exten_user == "A"]


def test_12_what_no_frame_confirms_for_long_is_doubtful() -> None:
    """A ring of more than ten minutes, while the stream is heard."""
    heard = [extension(at, "C", "userStatusUpdate", representativeUpdated=at) for at in range(60, 721, 60)]
    snapshot, _ = fed(*CALL[:4], *heard)

    assert ["no frame has confirmed it for 10 min"] == [leg.doubtful for leg in the_call(snapshot).legs]


def test_12_a_silence_of_the_stream_confirms_nothing_and_doubts_nothing() -> None:
    """The minutes count in which the stream was heard."""
    silent = [extension(at, "C", "userStatusUpdate", representativeUpdated=at) for at in range(8000, 8541, 60)]
    heard = [extension(at, "C", "userStatusUpdate", representativeUpdated=at) for at in range(8600, 8721, 60)]

    assert [""] == [leg.doubtful for leg in the_call(fed(*CALL[:4], *silent)[0]).legs]
    found = the_call(fed(*CALL[:4], *silent, *heard)[0])
    assert ["no frame has confirmed it for 10 min"] == [leg.doubtful for leg in found.legs]


def test_12_a_ring_that_goes_on_after_another_s_answer_is_doubtful() -> None:
    """Its list still has it minutes later."""
    ghost = extension(200, "A", "userStatusUpdate", calls=[call("1", "Ringing", 12)], representativeStatus=3)
    rings = extension(12, "A", "NEWCALL", call("1", "Ringing", 12))
    snapshot, _ = fed(*CALL[:3], rings, *CALL[5:], ghost)

    assert ["another agent has answered the call"] == [leg.doubtful for leg in the_call(snapshot).legs]
    assert None is the_call(snapshot).outcome


def test_13_a_caller_in_two_queues_waits_once() -> None:
    """And a moment of a call's life counts once."""
    both = Frame.of(
        "QueueEvent",
        {**queue(5, "JOIN", "1", [waiting("1", 5)]).payload(), "data": {"QueueID": 56, "Calls": [waiting("1", 5)]}},
    )
    left = Frame.of("QueueEvent", {**queue(30, "ABANDONED", "1", []).payload(), "data": {"QueueID": 56, "Calls": []}})
    found = the_call(fed(*CALL[:3], both, *CALL[3:8], left, CALL[8])[0])

    assert (2, 19, 60) == (len(waits_of(found)), found.wait_s, found.talk_s)


def test_13_a_stay_that_no_event_ended_counts_in_its_call_as_far_as_it_is_known() -> None:
    """Wait up to the last list that has it, and unknown from there (ruling 11), whether it rang or not."""
    frames = [
        *(all_queues(0, []), queue(1, "JOIN", "1", [waiting("1", 1)])),
        queue(21, "JOIN", "2", [waiting("1", 1), waiting("2", 21)]),
        *(queue(41, "JOIN", "3", [waiting("2", 21), waiting("3", 41)]), extension(90, "B", "userStatusUpdate")),
    ]
    ring = call("1", "Ringing", 3)
    rang = [extension(3, "A", "NEWCALL", ring), extension(13, "A", "HANGUP", ring, calls=[])]

    for stay, ring_s in ((frames, 0), ([*frames[:2], *rang, *frames[2:]], 10)):
        found = the_call(fed(*stay)[0])
        assert (20, 20, ring_s) == (found.wait_s, found.unknown_s, found.ring_s)


def test_14_a_ring_may_come_before_its_join() -> None:
    """They are one call; figures give the ring to the wait."""
    found = the_call(fed(*CALL[:2], CALL[3], CALL[2], *CALL[4:])[0])

    assert [utc(1)] == [wait.joined_at for wait in waits_of(found)]
    assert 2 == found.attempts


@pytest.mark.parametrize("answered", [19, 20, 21])
def test_15_talk_decides_over_a_queue_that_says_abandoned(answered: int) -> None:
    """Within a second the stay was answered; an anomaly names the contradiction."""
    talks = call("1", "Talking", 12, answered)
    frames = [*CALL[:6], queue(20, "ABANDONED", "1", []), extension(answered, "B", "ANSWER", talks)]
    snapshot, changes = fed(*frames, extension(80, "B", "HANGUP", talks))

    assert AnomalyKind.CONTRADICTION in kinds(changes)
    assert [Outcome.ANSWERED] == [wait.outcome for wait in waits_of(the_call(snapshot))]
    assert (1, 0) == (snapshot.queues[0].answered, snapshot.queues[0].abandoned)


def test_16_a_wait_whose_end_was_lost_ends_at_its_answer() -> None:
    """Without one it is lost."""
    lacks = queue(90, "JOIN", "9", [waiting("9", 90)])
    (wait,) = waits_of(the_call(fed(*CALL[:7], CALL[8], lacks)[0]))
    assert (Outcome.ANSWERED, utc(20), 19) == (wait.outcome, wait.left_at, wait.wait_s)

    (wait,) = waits_of(the_call(fed(*CALL[:5], lacks)[0]))
    assert (Outcome.LOST, None) == (wait.outcome, wait.wait_s)


def test_16_a_wait_that_ended_in_a_gap_ends_at_its_answer() -> None:
    """The phone's list after the gap shows the answer; of the call's own wait the gap is unknown (ruling 11)."""
    lists = [all_queues(40, []), all_extensions(41, A=[call("1", "Talking", 12, 20)])]
    snapshot, _ = fed(queue(0, "JOIN", "1", [waiting("1", 0)]), extension(10, "B", "userStatusUpdate"), LOST, *lists)

    found = the_call(snapshot)
    assert [(Outcome.ANSWERED, utc(20), 20)] == [(one.outcome, one.left_at, one.wait_s) for one in waits_of(found)]
    assert (1, 0) == (snapshot.queues[0].answered, snapshot.queues[0].lost)
    assert (10, 10) == (found.wait_s, found.unknown_s)


FIRST_IN_55 = [queue(10, "JOIN", "1", [waiting("1", 15)])]
LEFT_56 = queue(20, "ABANDONED", "1", [], QueueID=56)


def test_17_a_leg_s_agent_is_who_was_logged_on_when_it_was_first_seen() -> None:
    """Its queue, if it names none, the one in which its call waited last."""
    another = extension(30, "B", "userStatusUpdate", calls=[call("1", "Talking", 12, 20)], onlineUserID=77)
    leg = legs_of(the_call(fed(*CALL[:8], another, CALL[8])[0]))[-1]

    assert (7, "55") == (leg.agent_id, leg.queue_id)


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([*FIRST_IN_55, queue(10, "JOIN", "1", [waiting("1", 10)], QueueID=56), LEFT_56], id="still in 55"),
        pytest.param([queue(10, "JOIN", "1", [waiting("1", 10)], QueueID=56), *FIRST_IN_55], id="came to 55 later"),
        pytest.param([*FIRST_IN_55, queue(20, "EXIT", "1", [])], id="left 55 alone"),
    ],
)
def test_17_a_leg_s_queue_is_the_one_in_which_its_call_waits_or_waited_last(frames: list[Frame]) -> None:
    snapshot, _ = fed(*frames, extension(30, "A", "NEWCALL", call("1", "Ringing", 30)))

    assert ["55"] == [leg.queue_id for leg in the_call(snapshot).legs]


def test_17_another_name_of_the_same_agent_is_no_log_on() -> None:
    """It is a change of its own."""
    renamed = extension(30, "B", "userStatusUpdate", summery={"representative": "Lois Lane-Kent"})
    _, changes = fed(extension(20, "B", "userStatusUpdate"), renamed)

    (change,) = [one for one in changes if isinstance(one, ch.AgentRenamed | ch.AgentLoggedOn | ch.AgentLoggedOff)]
    assert isinstance(change, ch.AgentRenamed) and "Lois Lane-Kent" == change.agent_name


@pytest.mark.parametrize(("set_at", "since"), [(25, 25), (10, 30), (45, 30)])
def test_18_a_status_begins_when_it_was_set_if_that_can_be(set_at: int, since: int) -> None:
    """Not before the former one began, nor after its frame."""
    first = extension(20, "B", "userStatusUpdate", representativeUpdated=(START + 20) * 1000)
    then = extension(30, "B", "userStatusUpdate", representativeStatus=2, representativeUpdated=(START + set_at) * 1000)
    _, changes = fed(first, then)

    assert [utc(since)] == [change.since for change in changes if isinstance(change, ch.AgentStatusChanged)]


def test_19_a_call_has_the_account_of_its_first_phone() -> None:
    """That of a call without one is found with its queue's other calls, by the figures."""
    assert 100 == the_call(fed(*CALL)[0]).account_id


def test_1_a_late_event_does_not_take_a_status_back() -> None:
    """Whatever else it reports: its stamp and its status are older than what the phone has."""
    first, then = (START + 20) * 1000, (START + 32) * 1000
    lunch = extension(32, "B", "userStatusUpdate", representativeStatus=3, representativeUpdated=then)
    late = extension(30, "B", "NEWCALL", call("1", "Ringing", 30), representativeUpdated=first)
    snapshot, _ = fed(extension(20, "B", "userStatusUpdate", representativeUpdated=first), lunch, late)

    assert [(3, utc(32), State.RINGING)] == [
        (one.agent_status, one.agent_status_since, one.state) for one in snapshot.extensions
    ]


CLAIMED = [
    extension(10, "A", "NEWCALL", call("1", "Ringing", 10)),
    extension(14, "A", "UNHOLD", call("1", "Talking", 10, answered=0)),
    extension(20, "A", "HANGUP", call("1", "Talking", 10, answered=0)),
    extension(30, "B", "NEWCALL", call("1", "Ringing", 30)),
    extension(36, "B", "ANSWER", call("1", "Talking", 30, 36)),
    queue(36, "EXIT", "1", []),
]
LOST = Frame.of("disconnect", {})


def again(at: int, *ringing: dict[str, Any]) -> list[Frame]:
    """A lost connection, and what a new one says: the caller waits."""
    lists = [all_queues(at, [waiting("1", 0)]), all_extensions(at, A=list(ringing), B=[])]
    return [LOST, Frame.of("loginSuccess", stamp(at)), *lists]


@pytest.mark.parametrize(
    ("frames", "ring_s", "unknown_s"),
    [
        (CLAIMED, 10, 0),
        ([*CLAIMED[:3], *again(24), *CLAIMED[3:]], 10, 0),
        ([*CLAIMED[:1], *again(16, call("1", "Talking", 10, answered=0)), *CLAIMED[2:]], 4, 6),
        ([*CLAIMED[:2], *again(16, call("1", "Talking", 10, answered=0)), *CLAIMED[2:]], 8, 2),
    ],
)
def test_8_a_join_that_was_lost_does_not_make_talk_of_a_ring(frames: list[Frame], ring_s: int, unknown_s: int) -> None:
    """The queue says later that it still had the caller; what was handed out as talk is corrected."""
    first = legs_of(the_call(fed(*frames)[0]))[0]

    assert (ring_s, 0, unknown_s, False) == (first.ring_s, first.talk_s, first.unknown_s, first.answered)


@pytest.mark.parametrize("gap", [[], again(5)])
def test_16_the_answer_after_a_gap_ends_a_wait_that_was_still_there(gap: list[Frame]) -> None:
    """Only what happened in the gap is unknown."""
    lacks = queue(90, "JOIN", "9", [waiting("9", 90)])
    frames = [queue(0, "JOIN", "1", [waiting("1", 0)]), *gap, *CLAIMED[3:5], lacks]
    (wait,) = waits_of(the_call(fed(*frames)[0]))

    assert (Outcome.ANSWERED, utc(36), 36) == (wait.outcome, wait.left_at, wait.wait_s)


def test_16_a_list_that_confirms_a_wait_after_its_answer_does_not_lengthen_it() -> None:
    """It ends at the answer, whatever lists said since."""
    lacks = queue(90, "JOIN", "9", [waiting("9", 90)])
    still = again(50)[:-1]
    frames = [queue(0, "JOIN", "1", [waiting("1", 0)]), *CLAIMED[3:5], *still, lacks]
    (wait,) = waits_of(the_call(fed(*frames)[0]))

    assert (Outcome.ANSWERED, utc(36), 36) == (wait.outcome, wait.left_at, wait.wait_s)


def test_1_an_answer_after_an_end_that_came_too_late_is_known() -> None:
    """The end changes no figure after a minute, and still nothing lives of the call."""
    gone = extension(3, "A", "userStatusUpdate", calls=[], representativeStatus=3)
    ends, answer = extension(66, "A", "HANGUP", call("1", "Talking", 1, 6)), call("1", "Talking", 1, 6)
    snapshot, changes = fed(
        extension(1, "A", "NEWCALL", call("1", "Ringing", 1)), gone, ends, extension(6, "A", "ANSWER", answer)
    )

    assert () == snapshot.calls and [AnomalyKind.LATE_FRAME] * 2 == kinds(changes)[-2:]


def test_5_an_end_after_its_stamp_has_moved_is_the_end() -> None:
    """An answer that comes after it is late, and starts nothing."""
    moved = call("1", "Talking", 3, 8)
    frames = [extension(1, "A", "NEWCALL", call("1", "Ringing", 1)), extension(68, "A", "HANGUP", moved)]
    snapshot, _ = fed(*frames, extension(8, "A", "ANSWER", moved))

    assert () == snapshot.calls
    assert [(1, 60)] == [(leg.attempt, leg.talk_s) for leg in legs_of(the_call(snapshot))]


def test_6_a_join_without_calls_is_a_wait_all_the_same() -> None:
    """Its event names the call; nothing else begins or ends."""
    silent = queue(1, "JOIN", "1", []).payload()
    silent["data"]["Calls"] = None
    other = queue(0, "JOIN", "2", [waiting("2", 0)])
    snapshot, changes = fed(
        other, Frame.of("QueueEvent", silent), *CALL[3:7], queue(20, "EXIT", "1", [waiting("2", 0)]), CALL[8]
    )

    assert ["2"] == [wait.call_id for live in snapshot.calls for wait in live.waiting]
    (wait,) = waits_of(the_call(snapshot))
    assert (utc(1), utc(20), 19, Outcome.ANSWERED) == (wait.joined_at, wait.left_at, wait.wait_s, wait.outcome)
    assert AnomalyKind.EVENT_MISSED not in kinds(changes)


RINGS_1, TALKS_1 = call("1", "Ringing", 1), call("1", "Talking", 1, 5)


@pytest.mark.parametrize(
    "late",
    [
        extension(90, "A", "userStatusUpdate", calls=[TALKS_1]),
        extension(90, "A", "NEWCALL", call("2", "Ringing", 90), calls=[TALKS_1, call("2", "Ringing", 90)]),
        extension(90, "A", "HOLD", call("1", "Hold", 1, 5)),
    ],
)
def test_1_what_shows_a_leg_after_its_end_was_seen_is_late(late: Frame) -> None:
    """However long after the end it was stamped; each attempt has its own `callStarted` (guide §3)."""
    ended = [extension(5, "A", "ANSWER", TALKS_1), extension(65, "A", "HANGUP", TALKS_1)]
    snapshot, changes = fed(extension(1, "A", "NEWCALL", RINGS_1), *ended, late)

    assert "1" not in [live.call_id for live in snapshot.calls]
    assert [(1, 60)] == [(leg.attempt, leg.talk_s) for leg in legs_of(the_call(snapshot))]
    assert AnomalyKind.LATE_FRAME in kinds(changes)


def test_1_a_ring_whose_end_was_seen_does_not_ring_on() -> None:
    """Nor one whose end was reported more than a minute after a list lacked it."""
    seen, gone = (extension(at, "A", "userStatusUpdate", calls=calls) for at, calls in ((30, [RINGS_1]), (9, [])))
    begin, end = extension(1, "A", "NEWCALL", RINGS_1), extension(9, "A", "HANGUP", RINGS_1)

    for frames in ((begin, end, seen), (begin, gone, extension(100, "A", "HANGUP", RINGS_1), seen)):
        assert () == fed(*frames)[0].calls


TWO_HOLDS = [
    extension(20, "A", "HOLD", call("1", "Hold", 1, 5)),
    extension(30, "A", "UNHOLD", TALKS_1),
    extension(40, "A", "HOLD", call("1", "Hold", 1, 5)),
    extension(50, "A", "UNHOLD", TALKS_1),
    extension(65, "A", "HANGUP", TALKS_1),
]


@pytest.mark.parametrize("places", ["01234", "10234", "02134", "01324", "01243", "10243", "40123", "01423"])
def test_1_a_hold_counts_in_whatever_order_its_frames_come(places: str) -> None:
    """A hold and its retrieval alternate, whatever overtakes one of them; also the end (ruling 4)."""
    begin = [extension(1, "A", "NEWCALL", RINGS_1), extension(5, "A", "ANSWER", TALKS_1)]
    snapshot, _ = fed(*begin, *(TWO_HOLDS[int(place)] for place in places))

    assert [(40, 20, 0)] == [(leg.talk_s, leg.hold_s, leg.unknown_s) for leg in legs_of(the_call(snapshot))]


def test_1_a_hold_that_a_list_shows_first_begins_when_its_event_says() -> None:
    """The same of its retrieval."""
    hold, retrieval, *_, end = TWO_HOLDS
    shown = ((24, call("1", "Hold", 1, 5)), (34, TALKS_1))
    lists = [extension(at, "A", "userStatusUpdate", calls=[now]) for at, now in shown]
    begin = [extension(1, "A", "NEWCALL", RINGS_1), extension(5, "A", "ANSWER", TALKS_1)]
    snapshot, changes = fed(*begin, lists[0], hold, lists[1], retrieval, end)

    assert [(50, 10)] == [(leg.talk_s, leg.hold_s) for leg in legs_of(the_call(snapshot))]
    assert 2 == sum(isinstance(change, ch.LegRevised) for change in changes)


OTHERS = [
    extension(at, phone, "userStatusUpdate", representativeStatus=at % 2 + 1) for at, phone in ((80, "B"), (81, "C"))
]


def test_4_what_a_list_lacked_first_happened_when_its_event_says() -> None:
    """Also more than a minute before the last frame: the list came within a minute, and says that it is over."""
    gone, talk = extension(70, "A", "userStatusUpdate", calls=[]), call("1", "Talking", 1, 5)
    rings, answer = extension(1, "A", "NEWCALL", RINGS_1), extension(5, "A", "ANSWER", talk)
    ends = [extension(at, "A", "HANGUP", talk) for at in (8, 65)]
    snapshots = [
        fed(rings, answer, gone, extension(74, "B", "userStatusUpdate"), ends[0], *OTHERS)[0],
        fed(rings, gone, answer, ends[1], *OTHERS)[0],
    ]

    legs = [legs_of(the_call(snapshot))[0] for snapshot in snapshots]
    assert [(4, 3, utc(8)), (4, 60, utc(65))] == [(leg.ring_s, leg.talk_s, leg.ended_at) for leg in legs]

    join, other = queue(0, "JOIN", "1", [waiting("1", 0)]), queue(75, "JOIN", "2", [waiting("2", 75)])
    snapshot, _ = fed(join, other, queue(9, "EXIT", "1", [waiting("2", 75)]), *OTHERS)
    assert [(9, Outcome.ANSWERED)] == [(wait.wait_s, wait.outcome) for wait in waits_of(the_call(snapshot))]
