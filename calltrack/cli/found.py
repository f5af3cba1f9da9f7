"""Reading a recording for calls that words name: what `explain` and `find` share."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

import click

from calltrack.cli.missing import nearest
from calltrack.cli.terminal import Reader
from calltrack.core.errors import NotAnIndex
from calltrack.core.tracker import Tracker
from calltrack.recordings import index
from calltrack.recordings.recording import read_recording
from calltrack.words.finding import Calls, Traits, find
from calltrack.words.values import safe, span

if TYPE_CHECKING:
    from calltrack.core.records import Call
    from calltrack.core.snapshot import Snapshot
    from calltrack.recordings.index import Checkpoint
    from calltrack.recordings.recording import Recording
    from calltrack.voicenter.frames import Frame

_SHOWN = 20  # calls in a list to choose from
_WORTH = 8_000_000  # bytes without an index that make one worth it: they take about a second


class Found:
    """A recording that was read to its end, and the calls in it that match every word.

    Of a long file it reads only what its index does not cover; it writes the index where that is worth it.
    """

    def __init__(self, path: str, words: tuple[str, ...], *, strict: bool, zone: tzinfo | None = None) -> None:
        self.reader = Reader(path, strict=strict, zone=zone)
        self.kept: list[tuple[int, Frame]] | None = [] if path == "-" else None
        """The frames with their lines, if they cannot be read again."""
        calls, self.snapshot = self._read()
        self.zone: tzinfo = self.reader.zone
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

    def _read(self) -> tuple[Calls, Snapshot]:
        recording = self.reader.recording
        checkpoint = believed(recording)
        begin = checkpoint.place.offset if checkpoint is not None else 0
        if (recording.size or 0) - begin > _WORTH and not index.refusal(recording):
            calls, tracker = Calls(), recording.tracker()
            try:
                if index.write_index(recording, self.reader, notes=calls, tracker=tracker):
                    click.echo(f"{safe(index.index_of(recording.path))}: written, for the next time", err=True)
                return calls, tracker.snapshot()
            except index.CannotWrite:  # a folder that may only be read: then every time takes its time
                checkpoint = None
        if checkpoint is None:
            calls, tracker = Calls(), recording.tracker()
        else:
            recording.start, self.reader.offset_s = checkpoint.place, checkpoint.offset_s
            calls, tracker = Calls(checkpoint.notes), Tracker.restore(checkpoint.snapshot)
        for frame in self.reader:
            calls.see(tracker.feed(frame))
            if self.kept is not None:
                self.kept.append((recording.line, frame))
        return calls, tracker.snapshot()

    def again(self, call: Traits) -> tuple[Tracker, Iterator[tuple[int, Frame]]]:
        """To read the frames of a call again: a tracker that knows what was before them; they, with their lines."""
        if self.kept is not None:
            return self.reader.recording.tracker(), iter(self.kept)
        recording = read_recording(self.reader.recording.path, on_bad=lambda _: None)
        tracker = recording.tracker()
        checkpoint = believed(recording, frame=call.begins - 1) if call.begins else None
        if checkpoint is not None:
            recording.start, tracker = checkpoint.place, Tracker.restore(checkpoint.snapshot)
        return tracker, ((recording.line, frame) for frame in recording)

    def final(self, call: Call | None) -> bool:
        """Whether nothing more happens to an ended call, as far as the end of the recording knows."""
        return call is not None and self.snapshot.call(call.call_id) in (call, None)


def believed(
    recording: Recording, *, line: int | None = None, frame: int | None = None, at: float | None = None
) -> Checkpoint | None:
    """As `index.nearest`; an index that does not fit the recording is reported and not used."""
    try:
        return None if index.refusal(recording) else index.nearest(recording.path, line=line, frame=frame, at=at)
    except NotAnIndex as error:
        click.echo(f"{safe(error)}; reading from the beginning", err=True)
        return None


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


def as_lines(found: Iterable[Traits], zone: tzinfo) -> list[str]:
    """A JSON object for each call; times are ISO 8601 with the zone's offset, or null."""

    def moment(at: float | None) -> str | None:
        return None if at is None else datetime.fromtimestamp(at, zone).isoformat()

    return [
        json.dumps(
            {
                "call_id": one.call_id,
                "started": moment(one.started),
                "ended_at": moment(one.ended_at),
                "numbers": sorted(one.numbers),
                "names": sorted(one.names),
                "extensions": sorted(one.extensions),
            }
        )
        for one in found
    ]


def _calls(count: int) -> str:
    return f"{count} call{'s' * (count != 1)}"
