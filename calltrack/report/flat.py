"""A report as one flat table: a row per queue, agent, extension, account, day and all, a column per figure.

A figure that is not certain in some row has two more columns at the end, what it is at least and at most. In a row in
which it is certain they are the figure itself; no most is no limit.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import NamedTuple, TextIO

from calltrack.export import cell
from calltrack.export.columns import timestamp
from calltrack.figures import CallFigures, ContactFigures, Figures, Report, WaitFigures, WorkFigures
from calltrack.figures.bounds import valued
from calltrack.figures.shapes import ServiceLevel

_DIRECTIONS = ("", "Incoming", "Outgoing", "Internal", "Click2call")
_WAITS = [name for name in WaitFigures.__struct_fields__ if name != "service_level"]
_LEVELS = [name for name in ServiceLevel.__struct_fields__ if name != "within_s"]
_WORK = [name for name in WorkFigures.__struct_fields__ if name != "statuses"]
_DEFINED = (
    *("service_level.negative_without_short", "service_level.positive_without_short", "asa_s.without_ringing"),
    *(f"occupancy.{name}" for name in ("on_queue_with_ringing", "logged_in", "logged_in_with_ringing")),
    *(f"aht_s.{name}" for name in ("inbound", "outbound", "internal", "consultation")),
    *("ringing_s", "idle_s", "logged_in_s"),
)
"""Of `definitions`, what does not stand in the other columns."""
_CALLS = [name for name in CallFigures.__struct_fields__ if name != "direction"]


class _Column(NamedTuple):
    """A column's title, and the figure in it by the name that its bounds have."""

    title: str
    figure: str


def _columns() -> Iterator[_Column]:
    yield from (_Column(name, f"waits.{name}") for name in _WAITS)
    yield from (_Column(f"service_level_{name}", f"waits.service_level.{name}") for name in _LEVELS)
    for name in _WORK:  # where waits and legs have a figure of one name, that of the legs says so
        yield _Column(f"legs_{name}" if name in _WAITS else name, f"work.{name}")
    for direction in _DIRECTIONS:
        for name in _CALLS:
            title = "calls" if name == "calls" else f"calls_{name}"
            yield _Column(f"{title}_{direction.lower()}".removesuffix("_"), f"calls.{direction or 'all'}.{name}")
    for name in ContactFigures.__struct_fields__:
        yield _Column("contacts" if name == "contacts" else f"contacts_{name}", f"contacts.{name}")
    yield from (_Column(name.replace(".", "_"), f"definitions.{name}") for name in _DEFINED)


_COLUMNS = tuple(_columns())


def write_csv(report: Report, out: TextIO, by: tuple[str, ...] = (), every: str = "day") -> None:
    """Write the groups that are asked for, or all; durations in seconds, shares between 0 and 1, times in UTC."""
    groups = list(_groups(report, by, every))
    columns = [*_COLUMNS, *_statuses(groups)]
    loose = {name for _, figures in groups for name in figures.bounds}
    unsure = [column for column in columns if column.figure in loose]
    header = ["by", "key", "name", "since", "until", "observed_s", "coverage", *(column.title for column in columns)]
    header += [f"{column.title}_{end}" for column in unsure for end in ("least", "most")]
    writer = csv.writer(out)
    writer.writerow(header)
    for what, figures in groups:
        writer.writerow([cell(value) for value in (what, *_values(figures, columns, unsure))])


def _values(figures: Figures, columns: list[_Column], unsure: list[_Column]) -> Iterator[object]:
    yield from (figures.key, figures.name)
    for at in (figures.since, figures.until):
        moment = timestamp(at)
        yield None if moment is None else moment.isoformat().replace("+00:00", "Z")
    yield from (figures.observed_s, figures.coverage)
    yield from (_value(figures, column.figure) for column in columns)
    for column in unsure:
        bounds, value = figures.bounds.get(column.figure), _value(figures, column.figure)
        yield from (value, value) if bounds is None else (bounds.low, bounds.high)


def _value(figures: Figures, name: str) -> float | None:
    """A figure; None if the group has no figures of that kind."""
    return None if name.startswith("calls.") and not figures.calls else valued(figures, name)


def _groups(report: Report, by: tuple[str, ...], every: str) -> Iterator[tuple[str, Figures]]:
    groups = {
        "total": (report.total,),
        every: report.parts,
        "queue": report.queues,
        "agent": report.agents,
        "extension": report.extensions,
        "account": report.accounts,
        "campaign": report.campaigns,
        "team": report.teams,
        "closed": () if report.closed is None else (report.closed,),
    }
    for what, found in groups.items():
        if not by or what in by:
            yield from ((what, figures) for figures in found)


def _statuses(groups: list[tuple[str, Figures]]) -> list[_Column]:
    """A column for each status that anybody had."""
    found = {one.status for _, figures in groups if figures.work for one in figures.work.statuses}
    return [
        _Column(f"status_{'unknown' if status is None else status}_s", f"work.status_{status}_s")
        for status in sorted(found, key=lambda status: (status is None, status or 0))
    ]
