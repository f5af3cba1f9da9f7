"""A report as one flat table: a row per queue, agent, extension, account, day and all, a column per figure."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from calltrack.export import cell
from calltrack.export.columns import timestamp
from calltrack.figures import CallFigures, Figures, Report, WaitFigures, WorkFigures
from calltrack.figures.shapes import ServiceLevel, StatusTime

_DIRECTIONS = ("", "Incoming", "Outgoing", "Internal", "Click2call")
_WAITS = [name for name in WaitFigures.__struct_fields__ if name != "service_level"]
_LEVELS = [name for name in ServiceLevel.__struct_fields__ if name != "within_s"]
_WORK = [name for name in WorkFigures.__struct_fields__ if name != "statuses"]
_CALLS = [name for name in CallFigures.__struct_fields__ if name != "direction"]


def write_csv(report: Report, out: TextIO, by: tuple[str, ...] = (), every: str = "day") -> None:
    """Write the groups that are asked for, or all; durations in seconds, shares between 0 and 1, times in UTC."""
    statuses = sorted({one.status for _, figures in _groups(report, by, every) for one in _statuses(figures)}, key=str)
    header = ["by", "key", "name", "since", "until", "observed_s", "coverage"]
    header += [_column("wait", name) for name in _WAITS] + [f"service_level_{name}" for name in _LEVELS]
    header += [_column("work", name) for name in _WORK]
    header += [f"status_{'unknown' if status is None else status}_s" for status in statuses]
    names = ["calls", *(f"calls_{name}" for name in _CALLS[1:])]
    header += [f"{name}_{direction.lower()}".removesuffix("_") for direction in _DIRECTIONS for name in names]
    writer = csv.writer(out)
    writer.writerow(header)
    for what, figures in _groups(report, by, every):
        writer.writerow([cell(value) for value in (what, *_values(figures, statuses))])


def _values(figures: Figures, statuses: list[int | None]) -> Iterator[object]:
    yield from (figures.key, figures.name)
    for at in (figures.since, figures.until):
        moment = timestamp(at)
        yield None if moment is None else moment.isoformat().replace("+00:00", "Z")
    yield from (figures.observed_s, figures.coverage)
    waits, work = figures.waits, figures.work
    yield from (None if waits is None else getattr(waits, name) for name in _WAITS)
    yield from (None if waits is None else getattr(waits.service_level, name) for name in _LEVELS)
    yield from (None if work is None else getattr(work, name) for name in _WORK)
    spent = {one.status: one.seconds for one in _statuses(figures)}
    yield from (None if work is None else spent.get(status, 0) for status in statuses)
    found = {one.direction: one for one in figures.calls}
    for direction in _DIRECTIONS:
        one = found.get(direction)
        yield from (getattr(one, name) if one else (0 if found else None) for name in _CALLS)


def _groups(report: Report, by: tuple[str, ...], every: str) -> Iterator[tuple[str, Figures]]:
    groups = {
        "total": (report.total,),
        every: report.parts,
        "queue": report.queues,
        "agent": report.agents,
        "extension": report.extensions,
        "account": report.accounts,
    }
    for what, found in groups.items():
        if not by or what in by:
            yield from ((what, figures) for figures in found)


def _statuses(figures: Figures) -> tuple[StatusTime, ...]:
    return figures.work.statuses if figures.work else ()


def _column(of: str, name: str) -> str:
    """A figure's name; where waits and legs have one of the same name, that of the legs says so."""
    return f"legs_{name}" if of == "work" and name in _WAITS else name
