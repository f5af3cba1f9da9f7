"""Which figures stand in which table of a report, and how each is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from calltrack.figures import Figures, Report
from calltrack.figures.agenttime import NO_ONE
from calltrack.figures.bounds import valued
from calltrack.words.values import span

ENOUGH = 0.95
"""The coverage below which figures are marked: they are of less than the interval."""
DASH = "–"
NAME_WIDTH = 24
"""Characters from which a name is wrapped in the terminal."""


class Heading(NamedTuple):
    """A column of a table for people: its title, what the title means, and how its figure is written."""

    title: str
    means: str
    write: Callable[[Figures], str]


class Table(NamedTuple):
    """A table for people: a title, columns, and a row per queue, agent, extension, account or part of the time."""

    title: str
    by: str
    headings: tuple[Heading, ...]
    rows: Sequence[Figures]


def tables(report: Report, by: Sequence[str] = (), every: str = "day") -> list[Table]:
    """The tables of a report: those that are asked for, else all that say something; `every` is what its parts are."""
    found = [
        Table("In all", "total", _both(""), [report.total]),
        Table(f"By {every}", every, _both(every), report.parts),
        Table("By queue", "queue", _queues(), report.queues),
        Table("By agent", "agent", _people("agent"), report.agents),
        Table("Agents' time", "agent", _statuses("agent", report.agents), report.agents),
        Table("By extension", "extension", _people("extension"), report.extensions),
        Table("Extensions' time", "extension", _statuses("extension", report.extensions), report.extensions),
        Table("By account", "account", _both("account"), report.accounts),
        Table("By campaign", "campaign", _both("campaign"), report.campaigns),
        Table("By team", "team", _people("team"), report.teams),
        Table("Outside of the opening hours", "closed", _both(""), [] if report.closed is None else [report.closed]),
    ]
    if by:
        return [table for table in found if table.by in by]
    usual = {"total", "queue", "agent", "campaign", "team", "closed"}
    usual |= {every} if len(report.parts) > 1 else set()
    usual |= {"account"} if len(report.accounts) > 1 else set()
    return [table for table in found if table.by in usual and (table.rows or table.by == "total")]


def pieces(table: Table, width: int) -> list[tuple[Heading, ...]]:
    """The columns of a table in pieces that fit `width` characters, each with the row's name before and the mark after.

    A terminal that is too narrow would else lose columns, and the mark first of all.
    """
    named = table.by != "total"
    name, last = table.headings[:1] if named else (), table.headings[-1]
    room = width - sum(_width(heading, table) for heading in (*name, last))
    found: list[list[Heading]] = [[]]
    left = room
    for heading in table.headings[len(name) : -1]:
        wide = _width(heading, table)
        if wide > left and found[-1]:
            found.append([])
            left = room
        found[-1].append(heading)
        left -= wide
    return [(*name, *piece, last) for piece in found]


def _width(heading: Heading, table: Table) -> int:
    """A column's width: that of its longest cell, names wrapped; and a space on either side."""
    longest = max([len(heading.title), *(len(heading.write(figures)) for figures in table.rows)])
    return min(longest, NAME_WIDTH if heading.write is title_of else longest) + 2


def title_of(figures: Figures) -> str:
    """What the row is of: a name, else the vendor's id."""
    if figures.key.startswith(NO_ONE):
        return f"no agent {figures.key}"
    return figures.name or figures.key or "none"


def is_partial(figures: Figures) -> bool:
    """Whether too little of the interval was observed for the figures to stand for all of it."""
    return figures.coverage is None or figures.coverage < ENOUGH


def percent(share: float | None) -> str:
    """A share for people; a bit less than all is not all."""
    if share is None:
        return DASH
    return f"{min(99, int(share * 100 + 0.5)) if share < 1 else 100}%"


def seconds(value: float | None) -> str:
    """A duration for people."""
    return DASH if value is None else span(round(value))


def observed(figures: Figures) -> str:
    """How much of the interval was observed, marked if that is not enough."""
    share = percent(figures.coverage) if figures.coverage else "0%"
    return f"{share} !" if is_partial(figures) else share


def local(at: float | None, zone: tzinfo) -> str:
    """A moment on the account's clock."""
    return "?" if at is None else f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S %Z}"


def count(value: float) -> str:
    """A number of things for people."""
    return f"{value:g}"


def between(low: float, high: float | None, write: Callable[[float], str]) -> str:
    """A figure that is not certain: 83–94%, 0:34–1:02, or ≥ 12 if nothing limits it."""
    if high is None:
        return f"≥ {write(low)}"
    least, most = write(low), write(high)
    if least == most:
        return most
    return f"{least.removesuffix('%') if most.endswith('%') else least}–{most}"


def figure(figures: Figures, name: str, write: Callable[[float], str] = count) -> str:
    """The figure that has this name in `Figures.bounds`: between its bounds if it is not certain."""
    if (bounds := figures.bounds.get(name)) is not None:
        return between(bounds.low, bounds.high, write)
    value = valued(figures, name)
    return DASH if value is None else write(value)


