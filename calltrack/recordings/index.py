"""Checkpoints of a recording, in a file beside it, so that its middle is reached without reading all before.

An index is never taken on trust: a checkpoint counts only if the bytes before it still are those that it was made of,
and if the code that made it is this very code. A file that was not written to since is taken to have its bytes;
of any other they are hashed again. So a recording may grow under its index, may be copied with it, and an index of
another recording, another version or a broken disk is refused.
The file is a zip: `index.json`, and for each checkpoint its number with `.json`, the snapshot, and `.notes`, what the
caller noted of the changes since the one before. The last checkpoint is at the end. It holds what the recording holds.
"""

from __future__ import annotations

import hashlib
import struct
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec
from msgspec import Struct

from calltrack.core.changes import Change
from calltrack.core.clock import PlainClock
from calltrack.core.errors import NotAnIndex, NotASnapshot, RecordingError
from calltrack.core.observations import times_of
from calltrack.core.records import Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.recordings.recording import Place, Recording
from calltrack.voicenter.frames import Frame

CHECKPOINTS = 64
"""Written at most, at even distances in bytes; so much of a full replay is left to do, and half of it on average."""

_CLOSEST = 4 << 20  # bytes between two: less is fed in about the time that a snapshot takes
_SETTLED_NS = 2_000_000_000  # a file written to this long ago gets another time when it is written to again
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, msgspec.MsgspecError, NotASnapshot),
    *(EOFError, LookupError, OSError, RuntimeError, ValueError),
)  # what a zip that is none, or was cut or overwritten, can raise


class Entry(Struct, frozen=True):
    """Of a checkpoint: where it stands, the latest server time (UTC epoch s) and the server's offset (s) up to there.

    `digest` is the SHA-256 of all bytes of the recording up to there.
    """

    place: Place
    latest: Seconds | None
    offset_s: Seconds | None
    digest: str


class _Stamp(Struct, frozen=True):
    """What of a file changes with every writing to it, in ns and bytes."""

    inode: int
    size: int
    modified: int
    changed: int


class _Contents(Struct, frozen=True):
    """index.json: the code that made it, the recording's stamp then, and the checkpoints in the recording's order."""

    code: str
    stamp: _Stamp | None
    entries: tuple[Entry, ...]


class Checkpoint(Struct, frozen=True):
    """Where to go on reading, what the tracker knew there, and the server's offset (s) if one was known.

    notes: what was noted up to there, checkpoint by checkpoint.
    """

    place: Place
    snapshot: Snapshot
    offset_s: Seconds | None
    notes: tuple[bytes, ...] = ()


class CannotWrite(RecordingError):
    """The index cannot be written: a full disk, or a folder that may only be read."""


class Notes(Protocol):
    """What a caller gathers from the changes while an index is made, to find it there again."""

    def see(self, changes: tuple[Change, ...]) -> None:
        """Take note of what a frame changed."""

    def pack(self) -> bytes:
        """What was noted since the last call."""


def index_of(path: str) -> Path:
    """Where the index of a recording is."""
    return Path(f"{path}.index")


def refusal(recording: Recording) -> str:
    """Why a recording cannot have an index, or ""."""
    if recording.is_journal:
        return "is a journal, which has checkpoints of its own"
    if recording.size is None or recording.compressed or not Path(recording.path).is_file():
        kind = "compressed" if recording.compressed else "not a file"
        return f"is {kind}, and only a plain file can be read from its middle"
    return ""


