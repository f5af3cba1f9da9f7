"""Calls, outcomes and hindsight: decided once per frame for each call that was touched, from its connections alone.

Theory of operation. What a leg's or wait's end means can depend on others of its call: a ring that a colleague took, a
caller who gave up in the second of an answer, a stay that no event ended. `_weigh` decides all of that together and
again, as long as an end is provisional (ruling 4), so the order in which the frames came cannot matter. What changes of
something already handed out is reported as a revision. Then the call's own state follows from the table's order.

Rulings: 8 (claims), 9 (answered elsewhere), 10 (a call's outcome, and the 30 s in which it waits for its answering
leg), 15 (contradictions), 16 (an end that was lost). The moments compared are those at the switch.
"""

from __future__ import annotations

from calltrack.core.advance import Advance
from calltrack.core.changes import AnomalyKind, CallEnded, CallRevised, CallStateChanged
from calltrack.core.doubt import watch_contradicted
from calltrack.core.held import LEG, LOWEST, WAIT, Held, HeldCall, HeldConnection, HeldQueue
from calltrack.core.observations import INCOMING, Seconds
from calltrack.core.states import Outcome, State
from calltrack.core.table import (
    ABANDONED,
    ANSWERED,
    ANSWERED_ELSEWHERE,
    AWAITED,
    AWAITED_AFTER_LOSS,
    CALL,
    CALL_OUTCOMES,
    CLAIMED,
    HOLD,
    HUNGUP,
    LOST,
    NEW,
    NO_ANSWER,
    PICKED_UP,
    RECHECKED,
    REJECTED,
    RINGING,
    TALKING,
    TRANSFERRED,
    UNANSWERED,
    UNKNOWN,
)
from calltrack.core.values import call_value

FINAL_S = 60  # ruling 4
TOOK_S = 2  # ruling 9: a ring that ends this near to a colleague's answer was taken by the colleague
SAME_S = 1  # ruling 15
AWAITED_S = 30  # ruling 10

_TAKEN = (ANSWERED, PICKED_UP)
_RANKS = {outcome: rank for rank, outcomes in enumerate(CALL_OUTCOMES) for outcome in outcomes}


def is_recent(one: HeldConnection, now: Seconds | None) -> bool:
    """Whether the end of a connection is provisional."""
    return now is None or one.learned is None or now - one.learned <= FINAL_S


def settle(call: HeldCall, step: Advance) -> None:
    """Decide what the frame means for a call that it touched, and report it."""
    held = step.held
    call.touched = False
    call.value = call.kept = None
    if call.weighed:
        call.weighed = False
        _weigh(call, step)
    before, state = call.state, _state(call)
    call.best = LOWEST
    if state is HUNGUP:
        if call.call_id in held.calls:
            _end(call, step)
        else:
            _revise_ended(call, step)
        return
    if state is not before:
        call.state, call.since = state, held.clock.when
        step.out.append(CallStateChanged(held.position, step.at, call.call_id, before, state))


def _state(call: HeldCall) -> State:
    """The first state of the table's order that a live connection is in."""
    live = call.live
    if len(live) == 1:
        one = live[0]
        return one.state if one.c2c != 1 else CALL[one.counted_rank]
    if not live:
        if call.awaited is None:
            return HUNGUP
        last = next((one for one in reversed(call.past) if one.kind is WAIT), None)
        return AWAITED_AFTER_LOSS if last is not None and last.outcome is LOST else AWAITED
    known = LOWEST if call.state is NEW or call.state is HUNGUP else CALL.index(call.state)
    if call.best < known:
        return CALL[call.best]
    rank = LOWEST
    for one in live:  # the call's rank can only have fallen: stop where another has what it had
        mine = one.counted_rank
        if mine < rank:
            rank = mine
            if rank <= known:
                break
    return CALL[rank]


# ---------------------------------------------------------------- outcomes


def leg_outcome(one: HeldConnection) -> Outcome:
    """How a leg ended, by itself."""
    means = one.means
    if means is TRANSFERRED or means is RECHECKED:
        return means
    if one.answered:
        return ANSWERED
    if not one.end_told:
        return LOST
    return means or UNANSWERED.get(_first_state(one), LOST)


