"""`calltrack report`: the figures of a recording."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli.account import account_option, account_options
from calltrack.cli.terminal import (
    Number,
    ParamType,
    Reader,
    TimeParam,
    console,
    recording_argument,
    seldom_collected,
    strict_option,
)
from calltrack.words.values import safe

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.figures import Facts, Options, Part, Report

_BY = ("queue", "agent", "team", "account", "extension", "campaign", "day", "weekday")
_NEAR = {"today": 0, "yesterday": 1}
_EVERY = ("15min", "30min", "hour", "day", "week", "month")  # calltrack.figures.days.EVERY, which --help need not load


class StatusesParam(ParamType[tuple[int, ...]]):
    """Agent statuses as numbers with commas."""

    name = "statuses"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Returns the numbers."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in str(value).split(",") if part.strip())
        except ValueError:
            self.fail(f"{value!r} are no statuses; write their numbers, such as 1,9", param, ctx)


class DayParam(ParamType["datetime | str"]):
    """A local day: a date, today, or yesterday, which depend on the zone."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime | str:
        """Returns the date, or the word."""
        if isinstance(value, datetime) or value in _NEAR:
            return value if isinstance(value, datetime) else str(value)
        found = click.DateTime(["%Y-%m-%d"]).convert(value, param, ctx)
        assert isinstance(found, datetime)
        if not 1970 < found.year < 9999:
            self.fail(f"{found:%Y-%m-%d}: write a day between 1971 and 9998", param, ctx)
        return found


@click.command("report", short_help="Count a recording: figures per queue, agent, account and day.")
@recording_argument
@click.option("--by", type=click.Choice(_BY), multiple=True, help="Only these tables; may be given again.")
@click.option(
    "--every", type=click.Choice(_EVERY), default="day", show_default=True, help="Divide the time into these."
)
@click.option("--since", type=TimeParam(), help="Count from this server time on (ISO 8601 or UTC epoch).")
@click.option("--until", type=TimeParam(), help="Count up to this server time, exclusive.")
@click.option("--day", type=DayParam(), metavar="YYYY-MM-DD", help="Count this local day; or today, or yesterday.")
@click.option("--tz", metavar="ZONE", help="The account's time zone, such as Asia/Jerusalem; default: the stream's.")
@click.option("--utc", "tz", flag_value="UTC", help="The time zone is UTC.")
@click.option("--service-level", type=Number(0, 86_400), default=20, show_default=True, help="y of x/y, seconds.")
@click.option("--short-abandon", type=Number(0, 86_400), default=5, show_default=True, help="Seconds.")
@click.option("--available", type=StatusesParam(), help="Statuses in which an agent can take a call.  [default: 1]")
@click.option("--wrap-up", type=StatusesParam(), help="Statuses that are after-call work.")
@account_option
@click.option(
    "--unseen-ends",
    type=click.Choice(("last-seen", "found")),
    help="Where an end counts that no event reported: last-seen, the last list that had it (default); found, the first "
    "list that lacked it (default of --json: it equals a count of the exported tables by their times).",
)
@click.option("--csv", "as_csv", is_flag=True, help="Write one CSV with every figure.")
@click.option("--json", "as_json", is_flag=True, help="Write the report as JSON.")
@click.option("--html", metavar="OUT", help="Write a page with plots to this file (extra report).")
@click.option("--mail", metavar="ADDRESS", multiple=True, help="Send the page there by e-mail; may be given again.")
@strict_option
def command(
    recording: str,
    by: tuple[str, ...],
    every: str,
    since: float | None,
    until: float | None,
    day: datetime | str | None,
    tz: str | None,
    service_level: float,
    short_abandon: float,
    available: tuple[int, ...] | None,
    wrap_up: tuple[int, ...] | None,
    config: Path | None,
    unseen_ends: str | None,
    as_csv: bool,
    as_json: bool,
    html: str | None,
    mail: tuple[str, ...],
    strict: bool,
) -> None:
    """Count RECORDING: waits in queues, service level, handling times, occupancy, agents' statuses; docs/kpi.md says
    what each figure means. Figures of less than 95% of the interval are marked with "!": the rest was not observed.

    \b
    Examples:
      calltrack report events.jsonl
      calltrack report events.jsonl --day 2023-11-30 --tz Asia/Jerusalem --by queue
      calltrack report events.jsonl --every hour --csv
      calltrack report events.jsonl --by weekday
      calltrack report events.jsonl --config serve.toml --by team
      calltrack report events.jsonl --html monday.html
      calltrack report calls.journal --day yesterday --tz Asia/Jerusalem --mail boss@example.com
    """
    if day is not None and (since is not None or until is not None):
        raise click.UsageError("--day is an interval; leave --since and --until out")
    if since is not None and until is not None and since > until:
        raise click.UsageError("--since is after --until")
    if "day" in by and every != "day":
        raise click.UsageError(f"--by day and --every {every}: choose one")
    if as_csv and "weekday" in by:
        raise click.UsageError("--by weekday is a table for people; --every hour --csv has its figures")
    if as_csv and as_json:
        raise click.UsageError("--csv and --json: choose one")
    if as_json and by:
        raise click.UsageError("--json has every group; leave --by out")
    from msgspec.structs import replace

    from calltrack.figures import report
    from calltrack.figures.days import zone_named, zone_of

    options, zone_name = account_options(config, tz)
    named = zone_named(zone_name) if zone_name else None
    if html is not None or mail:
        from calltrack.report import page  # before the work is done: its extra may be missing
    reader = Reader(recording, strict=strict, zone=named)
    facts = reader.facts()
    zone = named or zone_of(facts.offset_s)
    ends = (unseen_ends or ("found" if as_json else "last-seen")).replace("-", "_")
    options = replace(
        options,
        service_level_s=service_level,
        short_abandon_s=short_abandon,
        available=options.available if available is None else available,
        wrap_up=options.wrap_up if wrap_up is None else wrap_up,
        unseen_ends=ends,
    )
    since, until = reader.utc(since), reader.utc(until)
    if isinstance(day, str):
        day = datetime.now(zone) - timedelta(days=_NEAR[day])
    since, until, parts = _interval(facts, since, until, day, zone, every)
    if by and every != "day":
        by = (*by, every)
    printed = not (as_csv or as_json or mail or html is not None)
    days = parts if not by or not printed or every in by else ()
    name = Path(reader.recording.name).name
    with seldom_collected():
        found = report(facts, since, until, options, days, by if printed else ())
        drawn = page.page(facts, found, name=name, zone=zone, by=by, every=every) if html is not None or mail else ""
    if html is not None:
        Path(html).write_text(drawn, encoding="utf-8")
        click.echo(f"the report is in {safe(html)}", err=True)
    if mail:
        _mail(mail, name, found, zone, drawn)
    if as_csv:
        _write_csv(found, by, every)
    elif as_json:
        _write_json(found)
    elif html is None and not mail:
        if "weekday" in by:
            _print_week(facts, found, zone)
        _print(found, by, zone, options, every)
    reader.finish()


