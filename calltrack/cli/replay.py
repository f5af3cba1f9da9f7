"""`calltrack replay`: the story of a recording."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING

import click

from calltrack.cli.terminal import ParamType, Reader, TimeParam, colourful, console, recording_argument, strict_option

if TYPE_CHECKING:
    from calltrack.core.changes import Change
    from calltrack.core.tracker import Tracker

_LONGEST_PAUSE = 3600.0  # s; recordings with days between two frames are not worth waiting for


class SpeedParam(ParamType[float]):
    """max (no pacing, 0), real (1) or 10x."""

    name = "speed"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Returns how many times faster than life; 0 for no pacing."""
        word = str(value).lower()
        try:
            speed = {"max": 0.0, "real": 1.0}[word] if word in ("max", "real") else float(word.removesuffix("x"))
        except ValueError:
            speed = -1.0
        if not math.isfinite(speed) or speed < 0 or (speed == 0 and word != "max"):
            self.fail(f"{value!r} is no speed; write max, real, or a factor such as 10x", param, ctx)
        return speed


class Filter:
    """Which changes to tell: those of one call, extension or queue, in a time."""

    def __init__(self, call: str, extension: str, queue: str, since: float | None, until: float | None):
        self._wanted = {"call_id": call, "exten_user": extension, "queue_id": queue}
        self._since, self._until = since, until

    def wants(self, change: Change) -> bool:
        """Whether the change passes; a call's id may be shortened to its start."""
        if self._since is not None and (change.at is None or change.at < self._since):
            return False
        if self._until is not None and (change.at is None or change.at > self._until):
            return False
        for name, wanted in self._wanted.items():
            if not wanted:
                continue
            found = str(getattr(change, name, ""))
            if name == "queue_id" and not found:
                found = getattr(getattr(change, "leg", None), "queue_id", "")
            if found != wanted and not (name == "call_id" and found.startswith(wanted)):
                return False
        return True


@click.command("replay", short_help="Tell the story of a recording, one line per change.")
@recording_argument
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--call", metavar="ID", default="", help="Only this call (the start of its id is enough).")
@click.option("--extension", metavar="NAME", default="", help="Only this extension (its SIP name).")
@click.option("--queue", metavar="ID", default="", help="Only this queue and the legs that came from it.")
@click.option("--from", "since", type=TimeParam(), help="Tell from this server time on (ISO 8601 or epoch, UTC).")
@click.option("--until", type=TimeParam(), help="Tell up to this server time.")
@click.option("--speed", type=SpeedParam(), default="max", show_default=True, help="max, real, or a factor: 10x.")
@click.option("--step", is_flag=True, help="Go frame by frame, forth and back; keys: see 'h' there.")
@strict_option
def command(
    recording: str,
    form: str,
    call: str,
    extension: str,
    queue: str,
    since: float | None,
    until: float | None,
    speed: float,
    step: bool,
    strict: bool,
) -> None:
    """Tell the story of RECORDING: one line per change, with time, frame, call, extension, what and why.

    \b
    Examples:
      calltrack replay events.jsonl
      calltrack replay events.jsonl --extension SIP00001 --from 2023-11-30T10:00:00Z
      calltrack replay events.jsonl --format json | jq 'select(.change == "CallEnded")'
      calltrack replay events.jsonl --speed 10x
      calltrack replay events.jsonl --step
    """
    if step:
        from calltrack.cli.step import step_through

        step_through(recording, strict=strict)
        return
    import msgspec

    from calltrack.words.sentences import line

    reader = Reader(recording, strict=strict)
    tracker = reader.recording.tracker()
    wanted = Filter(call, extension, queue, since, until)
    output, colour = sys.stdout, colourful()
    began = time.perf_counter()
    last: float | None = None
    matched = False
    for frame in reader:
        changes = tracker.feed(frame)
        if speed:
            now = tracker.time if frame.at is None else frame.at
            if last is not None and now is not None and now > last:
                output.flush()
                time.sleep(min((now - last) / speed, _LONGEST_PAUSE))
            last = now
        for change in changes:
            if wanted.wants(change):
                told = msgspec.json.encode(change).decode() if form == "json" else line(change, colour)
                output.write(f"{told}\n")
                matched = True
    output.flush()
    if not matched:
        click.echo("no change matches", err=True)
    _summary(tracker, reader, time.perf_counter() - began, to_stderr=form == "json")
    reader.finish()


def _summary(tracker: Tracker, reader: Reader, took: float, *, to_stderr: bool) -> None:
    from collections import Counter

    from rich.table import Table

    recording, snapshot = reader.recording, tracker.snapshot()
    changes = snapshot.counters.changes
    ended = changes.get("CallEnded", 0) - changes.get("CallResumed", 0)
    outcomes = Counter(call.outcome for call in snapshot.ended)
    table = Table(title="Summary", show_header=False, title_justify="left")
    table.add_row("frames", f"{recording.frames}, {recording.frames / took:,.0f} per second")
    table.add_row("calls", f"{changes.get('CallStarted', 0)}: {ended} ended, {len(snapshot.calls)} live")
    kept = "" if ended == len(snapshot.ended) else f" (of the last {len(snapshot.ended)})"
    table.add_row(f"outcomes{kept}", ", ".join(f"{count} {name}" for name, count in outcomes.most_common()) or "none")
    anomalies = snapshot.counters.anomalies
    table.add_row("anomalies", ", ".join(f"{count} {name}" for name, count in anomalies.items()) or "none")
    table.add_row("bad lines", str(recording.bad))
    output = console()
    output.stderr = to_stderr
    output.print(table)
