"""`calltrack check`: is the recording sound, and do the laws hold?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from calltrack.cli import tables
from calltrack.cli.terminal import Reader, put, recording_argument, strict_option, tz_options
from calltrack.words.values import moment

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.laws.trial import Trial
    from calltrack.recordings.recording import Recording


@click.command("check", short_help="Report whether a recording is sound, and whether every law holds.")
@recording_argument
@click.option("--pedantic", is_flag=True, help="Anomalies and gaps fail too; else they are noted.")
@click.option("--json", "as_json", is_flag=True, help="As JSON: verdict, check and what was found of each.")
@tz_options
@strict_option
def command(recording: str, pedantic: bool, as_json: bool, tz: tzinfo | None, strict: bool) -> None:
    """Report the health of RECORDING: lines that are no frames, anomalies by kind, gaps, calls not closed, and whether
    every law holds: sums, lists, durations; a frame fed twice; a restart in between. Exit code 1 if anything fails.

    \b
    Examples:
      calltrack check events.jsonl
      calltrack check events.jsonl --pedantic && echo spotless
      calltrack check events.jsonl --json | jq '.checks[] | select(.verdict == "FAIL")'
    """
    from calltrack.laws.trial import Trial

    reader, trial = Reader(recording, strict=strict, zone=tz), Trial()
    for frame in reader:
        trial.feed(frame)
    rows = _rows(reader.recording, trial, reader.zone, pedantic)
    failed = any(verdict == "FAIL" for verdict, _, _ in rows)
    if as_json:
        _write_json(reader.recording, rows, failed)
    else:
        title = f"{reader.recording.name}: {reader.recording.frames} frames"
        tables.show(title, ("", ""), [(verdict, f"{check}: {found}") for verdict, check, found in rows])
    reader.finish()
    sys.exit(failed)


def _write_json(recording: Recording, rows: list[tuple[str, str, str]], failed: bool) -> None:
    import msgspec

    checks = [dict(zip(("verdict", "check", "found"), row, strict=True)) for row in rows]
    found = {
        "recording": recording.name,
        "frames": recording.frames,
        "bad": recording.bad,
        "forms": recording.forms,
        "sound": not failed,
        "checks": checks,
    }
    put(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())


def _rows(recording: Recording, trial: Trial, zone: tzinfo, pedantic: bool) -> list[tuple[str, str, str]]:
    """Verdict, check and what was found; nothing failed if no verdict is FAIL."""
    snapshot = trial.tracker.snapshot()
    counters = snapshot.counters
    noted = "FAIL" if pedantic else "note"
    rows: list[tuple[str, str, str]] = []

    def row(verdict: str, check: str, found: str) -> None:
        rows.append((verdict, check, found))

    row("FAIL" if recording.bad else "ok", "every line is a frame", f"{recording.bad} are not")
    for name, example in trial.health.anomalies.items():
        count = counters.anomalies[name]
        row(noted, f"anomaly {name}", f"{count}; first at frame {example.position}: {example.detail}")
    for gap in snapshot.gaps:
        row(noted, "gap", f"{moment(gap.since, zone)} to {moment(gap.until, zone)}: {gap.reason}")
    for name, count in counters.unknown_events.items():
        row("note", "unknown event", f"{name}: {count}")
    row("note" if counters.duplicates else "ok", "frames repeated", str(counters.duplicates))
    row("note" if snapshot.calls else "ok", "calls not closed", str(len(snapshot.calls)))
    for call in snapshot.calls[:10]:
        row("note", "  still", f"{call.call_id} {call.state} since {moment(call.since, zone)}")
    for check, left, right, holds in trial.laws():
        row("ok" if holds else "FAIL", check, f"{left} = {right}")
    return rows