def write_index(
    recording: Recording,
    frames: Iterable[Frame] | None = None,
    *,
    notes: Notes | None = None,
    tracker: Tracker | None = None,
    closest: int | None = None,
) -> int:
    """Read a recording and write its index, replacing the one that is there; returns how many checkpoints it has.

    frames: its iteration, where that is being watched. tracker: a new one, if the state at the end is of use to the
    caller. closest: least bytes between two checkpoints. Raises RecordingError if the recording cannot have an index
    (see `refusal`), CannotWrite if that cannot be written; the index that was there then stays as it was.
    """
    if reason := refusal(recording):
        raise RecordingError(f"{recording.name}: {reason}")
    path, stamp = index_of(recording.path), _stamp(recording.path)
    settled = stamp.changed < time.time_ns() - _SETTLED_NS
    part: Path | None = None
    try:
        # Only its owner may read it, like a recording.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            part = Path(file.name)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                read = recording if frames is None else frames
                entries = _checkpoints(recording, read, archive, closest or _CLOSEST, notes, tracker or Tracker())
                contents = _Contents(_code(), stamp if settled else None, tuple(entries))
                archive.writestr("index.json", msgspec.json.encode(contents))
        part.replace(path)
        part = None
    except OSError as error:
        raise CannotWrite(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return len(entries)


def _checkpoints(
    recording: Recording,
    frames: Iterable[Frame],
    archive: zipfile.ZipFile,
    closest: int,
    notes: Notes | None,
    tracker: Tracker,
) -> list[Entry]:
    size = recording.size or 0
    distance = max(closest, size // CHECKPOINTS)
    entries: list[Entry] = []
    clock, digest = PlainClock(), hashlib.sha256()
    latest: Seconds | None = None
    hashed, due = 0, min(distance, size)
    with Path(recording.path).open("rb") as file:
        for frame in frames:
            changes = tracker.feed(frame)
            if notes is not None:
                notes.see(changes)
            clock.tell(*times_of(frame.body))
            if clock.at is not None and (latest is None or clock.at > latest):
                latest = clock.at
            # A last line without its end may be longer the next time.
            if recording.bytes_read >= due and frame.raw.endswith(b"\n"):
                place = recording.place
                _hash(file, digest, place.offset - hashed)
                hashed, due = place.offset, min(place.offset + distance, max(size, place.offset + 1))
                archive.writestr(f"{len(entries)}.json", tracker.snapshot().to_json())
                archive.writestr(f"{len(entries)}.notes", b"" if notes is None else notes.pack())
                entries.append(Entry(place, latest, clock.offset_s, digest.hexdigest()))
    return entries


def nearest(
    path: str, *, line: int | None = None, frame: int | None = None, at: Seconds | None = None
) -> Checkpoint | None:
    """The last checkpoint: of all, not after a line, not after a frame, or before any later than a server time (UTC
    epoch s).

    None if the recording has no index, or none so early. Raises NotAnIndex if it cannot be believed.
    """
    where = index_of(path)
    try:
        with zipfile.ZipFile(where) as archive:
            contents = msgspec.json.decode(archive.read("index.json"), type=_Contents)
            if contents.code != _code():
                raise NotAnIndex(f"{where}: was made by another version of calltrack")
            early = [
                number
                for number, entry in enumerate(contents.entries)
                if (line is None or entry.place.line <= line)
                and (frame is None or entry.place.frames <= frame)
                and (at is None or entry.latest is None or entry.latest <= at)
            ]
            if not early:
                return None
            entry, snapshot = contents.entries[early[-1]], Snapshot.from_json(archive.read(f"{early[-1]}.json"))
            notes = tuple([archive.read(f"{number}.notes") for number in early])
    except FileNotFoundError:
        return None
    except _DAMAGE as error:
        raise NotAnIndex(f"{where}: cannot be read: {error}") from None
    if contents.stamp != _stamp(path):
        digest = hashlib.sha256()
        with Path(path).open("rb") as file:
            _hash(file, digest, entry.place.offset)
        if digest.hexdigest() != entry.digest:
            raise NotAnIndex(f"{where}: is of another recording, or {path} has been changed")
    return Checkpoint(entry.place, snapshot, entry.offset_s, notes)


def _stamp(path: str) -> _Stamp:
    found = Path(path).stat()
    return _Stamp(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _hash(file: BinaryIO, digest: hashlib._Hash, count: int) -> None:
    """Take the next bytes of a file into a digest."""
    while count and (block := file.read(min(count, 1 << 20))):
        digest.update(block)
        count -= len(block)


def _code() -> str:
    """A digest of the code that makes states of frames; other code may make another state of the same."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()
