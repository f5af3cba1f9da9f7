"""Reading a recording for calls that words name: what `explain` and `find` share."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

import click

from calltrack.cli.missing import nearest
from calltrack.cli.terminal import Reader
from calltrack.words.finding import Calls, Traits, find
from calltrack.words.values import safe, span

if TYPE_CHECKING:
    from calltrack.core.records import Call
    from calltrack.core.snapshot import Snapshot
    from calltrack.voicenter.frames import Frame

_SHOWN = 20  # calls in a list to choose from


class Found:
    """A recording that was read to its end, and the calls in it that match every word."""

    def __init__(self, path: str, words: tuple[str, ...], *, strict: bool, zone: tzinfo | None = None) -> None:
        self.reader = Reader(path, strict=strict, zone=zone)
        self.kept: list[tuple[int, Frame]] | None = [] if path == "-" else None
        """The frames with their lines, if they cannot be read again."""
        calls, tracker = Calls(), self.reader.recording.tracker()
        for frame in self.reader:
            calls.see(tracker.feed(frame))
            if self.kept is not None:
                self.kept.append((self.reader.recording.line, frame))
        self.zone: tzinfo = self.reader.zone
        self.snapshot: Snapshot = tracker.snapshot()
        everything = calls.all(self.snapshot.calls)
        self.matches = find(everything, words, self.zone, self.snapshot.time)
        if not self.matches and everything:
            asked = " ".join(words)
            near = nearest(asked, [one.call_id for one in everything])
            hint = f"; the nearest: {safe(', '.join(near))}" if near else ""
            click.echo(
                f"{self.reader.recording.name}: none of {_calls(len(everything))} matches {safe(asked)}{hint}", err=True
            )
            sys.exit(1)
        if not everything:
            self.reader.finish()
            click.echo(f"{self.reader.recording.name}: contains no calls", err=True)
            sys.exit(1)

    def final(self, call: Call | None) -> bool:
        """Whether nothing more happens to an ended call, as far as the end of the recording knows."""
        return call is not None and self.snapshot.call(call.call_id) in (call, None)


def listed(found: Iterable[Traits], zone: tzinfo, now: float | None, limit: int | None = _SHOWN) -> list[str]:
    """A line for each call: its id, when, how long, who; and how many are left out."""
    found = list(found)
    shown = found if limit is None else found[:limit]
    lines = []
    for one in shown:
        began = "?" if one.started is None else f"{datetime.fromtimestamp(one.started, zone):%Y-%m-%d %H:%M:%S}"
        until = now if one.ended_at is None else one.ended_at
        lasted = "?" if until is None or one.started is None else span(until - one.started)
        who = ", ".join([*sorted(one.numbers), *sorted(one.names), *sorted(one.extensions)])
        lives = " so far" if one.ended_at is None else ""
        lines.append(safe(f"{one.call_id}  {began}  {lasted}{lives}  {who}"))
    if len(shown) < len(found):
        lines.append(f"… and {len(found) - len(shown)} more")
    return lines


def _calls(count: int) -> str:
    return f"{count} call{'s' * (count != 1)}"