def _first_state(one: HeldConnection) -> State:
    """What a leg was before it was anything else: a ring, a dialing, a listener's."""
    return next((mark[1] for mark in reversed(one.marks) if mark[1] in UNANSWERED), NEW)


def _weigh(call: HeldCall, step: Advance) -> None:
    """Outcomes and ends of what has ended, as all connections of the call have it; and whether it was answered."""
    now = step.held.clock.now
    past = call.past
    if len(past) == 1 and not call.live and past[0].kind is LEG:
        decided = [(past[0], leg_outcome(past[0]), past[0].ended)]  # most calls
    else:
        decided = _hindsight(call, now)
    for one, outcome, end in decided:
        if one.outcome is outcome and one.ended == end:
            continue
        said = one.outcome is not None
        if one.kind is WAIT:
            _count(step.held, one, outcome)
        one.outcome, one.value, one.kept = outcome, None, None
        if one.ended != end:
            one.reopen()
            one.mark(end, None)
            one.ended = one.marks[-1][0]
        if said:
            step.revise_once(one)
    _contradictions(call, step)
    _answer(call, step)
    if call.live:
        watch_contradicted(call, step.held)


def _hindsight(call: HeldCall, now: Seconds | None) -> list[tuple[HeldConnection, Outcome, Seconds | None]]:
    """Every provisional end with its outcome and time."""
    recent = [
        one
        for one in call.past
        if one.outcome is None or now is None or one.learned is None or now - one.learned <= FINAL_S
    ]
    if not recent:
        return []
    every = [*call.past, *call.live] if len(call.live) < 50 else [*call.past, *call.live[:50]]
    legs: list[HeldConnection] = []
    waits: list[HeldConnection] = []
    for one in every:
        (legs if one.kind is LEG else waits).append(one)
    answers = [one for one in legs if one.answered_at is not None and one.direction == INCOMING]
    ends = {id(one): _wait_end(one, answers) for one in waits if one.ended is not None}
    decided: list[tuple[HeldConnection, Outcome, Seconds | None]] = []
    taken: list[Seconds] | None = None
    for one in recent:
        if one.kind is WAIT:
            decided.append((one, *ends[id(one)]))
            continue
        outcome = leg_outcome(one)
        if not one.answered and (one.rang or CLAIMED in {bucket for _, bucket in one.marks}):
            _unclaim(one, waits)
            if outcome not in (ANSWERED_ELSEWHERE, REJECTED) and one.ended is not None:
                if taken is None:
                    taken = [end for outcome, end in ends.values() if outcome in _TAKEN and end is not None]
                if outcome is TRANSFERRED or _was_taken(one, one.ended, legs, answers, taken):
                    outcome = ANSWERED_ELSEWHERE
        decided.append((one, outcome, one.ended))
    return decided


def _wait_end(wait: HeldConnection, answers: list[HeldConnection]) -> tuple[Outcome, Seconds | None]:
    """How a stay ended, and when: talk decides over what the queue says, or does not say (rulings 15 and 16)."""
    end = wait.ended
    outcome = (wait.means or LOST) if wait.end_told else LOST
    if outcome in _TAKEN or end is None:
        return outcome, end
    talked = [one.answered_at for one in answers if one.answered and _talked(one) and one.answered_at is not None]
    if outcome is ABANDONED:
        return (ANSWERED if any(abs(at - end) <= SAME_S for at in talked) else outcome), end
    if any(bucket is UNKNOWN for _, bucket in wait.marks[: wait.ended_open]):
        return outcome, end  # what happened in a gap is not known
    took = sorted(at for at in talked if at >= wait.began)
    if not took:
        return outcome, end
    confirmed = wait.confirmed
    return ANSWERED, next((at for at in took if confirmed is None or at >= confirmed), took[-1])


def _talked(one: HeldConnection) -> bool:
    return any(bucket is TALKING or bucket is HOLD for _, bucket in one.marks)


