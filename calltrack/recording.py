"""Recording files in: JSON lines in the three notations, plain, gzip or zstd, from a file or standard input."""

from __future__ import annotations

import gzip
import io
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import BinaryIO, cast

from calltrack.errors import BadLine, NotAFrame, RecordingError
from calltrack.wire import Frame

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; a longer line is reported and skipped without being held in memory."""

_SHOWN = 10  # bad lines kept and reported in full; the rest are counted
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BOM = b"\xef\xbb\xbf"


class Recording:
    """The frames of one recording; iterate it, as often as you like (standard input: once).

    While iterating, `line` is the number of the last line read. Afterwards `frames` and `bad` are how many lines were
    frames and how many were not, and `first_bad` the first of those, each with file, line and reason.
    """

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
        self.line = 0
        self.frames = 0
        self.bad = 0
        self.first_bad: list[BadLine] = []
        self._strict = strict
        self._on_bad = on_bad
        self._file: BinaryIO | None = None
        if self.path != "-":
            with self._open() as file:
                self.size = file.seek(0, io.SEEK_END) if file.seekable() else None

    def __iter__(self) -> Iterator[Frame]:
        self.line = self.frames = self.bad = 0
        self.first_bad = []
        with self._open() as file:
            self._file = file
            stream = _decompressed(file)
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
        return self._file.tell() if self._file is not None else self.size or 0

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
    """The frames of a recording; "-" is standard input, compression is recognised by content.

    A line that is not a frame goes to `on_bad` (default: a warning for the first ten) and is counted; the rest is
    processed. With strict=True it raises BadLine. Raises RecordingError at once if the file cannot be opened.
    """
    return Recording(path, strict=strict, on_bad=on_bad)


def _decompressed(file: BinaryIO) -> BinaryIO:
    head = cast(io.BufferedReader, file).peek(4)[:4]
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
