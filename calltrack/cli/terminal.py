"""What all commands share: reading with progress and bad lines reported, times, and text made safe for a terminal."""

from __future__ import annotations

import codecs
import gc
import io
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from calltrack.words.values import authority, safe, spelled

if TYPE_CHECKING:
    from click import ParamType as ParamType
    from rich.console import Console

    from calltrack.core.errors import BadLine
    from calltrack.core.observations import Stated
    from calltrack.figures import Facts
    from calltrack.recordings.recording import Recording
    from calltrack.voicenter.frames import Frame
else:

    class ParamType(click.ParamType):
        """Accepts a type in brackets, which click's own class does only from 8.4 on."""

        def __class_getitem__(cls, _: object) -> type[ParamType]:
            return cls


_LONG_FILE = 5_000_000  # bytes from which reading shows its progress
_SHOWN = 10  # bad lines reported in full
_WIDEST = 14 * 60  # min between UTC and any clock
_AHEAD = 1000  # frames that are asked for the stream's offset
_LATEST = 253_370_764_800  # the year 9999


def colourful() -> bool:
    """Whether standard output is a terminal that wants colour."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def exact(text: str) -> str:
    """Text that programs read, for standard output: as it is, unless a terminal would obey some of it."""
    return spelled(text) if sys.stdout.isatty() else text


def put(text: str, *, nl: bool = True) -> None:
    """Print such text."""
    click.echo(exact(text), nl=nl, color=True)  # with colour, or click leaves out what looks like some


def text_output() -> BinaryIO:
    """Standard output for the bytes of such text."""
    return _Terminal() if sys.stdout.isatty() else sys.stdout.buffer  # type: ignore[return-value]


class _Terminal(io.BufferedIOBase):
    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        sys.stdout.write(spelled(self._decode(bytes(data))))
        return len(data)

    def flush(self) -> None:
        sys.stdout.flush()


def console() -> Console:
    """A rich console on standard output: colour-free, and as wide as its content needs, when piped."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 200
    return Console(width=width, no_color=not colourful(), highlight=False, markup=False, emoji=False)


class LocalTime(float):
    """A time without an offset, as UTC epoch s if it were of UTC; `local` is what was written."""

    local: datetime


class TimeParam(ParamType[float]):
    """A moment: UTC epoch seconds, or ISO 8601, without an offset on the clock on which times are shown."""

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
            if at.tzinfo is None and 0 <= epoch < _LATEST:
                found = LocalTime(epoch)
                found.local = at
                return found
        if not 0 <= epoch < _LATEST:  # beyond, no calendar can say when it is
            self.fail(f"{value!r} is no time between 1970 and 9998", param, ctx)
        return epoch


class ZoneParam(ParamType["tzinfo"]):
    """An IANA time zone."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        """Returns the zone."""
        from calltrack.figures.days import UnknownZone, zone_named

        try:
            return value if isinstance(value, tzinfo) else zone_named(value)
        except UnknownZone as error:
            self.fail(str(error), param, ctx)


def tz_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--tz and --utc, which say on which clock times are shown; None is the stream's own."""
    shown = "Show times on this zone's clock, such as Asia/Jerusalem. Default: the stream's own."
    command = click.option("--utc", "tz", flag_value="UTC", type=ZoneParam(), help="Show times in UTC.")(command)
    return click.option("--tz", "tz", metavar="ZONE", type=ZoneParam(), default=None, help=shown)(command)


class Number(click.FloatRange):
    """A number from `least` to `most`; `above` is whether `least` itself is too little."""

    def __init__(self, least: float, most: float, *, above: bool = False) -> None:
        super().__init__(least, most, min_open=above)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Returns it."""
        try:
            found = float(value)
        except OverflowError:
            found = math.inf
        except ValueError:
            found = math.nan
        if math.isnan(found):  # it passes every comparison of click's
            self.fail(f"{value!r} is not a valid number", param, ctx)
        return float(super().convert(found, param, ctx))


class Address(ParamType[tuple[str, int]]):
    """HOST:PORT to listen on; an IPv6 address stands in brackets."""

    name = "address"

    def __init__(self, usual: str):
        self._usual = usual

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Returns host, without brackets, and port."""
        if isinstance(value, tuple):
            return value
        host, _, port = str(value).rpartition(":")
        if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
            self.fail(f"{value!r} is no address; write {self._usual}, or [::1]{self._usual[-5:]}", param, ctx)
        return host.removeprefix("[").removesuffix("]"), int(port)

    def written(self, value: tuple[str, int]) -> str:
        """As it is given."""
        return authority(*value)


