"""What is in the file: rows, frames and states, as far as they read; of a damaged page those of the others."""

from __future__ import annotations

import math
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from calltrack.core.errors import NotASnapshot, OtherFormat
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.journal.code import stamp
from calltrack.journal.errors import UNREADABLE, JournalDamaged, NoSuchPosition, PositionPruned, named
from calltrack.journal.packing import Packer
from calltrack.journal.rows import Row, gap, sum_of
from calltrack.voicenter.frames import Frame

_AT_ONCE = 500  # frames read at a time: a reader that stays open keeps SQLite's log from being folded in


class Checkpoint(NamedTuple):
    """A stored state: after which frame, made by which version and code of calltrack, its size (bytes)."""

    position: int
    version: str
    size: int


class Reading:
    """The part of a journal that only reads; `_written` is the last position for the one that writes, else None."""

    _written: int | None = None

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self.on_notice: Callable[[str], None] = lambda text: warnings.warn(text, stacklevel=3)
        self.on_damaged: Callable[[JournalDamaged], None] = lambda error: None
        """Gets each frame that does not read and that `frames(gaps=True)` puts a lost connection for."""
        self._database = database
        self._packer = Packer()
        self._noticed = False
        self._damaged: tuple[int, dict[int, Row]] = (-1, {})
        self.history = self._about()[0]

    @property
    def position(self) -> int:
        """The last durable position; positions count from 1, 0 is an empty journal."""
        return self._last_position() if self._written is None else self._written

    @property
    def begin(self) -> int:
        """The position before the first frame that is kept: 0 unless retention has removed some."""
        return self._about()[1]

    def checkpoints(self) -> list[Checkpoint]:
        """The stored states, oldest first; of a damaged file those that SQLite can read before the damage."""
        query = "SELECT position, version, length(packed) FROM checkpoints WHERE position >= 0 ORDER BY position"
        found: list[Checkpoint] = []
        try:
            with self._naming():
                for row in self._database.execute(query):
                    found.append(Checkpoint(*row))  # what came before the damage stays
        except JournalDamaged as error:
            self.on_notice(f"{error}; calltrack journal repair {self.path} saves what can be read")
        return found

    def _has(self, position: int) -> None:
        if position > self.position:
            raise NoSuchPosition(f"{self.path}: no frame {position}, it ends with {self.position}")
        if position < self.begin:
            raise PositionPruned(f"{self.path}: what was at {position} has been removed, it begins after {self.begin}")

    def _frames(self, after: int, until: int | None, gaps: bool) -> Iterator[tuple[int, Frame]]:
        damaged_before = False
        while after < (end := self.position if until is None else min(until, self.position)):
            last = min(end, (after // _AT_ONCE + 1) * _AT_ONCE)
            rows = self._rows(after, last)
            for position in range(after + 1, last + 1):
                frame: Frame | JournalDamaged = self._frame(rows.get(position), position)
                if isinstance(frame, JournalDamaged):
                    self._has(after)  # it may have been pruned meanwhile
                    if not gaps:
                        raise frame
                    self.on_damaged(frame)
                    frame, damaged_before = gap(position, 0 if damaged_before else position), True
                else:
                    damaged_before = False
                yield position, frame
                after = position

    def _rows(self, after: int, last: int) -> dict[int, Row]:
        """The rows between two positions that SQLite can read: where a page is damaged, those of the others."""
        if self._damaged[0] == last:  # a reader that goes on behind each damaged frame comes here for each
            return self._damaged[1]
        try:
            query = "SELECT * FROM frames WHERE position BETWEEN ? AND ?"
            return {row[0]: Row._make(row) for row in self._all(query, (after + 1, last))}
        except JournalDamaged:
            begin = (last - 1) // _AT_ONCE * _AT_ONCE
            found = {at: row for at in range(begin + 1, last + 1) if (row := self._row(at)) is not None}
            if last % _AT_ONCE == 0:  # what is not full yet may get more
                self._damaged = last, found
            return found

    def _row(self, position: int) -> Row | None:
        """One row, if SQLite can read it and it is there."""
        with suppress(JournalDamaged):
            for row in self._all("SELECT * FROM frames WHERE position = ?", (position,)):
                return Row._make(row)
        return None

    def _frame(self, row: Row | None, position: int) -> Frame | JournalDamaged:
        if row is None:
            return JournalDamaged(str(self.path), "is missing", position)
        try:
            return row.frame(self._packer)
        except ValueError as error:
            return JournalDamaged(str(self.path), f"not as it was written: {error}", position)

    def _snapshot_before(self, position: int) -> Snapshot | None:
        """The latest state at or before a position that reads and was made by this code.

        The one that retention has left at the beginning is taken from other code as well: its frames are gone. If it
        has a format that this code does not read, nothing is known at the beginning.
        """
        begin, others = self.begin, 0
        for stored in reversed(self.checkpoints()):
            if stored.position > position:
                continue
            if stored.version != stamp() and not (stored.position == begin and begin):
                others += 1
            elif (snapshot := self._snapshot(stored)) is not None:
                self._notice_others(others)
                return snapshot
        self._notice_others(others)
        return None

    def _notice_others(self, count: int) -> None:
        if count and not self._noticed:
            self._noticed = True
            self.on_notice(
                f"{self.path}: {count} checkpoints were made by other code and are not used, so the frames are read; "
                f"make them anew: calltrack journal rebuild {self.path}"
            )

    def _snapshot(self, stored: Checkpoint) -> Snapshot | None:
        try:
            packed, expected = self._one("SELECT packed, sum FROM checkpoints WHERE position = ?", (stored.position,))
            if not isinstance(packed, bytes) or sum_of(stored.position, stored.version, data=packed) != expected:
                raise ValueError("its sum is wrong")
            return Snapshot.from_json(self._packer.unpack(packed))
        except OtherFormat as error:
            if stored.position != self.begin:
                self.on_notice(f"{self.path}: the checkpoint at frame {stored.position} is not used: {error}")
                return None
            self.on_notice(
                f"{self.path}: it begins after frame {stored.position} with nothing known of the frames before, which "
                f"are gone: their checkpoint is {error}"
            )
            return Tracker(history=self.history, position=stored.position).snapshot()
        except (ValueError, NotASnapshot, JournalDamaged) as error:
            self.on_notice(
                f"{self.path}: the checkpoint at frame {stored.position}, by calltrack {stored.version}, "
                f"cannot be used, an earlier one is: {error}"
            )
            return None

    def _time(self, position: int) -> float:
        """The greatest server time up to a position; of a damaged frame that up to the one before."""
        for at in range(position, self.begin, -1):
            if (row := self._row(at)) is not None and row.real_sum() == row.sum:
                return -math.inf if row.latest is None else row.latest
        return -math.inf

    def _check_end(self) -> None:
        """Raise JournalDamaged if the last frame is not as it was written: the next one is made from it."""
        with self._naming():
            row = self._end()
        if (row is None) != (self.position == self.begin) and self.position:
            raise JournalDamaged(str(self.path), "the file is damaged: its end is not where it was")
        if row is not None:
            try:
                row.check()
            except ValueError as error:
                raise JournalDamaged(str(self.path), f"not as it was written: {error}", row.position) from None

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
        try:
            (last,) = self._one("SELECT max(position) FROM frames")
            return int(last or 0)
        except JournalDamaged:
            return self._last_readable()

    def _last_readable(self) -> int:
        """The last frame that a reader can get at, where the page with the end is damaged."""
        low, step = max((self.begin, *(one.position for one in self.checkpoints()))), 1
        while self._row(low + step) is not None:
            low, step = low + step, step * 2
        high = low + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._row(middle) is not None else (low, middle)
        return low

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
