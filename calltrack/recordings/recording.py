"""Recordings in: JSON lines in the three notations, plain, gzip or zstd, or standard input; and journals."""

from __future__ import annotations

import gzip
import io
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from calltrack.core.errors import BadLine, NotAFrame, RecordingError
from calltrack.voicenter.frames import Frame

if TYPE_CHECKING:
    from calltrack.core.tracker import Tracker

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; a longer line is reported and skipped without being held in memory."""

_SHOWN = 10  # bad lines kept and reported in full; the rest are counted
_GZIP, _ZSTD, _SQLITE = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"SQLite format 3\x00"
_BOM = b"\xef\xbb\xbf"
_SOURCES = {"kafka": ("calltrack.kafka.history", "KafkaRecording")}  # what is no file; each needs its extra


class Place(NamedTuple):
    """How far a reading has come, after a whole line: bytes and lines of the file, frames, and which were bad."""

    offset: int = 0
    line: int = 0
    frames: int = 0
    bad: int = 0
    first_bad: tuple[tuple[int, str], ...] = ()


class Recording:
    """The frames of one recording; iterate it, as often as you like (standard input: once).

    Set `start` to a `place` of an earlier reading to begin there; what was bad before it is reported all the same.
    While iterating, `line` is the number of the last line read. Afterwards `frames` and `bad` are how many lines were
    frames and how many were not, and `first_bad` the first of those, each with file, line and reason.
    Of a journal (`is_journal`), the lines are its frames, by position; bad are those that are damaged.
    Set `whole` to False before `tracker` if only the state at the end matters: what keeps states then skips the rest.
    """

    whole = True

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        strict: bool = False,
        on_bad: Callable[[BadLine], None] | None = None,
    ):
        self.path = fspath(path)
        self.name = "standard input" if self.path == "-" else self.path
        self.size: int | None = None
        self.compressed = False
        self.start = Place()
        self.line = 0
        self.frames = 0
        self.bad = 0
        self.first_bad: list[BadLine] = []
        self._strict = strict
        self._on_bad = on_bad
        self._file: BinaryIO | None = None
        self._share = 1.0
        self.is_journal = False
        if self.path != "-":
            with self._open() as file:
                if file.seekable():
                    head = file.read(len(_SQLITE))
                    self.is_journal = head == _SQLITE
                    self.compressed = head.startswith((_GZIP, _ZSTD))
                    self.size = file.seek(0, io.SEEK_END)
        if self.is_journal:
            from calltrack.journal import Journal

            Journal.open(self.path, read_only=True).close()

    def __iter__(self) -> Iterator[Frame]:
        self.bad, self.first_bad = 0, []
        for line_number, reason in self.start.first_bad:
            self.line = line_number
            self._report(reason)
        offset, self.line, self.frames, self.bad, _ = self.start
        if self.is_journal:
            yield from self._journaled()
            return
        with self._open() as file:
            self._file = file
            stream = _decompressed(file)
            if offset:
                stream.seek(offset)
            while (line := self._next_line(stream)) is not None:
                try:
                    frame = Frame.decode(line)
                except NotAFrame as error:
                    cut = "" if line.endswith(b"\n") else " (the last line is cut off)"
                    self._report(f"{error}{cut}")
                    continue
                self.frames += 1
                yield frame
        self._file = None

    @property
    def bytes_read(self) -> int:
        """How far into the file the reading is; compare with `size`."""
        return self._file.tell() if self._file is not None else int((self.size or 0) * self._share)

    def tracker(self) -> Tracker:
        """The tracker to feed the frames to; of a journal it knows what was before the first frame that is kept."""
        from calltrack.core.tracker import Tracker

        if not self.is_journal:
            return Tracker()
        from calltrack.journal import Journal

        with Journal.open(self.path, read_only=True) as journal:
            return journal.tracker(journal.begin)

    def _journaled(self) -> Iterator[Frame]:
        from calltrack.journal import Journal, JournalDamaged

        with Journal.open(self.path, read_only=True) as journal:
            begin, end = journal.begin, journal.position
            self.line = begin
            while self.line < end:
                try:
                    for position, frame in journal.frames(self.line, end):
                        self.line = position
                        self.frames += 1
                        self._share = (position - begin) / (end - begin)
                        yield frame
                except JournalDamaged as error:
                    if error.position is None:
                        raise
                    self.line = error.position
                    self._report(error.reason)

    @property
    def place(self) -> Place:
        """Where the reading of a recording that is not compressed stands."""
        bad = tuple((bad.line, bad.reason) for bad in self.first_bad)
        return Place(self.bytes_read, self.line, self.frames, self.bad, bad)

    def _open(self) -> BinaryIO:
        if self.path == "-":
            if sys.stdin is None:
                raise RecordingError("standard input is closed")
            return cast(BinaryIO, open(sys.stdin.fileno(), "rb", closefd=False))
        try:
            return Path(self.path).open("rb")
        except FileNotFoundError:
            raise RecordingError(f"{self.path}: no such file") from None
        except IsADirectoryError:
            raise RecordingError(f"{self.path}: is a directory, not a recording") from None
        except OSError as error:
            raise RecordingError(f"{self.path}: cannot be read: {error.strerror}") from None

    def _next_line(self, stream: BinaryIO) -> bytes | None:
        """The next line that is not blank or too long; None at the end."""
        while True:
            try:
                line = stream.readline(LONGEST_LINE)
                if not line:
                    return None
                self.line += 1
                if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    while (more := stream.readline(1 << 20)) and not more.endswith(b"\n"):
                        pass
                    self._report(f"not a frame: longer than {LONGEST_LINE >> 20} MiB")
                    continue
            except (EOFError, OSError, zlib.error) as error:
                self.line += 1
                self._report(f"the compression is broken here: {error}")
                return None
            if self.line == 1:
                line = line.removeprefix(_BOM)
            if not line.isspace():
                return line

    def _report(self, reason: str) -> None:
        bad = BadLine(self.name, self.line, reason)
        if self._strict:
            raise bad
        self.bad += 1
        if len(self.first_bad) < _SHOWN:
            self.first_bad.append(bad)
        if self._on_bad is not None:
            self._on_bad(bad)
        elif self.bad <= _SHOWN:
            warnings.warn(str(bad), stacklevel=4)


def read_recording(
    path: str | PathLike[str], *, strict: bool = False, on_bad: Callable[[BadLine], None] | None = None
) -> Recording:
    """The frames of a recording; "-" is standard input, compression is recognised by content, and kafka://HOST/ACCOUNT
    is an account in Kafka.

    A line that is not a frame goes to `on_bad` (default: a warning for the first ten) and is counted; the rest is
    processed. With strict=True it raises BadLine. Raises RecordingError at once if the file cannot be opened.
    """
    scheme, slashes, _ = fspath(path).partition("://")
    if slashes and scheme in _SOURCES:
        module, name = _SOURCES[scheme]
        kind: type[Recording] = getattr(import_module(module), name)
        return kind(path, strict=strict, on_bad=on_bad)
    return Recording(path, strict=strict, on_bad=on_bad)


def _decompressed(file: BinaryIO) -> BinaryIO:
    head = cast(io.BufferedReader, file).peek(len(_SQLITE))
    if head.startswith(_SQLITE):
        raise RecordingError("standard input: is a journal; give its path instead")
    if head.startswith(_GZIP):
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if head.startswith(_ZSTD):
        import zstandard

        class _Reader(io.RawIOBase):
            """zstandard's reader with its errors as OSError, like gzip's."""

            def __init__(self) -> None:
                self._inner = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)

            def readable(self) -> bool:
                return True

            def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
                try:
                    return self._inner.readinto(buffer)
                except zstandard.ZstdError as error:
                    raise OSError(str(error)) from None

        return cast(BinaryIO, io.BufferedReader(_Reader(), 1 << 16))
    return file
