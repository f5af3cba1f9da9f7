"""Rows by a key, and by the intervals that they lie in: found in one pass, so that sixty days are not sixty passes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple, TypeVar

from msgspec import Struct

from calltrack.core.records import Seconds
from calltrack.figures.contactrows import ContactRow
from calltrack.figures.rows import AgentStateRow, CallRow, LegRow, QueueEntryRow
from calltrack.figures.shapes import Part

One = TypeVar("One")
Row = TypeVar("Row", bound=Struct)

_MOMENTS = ("started", "joined_at", "since", "ended_at", "left_at", "until", "confirmed_at")
"""When a row begins and ends, by any of the options."""
_ENDS = ("ended_at", "left_at", "until")


class Kept(NamedTuple):
    """Rows by kind."""

    calls: list[CallRow]
    legs: list[LegRow]
    entries: list[QueueEntryRow]
    states: list[AgentStateRow]
    contacts: Sequence[ContactRow]

    def of(self, parts: Sequence[Part]) -> Iterator[Kept]:
        """For each part the rows that may lie in it, in their order; all of them where parts overlap."""
        if not parts:
            return iter(())
        if any(one.until > other.since for one, other in pairwise(parts)):
            return (self for _ in parts)
        return (Kept(*found) for found in zip(*(_split(rows, parts) for rows in self), strict=True))


def _split(rows: Sequence[Row], parts: Sequence[Part]) -> list[list[Row]]:
    found: list[list[Row]] = [[] for _ in parts]
    begins, ends = [part.since for part in parts], [part.until for part in parts]
    for row in rows:
        least, most = _extent(row)
        for number in range(bisect_left(ends, least), bisect_right(begins, most)):
            found[number].append(row)
    return found


def _extent(row: Struct) -> tuple[Seconds, Seconds]:
    """From when until when a row may count; without an end that is known it may always."""
    known = {name: getattr(row, name) for name in _MOMENTS if name in row.__struct_fields__}
    moments = [at for at in known.values() if at is not None]
    begin = min(moments, default=-inf)
    if any(known[name] is None for name in _ENDS if name in known):
        return begin, inf
    return begin, max(moments, default=inf)


def by(rows: Iterable[One], key: Callable[[One], str]) -> dict[str, list[One]]:
    """The rows by a key, in their order."""
    found: defaultdict[str, list[One]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return dict(found)
