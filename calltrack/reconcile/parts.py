"""Which record is about which leg and wait of its call: the cheapest pairs first, each part once.

A record names the extension, the queue and the start of its part. All three may differ, so each costs something, and
what differs more costs more; a pair that has nothing in common is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from calltrack.core.observations import Statement
from calltrack.core.records import Leg, Seconds, Wait

_OTHER_EXTENSION = 1_000_000.0
_OTHER_ANSWER, _OTHER_TALK, _OTHER_RING = 60.0, 60.0, 40.0
_APART_COUNTS_S = 100.0  # one figure that is far off must not outweigh all others that agree
_ROUNDED_S = 1
_OTHER_QUEUE = 100_000.0
_NEAR_S = 5
_OTHER_ZONE = 20.0
_HALF_HOUR_S = 1800
_MOST_APART = 15 * 3600.0  # any two time zones

P = TypeVar("P", Leg, Wait)
Start = Callable[[Statement], Seconds | None]


def leg_start(statement: Statement, start: Seconds | None) -> Seconds | None:
    """When the leg of a record began: a queue's record begins with the wait."""
    if start is None or not (statement.queue_id or statement.queue_name):
        return start
    if None in (statement.total_s, statement.talk_s, statement.ring_s):
        return start
    return start + statement.total_s - statement.talk_s - statement.ring_s  # type: ignore[operator]


def legs_of(
    statements: Sequence[Statement], legs: Sequence[Leg], start: Start
) -> tuple[dict[int, Leg], list[int], list[Leg]]:
    """The leg of each statement by its place, the places that have none, and the legs that no statement is about."""

    def cost(statement: Statement, leg: Leg) -> float | None:
        if statement.c2c != leg.c2c and (statement.c2c or leg.c2c):
            return None
        apart = _apart(leg_start(statement, start(statement)), leg.started)
        other = 0.0 if statement.exten_user == leg.exten_user else _OTHER_EXTENSION
        wrong = _OTHER_ANSWER if statement.answered is not None and statement.answered != leg.answered else 0.0
        if other and (wrong or apart > _NEAR_S):
            return None
        if statement.talk_s is not None and abs(statement.talk_s - leg.talk_s - leg.hold_s) > _ROUNDED_S:
            wrong += _OTHER_TALK
        if statement.ring_s is not None and abs(statement.ring_s - leg.ring_s) > _ROUNDED_S:
            wrong += _OTHER_RING
        return min(apart, _APART_COUNTS_S) + other + wrong

    wanted = [n for n, one in enumerate(statements) if one.exten_user]
    return _paired(wanted, legs, lambda n, leg: cost(statements[n], leg))


def waits_of(
    statements: Sequence[Statement], waits: Sequence[Wait], start: Start, names: dict[str, str]
) -> tuple[dict[int, Wait], list[int], list[Wait]]:
    """The same for waits; `names` are the queues' by id."""

    def cost(statement: Statement, wait: Wait) -> float | None:
        same = statement.queue_id == wait.queue_id if statement.queue_id else True
        if not statement.queue_id and statement.queue_name:
            same = statement.queue_name == names.get(wait.queue_id, statement.queue_name)
        return _apart(start(statement), wait.joined_at) + (0.0 if same else _OTHER_QUEUE)

    wanted = [n for n, one in enumerate(statements) if one.queue_id or one.queue_name]
    return _paired(wanted, waits, lambda n, wait: cost(statements[n], wait))


def _apart(one: Seconds | None, other: Seconds | None) -> float:
    """How far starts are from each other, s; those of another time zone are as near as they would be in the same."""
    if one is None or other is None:
        return _MOST_APART
    apart = abs(one - other)
    return min(_MOST_APART, apart, _OTHER_ZONE + abs(apart - round(apart / _HALF_HOUR_S) * _HALF_HOUR_S))


def _paired(
    wanted: list[int], parts: Sequence[P], cost: Callable[[int, P], float | None]
) -> tuple[dict[int, P], list[int], list[P]]:
    offers = sorted(
        (price, n, place) for n in wanted for place, part in enumerate(parts) if (price := cost(n, part)) is not None
    )
    found: dict[int, P] = {}
    taken: set[int] = set()
    for _, n, place in offers:
        if n not in found and place not in taken:
            found[n] = parts[place]
            taken.add(place)
    return found, [n for n in wanted if n not in found], [one for n, one in enumerate(parts) if n not in taken]
