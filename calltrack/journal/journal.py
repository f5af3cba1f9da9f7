"""The journal: frames in, in the order in which they came; frames, states and changes out."""

from __future__ import annotations

import sqlite3
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from calltrack.core.changes import Change
from calltrack.core.tracker import HISTORY, Tracker
from calltrack.journal import retention, salvage
from calltrack.journal.code import stamp
from calltrack.journal.errors import (
    UNREADABLE,
    JournalDamaged,
    JournalUnwritable,
    NoSuchPosition,
    NotAJournal,
    PositionPruned,
    named,
)
from calltrack.journal.file import open_for_reading, open_for_writing
from calltrack.journal.lock import WriterLock
from calltrack.journal.position import StreamPosition
from calltrack.journal.reading import Reading
from calltrack.journal.rows import Row, sum_of
from calltrack.voicenter.frames import Frame

_EVERY = 10_000  # frames between two checkpoints that are made anew
_AT_ONCE = 500  # frames read at a time: a reader that stays open keeps SQLite's log from being folded in


class Journal(Reading):
    """Use `Journal.open`. One call at a time, from any thread; to read while another writes, open it once more.

    `history` is how many ended calls its trackers keep: the journal's own, for the changes depend on it.
    Every method raises a JournalError if the file or the disk does not let it.
    """

    def __init__(self, path: Path, database: sqlite3.Connection, lock: WriterLock | None) -> None:
        super().__init__(path, database)
        self._lock = lock
        self._ended = False
        self._written: int | None = None if lock is None else self._last_position()
        if lock is not None:
            self._check_end()

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
                try:
                    database = open_for_writing(path, history)
                except NotAJournal:
                    lock.forget()
                    raise
            undo.callback(database.close)
            journal = cls(path, database, lock)
            undo.pop_all()
            return journal

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
        self._written = rows[-1].position
        return self.position

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
        made = snapshot.position, stamp()
        row = *made, packed, sum_of(*made, data=packed)
        with self._writing():
            self._database.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", row)

    def tracker(self, position: int | None = None) -> Tracker:
        """A tracker exactly as one that was fed every frame up to `position` (default: the end).

        A frame that is damaged, and not before a checkpoint, is a gap: what it may have altered is unknown.
        """
        position = self.position if position is None else position
        self._has(position)
        snapshot = self._snapshot_before(position)
        if snapshot is None:
            if self.begin:
                raise JournalDamaged(str(self.path), f"no checkpoint before frame {self.begin + 1}, its first, reads")
            tracker, known = Tracker(history=self.history), 0
        else:
            tracker, known = Tracker.restore(snapshot), snapshot.position
        for _, frame in self.frames(known, position, gaps=True):
            tracker.feed(frame)
        return tracker

    def frames(
        self, after: int | None = None, until: int | None = None, *, gaps: bool = False
    ) -> Iterator[tuple[int, Frame]]:
        """The frames after a position (default: all that are kept) up to another (default: the end), each with its own.

        Raises PositionPruned if retention has removed some of them, JournalDamaged at one that cannot be read; with
        `gaps` such a frame is a lost connection (`disconnect`, and `malformed` for those that follow it) instead, and
        `on_damaged` gets the error.
        """
        after = self.begin if after is None else after
        self._has(after)
        return self._frames(after, until, gaps)

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

        What is removed ends with a checkpoint, so that every state after it can still be restored; what came after
        the last checkpoint stays.
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

    def rebuild(self, on_progress: Callable[[int], None] = lambda position: None) -> int:
        """Make the checkpoints that other code made anew, from the frames; returns their number.

        `on_progress` gets the position reached, now and then. The one that retention has left at the beginning stays:
        its frames are gone.
        """
        begin = self.begin
        old = [one.position for one in self.checkpoints() if one.version != stamp() and one.position > begin]
        if not old:
            return 0
        tracker, made = self.tracker(max(begin, min(old) - 1)), 0
        wanted = {*old, *range(begin + _EVERY, self.position, _EVERY)}
        for position, frame in self.frames(tracker.snapshot().position, max(old), gaps=True):
            tracker.feed(frame)
            if position in wanted:
                self.checkpoint(tracker)
                made += 1
            if position % _EVERY == 0:
                on_progress(position)
        return made

    def backup(self, to: str | PathLike[str]) -> int:
        """Copy the journal as it is now into a new file, while it is written and read; returns the last position in it.

        Raises JournalUnwritable if the file exists or cannot be written.
        """
        to = Path(to)
        try:
            to.touch(0o600, exist_ok=False)
        except OSError as error:
            raise JournalUnwritable(f"{to}: cannot be written: {error.strerror}") from None
        try:
            with closing(sqlite3.connect(to)) as copy:
                self._database.backup(copy)  # in one step: it is one moment, and in WAL mode nothing waits for it
                copy.execute("PRAGMA journal_mode = DELETE")
                (last,) = copy.execute("SELECT max(position) FROM frames").fetchone()
        except UNREADABLE as error:
            to.unlink(missing_ok=True)
            raise named(error, str(to)) from None
        return int(last or 0)

    def repair(self) -> salvage.Repaired:
        """Replace the file that this journal writes by a sound one (docs/journal.md); every position stays."""
        if self._lock is None:
            raise JournalUnwritable(f"{self.path}: was opened to be read only")
        with suppress(sqlite3.Error):
            self._database.close()
        found = salvage.repair_locked(self.path, end=self.position)
        self._database = open_for_writing(self.path, self.history)
        self._written = self._last_position()
        return found

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

    def _changes(self, resume: StreamPosition) -> Iterator[tuple[str, Change]]:
        tracker = self.tracker(resume.known)
        for position, frame in self._frames(resume.known, None, gaps=True):
            made = tracker.feed(frame)
            skip = resume.change if position == resume.frame else 0
            if skip > len(made):
                raise NoSuchPosition(f"{self.path}: frame {position} made {len(made)} changes, so there is no {resume}")
            for number, change in enumerate(made[skip:], skip + 1):
                yield str(StreamPosition(position, number)), change

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
