"""`calltrack import`: captured events in any form, as one recording."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli.terminal import Reader, strict_option, text_output, tz_options, with_progress
from calltrack.words.values import moment, safe

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.laws.trial import Trial
    from calltrack.recordings.recording import Recording
    from calltrack.voicenter.frames import Frame


@click.command("import", short_help="Read captured events in any form, and write them as one recording.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("-o", "--output", "out", metavar="OUT", help=(
    "Write the frames to this file, compressed if it ends in .gz or .zst; - is standard output. Default: only report."
))  # fmt: skip
@click.option("--check", is_flag=True, help="Report too whether what was read is sound: whether every law holds.")
@tz_options
@strict_option
def command(files: tuple[str, ...], out: str | None, check: bool, tz: tzinfo | None, strict: bool) -> None:
    """Read captured events in whatever form they are: JSON lines or arrays, pretty-printed JSON, a browser's HAR,
    socket.io text, payloads grouped by event, CSV, log lines, UTF-16; plain, compressed, or in a zip or tar. The form
    is recognised by content; docs/recordings.md lists all. Reports what was recognised, how many frames, and what was
    left out and why. Several files are joined by receive time if all frames have one, else in the order given.

    Exit code 1 if something was left out, or if --check finds a broken law.

    \b
    Examples:
      calltrack import capture.har -o events.jsonl
      calltrack import monday.log.gz tuesday.log.gz -o week.jsonl.zst --check
      Get-Clipboard | calltrack import - -o events.jsonl
    """
    from calltrack.laws.trial import Trial
    from calltrack.recordings.merged import can_merge, merged

    _must_differ(files, out)
    by_time = len(files) > 1 and can_merge(files)
    readers = [Reader(path, strict=strict, zone=tz, quiet=True) for path in files]
    recordings = [reader.recording for reader in readers]
    to_stdout = out == "-"
    trial, span = Trial() if check else None, _Span()
    with ExitStack() as stack:
        write = stack.enter_context(_Output(out)).write if out is not None else None
        for frame in with_progress(merged(readers, by_time), recordings):
            span.see(frame)
            if trial is not None:
                trial.feed(frame)
            if write is not None:
                write(frame)
    for recording in recordings:
        _report(recording, to_stdout)
    _total(recordings, out, by_time, span.words(readers[0].zone), to_stdout)
    sound = trial is None or _verdict(trial, to_stdout)
    left_out = any(recording.bad or not recording.frames for recording in recordings)
    sys.exit(left_out or not sound)


class _Span:
    """The first and last moment of the frames: when they were received, or else the server's time."""

    def __init__(self) -> None:
        from calltrack.core.clock import PlainClock

        self._clock = PlainClock()
        self._first: float | None = None
        self._last: float | None = None

    def see(self, frame: Frame) -> None:
        """Take one more frame."""
        from calltrack.core.observations import times_of

        self._clock.tell(*times_of(frame.body))
        at = self._clock.at if frame.at is None else frame.at
        if at is not None:
            self._first = at if self._first is None else min(at, self._first)
            self._last = at if self._last is None else max(at, self._last)

    def words(self, zone: tzinfo) -> str:
        """From when to when."""
        return "" if self._first is None else f", {moment(self._first, zone)} to {moment(self._last, zone)}"


class _Output:
    """Where the frames go; a file appears under its name only when it is complete."""

    def __init__(self, out: str) -> None:
        from calltrack.recordings.writer import RecordingFile

        self._path, self._stdout = Path(out), text_output()
        self._part = self._path.with_name(f".{os.getpid()}.{self._path.name}")
        self._file = None if out == "-" else RecordingFile(self._part)

    def write(self, frame: Frame) -> None:
        """Add a frame as one line."""
        from calltrack.recordings.writer import encode

        line = frame.raw.strip()
        if b"\n" in line or b"\r" in line:
            line = encode(frame.event, frame.payload(), frame.at)[:-1]
        if self._file is None:
            self._stdout.write(line + b"\n")
        else:
            self._file.write_line(line + b"\n")

    def __enter__(self) -> _Output:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        if self._file is None:
            self._stdout.flush()
            return
        self._file.close()
        if failed or not self._file.frames:
            self._part.unlink()
        else:
            self._part.replace(self._path)


def _must_differ(files: tuple[str, ...], out: str | None) -> None:
    if out is None or out == "-" or not Path(out).exists():
        return
    if any(path != "-" and Path(path).exists() and Path(out).samefile(path) for path in files):
        raise click.UsageError(f"{safe(out)}: is one of the files to read; write to another one")


def _report(recording: Recording, to_stderr: bool) -> None:
    """What a file was recognised as, and what of it was left out."""
    click.echo(f"{safe(recording.name)}", err=to_stderr)
    for label, text in _lines(recording):
        click.echo(f"  {label:<12} {safe(text)}", err=to_stderr)


def _lines(recording: Recording) -> Iterator[tuple[str, str]]:
    forms = [f"{count} frame{'s' * (count != 1)} in {form}" for form, count in recording.forms.items()]
    yield "recognised", "; ".join(forms) or "nothing"
    for what, count in recording.passed.items():
        yield "passed over", f"{count} {what}"
    if recording.bad:
        shown = f", the first {len(recording.first_bad)} above" if recording.bad > len(recording.first_bad) else ""
        yield "left out", f"{recording.bad} that cannot be read as frames{shown or ', named above'}"


def _total(recordings: list[Recording], out: str | None, by_time: bool, span: str, to_stderr: bool) -> None:
    frames = sum(recording.frames for recording in recordings)
    joined = "" if len(recordings) == 1 else ", joined by receive time" if by_time else ", in the order of the files"
    click.echo(f"{frames} frame{'s' * (frames != 1)}{joined}{span}", err=to_stderr)
    if not frames:
        click.echo("no events were recognised; docs/recordings.md lists the forms that are", err=True)
    elif out is None:
        click.echo("nothing is written; -o events.jsonl writes them", err=to_stderr)
    elif out != "-":
        click.echo(f"written to {safe(out)}", err=to_stderr)


def _verdict(trial: Trial, to_stderr: bool) -> bool:
    """Whether every law holds, in words; anomalies are notes."""
    broken = trial.broken()
    anomalies = sum(trial.tracker.snapshot().counters.anomalies.values())
    noted = f"; {anomalies} anomalies, which calltrack check lists" if anomalies else ""
    click.echo(f"{'not sound' if broken else 'sound: every law holds'}{noted}", err=to_stderr)
    for law in broken:
        click.echo(f"  {law.check}: {law.left} is not {law.right}", err=to_stderr)
    return not broken
