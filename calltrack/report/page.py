"""A report as one HTML page that needs nothing else: no script, no network; plots as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from calltrack.figures import Facts, Figures, Report
from calltrack.report.plots import Plots
from calltrack.report.tables import Table, is_partial, local, percent, seconds, tables
from calltrack.words.values import safe


def page(facts: Facts, report: Report, *, name: str, zone: tzinfo, by: Sequence[str] = ()) -> str:
    """The page of a report of these facts; `name` says what it is of, times are of that zone, `by` names its tables.

    Everything that a stranger may have written is escaped, and the page allows no script. It shows no phone number.
    """
    environment = Environment(
        loader=PackageLoader("calltrack.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html").render(
        name=safe(name),
        since=local(report.since, zone),
        until=local(report.until, zone),
        report=report,
        tiles=list(_tiles(report.total, report)),
        plots=list(_plots(facts, report, zone)),
        tables=[_table(table) for table in tables(report, by) if table.by != "total"],
        gaps=[(local(gap.since, zone), local(gap.until, zone), safe(gap.reason)) for gap in report.gaps],
        partial=is_partial(report.total),
        observed=percent(report.total.coverage) if report.total.coverage else "0%",
        marked=any(is_partial(row) for table in tables(report) for row in table.rows),
    )


def _tiles(total: Figures, report: Report) -> Iterator[dict[str, str]]:
    """The figures that are looked at first."""
    waits, work = total.waits, total.work
    if waits is not None:
        level = waits.service_level
        yield _tile("offered", str(waits.offered), "waits that ended")
        yield _tile("answered", str(waits.answered), f"{waits.picked_up} picked up from the queue")
        short = f"{waits.abandoned_short} of them before {report.options.short_abandon_s:g} s"
        yield _tile("abandoned", str(waits.abandoned), f"{percent(waits.abandonment_rate)} of presented; {short}")
        within = f"answered within {level.within_s:g} s ÷ presented (negative)"
        yield _tile("service level", percent(level.negative), within)
        yield _tile("ASA", seconds(waits.asa_s), "average speed of answer")
        yield _tile("longest wait", seconds(waits.longest_wait_s), f"{waits.waiting} still waiting at the end")
    if work is not None:
        yield _tile("handled", str(work.handled), f"conversations, by {work.agents} agents")
        yield _tile("AHT", seconds(work.aht_s), "talk, hold and wrap-up per conversation")
        yield _tile("occupancy", percent(work.occupancy), "busy ÷ (busy + available)")


def _tile(title: str, figure: str, note: str) -> dict[str, str]:
    return {"title": title, "figure": figure, "note": note}


def _plots(facts: Facts, report: Report, zone: tzinfo) -> Iterator[dict[str, Any]]:
    if report.since is None or report.until is None:
        return
    gaps = [(gap.since or report.since, report.until if gap.until is None else gap.until) for gap in report.gaps]
    begin, end = facts.first or report.since, facts.time or report.until
    gaps += [(report.since, min(begin, report.until)), (max(end, report.since), report.until)]
    plots = Plots(report.since, report.until, zone, gaps)
    entries, options = list(facts.queue_entries), report.options
    names = {key: safe(name) for key, name in facts.names.queues.items()}
    if svg := plots.depth(entries, names):
        yield {"title": "Queue depth", "note": "Who waited, at most, queue by queue.", "svg": Markup(svg), "keys": ()}
    if svg := plots.waits(entries, options.service_level_s):
        note = "Every wait that ended: when, and how long it took."
        yield {"title": "Waits", "note": note, "svg": Markup(svg), "keys": ()}
    svg, left = plots.agents(list(facts.legs), list(facts.agent_states), options.available, options.logged_off)
    if svg:
        note = "Who talked most comes first." + (f" {left} more agents are not shown." if left else "")
        keys = ("talk", "hold", "ring", "available", "away")
        yield {"title": "Agents", "note": note, "svg": Markup(svg), "keys": keys}


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "headings": [{"title": heading.title, "means": heading.means} for heading in table.headings],
        "rows": [
            {"cells": [safe(heading.write(figures)) for heading in table.headings], "partial": is_partial(figures)}
            for figures in table.rows
        ],
    }
