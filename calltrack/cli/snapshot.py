"""`calltrack snapshot`: the state at one moment of a recording."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli import tables
from calltrack.cli.account import account_option, account_words
from calltrack.cli.terminal import Reader, TimeParam, put, recording_argument, strict_option, tz_options
from calltrack.words.values import moment, safe, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from calltrack.core.snapshot import Snapshot
    from calltrack.recordings.index import Checkpoint
    from calltrack.recordings.recording import Recording
    from calltrack.voicenter.frames import Frame

_LONG = 100_000_000  # bytes; reading these takes seconds


@click.command("snapshot", short_help="Show the state at one moment of a recording.")
@recording_argument
@click.option("--line", type=click.IntRange(0, 10**12), help="After this line of the file (default: after the last).")
@click.option("--at", "at", type=TimeParam(), help="At this server time (ISO 8601, or UTC epoch seconds).")
@click.option("--json", "as_json", is_flag=True, help="As JSON: what Tracker.restore goes on from.")
@account_option
@tz_options
@strict_option
def command(
    recording: str,
    line: int | None,
    at: float | None,
    as_json: bool,
    config: Path | None,
    tz: tzinfo | None,
    strict: bool,
) -> None:
    """Show the state after RECORDING, after a line of it, or at a time: live calls, extensions, queues. --line and --at
    use what `calltrack index` has written, if it is there.

    \b
    Examples:
      calltrack snapshot events.jsonl
      calltrack snapshot events.jsonl --line 120
      calltrack snapshot events.jsonl --at 2023-11-30T10:00:00Z --json | jq .extensions
      calltrack snapshot kafka://kafka1:9092/acme
    """
    if line is not None and at is not None:
        raise click.UsageError("--line and --at exclude each other")
    from calltrack.core.tracker import Tracker
    from calltrack.recordings.player import until
    from calltrack.words.statuses import named_snapshot

    own, zone = account_words(config, tz)
    reader = Reader(recording, strict=strict, zone=zone)
    at = reader.utc(at)
    if reader.recording.is_journal:
        snapshot, last = _journaled(recording, line, at)
        snapshot = named_snapshot(snapshot, own)
        reader.offset_s = snapshot.resume.offset_s
        sys.exit(_show(snapshot, line, at, last, last == snapshot.position, as_json, reader.zone))
    reader.recording.whole = line is not None or at is not None
    tracker, offset_s = reader.recording.tracker(), None
    checkpoint = None if line is None and at is None else _nearest(reader.recording, line, at)
    if checkpoint is not None:
        reader.recording.start = checkpoint.place
        tracker, offset_s = Tracker.restore(checkpoint.snapshot), checkpoint.offset_s
        reader.offset_s = offset_s
    reading = _Counted(reader)
    fed = 0
    for frame in reading if at is None else until(reading, at, offset_s):
        if line is not None and reader.recording.line > line:
            break
        tracker.feed(frame)
        fed += 1
    at_end = fed == reading.count
    snapshot = named_snapshot(tracker.snapshot(), own)
    missed = _show(snapshot, line, at, reader.recording.line, at_end, as_json, reader.zone)
    reader.finish()
    sys.exit(missed)


class _Counted:
    """The frames of a reader, counted: one more than were fed means that there are later ones."""

    def __init__(self, reader: Reader) -> None:
        self.count = 0
        self._reader = reader

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._reader:
            self.count += 1
            yield frame


def _nearest(recording: Recording, line: int | None, at: float | None) -> Checkpoint | None:
    """Where to go on from, if the recording has an index that can be believed."""
    from calltrack.cli.found import believed
    from calltrack.recordings.index import index_of

    if (recording.size or 0) > _LONG and not recording.compressed and not index_of(recording.path).exists():
        click.echo(f"reading from the beginning; after calltrack index {safe(recording.path)} it goes faster", err=True)
    return believed(recording, line=line, at=at)


def _journaled(path: str, line: int | None, at: float | None) -> tuple[Snapshot, int]:
    """From the nearest checkpoint, instead of reading the journal from its start; and the journal's last position."""
    from calltrack.journal import Journal

    with Journal.open(path, read_only=True) as journal:
        if at is not None:
            line = journal.position_at(at)
        return journal.tracker(None if line is None else min(line, journal.position)).snapshot(), journal.position


def _show(
    snapshot: Snapshot, line: int | None, at: float | None, last: int, at_end: bool, as_json: bool, zone: tzinfo
) -> bool:
    """Print it; returns whether the recording does not reach the moment that was asked for, and says so."""
    missed = ""
    if at is not None and not snapshot.position:
        missed = f"nothing was recorded up to {moment(at, zone)}"
    elif at is not None and at_end and snapshot.time is not None and at > snapshot.time:
        missed = f"the recording ends at {moment(snapshot.time, zone)}; this is the state then"
    elif line is not None and line > last:
        missed = f"there are {last} lines; this is the state after the last"
    if missed:
        click.echo(missed, err=True)
    if as_json:
        put(snapshot.to_json())
    else:
        show(snapshot, zone)
    return bool(missed)


def show(snapshot: Snapshot, zone: tzinfo) -> None:
    """Print a snapshot as tables, with times on a zone's clock."""
    now = snapshot.time
    click.echo(f"After {snapshot.position} frames, at {moment(now, zone)}\n")
    calls = []
    for call in snapshot.calls:
        legs = ", ".join(f"{leg.exten_user} {leg.state}" for leg in call.legs)
        calls.append((call.call_id, call.state, _ago(now, call.since), call.direction, call.caller, legs))
    tables.show("Live calls", ("call", "state", "for", "direction", "caller", "legs"), calls)
    extensions = []
    for known in snapshot.extensions:
        status = known.agent_status_name or ("?" if known.agent_status is None else str(known.agent_status))
        since = moment(known.agent_status_since, zone)
        legs = ", ".join(leg.call_id for leg in known.legs)
        ago = _ago(now, known.since)
        extensions.append((known.exten_user, known.state, ago, known.agent_name, status, since, legs))
    tables.show("Extensions", ("extension", "state", "for", "agent", "status", "since", "calls"), extensions)
    queues = []
    for queue in snapshot.queues:
        longest = span(snapshot.longest_wait(queue.queue_id)) if queue.waiting else ""
        counts = (queue.answered, queue.picked_up, queue.abandoned, queue.lost)
        queues.append((queue.queue_id, queue.name, len(queue.waiting), longest, *counts))
    headings = ("queue", "name", "waiting", "longest", "answered", "picked up", "abandoned", "lost")
    tables.show("Queues", headings, queues)
    click.echo(f"{len(snapshot.ended)} ended calls in the history")


def _ago(now: float | None, since: float | None) -> str:
    return "?" if now is None or since is None else span(max(0, now - since))