def _unclaim(one: HeldConnection, waits: list[HeldConnection]) -> None:
    """It showed Talking, not answered, and its queue kept the caller all along: those seconds are ring (ruling 8)."""
    ended = one.ended
    if ended is None or not any(bucket is CLAIMED for _, bucket in one.marks):
        return
    if any(wait.began - 1 <= one.began and (wait.ended is None or wait.ended > ended) for wait in waits):
        one.marks = [(at, RINGING if bucket in (CLAIMED, TALKING, HOLD) else bucket) for at, bucket in one.marks]
        one.value = one.kept = one.over = None


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
    return any(
        other.transferred
        and other.ended is not None
        and other.ended >= one.began
        and abs(other.ended - ended) <= TOOK_S
        for other in legs
    )


def _contradictions(call: HeldCall, step: Advance) -> None:
    """Report where a queue and an agent say different things of one call (ruling 15), once for each answer."""
    if not call.waits or not call.attempts:
        return
    gave_up = [one for one in call.past if one.kind is WAIT and one.means is ABANDONED and one.end_told]
    for wait in gave_up:
        until = wait.marks[wait.ended_open][0] if wait.ended_open < len(wait.marks) else wait.began
        for leg in (*call.live, *call.past):
            at = leg.answered_at
            if leg.kind is not LEG or leg.contradicted or not leg.answered or leg.direction != INCOMING or at is None:
                continue
            waited = any(o.kind is WAIT and o is not wait and until <= o.began <= at for o in (*call.live, *call.past))
            if at >= until - SAME_S and not waited:
                leg.contradicted, leg.kept = True, None
                step.anomaly(
                    AnomalyKind.CONTRADICTION,
                    "the queue says that the caller gave up, and an agent answered; talk decides",
                    call_id=call.call_id,
                    device=step.held.extensions.get(leg.device),
                    expected="abandoned",
                    seen="answered",
                )


def _answer(call: HeldCall, step: Advance) -> None:
    """Whether and when somebody talked to the far end; a queue that says so is believed (ruling 10)."""
    first: Seconds | None = None
    answered = taken = False
    seen: Seconds | None = None
    for one in (*call.past, *call.live):
        if one.kind is LEG:
            if one.answered and one.c2c != 1:
                answered = True
                if one.answered_at is not None and (first is None or one.answered_at < first):
                    first = one.answered_at
        elif one.outcome in _TAKEN:
            taken = True
            if one.ended is not None and (seen is None or one.ended < seen):
                seen = one.ended
    if call.settled is not None and call.answered:
        answered = True
        first = call.answered_at if first is None or (call.answered_at or first) < first else first
    call.answered = answered or taken
    call.answered_at = first if answered else seen
    _await(call, step, answered, taken)


def _await(call: HeldCall, step: Advance, answered: bool, taken: bool) -> None:
    """Keep a call alive whose queue, or whose losing phone, says that somebody has it (ruling 10)."""
    held, now = step.held, step.held.clock.now
    if call.awaited is not None or call.live or now is None or call.call_id not in held.calls:
        return
    last = call.past[-1]
    if last.learned != now and not is_recent(last, now):
        return
    claims = [
        one
        for one in call.past
        if one.learned == now
        and (
            (one.kind is WAIT and one.outcome in _TAKEN and one.end_told)
            or (one.kind is WAIT and one.outcome is LOST and one.inferred.startswith(IN_NO_LIST))
            or (one.kind is LEG and one.outcome is ANSWERED_ELSEWHERE and one.means is ANSWERED_ELSEWHERE)
        )
    ]
    if not claims:
        return
    since = min(one.began for one in claims)
    if any(
        leg.kind is LEG and leg.answered and leg.c2c != 1 and (leg.answered_at is None or leg.answered_at >= since)
        for leg in call.past
    ):
        return  # its answering leg was seen, and has gone since
    call.awaited = now
    held.awaited[call.call_id] = now


IN_NO_LIST = "not in the list of all"
"""How the reason begins why a full list ended something: the list of the other kind is on its way."""