class Amount(ParamType[float]):
    """A number with a unit, such as 100MB or 1h; in the smallest unit it is `most` at most."""

    def __init__(self, name: str, units: dict[str, float], example: str, most: float):
        self.name = name
        self._units = units
        self._example = example
        self._most = most

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Returns bytes or seconds."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(value).lower(), re.ASCII)
        if found is None or found[2] not in self._units or not float(found[1]):
            self.fail(f"{value!r} is no {self.name}; write for example {self._example}", param, ctx)
        amount = float(found[1]) * self._units[found[2]]
        if amount > self._most:
            self.fail(f"this {self.name} is too large; write for example {self._example}", param, ctx)
        return amount


SIZE = Amount("size", {"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9}, "100MB", 1e15)
SPAN = Amount("duration", {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}, "1h or 30m", 36_500 * 86_400)


def with_progress(frames: Iterable[Frame], recordings: Sequence[Recording]) -> Iterator[Frame]:
    """The frames of recordings, with a bar on a terminal while long files are read."""
    total = sum(recording.size or 0 for recording in recordings)
    if not sys.stderr.isatty() or total < _LONG_FILE:
        yield from frames
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=total)
        for count, frame in enumerate(frames):
            if count % 2000 == 0:
                progress.update(task, completed=sum(recording.bytes_read for recording in recordings))
            yield frame


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for cycles seldom while rows are made by the hundred thousand: they stay, and have none."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Reader:
    """The frames of a recording for a command: bad lines go to standard error, long files show their progress.

    zone: the clock on which the command shows times; else it is the stream's, whose offset is `offset_s`.
    edition, damaged: of a journal, once `facts` have taken what a service has counted: which frames these are, for
    `keep`, and which of them did not read, and why.
    quiet: no progress; its caller shows one. on_bad sees each bad line, report prints it instead of the reader.
    """

    def __init__(
        self,
        path: str,
        *,
        strict: bool = False,
        on_bad: Callable[[BadLine], None] | None = None,
        zone: tzinfo | None = None,
        quiet: bool = False,
        report: Callable[[BadLine], None] | None = None,
    ):
        from calltrack.recordings.recording import read_recording

        self.offset_s: float | None = None
        self.edition = ""
        self.damaged: tuple[tuple[int, str], ...] = ()
        self._zone = zone
        self._quiet, self._strict = quiet, strict
        self._on_bad = on_bad
        self.recording: Recording = read_recording(path, strict=strict, on_bad=report or self._report)

    def __iter__(self) -> Iterator[Frame]:
        from calltrack.core.observations import Stated, times_of

        frames: Iterable[Frame] = self.recording
        for frame in frames if self._quiet else with_progress(frames, [self.recording]):
            offset_min = times_of(frame.body)[1]
            if (
                offset_min is None
                and self._zone is not None
                and self.offset_s is None
                and isinstance(frame.body, Stated)
            ):
                frame.body.offset_min = self._said_by_zone(frame.body)
            if offset_min is not None and -_WIDEST <= offset_min <= _WIDEST:
                self.offset_s = offset_min * 60
            yield frame

    def facts(self) -> Facts:
        """What the whole recording says, as rows, from where its tracker begins.

        Of a journal that a service has counted, as most of a long one is, only the frames since are read. Where a frame
        of a journal does not read, nothing was observed until the next list.
        """
        from calltrack.figures.facts import Facts

        if (kept := self._kept_facts()) is not None:
            return kept
        self.recording.gaps = True
        tracker = self.recording.tracker()
        facts = Facts.of(tracker.snapshot())
        with seldom_collected():
            for frame in self:
                facts.apply(tracker.feed(frame), tracker.time)
        facts.learn(tracker.snapshot())
        return facts

    def _kept_facts(self) -> Facts | None:
        if not self._counted:
            return None
        from calltrack.serve.history.kept import kept_facts

        damaged: list[tuple[int, str]] = []
        with seldom_collected():
            kept = kept_facts(
                Path(self.recording.path), lambda error: damaged.append((error.position or 0, error.reason))
            )
        if kept is None or kept.facts.offset_s is None:
            return None
        self.taken(kept.frames, kept.facts.offset_s, damaged)
        self.edition = kept.edition
        return kept.facts

    @property
    def _counted(self) -> bool:
        """Whether a service may have counted it, and the command may take that."""
        return self.recording.is_journal and not self._strict

    def taken(self, frames: int, offset_s: float | None, damaged: Iterable[tuple[int, str]]) -> None:
        """Be as after reading so many frames, some of which did not read."""
        self.recording.frames, self.offset_s = frames, offset_s
        self.damaged = tuple(damaged)
        for position, reason in self.damaged:
            self.recording.damaged(position, reason)

    def answer(self, asked: bytes) -> bytes | None:
        """What `keep` was given, if this is a journal that has had no more frames since."""
        from calltrack.serve.history.kept import kept_answer

        return kept_answer(Path(self.recording.path), asked) if self._counted else None

    def keep(self, asked: bytes, answer: bytes) -> None:
        """Keep what a question about the frames of `edition` led to, for the next time."""
        from calltrack.serve.history.kept import keep_answer

        keep_answer(Path(self.recording.path), asked, self.edition, answer)

    def _said_by_zone(self, body: Stated) -> float | None:
        """What a record's clock is ahead of UTC, min, if no frame says it."""
        from calltrack.figures.days import offset_min

        started = body.statement.started
        return None if started is None or self._zone is None else offset_min(self._zone, started)

    @property
    def zone(self) -> tzinfo:
        """The clock on which to show times: the one that was asked for, else the stream's own, else UTC."""
        from calltrack.figures.days import zone_of

        return self._zone or zone_of(self.offset_s)

    def utc(self, at: float | None) -> float | None:
        """A time from the command line as UTC epoch s: one without an offset is on the clock of `zone`.

        Raises UsageError if that clock is not known before standard input is read.
        """
        if not isinstance(at, LocalTime):
            return at
        if self._zone is None and self.offset_s is None:
            if self.recording.path == "-":
                raise click.UsageError(f"{at.local} has no offset: add one, such as Z or +02:00, or say --tz")
            ahead = Reader(self.recording.path, quiet=True, report=lambda _: None)
            for count, _ in enumerate(ahead):
                if ahead.offset_s is not None or count == _AHEAD:
                    break
            self.offset_s = ahead.offset_s
        return at.local.replace(tzinfo=self.zone).timestamp()

    def finish(self) -> None:
        """Say what is left to say of bad lines; exits with 1 if there were any, or nothing at all was read."""
        recording = self.recording
        if recording.bad > _SHOWN:
            click.echo(f"{safe(recording.name)}: {recording.bad - _SHOWN} more lines are not frames", err=True)
        if not recording.frames:
            why = "is not captured events in a form that is known; see calltrack import --help"
            why = why if recording.bad else "contains no frames"
            click.echo(f"{safe(recording.name)}: {why}", err=True)
        if recording.bad or not recording.frames:
            sys.exit(1)

    def _report(self, bad: BadLine) -> None:
        if self.recording.bad <= _SHOWN:
            click.echo(safe(bad), err=True)
        if self._on_bad is not None:
            self._on_bad(bad)


recording_argument = click.argument("recording", metavar="RECORDING")
strict_option = click.option("--strict", is_flag=True, help="Stop at the first line that is not a frame (exit code 2).")
