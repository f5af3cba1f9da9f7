"""`calltrack replay`: the story of a recording."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli import tables
from calltrack.cli.account import account_option, account_words
from calltrack.cli.missing import no_such
from calltrack.cli.terminal import (
    ParamType,
    Reader,
    TimeParam,
    colourful,
    exact,
    recording_argument,
    strict_option,
    tz_options,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

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

    def written(self, speed: float) -> str:
        """The word for a speed."""
        return f"{speed:g}x" if speed else "max"


class Filter:
    """Which changes to print: those of one call, extension or queue, in a time."""

    def __init__(self, call: str, extension: str, queue: str, since: float | None, until: float | None):
        self._wanted = {"call_id": call, "exten_user": extension, "queue_id": queue}
        self._since, self._until = since, until
        self._known: dict[str, set[str]] = {name: set() for name, wanted in self._wanted.items() if wanted}

    def __bool__(self) -> bool:
        return bool(self._known) or self._since is not None or self._until is not None

    def wants(self, change: Change) -> bool:
        """Whether the change passes; a call's id may be shortened to its start."""
        for name, known in self._known.items():
            known.add(_value(change, name))
        if self._since is not None and (change.at is None or change.at < self._since):
            return False
        if self._until is not None and (change.at is None or change.at > self._until):
            return False
        for name, wanted in self._wanted.items():
            if not wanted:
                continue
            found = _value(change, name)
            if found != wanted and not (name == "call_id" and found.startswith(wanted)):
                return False
        return True

    def misses(self, where: str) -> Iterator[str]:
        """Why nothing matched, in words."""
        matched = True
        for name, known in self._known.items():
            wanted = self._wanted[name]
            if wanted not in known and not (name == "call_id" and any(one.startswith(wanted) for one in known)):
                matched = False
                yield no_such(_KINDS[name], wanted, known, where)
        if matched:
            yield f"no change in {where} matches all that was asked for"


_KINDS = {"call_id": "call", "exten_user": "extension", "queue_id": "queue"}


def _value(change: Change, name: str) -> str:
    found = str(getattr(change, name, ""))
    if name == "queue_id" and not found:
        return str(getattr(getattr(change, "leg", None), "queue_id", ""))
    return found


@click.command("replay", short_help="Print the changes of a recording, one line each.")
@recording_argument
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--call", metavar="ID", default="", help="Only this call (the start of its id is enough).")
@click.option("--extension", metavar="NAME", default="", help="Only this extension (its SIP name).")
@click.option("--queue", metavar="ID", default="", help="Only this queue and the legs that came from it.")
@click.option("--from", "since", type=TimeParam(), help="Begin at this server time (ISO 8601 or UTC epoch).")
@click.option("--until", type=TimeParam(), help="End at this server time.")
@click.option("--speed", type=SpeedParam(), default="max", show_default=True, help="max, real, or a factor: 10x.")
@click.option("--step", is_flag=True, help="Go frame by frame, forth and back; keys: see 'h' there.")
@account_option
@tz_options
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
    config: Path | None,
    tz: tzinfo | None,
    strict: bool,
) -> None:
    """Print the changes of RECORDING, one line each, with time, frame, call, extension, what and why.

    \b
    Examples:
      calltrack replay events.jsonl
      calltrack replay events.jsonl --extension SIP00001 --from 2023-11-30T10:00:00Z
      calltrack replay events.jsonl --format json | jq 'select(.change == "CallEnded")'
      calltrack replay events.jsonl --speed 10x
      calltrack replay events.jsonl --step
      calltrack replay kafka://kafka1:9092/acme
    """
    own, zone = account_words(config, tz)
    if step:
        from calltrack.cli.step import step_through

        step_through(recording, strict=strict, zone=zone, names=own)
        return
    import msgspec

    from calltrack.words.sentences import columns, line, what
    from calltrack.words.statuses import named_changes

    reader = Reader(recording, strict=strict, zone=zone)
    tracker = reader.recording.tracker()
    wanted = Filter(call, extension, queue, reader.utc(since), reader.utc(until))
    output, colour, width = sys.stdout, colourful(), tables.width()
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
        for change in named_changes(changes, own):
            if wanted.wants(change):
                if form == "json":
                    text = exact(msgspec.json.encode(change).decode())
                elif width is None:
                    text = line(change, colour, reader.zone)
                else:
                    parts = columns(change, colour, reader.zone)
                    text = tables.folded([*map(str.rstrip, parts)], what(change, reader.zone), width)
                output.write(f"{text}\n")
                matched = True
    output.flush()
    _summary(tracker, reader, time.perf_counter() - began, to_stderr=form == "json")
    missed = bool(wanted) and not matched and reader.recording.frames > 0
    for miss in wanted.misses(reader.recording.name) if missed else ():
        click.echo(miss, err=True)
    reader.finish()
    sys.exit(missed)


def _summary(tracker: Tracker, reader: Reader, took: float, *, to_stderr: bool) -> None:
    from collections import Counter

    recording, snapshot = reader.recording, tracker.snapshot()
    changes = snapshot.counters.changes
    ended = changes.get("CallEnded", 0) - changes.get("CallResumed", 0)
    outcomes = Counter(call.outcome for call in snapshot.ended)
    rows = [
        ("frames", f"{recording.frames}, {recording.frames / took:,.0f} per second"),
        ("calls", f"{changes.get('CallStarted', 0)}: {ended} ended, {len(snapshot.calls)} live"),
    ]
    kept = "" if ended == len(snapshot.ended) else f" (of the last {len(snapshot.ended)})"
    rows.append((f"outcomes{kept}", ", ".join(f"{count} {name}" for name, count in outcomes.most_common()) or "none"))
    anomalies = snapshot.counters.anomalies
    rows.append(("anomalies", ", ".join(f"{count} {name}" for name, count in anomalies.items()) or "none"))
    rows.append(("bad lines", str(recording.bad)))
    click.echo(err=to_stderr)
    tables.show("Summary", ("", ""), rows, err=to_stderr)