def _figure(title: str, means: str, name: str, write: Callable[[float], str]) -> Heading:
    return Heading(title, means, lambda figures: figure(figures, name, write))


def _wait(title: str, means: str, name: str, write: Callable[[float], str] = count) -> Heading:
    return _figure(title, means, f"waits.{name}", write)


def _work(title: str, means: str, name: str, write: Callable[[float], str] = count) -> Heading:
    return _figure(title, means, f"work.{name}", write)


def _calls(title: str, means: str, direction: str) -> Heading:
    return _figure(title, means, f"calls.{direction}.calls", count)


_OFFERED = (
    _wait("offered", "waits that ended: answered, abandoned or lost", "offered"),
    _wait("answered", "taken by an agent", "answered"),
    _wait("abandoned", "the caller gave up", "abandoned"),
    _wait("short", "of the abandoned, after less than the threshold", "abandoned_short"),
)
_LEVEL = (
    _wait(
        "level",
        "service level, negative variant: answered in time ÷ presented",
        "service_level.negative",
        percent,
    ),
    _wait("ASA", "average speed of answer", "asa_s", seconds),
    _wait("longest", "longest wait that ended", "longest_wait_s", seconds),
)
_AHT = _work("AHT", "(talk + hold + wrap-up) ÷ handled", "aht_s", seconds)
_ATT = _work("ATT", "talk ÷ handled", "att_s", seconds)
_HANDLED = _work("handled", "conversations that ended", "handled")
_OCCUPANCY = _work("occupancy", "busy ÷ (busy + available)", "occupancy", percent)
_OBSERVED = Heading("observed", "share of the interval of which it is known what happened", observed)


def _first(title: str) -> Heading:
    return Heading(title, "", title_of)


def _queues() -> tuple[Heading, ...]:
    return (
        _first("queue"),
        *_OFFERED[:2],
        _wait("picked up", "of the answered, chosen from the queue by an agent", "picked_up"),
        *_OFFERED[2:],
        _wait("lost", "their end is not known", "lost"),
        _wait("waiting", "not ended at the end of the interval", "waiting"),
        *_LEVEL,
        _wait("re-rings", "rings after the first of each wait", "re_rings"),
        _AHT,
        _ATT,
        _OBSERVED,
    )


def _people(what: str) -> tuple[Heading, ...]:
    return (
        _first(what),
        _work("rang", "legs that rang", "rang"),
        _work("answered", "of these, answered", "answered"),
        _work("missed", "of these, answered neither here nor elsewhere", "not_answered"),
        _work("picked up", "chosen from a queue", "picked_up"),
        _work("dialed", "legs dialed out", "dialed"),
        _HANDLED,
        _work("talk", "of the handled, hold excluded", "talk_s", seconds),
        _work("hold", "of the handled", "hold_s", seconds),
        _AHT,
        _ATT,
        _work("transfers", "conversations passed on", "transfers"),
        _figure("contacts", "customers' matters in which the agent talked", "contacts.contacts", count),
        _figure("resolved", "of these, ended with the agent", "contacts.resolved", count),
        _OCCUPANCY,
        _figure("of shift", "(busy + after-call) ÷ logged-in time", "definitions.occupancy.logged_in", percent),
        _OBSERVED,
    )


def _statuses(what: str, groups: Sequence[Figures]) -> tuple[Heading, ...]:
    """The statuses are those that anybody had: every account has its own."""
    found: dict[int | None, str] = {}
    for figures in groups:
        for one in figures.work.statuses if figures.work else ():
            found.setdefault(one.status, one.name or ("unknown" if one.status is None else str(one.status)))

    return (
        _first(what),
        _work("busy", "in conversation, talk and hold", "busy_s", seconds),
        _work("available", "in an available status, outside conversations", "available_s", seconds),
        *(
            _work(name, f"time in status {status}", f"status_{status}_s", seconds)
            for status, name in sorted(found.items(), key=lambda item: (item[0] is None, item[0] or 0))
        ),
        _OBSERVED,
    )


def _both(what: str) -> tuple[Heading, ...]:
    return (
        *((_first(what),) if what else ()),
        _calls("in", "incoming calls that ended", "Incoming"),
        _calls("out", "outgoing calls that ended", "Outgoing"),
        _calls("internal", "calls between extensions", "Internal"),
        _calls("click2call", "calls by a click", "Click2call"),
        *_OFFERED,
        *_LEVEL,
        _figure("contacts", "customers' matters that ended, over all of their calls", "contacts.contacts", count),
        _figure("per contact", "conversation ÷ answered contacts", "contacts.average_s", seconds),
        _HANDLED,
        _AHT,
        _work("per agent", "handled ÷ agents who handled any", "calls_per_agent", "{:.1f}".format),
        _OCCUPANCY,
        _OBSERVED,
    )
