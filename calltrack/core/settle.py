"""Calls, outcomes and hindsight: decided once per frame for each call that was touched, from its connections alone.

Theory of operation. What a leg's or wait's end means can depend on others of its call: a ring that a colleague took, a
caller who gave up in the second of an answer, a stay that no event ended. `_weigh` decides all of that together and
again, as long as an end is provisional (ruling 4), so the order in which the frames came cannot matter. What changes of
something already handed out is reported as a revision. Then the call's own state follows from the table's order.

Rulings: 8 (claims), 9 (answered elsewhere), 10 (a call's outcome, and the 30 s in which it waits for its answering
leg), 15 (contradictions), 16 (an end that was lost). The moments compared are those at the switch.
"""

from __future__ import annotations

from msgspec.structs import replace

from calltrack.core.advance import Advance
from calltrack.core.changes import AnomalyKind, CallEnded, CallRevised, CallStateChanged
from calltrack.core.doubt import watch_contradicted
from calltrack.core.held import LEG, LOWEST, WAIT, Held, HeldCall, HeldConnection, HeldQueue
from calltrack.core.observations import INCOMING, Seconds
from calltrack.core.outcomes import SAME_S, TAKEN, hindsight, is_recent
from calltrack.core.states import Outcome, State
from calltrack.core.table import (
    ABANDONED,
    ANSWERED,
    ANSWERED_ELSEWHERE,
    AWAITED,
    AWAITED_AFTER_LOSS,
    CALL,
    CALL_OUTCOMES,
    HUNGUP,
    LOST,
    NEW,
    NO_ANSWER,
    PICKED_UP,
    RECHECKED,
    UNKNOWN,
)
from calltrack.core.values import call_value

AWAITED_S = 30  # ruling 10

_RANKS = {outcome: rank for rank, outcomes in enumerate(CALL_OUTCOMES) for outcome in outcomes}


def settle(call: HeldCall, step: Advance) -> None:
    """Decide what the frame means for a call that it touched, and report it."""
    held = step.held
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
    if call.best < known:  # it rose, unless what rose is over already
        return CALL[min([one.counted_rank for one in live])]
    rank = LOWEST
    for one in live:  # the call's rank can only have fallen: stop where another has what it had
        mine = one.counted_rank
        if mine < rank:
            rank = mine
            if rank <= known:
                break
    return CALL[rank]


# ---------------------------------------------------------------- outcomes


def _weigh(call: HeldCall, step: Advance) -> None:
    """Outcomes and ends of what has ended, as all connections of the call have it; and whether it was answered."""
    for one, outcome, end, otherwise in hindsight(call, step.held.clock.now):
        if one.outcome is outcome and one.ended == end and not otherwise:
            continue
        said = one.outcome is not None
        if one.kind is WAIT:
            _count(step.held, one, outcome)
        one.outcome, one.value, one.kept = outcome, None, None
        if one.ended != end or (one.kind is WAIT and outcome in TAKEN and one.marks[one.end.open][1] is UNKNOWN):
            one.reopen()
            while end is not None and len(one.marks) > 1 and one.marks[-1][0] > end:
                one.marks = one.marks[:-1]
            one.end = replace(one.end, open=len(one.marks))
            one.mark(end, None)
            one.ended = one.marks[-1][0]
        if said:
            step.revise_once(one)
    _answer(call, step)
    if call.live:
        watch_contradicted(call, step.held)


def _contradictions(call: HeldCall, gave_up: list[HeldConnection], step: Advance) -> None:
    """Report where a queue and an agent say different things of one call (ruling 15), once for each answer."""
    for wait in gave_up:
        until = wait.marks[wait.end.open][0] if wait.end.open < len(wait.marks) else wait.began
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
                    device=step.held.device(leg),
                    expected="abandoned",
                    seen="answered",
                )


def _answer(call: HeldCall, step: Advance) -> None:
    """Whether and when somebody talked to the far end; a queue that says so is believed (ruling 10)."""
    first: Seconds | None = None
    answered = taken = False
    seen: Seconds | None = None
    gave_up: list[HeldConnection] = []
    for one in (*call.past, *call.live):
        if one.kind is LEG:
            if one.answered and one.c2c != 1:
                answered = True
                if one.answered_at is not None and (first is None or one.answered_at < first):
                    first = one.answered_at
        elif one.outcome in TAKEN:
            taken = True
            if one.ended is not None and (seen is None or one.ended < seen):
                seen = one.ended
        if one.kind is WAIT and one.end.means is ABANDONED and one.end.reported:
            gave_up.append(one)
    if gave_up and call.attempts:
        _contradictions(call, gave_up, step)
    if call.settled is not None and call.answered:
        answered = True
        first = call.answered_at if first is None or (call.answered_at or first) < first else first
    call.answered = answered or taken
    call.answered_at = first if answered else seen
    _await(call, step)


def _await(call: HeldCall, step: Advance) -> None:
    """Keep a call alive whose queue, or whose losing phone, says that somebody has it (ruling 10)."""
    held, now = step.held, step.held.clock.now
    if call.awaited is not None or call.live or now is None or call.call_id not in held.calls:
        return
    last = call.past[-1]
    if last.end.learned != now and not is_recent(last, now):
        return
    claims = [
        one
        for one in call.past
        if one.end.learned == now
        and (
            (one.kind is WAIT and one.outcome in TAKEN and one.end.reported)
            or (one.kind is WAIT and one.outcome is LOST and one.end.inferred.startswith(IN_NO_LIST))
            or (one.kind is LEG and one.outcome is ANSWERED_ELSEWHERE and one.end.means is ANSWERED_ELSEWHERE)
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
        answered = call.state is AWAITED
        call.awaited = call.value = call.kept = None
        if not call.live:
            if answered:
                call.inferred = f"no leg of the answering agent was seen within {AWAITED_S} s"
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


def _conclude(call: HeldCall) -> None:
    """End, outcome and cause of a call in which nothing lives, and why its end was concluded if no event says so."""
    past = call.past
    last = past[-1]
    found, cause = call.outcome, call.cause
    best, latest = len(CALL_OUTCOMES), 0
    for one in past:
        outcome, ended = one.outcome, one.ended or 0
        if ended > (last.ended or 0):
            last = one
        if one.c2c == 1 and any(other.c2c == 2 for other in past):
            continue  # the customer's leg says what became of the call
        if outcome is PICKED_UP:
            outcome = ANSWERED
        elif one.kind is LEG and one.answered:
            if one.c2c == 1:
                outcome = NO_ANSWER  # the agent took the phone; the customer was never reached
            elif outcome is RECHECKED:
                outcome = ANSWERED
        if outcome is None:
            continue
        rank = _RANKS[outcome]
        if rank < best or (rank == best and ended >= latest):
            best, latest, found, cause = rank, ended, outcome, one.end.cause  # type: ignore[assignment]
    if call.answered and found is not None and _RANKS[found] > _RANKS[ANSWERED_ELSEWHERE]:
        found = ANSWERED
    call.ended, call.outcome, call.cause, call.awaited = last.ended, found, cause, None
    if not call.inferred.startswith("no leg"):
        call.inferred = last.end.inferred


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
