"""Recording files out: JSON lines as they are received, plain, gzip or zstd, rotated, and safe to kill at any byte.

What is flushed can be read by `read_recording` whatever happens to the process afterwards: a flush hands whole lines
to the operating system, of a compressed file as a complete block. (Not safe against: the machine losing power.)
"""

from __future__ import annotations

import json
import os
import re
import time
import zlib
from collections import deque
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import IO, Any, Protocol, Self

import msgspec

from calltrack.voicenter.frames import Frame

FLUSH_EVERY = 1.0
"""Seconds; a compressed line is in the file at the latest this long after it was written."""

FLUSH_BYTES = 256 * 1024
"""Uncompressed bytes that wait at most; what a kill can cost under a flood."""

_encode = msgspec.json.Encoder().encode
_parts_of = msgspec.json.Decoder(list[msgspec.Raw]).decode


def line_of(frame: Frame) -> bytes:
    """One line of a recording for a frame that was received, with its end; the payload is the bytes that came."""
    if frame.raw.startswith(b"["):
        try:
            name, *rest = _parts_of(frame.raw)
        except (msgspec.MsgspecError, ValueError):
            return encode(*_decoded(frame.raw), frame.at)
        data = rest[0] if len(rest) == 1 else b"[%b]" % b",".join(rest) if rest else b"null"
        line = b'{"at":%b,"event":%b,"data":%b}' % (_encode(frame.at), name, data)
    else:
        line = frame.raw
    # In valid JSON a line break stands only between two values.
    return line.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"


def _decoded(raw: bytes) -> tuple[str, object]:
    """Name and payload of an event that msgspec refuses: half a surrogate pair, a number beyond 64 bits."""
    name, *rest = json.loads(raw)
    return name, rest[0] if len(rest) == 1 else rest or None


def encode(event: str, payload: object, at: float | None) -> bytes:
    """One line of a recording, with its end; without `at` it is the socket.io array (field guide §1)."""
    frame = [event, payload] if at is None else {"at": at, "event": event, "data": payload}
    try:
        return _encode(frame) + b"\n"
    except (msgspec.MsgspecError, OverflowError, UnicodeError):
        # Numbers of more than 64 bits and halves of surrogate pairs: a peer may send them, so they are recorded.
        return json.dumps(frame, separators=(",", ":")).encode() + b"\n"


class _Packer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self, mode: int, /) -> bytes: ...


