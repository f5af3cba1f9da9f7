"""Accounts that contradict frames, themselves or each other; the order in which they come does not decide."""

from itertools import permutations
from typing import Any

import pytest

from calltrack import Frame, Outcome, Tracker
from calltrack.core.changes import Anomaly, Change, QueueJoined, WaitResumed
from calltrack.core.observations import Statement
from calltrack.core.replica import Replica
from tests.core.test_statements import NOON, OFFSET, call, fed, frame, listed, said, the_call


def at_queue(at: int, reason: str, who: str, waiting: dict[str, int]) -> Frame:
    """A QueueEvent of queue 55; who waits since when."""
    calls = [{"ivrid": one, "CallerID": "050", "JoinTimeStamp": since + OFFSET} for one, since in waiting.items()]
    stamp = {"servertime": at + OFFSET, "servertimeoffset": 120, "telephonyservertime": at + OFFSET}
    data = {"QueueID": 55, "QueueName": "Support", "Calls": calls}
    return Frame.of("QueueEvent", {"reason": reason, **stamp, "ivruniqueid": who, "data": data})


def contradictions(changes: list[Change]) -> int:
    """How many anomalies say that accounts differ."""
    return sum(isinstance(change, Anomaly) and change.kind == "contradiction" for change in changes)


QUEUED: dict[str, Any] = {"queue_id": "55", "queue_name": "Support", "total_s": 460, "wait_s": 400, "ring_s": 0}


def missed(ring_s: int, after: int = 0) -> Statement:
    """A record of an attempt to call somebody who did not answer."""
    return said(
        direction="Outgoing", answered=False, outcome=Outcome.NO_ANSWER, status="NOANSWER", talk_s=0, total_s=ring_s,
        ring_s=ring_s, started=NOON + OFFSET + after,
    )  # fmt: skip


def test_a_wait_that_is_listed_again_is_the_same_wait() -> None:
    """However late: its stamp is the one that ended without an event. Its record is counted once (ruling 4)."""
    frames = [
        at_queue(NOON, "JOIN", "c1", {"c0": NOON - 15, "c1": NOON}),
        at_queue(NOON - 14, "JOIN", "c0", {"c0": NOON - 15}),
        at_queue(NOON + 310, "JOIN", "c2", {"c0": NOON - 15, "c1": NOON, "c2": NOON + 310}),
    ]
    tracker, changes = fed([*frames, frame(said(**QUEUED))])

    assert [400] == [wait.wait_s for wait in the_call(tracker).past_waits]
    assert 1 == sum(isinstance(change, WaitResumed) for change in changes)
    assert 3 == sum(isinstance(change, QueueJoined) for change in changes)
    queue = tracker.snapshot().queue("55")
    assert queue is not None
    assert (3, 1, 0) == (queue.queued, queue.answered, queue.lost)


@pytest.mark.parametrize("more", [{"outcome": Outcome.ABANDONED}, {}])
def test_a_caller_who_gave_up_stays_so(more: dict[str, Any]) -> None:
    """A record says that it was answered, without talk; it only stands on the call's record."""
    frames = [at_queue(NOON, "JOIN", "c1", {"c1": NOON}), at_queue(NOON + 34, "ABANDONED", "c1", {})]
    record = said(**{**QUEUED, "total_s": 34, "wait_s": 34, "talk_s": 0, **more})
    before, _ = fed(frames)
    tracker, changes = fed([*frames, frame(record)])
    found = the_call(tracker)

    assert ("abandoned", False, ()) == (found.outcome, found.answered, found.past_legs)
    assert the_call(before).past_waits == found.past_waits
    assert (record,) == found.statements
    assert 1 == contradictions(changes)


def test_a_record_that_contradicts_itself_makes_no_call() -> None:
    """Answered and abandoned: nothing is known of it."""
    tracker, changes = fed(
        [frame(said(outcome=Outcome.ABANDONED)), frame(said(outcome=Outcome.ANSWERED, answered=False))]
    )

    assert None is tracker.snapshot().call("c1")
    assert 2 == contradictions(changes)


