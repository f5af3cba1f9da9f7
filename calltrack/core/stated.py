"""What a statement says, and what is held of its part: questions alone, nothing is written."""

from __future__ import annotations

from calltrack.core.held import WAIT, HeldCall, HeldConnection
from calltrack.core.observations import ENDS, Seconds, Statement
from calltrack.core.outcomes import TAKEN
from calltrack.core.records import Gap
from calltrack.core.states import Outcome
from calltrack.core.table import ABANDONED, RANKS, UNKNOWN

STATED = "stated by another account"
"""How the reason begins why a part that no frame showed is on record."""
NEAR_S = 5  # stamps of one moment in two accounts are that near
_EITHER = (Outcome.TRANSFERRED, Outcome.RECHECKED, Outcome.SPIED)
"""Outcomes of what may have been answered."""


def contradiction(said: Statement, call: HeldCall | None) -> str:
    """Why a statement decides nothing, "" if nothing speaks against it."""
    outcome, answered = said.outcome, said.answered
    if outcome is not None and answered is not None and outcome not in _EITHER and answered != (outcome in TAKEN):
        return "a statement says that it was answered, and that it was not; it decides nothing"
    waits = [] if call is None else [one for one in (*call.past, *call.live) if one.kind is WAIT]
    if (
        answered
        and said.talk_s == 0
        and waits
        and all(one.end.means is ABANDONED and is_reported(one) for one in waits)
    ):
        return "a statement says that it was answered without talk, and frames that its caller gave up; they decide"
    return ""


def why_of(said: Statement) -> str:
    """Why a part that a statement makes is on record."""
    return f"{STATED} ({said.account})" if said.account else STATED


def answer_of(said: Statement, begin: Seconds, end: Seconds | None) -> Seconds | None:
    """When a statement's part was answered: its conversation lasted to the end, or its ring since the beginning."""
    if not said.answered:
        return None
    if said.talk_s is not None and end is not None:
        return end - said.talk_s
    return begin + said.ring_s if said.ring_s is not None and not (said.queue_id or said.queue_name) else None


def is_reported(one: HeldConnection) -> bool:
    """Whether an event reported the end."""
    return one.rank == RANKS[ENDS]


def is_made(one: HeldConnection) -> bool:
    """Whether a record alone says all of it: no frame, and no account that is dated by its receiver."""
    return one.end.reported and one.end.inferred.startswith(STATED)


def is_within(one: HeldConnection, began: Seconds, end: Seconds) -> bool:
    """Whether one of two stretches of time contains the other."""
    ended = end if one.ended is None else one.ended
    return max(began, one.began) < min(end, ended) and (one.began - began) * (ended - end) <= 0


def is_uncertain(one: HeldConnection) -> bool:
    """Whether frames did not report all of it."""
    if one.ended is None or not one.end.reported or (one.kind is WAIT and not one.stamp):
        return True
    return any(bucket is UNKNOWN for _, bucket in one.marks)


def within(gap: Gap, since: Seconds | None, until: Seconds | None) -> bool:
    """Whether a stretch of time lies in a gap."""
    if since is None or until is None:
        return False
    return (gap.since is None or gap.since - NEAR_S <= since) and (gap.until is None or until <= gap.until + NEAR_S)