class RecordingFile:
    """One recording being written; compressed if the name ends in .gz or .zst. Only its owner may read it.

    `frames` and `size` are the lines written and the bytes in the file. An existing file is replaced. Raises OSError,
    from the constructor as from every method: what the disk did not take is kept, and put first the next time.
    """

    def __init__(self, path: str | PathLike[str]):
        self.path = Path(path)
        self.frames = 0
        self.size = 0
        self._waiting = 0
        self._ended = False
        self._rest = b""
        self._packer, self._block, self._end = _packer(self.path.suffix)
        # Unbuffered: what is handed over is the system's, and outlives a kill. 0600: it holds people's numbers.
        self._file: IO[bytes] = open(self.path, "wb", buffering=0, opener=_private)  # noqa: SIM115

    def write(self, event: str, payload: object, at: float | None) -> None:
        """Add a frame; `at` is when it was received, UTC epoch s."""
        self.write_line(encode(event, payload, at))

    def write_line(self, line: bytes) -> None:
        """Add a frame as a line, with its end."""
        self.frames += 1
        if self._packer is None:
            self._put(line)
            return
        self._put(self._packer.compress(line))
        self._waiting += len(line)
        if self._waiting >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Make every line so far readable."""
        if self._packer is not None and self._waiting:
            self._waiting = 0
            self._put(self._packer.flush(self._block))
        else:
            self.settle()

    def settle(self) -> None:
        """Put what the disk has refused before, if there is anything."""
        if self._rest:
            self._put(b"")

    def finish(self) -> None:
        """Put the end of a compressed file, and whatever still waits."""
        end = b""
        if self._packer is not None and not self._ended:
            self._ended = True
            end = self._packer.flush(self._end)
        self._put(end)

    def close(self) -> None:
        """End the file; a second time does nothing."""
        if self._file.closed:
            return
        try:
            self.finish()
        finally:
            self._file.close()

    @property
    def closed(self) -> bool:
        """Whether it is ended."""
        return self._file.closed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, data: bytes) -> None:
        self._rest += data
        while self._rest:
            written = self._file.write(self._rest)
            self.size += written
            self._rest = self._rest[written:]


class RecordingWriter:
    """A recording that goes on for as long as its process: OUT.jsonl is the file being written, OUT.0001.jsonl the
    oldest before it, and so on; a number is never used twice and nothing is overwritten, an earlier run's file neither.

    A file ends at `rotate_size` bytes on disk (and at most FLUSH_BYTES more) or `rotate_every` seconds, whichever is
    first; of the ended ones the newest `keep` stay. `frames` and `size` are those of all files together. Call `flush`
    at least every FLUSH_EVERY seconds: a stream that falls silent calls nothing else.

    Raises OSError everywhere. Nothing is lost by that: lines that a full disk did not take wait in memory, `waiting`
    bytes of them, and are written in their order by the next call.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        rotate_size: int | None = None,
        rotate_every: float | None = None,
        keep: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.path = Path(path)
        self.files = 1
        self._rotate_size = rotate_size
        self._rotate_every = rotate_every
        self._keep = keep
        self._clock = clock
        self._frames = self._size = 0
        self._held: deque[bytes] = deque()
        self.waiting = 0
        self._file = self._opened()

    @property
    def frames(self) -> int:
        """Lines written."""
        return self._frames + self._file.frames

    @property
    def size(self) -> int:
        """Bytes on disk, of this run."""
        return self._size + self._file.size

    def write(self, event: str, payload: object, at: float | None) -> None:
        """Add a frame; `at` is when it was received, UTC epoch s."""
        self.write_line(encode(event, payload, at))

    def write_line(self, line: bytes) -> None:
        """Add a frame as a line, with its end."""
        self._held.append(line)
        self.waiting += len(line)
        self._catch_up()
        if self._clock() >= self._flushed + FLUSH_EVERY:
            self.flush()

    def flush(self) -> None:
        """Make every frame so far readable, whatever happens next."""
        self._catch_up()
        self._flushed = self._clock()
        self._file.flush()

    def close(self) -> None:
        """End the file."""
        try:
            self._catch_up()
        finally:
            self._file.close()

    def _catch_up(self) -> None:
        while self._held:
            if self._due(self._clock()):
                self._rotate()
            self._file.settle()
            line = self._held.popleft()
            self.waiting -= len(line)
            self._file.write_line(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _due(self, now: float) -> bool:
        if self._file.closed:
            return True  # the next one could not be opened
        if not self._file.frames:
            return False
        if self._rotate_size is not None and self._file.size >= self._rotate_size:
            return True
        return self._rotate_every is not None and now >= self._began + self._rotate_every

    def _rotate(self) -> None:
        if not self._file.closed:
            self._file.finish()
            self._file.close()
            self._frames += self._file.frames
            self._size += self._file.size
            self._file.frames = self._file.size = 0
        self._file = self._opened()
        self.files += 1

    def _opened(self) -> RecordingFile:
        """A new file; one that is there already gets its number first, so that a kill in between loses nothing."""
        if self.path.exists() and self.path.stat().st_size:
            ended = self._ended()
            number = max(ended, default=0) + 1
            self.path.rename(self._numbered(number))
            if self._keep is not None:
                for old in sorted([*ended, number])[: -self._keep or None]:
                    self._numbered(old).unlink(missing_ok=True)
        self._began = self._flushed = self._clock()
        return RecordingFile(self.path)

    def _numbered(self, number: int) -> Path:
        stem, suffixes = _parts(self.path.name)
        return self.path.with_name(f"{stem}.{number:04}{suffixes}")

    def _ended(self) -> list[int]:
        stem, suffixes = _parts(self.path.name)
        pattern = re.compile(rf"{re.escape(stem)}\.(\d{{4,}}){re.escape(suffixes)}")
        return [int(found[1]) for path in self.path.parent.iterdir() if (found := pattern.fullmatch(path.name))]


def _parts(name: str) -> tuple[str, str]:
    """`day.jsonl.gz` → `day`, `.jsonl.gz`."""
    base = name
    for packed in (".gz", ".zst"):
        base = base.removesuffix(packed)
    stem, dot, suffix = base.rpartition(".")
    return (stem, dot + suffix + name[len(base) :]) if stem else (base, name[len(base) :])


def _packer(suffix: str) -> tuple[_Packer | None, int, int]:
    """What compresses, and its words for the end of a block and of the file."""
    packer: Any
    if suffix == ".gz":
        packer = zlib.compressobj(wbits=31)
        return packer, zlib.Z_SYNC_FLUSH, zlib.Z_FINISH
    if suffix == ".zst":
        from calltrack.journal.zstd import zstd

        packer = zstd.ZstdCompressor()
        return packer, packer.FLUSH_BLOCK, packer.FLUSH_FRAME
    return None, 0, 0


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
