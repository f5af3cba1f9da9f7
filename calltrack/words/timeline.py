"""A call's life as stretches of time: each leg and wait, state by state, and how far it is known.

A stretch is not known if its state is Unknown, and, of a leg or wait that may be over, from the last frame that
confirmed it on.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from calltrack.core.records import Call, Leg, Seconds, Wait
from calltrack.core.states import State

MARKS = {"Ringing": "░", "Dialing": "▚", "Talking": "█", "Hold": "▒", "Queued": "─", "Spying": "○"}
"""How a known stretch is drawn; one that is not known is `?`."""
PLAIN = {"Ringing": ".", "Dialing": ":", "Talking": "#", "Hold": "=", "Queued": "-", "Spying": "o"}
"""The same in ASCII."""
UNKNOWN = "?"


class Stretch(Struct, frozen=True):
    """A time that a leg ("SIP1 #2") or a wait ("queue 55") was in one state; `until` is None while it lasts.

    UTC epoch s. `known` is False if the state is unknown or unconfirmed in this time.
    """

    row: str
    exten_user: str
    queue_id: str
    attempt: int
    state: str
    since: Seconds
    until: Seconds | None
    known: bool = True


def timeline(call: Call) -> list[Stretch]:
    """The stretches of every leg and wait that the call keeps, in the order in which they began."""
    found = [one for wait in (*call.past_waits, *call.waiting) for one in _stretches(wait)]
    found += [one for leg in (*call.past_legs, *call.legs) for one in _stretches(leg)]
    return sorted(found, key=lambda one: one.since)


def _stretches(one: Leg | Wait) -> Iterator[Stretch]:
    if isinstance(one, Leg):
        named = (f"{one.exten_user} #{one.attempt}", one.exten_user, "", one.attempt)
    else:
        named = (f"queue {one.queue_id}", "", one.queue_id, 0)
    for spell in one.spells:
        if spell.since is None:
            continue
        doubted_at = one.confirmed_at if one.doubtful and spell.until is None else None
        known = spell.state is not State.UNKNOWN
        if known and doubted_at is not None and doubted_at >= spell.since:
            if doubted_at > spell.since:
                yield Stretch(*named, spell.state, spell.since, doubted_at)
            yield Stretch(*named, spell.state, doubted_at, None, known=False)
        else:
            yield Stretch(*named, spell.state, spell.since, spell.until, known)


def drawn(stretches: list[Stretch], now: Seconds | None, width: int, *, plain: bool = False) -> dict[str, str]:
    """A row of `width` marks for each leg and wait, by its name, from the first moment to the last one or `now`."""
    if not stretches:
        return {}
    begin, end = limits(stretches, now)
    scale = width / max(1, end - begin)
    rows: dict[str, list[str]] = {}
    for one in stretches:
        row = rows.setdefault(one.row, [" "] * width)
        first = min(width - 1, int((one.since - begin) * scale))
        last = min(width, max(first + 1, round(((end if one.until is None else one.until) - begin) * scale)))
        mark = (PLAIN if plain else MARKS).get(one.state, UNKNOWN) if one.known else UNKNOWN
        row[first:last] = mark * (last - first)
    return {name: "".join(row) for name, row in rows.items()}


def limits(stretches: list[Stretch], now: Seconds | None) -> tuple[Seconds, Seconds]:
    """The first and the last moment of a timeline; what lasts reaches to `now`."""
    ends = [now if one.until is None else one.until for one in stretches]
    times = [one.since for one in stretches]
    return min(times), max([*times, *(end for end in ends if end is not None)])
