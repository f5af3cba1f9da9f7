"""Checkpoints of a recording, in a file beside it, so that its middle is reached without reading all before.

An index is never taken on trust: a checkpoint counts only if the bytes before it still are those that it was made of,
and if the code that made it is this very code. A file that nobody has written to since is taken to have its bytes;
of any other they are hashed again. So a recording may grow under its index, may be copied with it, and an index of
another recording, another version or a broken disk is refused.
The file is a zip: `index.json`, and each checkpoint's snapshot under its number. It holds what the recording holds.
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
from typing import BinaryIO

import msgspec
from msgspec import Struct

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

_CLOSEST = 1 << 20  # bytes between two: less is fed faster than a snapshot is loaded
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
    """Where to go on reading, what the tracker knew there, and the server's offset (s) if one had been told."""

    place: Place
    snapshot: Snapshot
    offset_s: Seconds | None


def index_of(path: str) -> Path:
    """Where the index of a recording is."""
    return Path(f"{path}.index")


def write_index(recording: Recording, frames: Iterable[Frame] | None = None, *, closest: int = _CLOSEST) -> int:
    """Read a recording and write its index, replacing the one that is there; returns how many checkpoints it has.

    frames: its iteration, where that is being watched. closest: least bytes between two checkpoints. Raises
    RecordingError if the recording has no places to jump to (compressed, standard input), is a journal, or the index
    cannot be written; the index that was there then stays as it was.
    """
    if recording.is_journal:
        raise RecordingError(f"{recording.name}: is a journal, which has checkpoints of its own")
    if recording.size is None or recording.compressed or not Path(recording.path).is_file():
        kind = "compressed" if recording.compressed else "not a file"
        raise RecordingError(f"{recording.name}: is {kind}, and only a plain file can be read from its middle")
    path, stamp = index_of(recording.path), _stamp(recording.path)
    settled = stamp.changed < time.time_ns() - _SETTLED_NS
    part: Path | None = None
    try:
        # Only its owner may read it, like a recording.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            part = Path(file.name)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                entries = _checkpoints(recording, recording if frames is None else frames, archive, closest)
                contents = _Contents(_code(), stamp if settled else None, tuple(entries))
                archive.writestr("index.json", msgspec.json.encode(contents))
        part.replace(path)
        part = None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return len(entries)


def _checkpoints(recording: Recording, frames: Iterable[Frame], archive: zipfile.ZipFile, closest: int) -> list[Entry]:
    distance = max(closest, (recording.size or 0) // CHECKPOINTS)
    entries: list[Entry] = []
    tracker, clock, digest = Tracker(), PlainClock(), hashlib.sha256()
    latest: Seconds | None = None
    hashed, due = 0, distance
    with Path(recording.path).open("rb") as file:
        for frame in frames:
            tracker.feed(frame)
            clock.tell(*times_of(frame.body))
            if clock.at is not None and (latest is None or clock.at > latest):
                latest = clock.at
            # A last line without its end may be longer the next time.
            if recording.bytes_read >= due and frame.raw.endswith(b"\n"):
                place = recording.place
                _hash(file, digest, place.offset - hashed)
                hashed, due = place.offset, place.offset + distance
                archive.writestr(f"{len(entries)}.json", tracker.snapshot().to_json())
                entries.append(Entry(place, latest, clock.offset_s, digest.hexdigest()))
    return entries


def nearest(path: str, *, line: int | None = None, at: Seconds | None = None) -> Checkpoint | None:
    """The last checkpoint that is not after a line, or before any frame later than a server time (UTC epoch s).

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
                and (at is None or entry.latest is None or entry.latest <= at)
            ]
            if not early:
                return None
            entry, snapshot = contents.entries[early[-1]], Snapshot.from_json(archive.read(f"{early[-1]}.json"))
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
    return Checkpoint(entry.place, snapshot, entry.offset_s)


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
