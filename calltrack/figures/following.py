"""How rows follow what the tracker says: a record's row after one more change."""

from __future__ import annotations

from msgspec.structs import replace

from calltrack.core.records import Call, Leg, Wait, counted
from calltrack.core.states import Outcome, State
from calltrack.figures.rows import CallRow, LegRow, QueueEntryRow, Spell


def direction(call: CallRow, leg: Leg) -> str:
    """A call's direction is that of its first leg which is not a listener's; Incoming if it waited in a queue first."""
    if call.direction and call.legs and call.direction != "Spy":
        return call.direction
    if leg.c2c:
        return "Click2call"
    if call.queue_id:
        return "Incoming"
    return "Internal" if leg.internal and leg.direction != "Spy" else leg.direction


def begun(call: Call) -> CallRow:
    """The row of a call that is found in the middle of its life."""
    past = [*call.past_waits, *call.waiting]
    return CallRow(
        call.call_id,
        call.account_id,
        call.direction,
        call.caller,
        call.caller_name,
        call.did,
        past[-1].queue_id if past else "",
        call.started,
        answered_at=call.answered_at,
        answered=call.answered,
        picked_up=any(wait.outcome is Outcome.PICKED_UP for wait in past),
        related=call.related,
        transferred_by=call.transferred_by,
    )


def rang_before_answer(call: Call) -> int:
    """How many of a call's legs rang before its first answer, as far as their records tell."""
    rang = [leg for leg in (*call.past_legs, *call.legs) if leg.direction == "Incoming" and not leg.c2c]
    rang = [leg for leg in rang if leg.ring_s or not leg.answered]
    if call.answered_at is None:
        return len(rang)
    return sum(leg.started is None or leg.started <= call.answered_at for leg in rang)


def ended(row: CallRow, call: Call) -> CallRow:
    """A call's row at its end."""
    return replace(
        row,
        account_id=row.account_id if call.account_id is None else call.account_id,
        started=call.started,
        answered=call.answered,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        outcome=call.outcome,
        cause=call.cause,
        wait_s=call.wait_s,
        ring_s=call.ring_s,
        talk_s=call.talk_s,
        hold_s=call.hold_s,
        unknown_s=call.unknown_s,
        related=call.related,
        transferred_by=call.transferred_by or row.transferred_by,
        inferred=call.inferred,
    )


def followed(row: LegRow, leg: Leg) -> LegRow:
    """A leg's row after one more change: what is over becomes a spell, and the next begins."""
    return replace(
        row,
        rang=row.rang or leg.state is State.RINGING,
        started=leg.started,
        answered=leg.answered,
        answered_at=leg.answered_at,
        ended_at=leg.ended_at,
        outcome=leg.outcome,
        cause=leg.cause,
        ring_s=leg.ring_s,
        talk_s=leg.talk_s,
        hold_s=leg.hold_s,
        unknown_s=leg.unknown_s,
        inferred=leg.inferred,
        spells=_spells(row, leg),
    )


def _spells(row: LegRow, leg: Leg) -> tuple[Spell, ...]:
    since = leg.since
    spells = row.spells or _before_first_sight(leg)
    if since is None:
        return spells
    if spells and spells[-1].until is None:
        last = spells[-1]
        # An end that nothing told of leaves open what the leg did since its last step (records.ended).
        state = State.UNKNOWN if leg.unknown_s != row.unknown_s else last.state
        spells = spells[:-1]
        if since > last.since:
            spells = (*spells, Spell(state, last.since, since))
    return spells if leg.state is State.HUNGUP else (*spells, Spell(counted(leg), since, None))


def _before_first_sight(leg: Leg) -> tuple[Spell, ...]:
    """What the stamps tell of a leg that was answered before it was seen (legs._opened)."""
    spells: tuple[Spell, ...] = ()
    if leg.answered and leg.started is not None and leg.answered_at is not None and leg.since is not None:
        if leg.started < min(leg.answered_at, leg.since):
            spells = (Spell(State.RINGING, leg.started, min(leg.answered_at, leg.since)),)
        if leg.answered_at < leg.since:
            spells = (*spells, Spell(State.TALKING, leg.answered_at, leg.since))
    return spells


def left(row: QueueEntryRow, wait: Wait) -> QueueEntryRow:
    """A wait's row at its end."""
    return replace(
        row,
        left_at=wait.left_at,
        wait_s=wait.wait_s,
        outcome=wait.outcome,
        agent_name=wait.agent_name,
        inferred=wait.inferred,
    )
