"""Figures per call, by direction."""

from __future__ import annotations

from collections.abc import Iterable

from calltrack.figures.rows import CallRow
from calltrack.figures.shapes import CallFigures
from calltrack.figures.slices import by
from calltrack.figures.window import Window

DIRECTIONS = ("Incoming", "Outgoing", "Internal", "Click2call")


def call_figures(rows: Iterable[CallRow], window: Window) -> tuple[CallFigures, ...]:
    """Calls by direction, all of them first; each counts in the interval in which it ends."""
    over = [row for row in rows if is_over(row, window)]
    found = by(over, lambda row: row.direction)
    others = [direction for direction in sorted(found) if direction not in DIRECTIONS]
    return (
        _call_figures("", over),
        *(_call_figures(direction, found[direction]) for direction in (*DIRECTIONS, *others) if direction in found),
    )


def is_over(row: CallRow, window: Window) -> bool:
    """Whether a call counts as ended in the interval; a listener's does not count."""
    return row.outcome is not None and row.direction != "Spy" and window.has(window.end_of(row))


def _call_figures(direction: str, rows: list[CallRow]) -> CallFigures:
    return CallFigures(
        direction,
        calls=len(rows),
        answered=sum(row.answered for row in rows),
        talk_s=sum(row.talk_s or 0 for row in rows),
        transferred=sum(bool(row.transferred_by) for row in rows),
    )
