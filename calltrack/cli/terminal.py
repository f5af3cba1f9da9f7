"""What all commands share: reading with progress and bad lines reported, times, and text made safe for a terminal."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from calltrack.words.values import safe

if TYPE_CHECKING:
    from rich.console import Console

    from calltrack.core.errors import BadLine
    from calltrack.recordings.recording import Recording
    from calltrack.voicenter.frames import Frame

_LONG_FILE = 5_000_000  # bytes from which reading shows its progress
_SHOWN = 10  # bad lines reported in full
_LATEST = 253_370_764_800  # the year 9999


def colourful() -> bool:
    """Whether standard output is a terminal that wants colour."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def console() -> Console:
    """A rich console on standard output: colour-free, and as wide as its content needs, when piped."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 200
    return Console(width=width, no_color=not colourful(), highlight=False, markup=False, emoji=False)


class TimeParam(click.ParamType[float]):
    """A moment: ISO 8601 (UTC unless it says otherwise) or UTC epoch seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Returns UTC epoch s."""
        try:
            epoch = float(value)
        except ValueError:
            epoch = math.nan
        if not math.isfinite(epoch):
            try:
                at = datetime.fromisoformat(value)
            except ValueError:
                self.fail(f"{value!r} is no time; write 2023-11-30T10:00:00Z or epoch seconds", param, ctx)
            epoch = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        if not 0 <= epoch < _LATEST:  # beyond, no calendar can say when it is
            self.fail(f"{value!r} is no time between 1970 and 9998", param, ctx)
        return epoch


class Amount(click.ParamType[float]):
    """A number with a unit, such as 100MB or 1h."""

    def __init__(self, name: str, units: dict[str, float], example: str):
        self.name = name
        self._units = units
        self._example = example

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Returns bytes or seconds."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(value).lower(), re.ASCII)
        if found is None or found[2] not in self._units or not float(found[1]):
            self.fail(f"{value!r} is no {self.name}; write for example {self._example}", param, ctx)
        return float(found[1]) * self._units[found[2]]


SIZE = Amount("size", {"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9}, "100MB")
SPAN = Amount("duration", {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}, "1h or 30m")


class Reader:
    """The frames of a recording for a command: bad lines go to standard error, long files show their progress."""

    def __init__(self, path: str, *, strict: bool = False, on_bad: Callable[[BadLine], None] | None = None):
        from calltrack.recordings.recording import read_recording

        self._on_bad = on_bad
        self.recording: Recording = read_recording(path, strict=strict, on_bad=self._report)

    def __iter__(self) -> Iterator[Frame]:
        recording = self.recording
        if not sys.stderr.isatty() or (recording.size or 0) < _LONG_FILE:
            yield from recording
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("reading", total=recording.size)
            for count, frame in enumerate(recording):
                if count % 2000 == 0:
                    progress.update(task, completed=recording.bytes_read)
                yield frame

    def finish(self) -> None:
        """Say what is left to say of bad lines; exits with 1 if there were any, or nothing at all was read."""
        recording = self.recording
        if recording.bad > _SHOWN:
            click.echo(f"{recording.name}: {recording.bad - _SHOWN} more lines are not frames", err=True)
        if not recording.frames and not recording.bad:
            click.echo(f"{recording.name}: empty, there is no frame in it", err=True)
        if recording.bad or not recording.frames:
            sys.exit(1)

    def _report(self, bad: BadLine) -> None:
        if self.recording.bad <= _SHOWN:
            click.echo(safe(bad), err=True)
        if self._on_bad is not None:
            self._on_bad(bad)


recording_argument = click.argument("recording", metavar="RECORDING")
strict_option = click.option("--strict", is_flag=True, help="Stop at the first line that is not a frame (exit code 2).")
