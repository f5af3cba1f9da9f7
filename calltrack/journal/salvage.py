"""A damaged journal made sound again, and the exchange of one journal file for another.

Every row that reads as it was written goes into a new journal; a frame that does not becomes a gap, under its own
position, so that no position moves and none is given twice. The damaged file stays beside the new one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from calltrack.core.tracker import HISTORY, Tracker
from calltrack.journal.code import stamp
from calltrack.journal.errors import UNREADABLE, JournalDamaged, JournalUnwritable, NotAJournal, named
from calltrack.journal.file import APPLICATION, FORMAT, open_for_writing
from calltrack.journal.lock import WriterLock, real
from calltrack.journal.packing import Packer
from calltrack.journal.pages import Value, rows
from calltrack.journal.rows import Row, gap, sum_of

if TYPE_CHECKING:
    from calltrack.journal.journal import Journal

_TOGETHER = 1000  # rows in one transaction
_MARGIN = 128
"""Positions left out behind the last frame that reads: more than a page holds, so that none is given twice."""


class Repaired(NamedTuple):
    """What a repair found: frames that read, the (first, last) of those that became gaps, and the damaged file."""

    frames: int
    lost: tuple[tuple[int, int], ...]
    damaged: Path

    def __str__(self) -> str:
        runs = ", ".join(f"{first} to {last}" if first != last else f"{first}" for first, last in self.lost[:10])
        more = ", …" if len(self.lost) > 10 else ""
        lost = f"frames {runs}{more} could not be read and are gaps" if self.lost else "none is missing"
        return f"{self.frames} frames are as they were written, {lost}; the damaged file is {self.damaged.name}"


def repair(path: Path, *, end: int | None = None) -> Repaired:
    """Replace the damaged journal at `path` by a sound one; `end` is its last position, where that is known.

    Raises NotAJournal, and leaves the file as it is, if nothing in it is a journal's; JournalBusy while another process
    writes it, JournalUnwritable if the new one cannot be written.
    """
    lock = WriterLock(path)
    try:
        return repair_locked(path, end=end)
    except NotAJournal:
        if path.stat().st_size:  # an empty file may become a journal
            lock.forget()
        raise
    finally:
        lock.release()


def repair_locked(path: Path, *, end: int | None = None) -> Repaired:
    """As `repair`, for a caller that holds the journal's WriterLock and has closed its own connection."""
    path = real(path)
    _refuse_newer(path)
    with suppress(*UNREADABLE), closing(sqlite3.connect(path)) as database:  # what is in the log is put into the file
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    new = path.with_name(f"{path.name}-repair")
    _remove(new)
    try:
        found, lost = _salvage(path, new, end)
        damaged = swap(path, new, "damaged")
    except OSError as error:
        raise JournalUnwritable(f"{path}: cannot be repaired: {error.strerror or error}") from None
    except sqlite3.Error as error:
        raise named(error, str(new)) from None
    finally:
        _remove(new)
    return Repaired(found, lost, damaged)


def open_repaired(path: Path, note: Callable[[str], None]) -> Journal:
    """The journal at `path`, to be written, repaired if it is damaged; `note` gets what was found, in words."""
    from calltrack.journal.journal import Journal

    try:
        return Journal.open(path)
    except (JournalDamaged, NotAJournal) as error:
        if not path.is_file():
            raise
        note(str(error))
        note(f"{path}: repaired: {repair(path)}")
        return Journal.open(path)


def restore(backup: Path, path: Path) -> Path | None:
    """Put a copy of a backup in the place of a journal, which is kept beside it; returns where, None if there was none.

    Raises a JournalError, and alters nothing, if the backup is not a sound journal or the journal is being written.
    """
    from calltrack.journal.journal import Journal

    path = real(path)
    new = path.with_name(f"{path.name}-restore")
    with Journal.open(backup, read_only=True) as opened:
        for _ in opened.frames():
            pass
        lock = WriterLock(path)
        try:
            _remove(new)
            opened.backup(new)
            if path.exists():
                return swap(path, new, "replaced")
            new.replace(path)
            return None
        except OSError as error:
            raise JournalUnwritable(f"{path}: cannot be restored: {error.strerror or error}") from None
        finally:
            _remove(new)
            lock.release()


def swap(path: Path, new: Path, kept_as: str) -> Path:
    """Put a closed journal in the place of another, which is kept as PATH-WORD-NUMBER; returns that path."""
    number = 1
    while (kept := path.with_name(f"{path.name}-{kept_as}-{number}")).exists():
        number += 1
    with new.open("rb") as file:
        os.fsync(file.fileno())
    for suffix in ("", "-wal"):
        with suppress(FileNotFoundError):
            kept.with_name(f"{kept.name}{suffix}").hardlink_to(path.with_name(f"{path.name}{suffix}"))
    for suffix in ("-wal", "-shm"):  # or SQLite would put the old file's log into the new file
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return kept


