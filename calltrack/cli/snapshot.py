"""`calltrack snapshot`: the state at one moment of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from calltrack.cli.terminal import Reader, TimeParam, console, recording_argument, strict_option
from calltrack.core.errors import NotAnIndex
from calltrack.words.values import moment, safe, span

if TYPE_CHECKING:
    from rich.table import Table

    from calltrack.core.snapshot import Snapshot
    from calltrack.recordings.index import Checkpoint
    from calltrack.recordings.recording import Recording

_LONG = 100_000_000  # bytes; reading these takes seconds


@click.command("snapshot", short_help="Show the state at one moment of a recording.")
@recording_argument
@click.option("--line", type=click.IntRange(min=0), help="After this line of the file (default: after the last).")
@click.option("--at", "at", type=TimeParam(), help="At this server time (ISO 8601 or epoch seconds, UTC).")
@click.option("--json", "as_json", is_flag=True, help="As JSON: what Tracker.restore goes on from.")
@strict_option
def command(recording: str, line: int | None, at: float | None, as_json: bool, strict: bool) -> None:
    """Show the state after RECORDING, after a line of it, or at a time: live calls, extensions, queues. --line and --at
    use what `calltrack index` has written, if it is there.

    \b
    Examples:
      calltrack snapshot events.jsonl
      calltrack snapshot events.jsonl --line 120
      calltrack snapshot events.jsonl --at 2023-11-30T10:00:00Z --json | jq .extensions
    """
    if line is not None and at is not None:
        raise click.UsageError("--line and --at exclude each other")
    from calltrack.core.tracker import Tracker
    from calltrack.recordings.player import until

    reader = Reader(recording, strict=strict)
    if reader.recording.is_journal:
        snapshot, last = _journaled(recording, line, at)
        _show(snapshot, line, at, last, as_json)
        return
    reader.recording.whole = line is not None or at is not None
    tracker, offset_s = reader.recording.tracker(), None
    checkpoint = None if line is None and at is None else _nearest(reader.recording, line, at)
    if checkpoint is not None:
        reader.recording.start = checkpoint.place
        tracker, offset_s = Tracker.restore(checkpoint.snapshot), checkpoint.offset_s
    for frame in reader if at is None else until(reader, at, offset_s):
        if line is not None and reader.recording.line > line:
            break
        tracker.feed(frame)
    _show(tracker.snapshot(), line, at, reader.recording.line, as_json)
    reader.finish()


def _nearest(recording: Recording, line: int | None, at: float | None) -> Checkpoint | None:
    """Where to go on from, if the recording has an index that can be believed."""
    from calltrack.recordings.index import index_of, nearest

    if (recording.size or 0) > _LONG and not recording.compressed and not index_of(recording.path).exists():
        click.echo(f"reading from the beginning; after calltrack index {safe(recording.path)} it goes faster", err=True)
    try:
        return nearest(recording.path, line=line, at=at)
    except NotAnIndex as error:
        click.echo(f"{safe(error)}; reading from the beginning", err=True)
        return None


def _journaled(path: str, line: int | None, at: float | None) -> tuple[Snapshot, int]:
    """From the nearest checkpoint, instead of reading the journal from its start; and the journal's last position."""
    from calltrack.journal import Journal

    with Journal.open(path, read_only=True) as journal:
        if at is not None:
            line = journal.position_at(at)
        return journal.tracker(None if line is None else min(line, journal.position)).snapshot(), journal.position


def _show(snapshot: Snapshot, line: int | None, at: float | None, last: int, as_json: bool) -> None:
    """Print it, and say so if the recording does not reach the moment that was asked for."""
    if at is not None and not snapshot.position:
        click.echo(f"nothing was recorded up to {moment(at)}", err=True)
    if line is not None and line > last:
        click.echo(f"there are {last} lines; this is the state after the last", err=True)
    if as_json:
        click.echo(snapshot.to_json())
    else:
        show(snapshot)


def show(snapshot: Snapshot) -> None:
    """Print a snapshot as tables."""
    output, now = console(), snapshot.time
    output.print(f"After {snapshot.position} frames, at {moment(now)}")
    calls = _table("Live calls", "call", "state", "for", "direction", "caller", "legs")
    for call in snapshot.calls:
        legs = ", ".join(f"{leg.exten_user} {leg.state}" for leg in call.legs)
        ago = _ago(now, call.since)
        calls.add_row(*map(safe, (call.call_id, call.state, ago, call.direction, call.caller, legs)))
    extensions = _table("Extensions", "extension", "state", "for", "agent", "status", "since", "calls")
    for known in snapshot.extensions:
        status = known.agent_status_name or ("?" if known.agent_status is None else known.agent_status)
        since = moment(known.agent_status_since)
        legs = ", ".join(leg.call_id for leg in known.legs)
        row = (known.exten_user, known.state, _ago(now, known.since), known.agent_name, status, since, legs)
        extensions.add_row(*map(safe, row))
    queues = _table("Queues", "queue", "name", "waiting", "longest", "answered", "picked up", "abandoned", "lost")
    for queue in snapshot.queues:
        longest = span(snapshot.longest_wait(queue.queue_id)) if queue.waiting else ""
        counts = (queue.answered, queue.picked_up, queue.abandoned, queue.lost)
        queues.add_row(*map(safe, (queue.queue_id, queue.name, len(queue.waiting), longest, *counts)))
    for table in (calls, extensions, queues):
        output.print(table)
    output.print(f"{len(snapshot.ended)} ended calls in the history")


def _table(title: str, *columns: str) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _ago(now: float | None, since: float | None) -> str:
    return "?" if now is None or since is None else span(max(0, now - since))
