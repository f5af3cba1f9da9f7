"""Which figures of a group are not certain, and what in it was not resolved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from calltrack.figures.evidence import Evidence
from calltrack.figures.ranges import Range
from calltrack.figures.rows import LegRow, QueueEntryRow
from calltrack.figures.shapes import Figures, Unresolved


def certain_bounds(found: Figures, ranges: Iterable[tuple[str, Range | None]]) -> dict[str, Range]:
    """The ranges of the figures that are not certain."""
    kept = {}
    for name, one in ranges:
        value = valued(found, name)
        if one is not None and not (one.low == value == one.high):
            kept[name] = one
    return kept


def valued(found: Figures, name: str) -> float | None:
    """A figure by the name that its bounds have; None is "has none"."""
    group, _, rest = name.partition(".")
    if group == "calls":
        direction, _, rest = rest.partition(".")
        calls = next((one for one in found.calls if (one.direction or "all") == direction), None)
        counted: float = 0 if calls is None else getattr(calls, rest)
        return counted
    part: Any = getattr(found, group)
    if part is None:
        return None
    if rest.startswith("status_"):
        status = rest.removeprefix("status_").removesuffix("_s")
        return next((one.seconds for one in part.statuses if str(one.status) == status), 0)
    for step in rest.split("."):
        part = part.get(step) if isinstance(part, dict) else getattr(part, step)
    value: float | None = part
    return value


def unresolved(waits: Iterable[QueueEntryRow], legs: Iterable[LegRow], evidence: Evidence) -> Unresolved:
    """What of these ended without an event that reported it."""
    legs = list(legs)
    return Unresolved(
        sum(evidence.ended_unseen(leg) for leg in legs),
        sum(bool(row.inferred) and row.wait_s is None for row in waits),
        sum(leg.unknown_s or 0 for leg in legs),
    )
