"""The journal: frames in, in the order in which they came; frames, states and changes out."""

from __future__ import annotations

import math
import sqlite3
import time
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Self

from msgspec.structs import replace

from calltrack import __version__
from calltrack.core.changes import Change
from calltrack.core.errors import NotASnapshot
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import HISTORY, Tracker
from calltrack.journal import retention
from calltrack.journal.errors import (
    UNREADABLE,
    JournalDamaged,
    JournalUnwritable,
    NoSuchPosition,
    PositionPruned,
    named,
)
from calltrack.journal.file import open_for_reading, open_for_writing
from calltrack.journal.lock import WriterLock
from calltrack.journal.packing import Packer
from calltrack.journal.position import StreamPosition
from calltrack.journal.rows import Row, sum_of
from calltrack.voicenter.frames import Frame

_AT_ONCE = 500  # frames read at a time: a reader that stays open keeps SQLite's log from being folded in


class Checkpoint(NamedTuple):
    """A stored state: after which frame, made by which version of calltrack, its size (bytes)."""

    position: int
    version: str
    size: int


class Journal:
    """Use `Journal.open`. One call at a time, from any thread; to read while another writes, open it once more.

    `history` is how many ended calls its trackers keep: the journal's own, for the changes depend on it.
    Every method raises a JournalError if the file or the disk does not let it.
    """

    def __init__(self, path: Path, database: sqlite3.Connection, lock: WriterLock | None) -> None:
        self.path = path
        self.on_notice: Callable[[str], None] = lambda text: warnings.warn(text, stacklevel=3)
        self._database = database
        self._lock = lock
        self._ended = False
        self._packer = Packer()
        self.history = self._about()[0]
        self._position = self._last_position()

    @classmethod
    def open(cls, path: str | PathLike[str], *, read_only: bool = False, history: int = HISTORY) -> Self:
        """The journal at `path`, created (with this `history`) if there is none and it is not opened to read only.

        Raises JournalBusy if another process writes it, NotAJournal if it is something else.
        """
        path = Path(path)
        with ExitStack() as undo:
            lock = None
            if read_only:
                database = open_for_reading(path)
            else:
                lock = WriterLock(path)
                undo.callback(lock.release)
                database = open_for_writing(path, history)
            undo.callback(database.close)
            journal = cls(path, database, lock)
            undo.pop_all()
            return journal

    @property
    def position(self) -> int:
        """The last durable position; positions count from 1, 0 is an empty journal."""
        return self._last_position() if self._lock is None else self._position

    @property
    def begin(self) -> int:
        """The position before the first frame that is kept: 0 unless retention has removed some."""
        return self._about()[1]

    def append(self, frames: Sequence[Frame]) -> int:
        """Add frames; when it returns, they are on the disk. Returns the last position.

        If it raises JournalUnwritable, none of them is in the journal: make room, and append them again.
        """
        if not frames:
            return self.position
        with self._writing():
            row = self._end()
            rows = [row := Row.of(frame, row, self._packer) for frame in frames]
            self._database.executemany("INSERT INTO frames VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        self._position = rows[-1].position
        return self._position

    def checkpoint(self, tracker: Tracker) -> None:
        """Store what `tracker` knows, so that from here on nothing before has to be read to know it again.

        Raises NoSuchPosition if it stands at a frame that is not in the journal, ValueError if it keeps another
        history than the journal.
        """
        snapshot = tracker.snapshot()
        if snapshot.resume.history != self.history:
            raise ValueError(f"the tracker keeps {snapshot.resume.history} ended calls, the journal {self.history}")
        self._has(snapshot.position)
        relaxed = replace(snapshot, resume=replace(snapshot.resume, strict=False))
        packed = self._packer.pack(relaxed.to_json().encode())
        stamp = snapshot.position, __version__
        row = *stamp, packed, sum_of(*stamp, data=packed)
        with self._writing():
            self._database.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", row)

    def tracker(self, position: int | None = None) -> Tracker:
        """A tracker exactly as one that was fed every frame up to `position` (default: the end)."""
        position = self.position if position is None else position
        self._has(position)
        snapshot = self._snapshot_before(position)
        if snapshot is None:
            if self.begin:
                raise JournalDamaged(str(self.path), f"no checkpoint before frame {self.begin + 1}, its first, reads")
            tracker, known = Tracker(history=self.history), 0
        else:
            tracker, known = Tracker.restore(snapshot), snapshot.position
        for _, frame in self.frames(known, position):
            tracker.feed(frame)
        return tracker

    def frames(self, after: int | None = None, until: int | None = None) -> Iterator[tuple[int, Frame]]:
        """The frames after a position (default: all that are kept) up to another (default: the end), each with its own.

        Raises PositionPruned if retention has removed some of them, JournalDamaged at one that cannot be read.
        """
        after = self.begin if after is None else after
        self._has(after)
        return self._frames(after, until)

    def changes(self, after: str | None = None) -> Iterator[tuple[str, Change]]:
        """Every change after a stream position (default: all that are kept) up to the end, each with its own.

        They are not stored but made again from the frames, which gives the same ones: none is lost, none comes twice.
        Raises NoSuchPosition if there is no such change, PositionPruned if retention has removed what follows it.
        """
        resume = StreamPosition(self.begin) if after is None else StreamPosition.parse(after)
        self._has(resume.known)
        if resume.change and resume.frame > self.position:
            raise NoSuchPosition(f"{self.path}: no change {after} yet, it ends with frame {self.position}")
        return self._changes(resume)

    def position_at(self, at: float) -> int:
        """The position of the state at a server time (UTC epoch s): before the first frame that is later than that.

        0 if that is the first of all. Raises PositionPruned if only a frame that was removed could tell.
        """
        begin = self.begin
        found = begin + bisect_right(range(begin + 1, self.position + 1), at, key=self._time)
        if found == begin and begin:
            raise PositionPruned(f"{self.path}: what was then has been removed; it begins after frame {begin}")
        return found

    def prune(self, keep_s: float | None = None, keep_bytes: int | None = None, now: float | None = None) -> int:
        """Remove the oldest frames: those received more than `keep_s` before `now` (UTC epoch s, default: the clock's),
        and more until the journal takes at most `keep_bytes` on disk. Returns how many it were.

        What is removed ends with a checkpoint, so that every state after it can still be told; what came after the last
        checkpoint stays.
        """
        limit = None if keep_s is None else (time.time() if now is None else now) - keep_s
        removed, begin, end = 0, self.begin, self.position
        for stored in self.checkpoints():
            if not begin < stored.position < end or self._snapshot(stored) is None:
                continue
            old = limit is not None and retention.all_older(self._database, stored.position, limit)
            if not old and (keep_bytes is None or self.size() <= keep_bytes):
                break
            with self._writing():
                gone = self._database.execute("DELETE FROM frames WHERE position <= ?", (stored.position,))
                self._database.execute("DELETE FROM checkpoints WHERE position < ?", (stored.position,))
                about = stored.position, sum_of(self.history, stored.position)
                self._database.execute("UPDATE journal SET begin = ?, sum = ?", about)
            removed += gone.rowcount
            with self._naming():
                retention.give_back(self._database)
        return removed

    def checkpoints(self) -> list[Checkpoint]:
        """The stored states, oldest first."""
        rows = self._all(
            "SELECT position, version, length(packed) FROM checkpoints WHERE position >= 0 ORDER BY position"
        )
        return [Checkpoint(*row) for row in rows]

    def size(self) -> int:
        """Bytes of the file that hold something."""
        with self._naming():
            return retention.size(self._database)

    def close(self) -> None:
        """End it, if it is not ended; if no reader is left, everything is in the one file."""
        if self._ended:
            return
        self._ended = True
        try:
            with self._naming():
                self._database.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _has(self, position: int) -> None:
        if position > self.position:
            raise NoSuchPosition(f"{self.path}: no frame {position}, it ends with {self.position}")
        if position < self.begin:
            raise PositionPruned(f"{self.path}: what was at {position} has been removed, it begins after {self.begin}")

    def _frames(self, after: int, until: int | None) -> Iterator[tuple[int, Frame]]:
        while after < (end := self.position if until is None else min(until, self.position)):
            last = min(end, after + _AT_ONCE)
            rows = self._all("SELECT * FROM frames WHERE position BETWEEN ? AND ? ORDER BY position", (after + 1, last))
            for row in map(Row._make, rows):
                if row.position != after + 1:
                    break
                try:
                    frame = row.frame(self._packer)
                except ValueError as error:
                    raise JournalDamaged(str(self.path), f"not as it was written: {error}", row.position) from None
                yield row.position, frame
                after = row.position
            if after < last:
                self._has(after)  # they may have been pruned meanwhile
                raise JournalDamaged(str(self.path), "is missing", after + 1)

    def _changes(self, resume: StreamPosition) -> Iterator[tuple[str, Change]]:
        tracker = self.tracker(resume.known)
        for position, frame in self._frames(resume.known, None):
            made = tracker.feed(frame)
            skip = resume.change if position == resume.frame else 0
            if skip > len(made):
                raise NoSuchPosition(f"{self.path}: frame {position} made {len(made)} changes, so there is no {resume}")
            for number, change in enumerate(made[skip:], skip + 1):
                yield str(StreamPosition(position, number)), change

    def _snapshot_before(self, position: int) -> Snapshot | None:
        """The latest state at or before a position that reads."""
        for stored in reversed(self.checkpoints()):
            if stored.position <= position and (snapshot := self._snapshot(stored)) is not None:
                return snapshot
        return None

    def _snapshot(self, stored: Checkpoint) -> Snapshot | None:
        packed, expected = self._one("SELECT packed, sum FROM checkpoints WHERE position = ?", (stored.position,))
        try:
            if not isinstance(packed, bytes) or sum_of(stored.position, stored.version, data=packed) != expected:
                raise ValueError("its sum is wrong")
            return Snapshot.from_json(self._packer.unpack(packed))
        except (ValueError, NotASnapshot) as error:
            self.on_notice(
                f"{self.path}: the checkpoint at frame {stored.position}, by calltrack {stored.version}, "
                f"cannot be used, an earlier one is: {error}"
            )
            return None

    def _time(self, position: int) -> float:
        """The greatest server time up to a position."""
        row = Row(*self._one("SELECT * FROM frames WHERE position = ?", (position,)))
        try:
            row.check()
        except ValueError as error:
            raise JournalDamaged(str(self.path), f"not as it was written: {error}", position) from None
        return -math.inf if row.latest is None else row.latest

    def _end(self) -> Row | None:
        last = self._database.execute("SELECT * FROM frames ORDER BY position DESC LIMIT 1").fetchone()
        return None if last is None else Row(*last)

    def _about(self) -> tuple[int, int]:
        """The history, and the position before the first frame that is kept."""
        history, begin, expected = self._one("SELECT history, begin, sum FROM journal")
        if sum_of(history, begin) != expected:
            raise JournalDamaged(str(self.path), "the file is damaged: where it begins is not as it was written")
        return history, begin

    def _last_position(self) -> int:
        (last,) = self._one("SELECT max(position) FROM frames")
        return int(last or 0)

    def _one(self, query: str, values: Sequence[object] = ()) -> Any:
        rows = self._all(query, values)
        if not rows:
            raise JournalDamaged(str(self.path), "the file is damaged: a row that has to be there is not")
        return rows[0]

    def _all(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._naming():
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except UNREADABLE as error:
            raise named(error, str(self.path)) from None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction: on the disk in full when it ends, or, if anything is raised, not there at all."""
        if self._lock is None:
            raise JournalUnwritable(f"{self.path}: was opened to be read only")
        with self._naming():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