@pytest.mark.parametrize(
    ("records", "attempts", "seconds"),
    [
        ([missed(3), missed(25, 3)], 2, 28),
        ([missed(0), missed(9, 1)], 2, 9),
        ([said(), said(total_s=90, talk_s=80)], 1, 90),
        ([said(), said(total_s=70, talk_s=40, ring_s=30)], 1, 70),
        ([said(account="a"), said(account="b")], 1, 70),
    ],
)  # fmt: skip
def test_records_mean_the_same_in_any_order(records: list[Statement], attempts: int, seconds: int) -> None:
    """Two records are of one part if they have one start; of two that differ the one that says more counts."""
    found = []
    for order in permutations(records):
        tracker, changes = fed(map(frame, order))
        one = the_call(tracker)
        parts = sorted((leg.started, leg.ended_at, leg.ring_s, leg.talk_s, leg.outcome) for leg in one.past_legs)
        found.append((one.attempts, one.ring_s + one.talk_s, parts, contradictions(changes)))

    assert found[0] == found[1]
    assert (attempts, seconds) == found[0][:2]


def test_a_list_after_the_end_that_another_account_states_is_believed() -> None:
    """The call goes on, whatever was stated."""
    frames = [
        listed(NOON, "NEWCALL", [call("Ringing")], currentCall=call("Ringing")),
        listed(NOON + 10, "ANSWER", [call("Talking", NOON + 10)], currentCall=call("Talking", NOON + 10)),
        frame(said()),
        listed(NOON + 200, "userStatusUpdate", [call("Talking", NOON + 10)]),
        listed(NOON + 210, "HANGUP", [], currentCall=call("Talking", NOON + 10)),
    ]
    tracker, changes = fed(frames)

    assert (1, 200, NOON + 210) == (the_call(tracker).attempts, the_call(tracker).talk_s, the_call(tracker).ended_at)
    assert 1 == contradictions(changes)


def test_a_pop_up_of_a_leg_whose_clock_stepped_is_of_that_leg() -> None:
    """Its stamp is the leg's, though it is another time by the clock of now."""
    frames = [
        listed(NOON, "NEWCALL", [call("Talking", NOON)], currentCall=call("Talking", NOON)),
        Frame.of("disconnect", {}),
        Frame.of("loginSuccess", {"servertime": NOON + 900 + OFFSET + 3600, "servertimeoffset": 180}),
        frame(said(live=True, total_s=None, talk_s=None, ring_s=0, outcome=None), None),
    ]
    tracker, _ = fed(frames)

    assert 1 == len(the_call(tracker).legs)


LATER = {"currentCall": call("Talking", NOON + 6)}


@pytest.mark.parametrize(
    "frames",
    [
        [listed(NOON + 2, "NEWCALL", [call("Ringing")], currentCall=call("Ringing")),
         listed(NOON, "NEWCALL", [call("Ringing")], currentCall=call("Ringing")),
         listed(NOON + 6, "ANSWER", [call("Talking", NOON + 6)], **LATER)],
        [listed(NOON + 6, "ANSWER", [call("Talking", NOON + 6)], **LATER)],
        [],
    ],
)  # fmt: skip
def test_two_attempts_of_one_second_whose_first_end_comes_first(frames: list[Frame]) -> None:
    """A leg is not answered after its end; what lists show later is another attempt (guide §3)."""
    first = listed(NOON + 1, "HANGUP", [], currentCall=call("Ringing"))
    later = [
        listed(NOON + 150, "HOLD", [call("Hold", NOON + 6)], currentCall=call("Hold", NOON + 6)),
        listed(NOON + 200, "UNHOLD", [call("Talking", NOON + 6)], **LATER),
        listed(NOON + 300, "HANGUP", [], **LATER),
    ]
    tracker, _ = fed([first, *frames, *later])

    rang, talked = the_call(tracker).past_legs
    assert (False, 1) == (rang.answered, rang.ring_s)
    assert (True, 50, NOON + 300) == (talked.answered, talked.hold_s, talked.ended_at)
    assert 244 == talked.talk_s + talked.unknown_s


def test_a_wait_of_a_call_that_was_let_go_is_not_the_one_that_is_revised() -> None:
    """Its call is seen again, and its record comes again: the sums follow from the changes."""
    tracker, replica = Tracker(history=1), Replica(history=1)
    for one in (
        at_queue(NOON, "JOIN", "c1", {"c1": NOON}),
        frame(said(**QUEUED)),
        frame(said(call_id="c2", started=NOON + OFFSET + 900)),
        at_queue(NOON + 400, "ANSWER", "c1", {}),
        frame(said(**QUEUED, price=8)),
    ):
        for change in tracker.feed(one):
            replica.apply(change)

    queue = tracker.snapshot().queue("55")
    assert queue is not None
    assert (2, 1, 1) == (queue.queued, queue.answered, queue.picked_up)
    assert [] == replica.differences(Replica.of(tracker.snapshot()))
