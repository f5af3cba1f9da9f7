"""`calltrack reconcile`: a recording against the vendor's own records of the same calls."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli.terminal import Reader, put, tz_options
from calltrack.words.values import safe

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.reconcile import Account, Reconciled, Tracked

_SHOWN = 20  # differences of a class in the text


@click.command("reconcile", short_help="Compare a recording with the vendor's CDRs, call by call.")
@click.argument("events", metavar="EVENTS")
@click.argument("cdrs", metavar="CDRS...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Write everything as JSON: one object.")
@click.option("--html", metavar="OUT", help="Write a page to this file (extra report).")
@click.option("--all", "every", is_flag=True, help="List every difference, not only the first 20 of a kind.")
@tz_options
def command(
    events: str, cdrs: tuple[str, ...], as_json: bool, html: str | None, every: bool, tz: tzinfo | None
) -> None:
    """Compare EVENTS, a recording or journal, with CDRS: CDR notifications as JSON lines, Call Log answers, or CSV with
    the columns of one of them. CDRs that are in EVENTS themselves are compared too, not used.

    Each call is matched by its id, each record with the leg and wait that it is about. A difference has its reason: a
    definition that makes both right, a gap in the stream, a record that contradicts itself. Times of CDR notifications
    are of the account's clock: the stream's offset, or --tz. The lists have phone numbers. Exit code 1 if a difference
    has no explanation, or a line of CDRS could not be read.

    \b
    Examples:
      calltrack reconcile events.jsonl cdrs.jsonl
      calltrack reconcile calltrack.journal november.csv --tz Asia/Jerusalem --html reconciled.html
    """
    import msgspec

    from calltrack.cdr.shapes import NEEDED
    from calltrack.reconcile import compare
    from calltrack.reconcile.result import UNEXPLAINED
    from calltrack.report.reconciled import verdict

    if html is not None:
        from calltrack.report import reconciled_page  # before the work is done: its extra may be missing
    tracked, own, zone = _track(events, tz)
    zone = tz or zone
    from calltrack.words.numbers import normal

    records, unread = _records(cdrs)
    found = compare(
        tracked,
        [*own, *records],
        number=normal,
        day=lambda at: f"{datetime.fromtimestamp(at, zone):%Y-%m-%d}",
        utc=_local_clock(tz) if tz is not None else None,
    )
    if not found.records:
        click.echo(f"no record was recognised in the CDRs; if they are a table, {NEEDED}", err=True)
        sys.exit(1)
    if html is not None:
        Path(html).write_text(reconciled_page.page(found, zone, Path(events).name), encoding="utf-8")
    if as_json:
        summary = {"verdict": verdict(found, zone), **msgspec.to_builtins(found)}
        put(msgspec.json.format(msgspec.json.encode(summary), indent=1).decode())
    else:
        _print(found, zone, every, unread)
    if html is not None:
        click.echo(f"the page is in {safe(html)}", err=True)
    sys.exit(1 if unread or any(one.reason in UNEXPLAINED for call in found.calls for one in call.differences) else 0)


def _local_clock(zone: tzinfo) -> Callable[[float], float | None]:
    """The UTC of a time that a clock of that zone shows."""
    from calltrack.figures.days import offset_min

    def utc(at: float) -> float | None:
        offset = offset_min(zone, at)
        return None if offset is None else at - offset * 60

    return utc


def _track(events: str, tz: tzinfo | None) -> tuple[Tracked, list[Account], tzinfo]:
    """The events in it are tracked; the records in it are compared too, and pop-up requests are neither."""
    from calltrack.cdr.wire import Record
    from calltrack.core.observations import Stated, times_of
    from calltrack.reconcile import Account, Tracked

    reader = Reader(events, zone=tz)
    tracker, tracked = reader.recording.tracker(), Tracked()
    own: list[Account] = []
    for frame in reader:
        if isinstance(frame.body, Record):
            own.append(Account(frame.body.statement, f"{reader.recording.name}:{reader.recording.line}"))
        elif not isinstance(frame.body, Stated):
            tracked.see(tracker.feed(frame), tracker.time, times_of(frame.body)[0])
    tracked.finish(tracker.snapshot())
    if not reader.recording.frames:
        reader.finish()
    if tracked.first is None:
        raise click.UsageError(f"{safe(events)} has no events of the stream, so there is nothing to compare CDRs with")
    return tracked, own, reader.zone


def _records(paths: tuple[str, ...]) -> tuple[list[Account], int]:
    """The records of files, and how many lines could not be read; each is reported on standard error."""
    from calltrack.cdr.wire import Record
    from calltrack.reconcile import Account

    found: list[Account] = []
    unread = 0
    for path in paths:
        reader = Reader(path)
        others = 0
        for frame in reader:
            if isinstance(frame.body, Record):
                found.append(Account(frame.body.statement, f"{reader.recording.name}:{reader.recording.line}"))
            else:
                others += 1
        unread += reader.recording.bad
        name = safe(reader.recording.name)
        if others:
            click.echo(f"{name}: {others} frames are events, not CDRs, and were left out", err=True)
    return found, unread


def _print(found: Reconciled, zone: tzinfo, every: bool, unread: int) -> None:
    from calltrack.cli.tables import show
    from calltrack.report.reconciled import TITLES, rows, sums, verdict

    click.echo(safe(verdict(found, zone)))
    notes = []
    if found.repeated:
        notes.append(f"{found.repeated} records came twice")
    if found.unusable:
        notes.append(f"{found.unusable} records name no call")
    if unread:
        notes.append(f"{unread} line{'s' * (unread != 1)} could not be read")
    if found.silent:
        notes.append(f"none states {', '.join(found.silent)}, so that is not compared")
    click.echo(f"{found.records} records" + "".join(f"; {note}" for note in notes))
    for name, calls in found.by_class().items():
        listed = list(rows(calls, zone))
        if not listed:
            continue
        click.echo()
        headings = ("call", "began", "part", "figure", "tracked", "record", "reason", "where")
        show(f"{TITLES[name]}: {len(calls)} calls", headings, listed if every else listed[:_SHOWN])
        if not every and len(listed) > _SHOWN:
            click.echo(f"… and {len(listed) - _SHOWN} more; --all lists them")
    for title, totals in (("queue", found.queues), ("agent", found.agents), ("day", found.days)):
        click.echo()
        columns = (title, "calls", "answered", "abandoned", "talk with hold", "wait")
        show(f"by {title}: tracked / records", columns, sums(totals))