def _interval(
    facts: Facts, since: float | None, until: float | None, day: datetime | None, zone: tzinfo, every: str
) -> tuple[float | None, float | None, tuple[Part, ...]]:
    """What is asked for, and the local intervals of which something was observed in it, cut to it."""
    from calltrack.figures import Options, Part
    from calltrack.figures.days import day as day_of
    from calltrack.figures.days import intervals
    from calltrack.figures.window import window

    if day is not None:
        part = day_of(day, zone)
        if every == "day":
            return part.since, part.until, (part,)
        since, until = part.since, part.until
    found: dict[str, Part] = {}
    for begin, end in window(facts, since, until, Options()).observed:  # not the years between two recordings
        found |= {part.name: part for part in intervals(begin, end, zone, every)}
    cut = (
        Part(
            part.name,
            part.since if since is None else max(part.since, since),
            part.until if until is None else min(part.until, until),
        )
        for part in found.values()
    )
    return since, until, tuple(cut)


def _mail(to: tuple[str, ...], name: str, found: Report, zone: tzinfo, drawn: str) -> None:
    """Send the page, with the figures of all in the text."""
    from calltrack.cli.mail import send
    from calltrack.report.tables import local, tables

    (table,) = tables(found, ["total"])
    begin = local(found.since, zone)
    lines = [f"{heading.title}: {heading.write(found.total)}" for heading in table.headings]
    text = "\n".join([f"{begin} to {local(found.until, zone)}", "", *lines, "", "The page is attached."])
    send(to, f"Report of {safe(name)}, {begin[:10]}", text, (f"report-{begin[:10]}.html", drawn))
    click.echo(f"sent to {', '.join(map(safe, to))}", err=True)


def _write_csv(found: Report, by: tuple[str, ...], every: str) -> None:
    from calltrack.report.flat import write_csv

    write_csv(found, sys.stdout, by, every)


def _write_json(found: Report) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())


def _print_week(facts: Facts, found: Report, zone: tzinfo) -> None:
    """Waits by weekday and hour: how many in an hour, and how many of them were answered in time."""
    from calltrack.cli.tables import show
    from calltrack.figures.week import DAYS, week
    from calltrack.figures.window import window
    from calltrack.report.tables import percent

    if found.since is None or found.until is None:
        return
    observed = window(facts, found.since, found.until, found.options).observed
    within_s = found.options.service_level_s
    cells = week(facts.queue_entries, observed, found.since, found.until, zone, within_s)
    rows = [
        (f"{DAYS[cell.weekday]} {cell.hour:02}:00", cell.offered, f"{cell.per_hour or 0:.1f}", percent(cell.level))
        for cell in cells
        if cell.observed_s
    ]
    show("By weekday and hour", ("hour", "offered", "in an hour", "level"), rows)


def _print(found: Report, by: tuple[str, ...], zone: tzinfo, options: Options, every: str) -> None:
    from rich import box
    from rich.table import Table

    from calltrack.report.tables import NAME_WIDTH, is_partial, local, pieces, tables, title_of

    output, drawn = console(), box.SIMPLE_HEAD if sys.stdout.isatty() else None
    output.print(f"{local(found.since, zone)} to {local(found.until, zone)}")
    marked = False
    for table in tables(found, by, every):
        marked |= any(is_partial(figures) for figures in table.rows)
        for number, headings in enumerate(pieces(table, output.width)):
            title = table.title if number == 0 else f"{table.title}, continued"
            shown = Table(title=title, title_justify="left", box=drawn, padding=(0, 1, 0, 0))
            for heading in headings:
                if heading.write is title_of:
                    shown.add_column(heading.title, overflow="fold", max_width=NAME_WIDTH)
                else:
                    shown.add_column(heading.title, justify="right", no_wrap=True)
            for figures in table.rows:
                shown.add_row(*(safe(heading.write(figures)) for heading in headings))
            output.print(shown)
    y = options.service_level_s
    output.print(
        f"level: answered within {y:g} s ÷ presented (negative); short: abandoned before {options.short_abandon_s:g} s"
    )
    if marked:
        output.print("! less than 95% of the interval was observed; the figures are of what was")
    for gap in found.gaps:
        output.print(f"not observed: {local(gap.since, zone)} to {local(gap.until, zone)} ({safe(gap.reason)})")
    if found.unplaced:
        output.print(
            f"{found.unplaced} calls, legs or waits have no time and are not counted: the stream gave no offset"
        )
