"""How legs and waits ended, as all connections of their call have it: outcomes in hindsight.

A ring that a colleague took, a caller who gave up in the second of an answer, a stay that no event ended: none of them
can be judged alone, and none depends on the order in which frames came. Rulings 8, 9, 15 and 16.
"""

from __future__ import annotations

from calltrack.core.held import WAIT, HeldCall, HeldConnection
from calltrack.core.observations import INCOMING, Seconds
from calltrack.core.states import Outcome, State
from calltrack.core.table import (
    ABANDONED,
    ANSWERED,
    ANSWERED_ELSEWHERE,
    CLAIMED,
    ENGAGED,
    HOLD,
    LOST,
    NEW,
    PICKED_UP,
    RECHECKED,
    REJECTED,
    RINGING,
    TALKING,
    TRANSFERRED,
    UNANSWERED,
)

FINAL_S = 60  # ruling 4
TOOK_S = 2  # ruling 9: a ring that ends this near to a colleague's answer was taken by the colleague
SAME_S = 1  # ruling 15

TAKEN = (ANSWERED, PICKED_UP)
_TALKS = (CLAIMED, TALKING, HOLD)

Decided = tuple[HeldConnection, Outcome, Seconds | None, bool]
"""A provisional end: its outcome, its time, and whether what the connection was before that was decided otherwise."""


def is_recent(one: HeldConnection, now: Seconds | None) -> bool:
    """Whether the end of a connection is provisional."""
    return now is None or one.end.learned is None or now - one.end.learned <= FINAL_S


def leg_outcome(one: HeldConnection) -> Outcome:
    """How a leg ended, by itself."""
    means = one.end.means
    if means is TRANSFERRED or means is RECHECKED:
        return means
    if one.answered:
        return ANSWERED
    if not one.end.reported:
        return LOST
    return means or UNANSWERED.get(_first_state(one), LOST)


def _first_state(one: HeldConnection) -> State:
    """What a leg was before it was anything else: a ring, a dialing, a listener's."""
    return next((mark[1] for mark in reversed(one.marks) if mark[1] in UNANSWERED), NEW)


def hindsight(call: HeldCall, now: Seconds | None) -> list[Decided]:
    """Every provisional end with its outcome and time.

    An answer whose event was lost may be seen only when what it ended has been final for long: what ended since that
    answer is decided again (rulings 9 and 16).
    """
    since = 0 if now is None else _provisional_since(call, now)
    recent = [one for one in call.past if one.outcome is None or (one.end.learned or since) >= since]
    legs: list[HeldConnection] = []
    waits: list[HeldConnection] = []
    answers: list[HeldConnection] = []
    for one in (*call.past, *(call.live if len(call.live) < 50 else call.live[:50])):
        if one.kind is WAIT:
            waits.append(one)
        else:
            legs.append(one)
            if one.answered_at is not None and one.direction == INCOMING:
                answers.append(one)
    decided: list[Decided] = []
    taken: list[Seconds] | None = None
    for one in recent:
        if one.kind is WAIT:
            decided.append((one, *_wait_end(one, answers), False))
            continue
        outcome, otherwise = leg_outcome(one), False
        if not one.answered and (one.rang or CLAIMED in {bucket for _, bucket in one.marks}):
            otherwise = _unclaim(one, waits)
            if outcome not in (ANSWERED_ELSEWHERE, REJECTED) and one.ended is not None:
                if taken is None:
                    ends = [_wait_end(wait, answers) for wait in waits if wait.ended is not None]
                    taken = [end for how, end in ends if how in TAKEN and end is not None]
                if outcome is TRANSFERRED or _was_taken(one, one.ended, legs, answers, taken):
                    outcome = ANSWERED_ELSEWHERE
        decided.append((one, outcome, one.ended, otherwise))
    return decided


def _provisional_since(call: HeldCall, now: Seconds) -> Seconds:
    """From when on an end is not final: a minute ago, or the answer of a leg that lives or has just ended."""
    since: Seconds = now - FINAL_S
    for one in (*call.past, *call.live):
        at = one.answered_at
        if at is not None and at - TOOK_S < since and one.direction == INCOMING and is_recent(one, now):
            since = at - TOOK_S
    return since


def _wait_end(wait: HeldConnection, answers: list[HeldConnection]) -> tuple[Outcome, Seconds | None]:
    """How a stay ended, and when: talk decides over what the queue says, or does not say (rulings 15 and 16)."""
    end = wait.ended
    outcome = (wait.end.means or LOST) if wait.end.reported else LOST
    if outcome in TAKEN or end is None:
        return outcome, end
    talked = [one.answered_at for one in answers if one.answered and _talked(one) and one.answered_at is not None]
    if outcome is ABANDONED:
        return (ANSWERED if any(abs(at - end) <= SAME_S for at in talked) else outcome), end
    took = sorted(at for at in talked if at >= wait.began)
    if not took:
        return outcome, end
    confirmed = wait.end.confirmed
    return ANSWERED, next((at for at in took if confirmed is None or at >= confirmed), took[-1])


def _talked(one: HeldConnection) -> bool:
    return any(bucket is TALKING or bucket is HOLD or bucket is ENGAGED for _, bucket in one.marks)


def _unclaim(one: HeldConnection, waits: list[HeldConnection]) -> bool:
    """It showed Talking, not answered, and its queue kept the caller all along: those seconds are ring (ruling 8).

    Of a stay without a known start its end says enough: the caller was still there. Returns whether that was new.
    """
    ended = one.ended
    if ended is None or not any(bucket in _TALKS for _, bucket in one.marks):
        return False
    for wait in waits:
        early = wait.began - 1 <= one.began or not (wait.stamp or wait.start_reported)
        if early and (wait.ended is None or wait.ended > ended):
            one.marks = tuple([(at, RINGING if bucket in _TALKS else bucket) for at, bucket in one.marks])
            one.over = None
            return True
    return False


def _was_taken(
    one: HeldConnection,
    ended: Seconds,
    legs: list[HeldConnection],
    answers: list[HeldConnection],
    taken: list[Seconds],
) -> bool:
    """Whether a colleague took the call as this ring ended, or its caller was transferred away (ruling 9)."""
    for other in answers:
        if other.device != one.device and other.answered_at is not None and abs(other.answered_at - ended) <= TOOK_S:
            return True
    for at in taken:  # its queue's word, for an agent that is not seen
        own = any(o.device == one.device and o.answered_at and abs(o.answered_at - at) <= TOOK_S for o in answers)
        if not own and abs(at - ended) <= TOOK_S:
            return True
    for other in legs:
        if (
            other.end.transferred
            and other.ended is not None
            and other.ended >= one.began
            and abs(other.ended - ended) <= TOOK_S
        ):
            return True
    return False