def forget_unseen(step: Advance) -> None:
    """End the calls that should be with an agent whose leg has not shown in all that time."""
    held, now = step.held, step.held.clock.now
    awaited = held.awaited
    while awaited and now is not None:
        call_id, since = next(iter(awaited.items()))
        if now - since <= AWAITED_S:
            return
        del awaited[call_id]
        call = held.calls[call_id]
        call.awaited = None
        if not call.live:
            call.inferred = f"no leg of the answering agent was seen within {AWAITED_S} s"
            call.value = call.kept = None
            _end(call, step)


def _count(held: Held, wait: HeldConnection, outcome: Outcome) -> None:
    """Move a wait between its queue's sums."""
    queue = held.queues.get(wait.device)
    if queue is None:
        return
    for which, by in ((wait.outcome, -1), (outcome, 1)):
        _add(queue, which, by)
    queue.value = queue.kept = None


def _add(queue: HeldQueue, outcome: Outcome | None, by: int) -> None:
    if outcome is ANSWERED:
        queue.answered += by
    elif outcome is PICKED_UP:
        queue.picked_up += by
    elif outcome is ABANDONED:
        queue.abandoned += by
    elif outcome is not None:
        queue.lost += by


def uncount(held: Held, wait: HeldConnection) -> None:
    """A wait's end is taken back."""
    queue = held.queues.get(wait.device)
    if queue is not None and wait.outcome is not None:
        _add(queue, wait.outcome, -1)


# ---------------------------------------------------------------- ends of calls


def _outcome(call: HeldCall) -> tuple[Outcome | None, str, str]:
    """Outcome and cause of an ended call, and why its end was concluded if no event reported it."""
    past = call.past
    if len(past) == 1 and past[0].kind is LEG:
        one = past[0]
        outcome = ANSWERED if one.answered and one.outcome is RECHECKED else one.outcome
        if one.c2c == 1 and outcome is ANSWERED:
            outcome = NO_ANSWER  # the agent took the phone; the customer was never reached
        return outcome, one.cause, one.inferred
    best: tuple[int, Seconds] | None = None
    found, cause = call.outcome, call.cause
    for one in past:
        outcome = one.outcome
        if outcome is PICKED_UP:
            outcome = ANSWERED
        elif one.kind is LEG and one.answered:
            if one.c2c == 1:
                outcome = NO_ANSWER
            elif outcome is RECHECKED:
                outcome = ANSWERED
        if outcome is None:
            continue
        key = (-_RANKS[outcome], one.ended or 0)
        if best is None or key >= best:
            best, found, cause = key, outcome, one.cause
    if call.answered and found is not None and _RANKS[found] > _RANKS[ANSWERED_ELSEWHERE]:
        found = ANSWERED
    last = past[-1]
    for one in past:
        if (one.ended or 0) > (last.ended or 0):
            last = one
    return found, cause, last.inferred


def _end(call: HeldCall, step: Advance) -> None:
    """Nothing of a call lives: it has ended."""
    held = step.held
    _conclude(call)
    call.state, call.since = HUNGUP, call.ended
    held.awaited.pop(call.call_id, None)
    del held.calls[call.call_id]
    held.ended[call.call_id] = call
    value = call_value(held, call)
    step.out.append(CallEnded(held.position, step.at, call.call_id, value, call.inferred))


def _revise_ended(call: HeldCall, step: Advance) -> None:
    """Something of an ended call was corrected."""
    held = step.held
    _conclude(call)
    call.since = call.ended
    value = call_value(held, call)
    step.out.append(CallRevised(held.position, step.at, call.call_id, value))


def _conclude(call: HeldCall) -> None:
    ended = call.past[-1].ended
    for one in call.past:
        if ended is None or (one.ended is not None and one.ended > ended):
            ended = one.ended
    call.ended = ended
    awaited = call.inferred if call.inferred.startswith("no leg") else ""
    call.outcome, call.cause, call.inferred = _outcome(call)
    call.inferred = awaited or call.inferred
    call.awaited = None