def _refuse_newer(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(100)
    version, application = (int.from_bytes(head[at : at + 4], "big") for at in (60, 68))
    if application == APPLICATION and version > FORMAT:
        raise NotAJournal(f"{path}: a journal of format {version}; use the version of calltrack that wrote it")


def _salvage(path: Path, new: Path, end: int | None) -> tuple[int, tuple[tuple[int, int], ...]]:
    packer = Packer()
    with closing(open_for_writing(new, HISTORY)) as database:
        database.execute("PRAGMA synchronous = OFF")  # it is synced as a whole, before it takes its place
        _copy(database, path)
        found, begin, last = database.execute("SELECT count(*), min(position), max(position) FROM frames").fetchone()
        about = database.execute("SELECT history, begin FROM journal WHERE rowid > 1 ORDER BY begin DESC").fetchone()
        (stored,) = database.execute("SELECT max(position) FROM checkpoints").fetchone()
        if not found and about is None and stored is None:
            raise NotAJournal(f"{path}: not a journal, and nothing in it is a journal's")
        history = about[0] if about else HISTORY
        begin = about[1] if about else (begin or 1) - 1
        known = max(last or 0, begin, stored or 0)
        database.execute("BEGIN")
        database.execute("DELETE FROM journal")
        database.execute("INSERT INTO journal VALUES (?, ?, ?)", (history, begin, sum_of(history, begin)))
        database.execute("DELETE FROM frames WHERE position <= ?", (begin,))
        database.execute("DELETE FROM checkpoints WHERE position < ?", (begin,))
        lost = list(_fill(database, begin, known, packer))
        if end is not None and end > known:
            lost += _fill(database, begin, end, packer)
        elif end is None and lost_tail(database, path, bool(lost)):
            lost += _fill(database, begin, known + _MARGIN, packer)
        if begin:
            _begin_unknown(database, history, begin, packer)
        (found,) = database.execute("SELECT count(*) FROM frames").fetchone()
        database.execute("COMMIT")
    return found - sum(last - first + 1 for first, last in lost), tuple(lost)


def lost_tail(database: sqlite3.Connection, path: Path, damaged: bool) -> bool:
    """Whether frames after the last that reads may have been published: unless the file says where it ends."""
    with suppress(*UNREADABLE), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as old:
        (last,) = old.execute("SELECT max(position) FROM frames").fetchone()
        (copied,) = database.execute("SELECT max(position) FROM frames").fetchone()
        return bool(last != copied)
    return True


def _copy(database: sqlite3.Connection, path: Path) -> None:
    """All rows that are as they were written."""
    frames: list[Row] = []
    database.execute("BEGIN")
    for number, values in rows(path):
        if (row := _frame(number, values)) is not None:
            frames.append(row)
            if len(frames) >= _TOGETHER:
                database.executemany("INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?, ?, ?, ?)", frames)
                frames.clear()
        elif _is_checkpoint(number, values):
            database.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", (number, *values[1:]))
        elif len(values) == 3 and sum_of(*values[:2]) == values[2]:
            database.execute("INSERT INTO journal VALUES (?, ?, ?)", values)
    database.executemany("INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?, ?, ?, ?)", frames)
    database.execute("COMMIT")


def _frame(number: int, values: list[Value]) -> Row | None:
    if len(values) != 7 or not isinstance(values[4], bytes) or values[0] is not None:
        return None
    # SQLite keeps a whole number of a REAL column as an integer.
    latest, offset_s, received = (None if one is None else float(one) for one in values[1:4])
    odd, stated = values[5], values[6]
    if not isinstance(odd, bytes | None) or not isinstance(stated, int):
        return None
    row = Row(number, latest, offset_s, received, values[4], odd, stated)
    return row if row.real_sum() == stated else None


def _is_checkpoint(number: int, values: list[Value]) -> bool:
    if len(values) != 4 or values[0] is not None or not isinstance(values[2], bytes):
        return False
    return sum_of(number, values[1], data=values[2]) == values[3]


def _fill(database: sqlite3.Connection, begin: int, end: int, packer: Packer) -> Iterable[tuple[int, int]]:
    """Put gaps where frames are missing; yields the (first, last) of each run."""
    missing: list[tuple[int, int]] = []
    before = begin
    for (position,) in database.execute("SELECT position FROM frames ORDER BY position"):
        if position > before + 1:
            missing.append((before + 1, position - 1))
        before = position
    if before < end:
        missing.append((before + 1, end))
    for first, last in missing:
        found = database.execute("SELECT * FROM frames WHERE position = ?", (first - 1,)).fetchone()
        row = None if found is None else Row(*found)
        for position in range(first, last + 1):
            made = Row.of(gap(position, first), row, packer)._replace(position=position)
            row = made._replace(sum=made.real_sum())
            database.execute("INSERT INTO frames VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        yield first, last


def _begin_unknown(database: sqlite3.Connection, history: int, begin: int, packer: Packer) -> None:
    """If the state before the first frame is lost, store one in which nothing is known."""
    (known,) = database.execute("SELECT count(*) FROM checkpoints WHERE position = ?", (begin,)).fetchone()
    if known:
        return
    packed = packer.pack(Tracker(history=history, position=begin).snapshot().to_json().encode())
    made = begin, stamp()
    database.execute("INSERT INTO checkpoints VALUES (?, ?, ?, ?)", (*made, packed, sum_of(*made, data=packed)))


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
