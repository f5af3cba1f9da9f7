"""Callers who were missed, and have not been spoken to since.

A call is missed if it came in and ended without an answer. It is returned once a call with the same number was answered
that ended, or still lasts, after it: the caller's own or one to them. Attempts to call back that were not answered are
counted, and return nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from msgspec import Struct

from calltrack.core.records import Id, Seconds
from calltrack.core.states import Outcome
from calltrack.figures.rows import CallRow

OUT = ("Outgoing", "Click2call")


class Missed(Struct, frozen=True):
    """A caller to call back; times UTC epoch s, durations s. `queue_id`, `wait_s`, `outcome` are the last call's."""

    number: str
    """As `same` writes it."""
    name: str
    """The last that is known."""
    first: Seconds
    """When the first missed call since the last conversation ended."""
    last: Seconds
    """When the last did."""
    calls: int
    """How many there were."""
    tried: int
    """Calls to the number since the first, all in vain."""
    queue_id: str
    account_id: Id
    wait_s: Seconds | None
    outcome: Outcome | None
    call_ids: tuple[str, ...]
    """The missed calls."""


class MissedCallers(Struct, frozen=True):
    """`callers` wait for a call, who has waited longest first; `anonymous` missed calls had no number to call."""

    callers: tuple[Missed, ...]
    anonymous: int


def _any(_: CallRow) -> bool:
    return True


def missed(calls: Iterable[CallRow], same: Callable[[str], str], of: Callable[[CallRow], bool] = _any) -> MissedCallers:
    """Who was missed and not spoken to since; `same` writes a number one way, "" if it is none.

    A missed call counts if `of` says so. A conversation returns it whoever had it, so that nobody is called twice.
    """
    by_number: defaultdict[str, list[CallRow]] = defaultdict(list)
    anonymous = 0
    for call in calls:
        number = same(call.caller)
        if number:
            by_number[number].append(call)
        else:
            anonymous += _is_missed(call) and of(call)
    found = [one for number, own in by_number.items() if (one := _unreturned(number, own, of)) is not None]
    return MissedCallers(tuple(sorted(found, key=lambda one: (one.first, one.number))), anonymous)


def _is_missed(call: CallRow) -> bool:
    return call.direction == "Incoming" and call.outcome is not None and not call.answered


def _unreturned(number: str, calls: list[CallRow], of: Callable[[CallRow], bool]) -> Missed | None:
    spoken = max((_end(call) for call in calls if call.answered and call.direction != "Spy"), default=float("-inf"))
    counted = (call for call in calls if _is_missed(call) and of(call))
    open_ = [call for call in counted if call.ended_at is not None and call.ended_at > spoken]
    if not open_:
        return None
    open_.sort(key=_end)
    first, last = open_[0], open_[-1]
    names = [call.caller_name for call in open_ if call.caller_name]
    return Missed(
        number,
        names[-1] if names else "",
        first.ended_at or 0,
        last.ended_at or 0,
        len(open_),
        sum(call.direction in OUT and _end(call) > _end(first) for call in calls),
        last.queue_id,
        last.account_id,
        last.wait_s,
        last.outcome,
        tuple(call.call_id for call in open_),
    )


def _end(call: CallRow) -> float:
    """When a call ended; one that lives, or whose end has no time, is later than all others."""
    return float("inf") if call.ended_at is None else call.ended_at
