"""`calltrack report`: the figures of a recording."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from calltrack.cli.account import account_option, account_options
from calltrack.cli.terminal import (
    LocalTime,
    Number,
    ParamType,
    Reader,
    TimeParam,
    console,
    put,
    recording_argument,
    seldom_collected,
    strict_option,
)
from calltrack.words.values import safe

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.figures import Facts, Options, Part, Report
    from calltrack.figures.week import HourOfWeek
    from calltrack.report.finished import Finished

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
      calltrack report kafka://kafka1:9092/acme
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
    import msgspec
    from msgspec.structs import replace

    from calltrack.figures.days import zone_named, zone_of

    options, zone_name = account_options(config, tz)
    options = replace(
        options,
        service_level_s=service_level,
        short_abandon_s=short_abandon,
        available=options.available if available is None else available,
        wrap_up=options.wrap_up if wrap_up is None else wrap_up,
        unseen_ends=(unseen_ends or ("found" if as_json else "last-seen")).replace("-", "_"),
    )
    named = zone_named(zone_name) if zone_name else None
    paged = html is not None or bool(mail)
    form = "csv" if as_csv else "json" if as_json else "page" if paged else "tables"
    if by and every != "day":
        by = (*by, every)
    reader = Reader(recording, strict=strict, zone=named)
    asked = _Asked(Path(reader.recording.name).name, since, until, day, zone_name, options, by, every, form, paged)
    found = _kept(reader, asked, named)
    if found is None:
        found = _counted(reader, asked, named)
        if reader.edition:
            reader.keep(asked.key(), msgspec.json.encode(found))
    zone = named or zone_of(found.offset_s)
    if html is not None:
        Path(html).write_text(found.page, encoding="utf-8")
        click.echo(f"the report is in {safe(html)}", err=True)
    if mail:
        _mail(mail, asked.name, found.report, zone, found.page)
    put(found.text, nl=False)
    if form == "tables":
        if found.week:
            _print_week(found.week)
        _print(found.report, by, zone, options, every)
    reader.finish()


class _Asked(NamedTuple):
    """All that decides what is found in a recording of this name, in a form: csv, json, page or tables."""

    name: str
    since: float | None
    until: float | None
    day: datetime | str | None
    zone: str
    options: Options
    by: tuple[str, ...]
    every: str
    form: str
    paged: bool

    @property
    def only(self) -> tuple[str, ...]:
        """The tables that are needed; () for all."""
        return self.by if self.form == "tables" else ()

    def key(self) -> bytes:
        """The same, and the code that writes it, as bytes."""
        import msgspec

        from calltrack.journal.code import stamp

        times = (str(at.local) if isinstance(at, LocalTime) else at for at in (self.since, self.until))
        return msgspec.json.encode((stamp("report"), self.name, *times, *self[3:]))

    def date(self, zone: tzinfo) -> str:
        """The day that is asked for; today depends on the zone, and on when it is."""
        day = self.day
        if isinstance(day, str):
            day = datetime.now(zone) - timedelta(days=_NEAR[day])
        return "" if day is None else f"{day:%Y-%m-%d}"


def _kept(reader: Reader, asked: _Asked, named: tzinfo | None) -> Finished | None:
    """What was found the last time, if nothing new came."""
    import msgspec

    from calltrack.figures.days import zone_of
    from calltrack.report.finished import Finished

    if (answer := reader.answer(asked.key())) is None:
        return None
    found = msgspec.json.decode(answer, type=Finished)
    if found.day != asked.date(named or zone_of(found.offset_s)):
        return None
    reader.taken(found.frames, found.offset_s, found.damaged)
    return found


def _counted(reader: Reader, asked: _Asked, named: tzinfo | None) -> Finished:
    """What is found in all that is known."""
    from calltrack.figures import report
    from calltrack.figures.days import zone_of
    from calltrack.report.finished import Finished

    if asked.paged:
        from calltrack.report import page  # before the work is done: its extra may be missing
    facts = reader.facts()
    zone, (by, every) = named or zone_of(facts.offset_s), (asked.by, asked.every)
    day = asked.date(zone)
    since, until, parts = _interval(facts, reader.utc(asked.since), reader.utc(asked.until), day, zone, every)
    days = parts if not asked.only or every in by else ()
    with seldom_collected():
        found = report(facts, since, until, asked.options, days, asked.only)
        drawn = page.page(facts, found, name=asked.name, zone=zone, by=by, every=every) if asked.paged else ""
    text = _csv(found, by, every) if asked.form == "csv" else _json(found) if asked.form == "json" else ""
    cells = _week(facts, found, zone) if "weekday" in asked.only else ()
    return Finished(found, reader.recording.frames, facts.offset_s, reader.damaged, day, text, drawn, cells)


def _interval(
    facts: Facts, since: float | None, until: float | None, day: str, zone: tzinfo, every: str
) -> tuple[float | None, float | None, tuple[Part, ...]]:
    """What is asked for, and the local intervals of which something was observed in it, cut to it."""
    from calltrack.figures import Options, Part
    from calltrack.figures.days import day as day_of
    from calltrack.figures.days import intervals
    from calltrack.figures.window import window

    if day:
        part = day_of(datetime.fromisoformat(day), zone)
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


def _csv(found: Report, by: tuple[str, ...], every: str) -> str:
    from calltrack.report.flat import write_csv

    out = StringIO(newline="")
    write_csv(found, out, by, every)
    return out.getvalue()


def _json(found: Report) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(found), indent=1).decode() + "\n"


def _week(facts: Facts, found: Report, zone: tzinfo) -> tuple[HourOfWeek, ...]:
    """Waits by weekday and hour."""
    from calltrack.figures.week import week
    from calltrack.figures.window import window

    if found.since is None or found.until is None:
        return ()
    observed = window(facts, found.since, found.until, found.options).observed
    within_s = found.options.service_level_s
    return tuple(week(facts.queue_entries, observed, found.since, found.until, zone, within_s))


def _print_week(cells: Iterable[HourOfWeek]) -> None:
    """How many waits in an hour, and how many of them were answered in time."""
    from calltrack.cli.tables import show
    from calltrack.figures.week import DAYS
    from calltrack.report.tables import percent

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
        output.print("! less than 95% of the interval was observed; the figures are only of what was observed.")
    for gap in found.gaps:
        output.print(f"not observed: {local(gap.since, zone)} to {local(gap.until, zone)} ({safe(gap.reason)})")
    if found.unplaced:
        output.print(
            f"{found.unplaced} calls, legs or waits have no time and are not counted: the stream gave no offset"
        )
