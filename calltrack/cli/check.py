"""`calltrack check`: is the recording sound, and do the laws hold?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from calltrack.cli.terminal import Reader, console, recording_argument, strict_option
from calltrack.words.values import moment, safe

if TYPE_CHECKING:
    from calltrack.laws.trial import Trial
    from calltrack.recordings.recording import Recording


@click.command("check", short_help="Report whether a recording is sound, and whether every law holds.")
@recording_argument
@click.option("--pedantic", is_flag=True, help="Anomalies and gaps fail too; else they are noted.")
@strict_option
def command(recording: str, pedantic: bool, strict: bool) -> None:
    """Report the health of RECORDING: lines that are no frames, anomalies by kind, gaps, calls not closed, and whether
    every law holds: sums, lists, durations; a frame fed twice; a restart in between. Exit code 1 if anything fails.

    \b
    Examples:
      calltrack check events.jsonl
      calltrack check events.jsonl --pedantic && echo spotless
    """
    from calltrack.laws.trial import Trial

    reader, trial = Reader(recording, strict=strict), Trial()
    for frame in reader:
        trial.feed(frame)
    failed = _report(reader.recording, trial, pedantic)
    reader.finish()
    sys.exit(failed)


def _report(recording: Recording, trial: Trial, pedantic: bool) -> bool:
    from rich.table import Table

    snapshot = trial.tracker.snapshot()
    counters = snapshot.counters
    noted = "FAIL" if pedantic else "note"
    table = Table(show_header=True, title=f"{safe(recording.name)}: {recording.frames} frames", title_justify="left")
    for column in ("", "check", "found"):
        table.add_column(column, overflow="fold")
    failed = False

    def row(verdict: str, check: str, found: str) -> None:
        nonlocal failed
        failed |= verdict == "FAIL"
        table.add_row(verdict, check, safe(found))

    row("FAIL" if recording.bad else "ok", "every line is a frame", f"{recording.bad} are not")
    for name, example in trial.health.anomalies.items():
        count = counters.anomalies[name]
        row(noted, f"anomaly {name}", f"{count}; first at frame {example.position}: {example.detail}")
    for gap in snapshot.gaps:
        row(noted, "gap", f"{moment(gap.since)} to {moment(gap.until)}: {gap.reason}")
    for name, count in counters.unknown_events.items():
        row("note", "unknown event", f"{name}: {count}")
    row("note" if counters.duplicates else "ok", "frames repeated", str(counters.duplicates))
    row("note" if snapshot.calls else "ok", "calls not closed", str(len(snapshot.calls)))
    for call in snapshot.calls[:10]:
        row("note", "  still", f"{call.call_id} {call.state} since {moment(call.since)}")
    for check, left, right, holds in trial.laws():
        row("ok" if holds else "FAIL", check, f"{left} = {right}")
    console().print(table)
    return failed
