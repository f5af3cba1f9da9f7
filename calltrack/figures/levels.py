"""Shares of waits by name, each defined once: service levels and abandonment rates.

A share says of every kind of wait whether it is part of it (True), only of the whole (False), or of neither (None).
A wait whose end or length is not known may be of several kinds. The share is lowest if each of those counts against it
where it can, and highest if each counts for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import NamedTuple

from calltrack.core.outcomes import TAKEN
from calltrack.core.records import Seconds
from calltrack.core.states import Outcome
from calltrack.figures.ranges import Range, exact
from calltrack.figures.rows import QueueEntryRow


class Kind(NamedTuple):
    """How a wait ended: by an answer or not, within y seconds or not, and if it was a short one."""

    answered: bool
    within: bool
    short: bool


Place = Callable[[Kind], bool | None]

LEVELS: dict[str, Place] = {
    "handled_only": lambda one: one.within if one.answered else None,
    "ignoring_abandons": lambda one: one.within if one.answered else None if one.within else False,
    "negative": lambda one: one.answered and one.within,
    "positive": lambda one: one.within,
    "negative_without_short": lambda one: one.within if one.answered else None if one.short else False,
    "positive_without_short": lambda one: None if one.short and not one.answered else one.within,
}
"""Service level x/y by its definitions: the formulas are in docs/kpi.md."""
RATES: dict[str, Place] = {
    "abandonment_rate": lambda one: not one.answered,
    "abandonment_rate_without_short": lambda one: None if one.short and not one.answered else not one.answered,
}
COUNTS: dict[str, Callable[[Kind], bool]] = {
    "answered": lambda one: one.answered,
    "abandoned": lambda one: not one.answered,
    "abandoned_short": lambda one: not one.answered and one.short,
    "service_level.answered_within": lambda one: one.answered and one.within,
    "service_level.abandoned_within": lambda one: not one.answered and one.within,
}


def took(row: QueueEntryRow) -> Range:
    """How long a wait that is over took."""
    if row.wait_s is not None and row.least_s is None:
        return exact(row.wait_s)
    return Range(row.least_s or 0, row.most_s)


def kinds(row: QueueEntryRow, within_s: Seconds, short_s: Seconds, *, measured: bool = False) -> frozenset[Kind]:
    """All that a wait that is over may be; `measured`: the one that its `wait_s` says."""
    ends = (True, False) if row.outcome is Outcome.LOST else (row.outcome in TAKEN,)
    span = exact(row.wait_s or 0) if measured else took(row)
    most = span.high if span.high is not None else max(span.low, within_s, short_s) + 1
    lengths = [span.low, most, *(at for at in (within_s, short_s) if span.low < at < most)]
    return frozenset(
        Kind(answered, length <= within_s, length < short_s) for answered, length in product(ends, lengths)
    )


def share(found: Iterable[Kind], place: Place) -> float | None:
    """The share of waits of known kinds; None if none of them counts."""
    placed = [part for one in found if (part := place(one)) is not None]
    return sum(placed) / len(placed) if placed else None


def share_range(found: Mapping[frozenset[Kind], int], hidden: int, place: Place, leaving: int = 0) -> Range | None:
    """The same of waits that may be of several kinds, so many of each choice, and of so many that left no trace.

    leaving: so many of them may not count at all.
    """
    low, high = [0, hidden], [hidden, hidden]  # part and whole
    for one, count in found.items():
        places = {place(kind) for kind in one}
        for so_far, wanted in ((low, (False, None, True)), (high, (True, None, False))):
            part = next(which for which in wanted if which in places)
            so_far[0] += count * (part is True)
            so_far[1] += count * (part is not None)
    if not low[1] and not high[1]:
        return None
    away = min(leaving, low[0])
    low = [low[0] - away, low[1] - away]
    high[1] -= min(leaving, high[1] - high[0])
    return Range(low[0] / low[1] if low[1] else 0.0, high[0] / high[1] if high[1] else 1.0)


def count_range(
    found: Mapping[frozenset[Kind], int], hidden: int, belongs: Callable[[Kind], bool], leaving: int = 0
) -> Range:
    """How many certainly are of a kind, and how many may be."""
    least = sum(count for one, count in found.items() if all(belongs(kind) for kind in one))
    most = sum(count for one, count in found.items() if any(belongs(kind) for kind in one))
    return Range(max(0, least - leaving), most + hidden)
