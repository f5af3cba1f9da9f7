"""Which record is about which leg and wait of its call: the cheapest pairs first, each part once.

A record names the extension, the queue and the start of its part. All three may differ, so each costs something, and
what differs more costs more; a pair that has nothing in common is none. A record may also leave out where its part was:
then it takes what is left and has its times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from msgspec.structs import replace

from calltrack.core.observations import INCOMING, Statement
from calltrack.core.records import Leg, Seconds, Wait

_OTHER_EXTENSION = 1_000_000.0
_UNNAMED = 1_000.0  # after those that say where
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
    statements: Sequence[Statement], legs: Sequence[Leg], start: Start, waits: Mapping[int, Wait]
) -> tuple[dict[int, Leg], list[int], list[Leg]]:
    """The leg of each statement by its place, the places that have none, and the legs that no statement is about.

    waits: the waits that statements are about. One that names no place and was not answered there is of the wait alone.
    """

    twins = _with_twin(statements, start)

    def cost(statement: Statement, leg: Leg) -> float | None:
        if statement.c2c != leg.c2c and (statement.c2c or leg.c2c):
            return None
        apart = _apart(leg_start(statement, start(statement)), leg.started)
        wrong = _OTHER_ANSWER if statement.answered is not None and statement.answered != leg.answered else 0.0
        other = 0.0
        if not statement.exten_user:
            if statement.direction and statement.direction != leg.direction:
                return None
            apart = min(apart, _apart(end_of(statement, start(statement)), leg.ended_at))
            other = _UNNAMED
            if statement.answered is None:  # it is rather of the leg that was answered, and of the caller's
                other += _OTHER_ANSWER * (not leg.answered) + _OTHER_ANSWER * (
                    leg.internal and leg.direction == INCOMING
                )
        elif statement.exten_user != leg.exten_user:
            if statement.direction and leg.direction and statement.direction != leg.direction:
                return None  # the other side of an internal call
            other = _OTHER_EXTENSION
        if (other and (wrong or apart > _NEAR_S)) or (wrong and apart > _NEAR_S and id(statement) in twins):
            return None
        if statement.talk_s is not None and abs(statement.talk_s - leg.talk_s - leg.hold_s) > _ROUNDED_S:
            wrong += _OTHER_TALK
        if statement.ring_s is not None and abs(statement.ring_s - leg.ring_s) > _ROUNDED_S:
            wrong += _OTHER_RING
        return min(apart, _APART_COUNTS_S) + other + wrong

    wanted = [
        n
        for n, one in enumerate(statements)
        if one.exten_user or one.answered or not (is_named(one) or (n in waits and one.answered is False))
    ]
    found, without, left = _paired(wanted, legs, lambda n, leg: cost(statements[n], leg))
    return found, [n for n in without if statements[n].exten_user], left


def waits_of(
    statements: Sequence[Statement], waits: Sequence[Wait], start: Start, names: dict[str, str]
) -> tuple[dict[int, Wait], list[int], list[Wait]]:
    """The same for waits; `names` are the queues' by id."""

    def cost(statement: Statement, wait: Wait) -> float | None:
        same = statement.queue_id == wait.queue_id if statement.queue_id else True
        if not statement.queue_id and statement.queue_name:
            same = statement.queue_name == names.get(wait.queue_id, statement.queue_name)
        apart = _apart(start(statement), wait.joined_at)
        if not is_named(statement):
            return None if apart > _NEAR_S else apart + _UNNAMED
        return apart + (0.0 if same else _OTHER_QUEUE)

    wanted = [n for n, one in enumerate(statements) if one.queue_id or one.queue_name or not is_named(one)]
    found, without, left = _paired(wanted, waits, lambda n, wait: cost(statements[n], wait))
    return found, [n for n in without if is_named(statements[n])], left


def is_named(statement: Statement) -> bool:
    """Whether a record says at which phone or in which queue its part was."""
    return bool(statement.exten_user or statement.queue_id or statement.queue_name)


def _with_twin(statements: Sequence[Statement], start: Start) -> set[int]:
    """The identities of those of which another one is a twin."""
    places: dict[tuple[object, ...], list[tuple[Seconds, int]]] = {}
    for one in statements:
        places.setdefault(_place(one), []).append((start(one) or 0, id(one)))
    found: set[int] = set()
    for there in places.values():
        there.sort()
        for (begin, first), (after, second) in pairwise(there):
            if after - begin <= _NEAR_S or not begin:
                found |= {first, second}
    return found


def _place(statement: Statement) -> tuple[object, ...]:
    return statement.exten_user, statement.queue_id, statement.queue_name, statement.c2c


def merged(one: Statement, other: Statement, start: Start) -> Statement | None:
    """Two records of one part that agree in all that is compared, as one; None if they are not, or do not agree."""
    if start(one) is None or start(one) != start(other) or one.unusable != other.unusable:
        return None
    more = {}
    for name in _COMPARED:
        mine, theirs = getattr(one, name), getattr(other, name)
        if theirs in (None, "", ()):
            continue
        if mine in (None, "", ()):
            more[name] = theirs
        elif mine != theirs and not (name in _AMOUNTS and abs(mine - theirs) <= _ROUNDED_S) and name not in _WORDS:
            return None
    return replace(one, **more) if more else one


_AMOUNTS = ("total_s", "wait_s", "ring_s", "talk_s")
_WORDS = ("status", "kind")  # each account has its own for the same outcome and type
_COMPARED = (
    *_AMOUNTS, *_WORDS, "outcome", "answered", "exten_user", "queue_id", "queue_name", "direction", "c2c", "caller",
    "did", "agent_id", "agent_name",
)  # fmt: skip


def is_twin(one: Statement, other: Statement, start: Start) -> bool:
    """Whether two records are of the same leg or wait, by where it was and when it began."""
    if _place(one) != _place(other):
        return False
    begins = start(one), start(other)
    return begins[0] is None or begins[1] is None or abs(begins[0] - begins[1]) <= _NEAR_S


def end_of(statement: Statement, start: Seconds | None) -> Seconds | None:
    """When a record's part was over; its beginning if the record does not say how long it took."""
    return None if start is None else start + (statement.total_s or 0)


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
