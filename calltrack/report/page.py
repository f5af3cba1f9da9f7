"""A report as one HTML page that needs nothing else: no script, no network; plots as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any

from markupsafe import Markup

from calltrack.figures import Facts, Figures, Report
from calltrack.figures.days import intervals
from calltrack.figures.report import waits_of
from calltrack.figures.spans import common
from calltrack.figures.week import week
from calltrack.report import plots
from calltrack.report.drawing import Clock
from calltrack.report.rendered import rendered
from calltrack.report.tables import Table, figure, is_partial, local, percent, seconds, tables
from calltrack.words.values import safe


def page(facts: Facts, report: Report, *, name: str, zone: tzinfo, by: Sequence[str] = (), every: str = "day") -> str:
    """The page of a report of these facts; `name` says what it is of, times are of that zone, `by` names its tables.

    Everything that a stranger may have written is escaped, and the page allows no script. It shows no phone number.
    """
    return rendered(
        "page.html",
        name=safe(name),
        since=local(report.since, zone),
        until=local(report.until, zone),
        report=report,
        tiles=list(_tiles(report.total, report)),
        plots=list(_plots(facts, report, zone)),
        tables=[_table(table) for table in tables(report, by, every) if table.by != "total"],
        gaps=[(local(gap.since, zone), local(gap.until, zone), safe(gap.reason)) for gap in report.gaps],
        partial=is_partial(report.total),
        observed=percent(report.total.coverage) if report.total.coverage else "0%",
        marked=any(is_partial(row) for table in tables(report) for row in table.rows),
    )


def _tiles(total: Figures, report: Report) -> Iterator[dict[str, str]]:
    """The figures that are looked at first."""
    waits, work = total.waits, total.work
    if waits is not None:
        within = waits.service_level.within_s
        yield _tile("offered", figure(total, "waits.offered"), "waits that ended")
        yield _tile("answered", figure(total, "waits.answered"), f"{waits.picked_up} picked up from the queue")
        short = f"{waits.abandoned_short} of them before {report.options.short_abandon_s:g} s"
        share = figure(total, "waits.abandonment_rate", percent)
        yield _tile("abandoned", figure(total, "waits.abandoned"), f"{share} of presented; {short}")
        level = figure(total, "waits.service_level.negative", percent)
        yield _tile("service level", level, f"answered within {within:g} s ÷ presented (negative)")
        yield _tile("ASA", figure(total, "waits.asa_s", seconds), "average speed of answer")
        longest = figure(total, "waits.longest_wait_s", seconds)
        yield _tile("longest wait", longest, f"{waits.waiting} still waiting at the end")
    if work is not None:
        yield _tile("handled", figure(total, "work.handled"), f"conversations, by {work.agents} agents")
        yield _tile("AHT", figure(total, "work.aht_s", seconds), "talk, hold and wrap-up per conversation")
        yield _tile("occupancy", figure(total, "work.occupancy", percent), "busy ÷ (busy + available)")


def _tile(title: str, figure: str, note: str) -> dict[str, str]:
    return {"title": title, "figure": figure, "note": note}


def _plots(facts: Facts, report: Report, zone: tzinfo) -> Iterator[dict[str, Any]]:
    if report.since is None or report.until is None:
        return
    since, until, options = report.since, report.until, report.options
    gaps = [(gap.since or since, until if gap.until is None else gap.until) for gap in report.gaps]
    begin, end = facts.first or since, facts.time or until
    gaps += [(since, min(begin, until)), (max(end, since), until)]
    clock = Clock(since, until, zone, gaps)
    entries = list(facts.queue_entries)
    names = {key: safe(name) for key, name in facts.names.queues.items()}
    long = until - since > plots.LONG
    whole = intervals(since, until, zone, "day" if long else "hour" if until - since > 6 * 3600 else "15min")
    parts = [part for part in whole if common(clock.observed, [(part.since, part.until)])]
    blank = clock.unseen((part.since, part.until) for part in whole)
    if svg := plots.depth(clock, entries, names):
        yield _plot("Waiting", "How many waited at most, queue by queue, the busiest first.", svg)
    if any(entry.outcome is not None for entry in entries):
        note = "What became of the waits, and the share answered in time; a bar is the least and the most it can be."
        known = {(one.since, one.until): one for one in report.parts}
        if all((part.since, part.until) in known for part in parts):
            steps = tuple(known[part.since, part.until] for part in parts)
        else:
            steps = waits_of(facts, since, until, options, parts)
        if svg := plots.outcomes(clock, steps, blank, options.service_level_s):
            yield _plot("Service level", note, svg)
    svg, dots = plots.waits(clock, entries, parts, blank, options.service_level_s)
    if svg:
        note = "Every wait that ended: when, and how long it took." if dots else "How long callers waited, by interval."
        yield _plot("Waits", note, svg)
    cells = week(entries, clock.observed, since, until, zone, options.service_level_s)
    if long and (svg := plots.heat(cells)):
        yield _plot(
            "Hours of the week", "When callers come, and how many are answered in time. Blank: not observed.", svg
        )
    if long:
        svg, left = plots.sums(report.agents, options.logged_off)
        keys: tuple[str, ...] = ("talk", "available", "away")
        note = "Hours in conversation (talk and hold), available, and in other statuses."
    else:
        states = list(facts.agent_states)
        svg, left = plots.timelines(clock, list(facts.legs), states, options.available, options.logged_off)
        keys, note = ("talk", "hold", "ring", "available", "away"), "Who talked most comes first."
    if svg:
        yield _plot("Agents", note + (f" {left} more agents are not shown." if left else ""), svg, keys)


def _plot(title: str, note: str, svg: str, keys: Sequence[str] = ()) -> dict[str, Any]:
    return {"title": title, "note": note, "svg": Markup(svg), "keys": keys}


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "headings": [{"title": heading.title, "means": heading.means} for heading in table.headings],
        "rows": [
            {"cells": [safe(heading.write(figures)) for heading in table.headings], "partial": is_partial(figures)}
            for figures in table.rows
        ],
    }
