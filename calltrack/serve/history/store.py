"""Rows that no frame can change any more, finished answers, and what names calls: SQLite beside the journal.

What is closed is counted once and kept. SQLite, for the rows that facts hand out and the rest that they still hold must
go in together: then a kill at any moment loses no row and doubles none, and a start goes on from there. And one process
writes it while another reads it. Everything here is made of the journal's frames: it may be deleted, and is made anew
when other code counts, or when the journal is another one. What retention removes from the journal goes from here too.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec

from calltrack.core.errors import NotASnapshot
from calltrack.core.records import Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.figures import Checkpoint, Facts, Rows
from calltrack.figures.rows import life
from calltrack.journal import Journal, JournalDamaged, JournalError
from calltrack.journal.code import stamp
from calltrack.journal.zstd import zstd
from calltrack.words.finding import Traits

FORMAT = 3
"""Raised when the store of this version cannot be read by the one before, or the other way round."""

_PATIENCE = 10.0  # s that one waits for another's transaction
_ANSWERS = 100_000_000  # bytes kept of answers, the newest; a month's page has 0.5 MB
_SCHEMA = """\
CREATE TABLE made (format INTEGER NOT NULL, code TEXT NOT NULL, covered REAL NOT NULL, begin INTEGER NOT NULL);
CREATE TABLE held (sum INTEGER NOT NULL, snapshot BLOB NOT NULL, checkpoint BLOB NOT NULL);
CREATE TABLE parts (position INTEGER PRIMARY KEY, first REAL NOT NULL, last REAL NOT NULL, rows BLOB NOT NULL);
CREATE TABLE calls (position INTEGER PRIMARY KEY, first REAL NOT NULL, last REAL NOT NULL, traits BLOB NOT NULL);
CREATE TABLE damage (position INTEGER PRIMARY KEY, reason TEXT NOT NULL);
CREATE TABLE answers (asked BLOB PRIMARY KEY, edition TEXT NOT NULL, since REAL NOT NULL, answer BLOB NOT NULL);
"""


CLOSED = ""
"""The edition of an answer that no frame can alter any more."""


class Held(NamedTuple):
    """A tracker's state, and what facts hold after the same frame, without the rows that they handed out before."""

    snapshot: Snapshot
    checkpoint: Checkpoint


class Store:
    """The store at `path`; begun anew if what is there is not of this code, or cannot be read.

    `covered` is the time (UTC epoch s) from which on no row is missing; -inf if none ever was.
    begin: False only takes one that is there; raises sqlite3.Error if nothing of this code can be read.
    """

    def __init__(self, path: Path, *, begin: bool = True) -> None:
        self.path = path
        try:
            self._database = _opened(path)
        except sqlite3.DatabaseError:
            if not begin:
                raise
            remove(path)
            self._database = _begun(path)

    @property
    def covered(self) -> float:
        """From when on it has everything; inf while it has nothing."""
        row = self._database.execute("SELECT covered FROM made").fetchone()
        return inf if row is None else float(row[0])

    @property
    def begin(self) -> float:
        """The frame after which it has all calls that ended; inf while it has nothing."""
        row = self._database.execute("SELECT begin FROM made").fetchone()
        return inf if row is None else int(row[0])

    def held(self, journal: Journal) -> Held | None:
        """What was stored last; None if there is nothing, or if it is of another journal's frames."""
        row = self._database.execute("SELECT sum, snapshot, checkpoint FROM held").fetchone()
        if row is None:
            return None
        try:
            known = Snapshot.from_json(_unpacked(row[1]))
            if not journal.begin <= known.position <= journal.position or row[0] != _sum(journal, known.position):
                return None
            return Held(known, Checkpoint.from_json(_unpacked(row[2])))
        except NotASnapshot:
            return None

    def facts(self, journal: Journal, since: float = -inf, until: float = inf) -> tuple[Snapshot, Facts] | None:
        """A tracker's state, and the facts of what lasted between two moments up to there; None as of `held`."""
        with self._at_once("BEGIN"):  # another process may add to it meanwhile
            if (held := self.held(journal)) is None:
                return None
            return held.snapshot, Facts.restore(held.checkpoint.after(self.rows(since, until)))

    def start(self, covered: float, begin: int) -> None:
        """Forget everything; what follows has every row from a time on, and every call that ended after a frame."""
        with self._at_once():
            for table in ("made", "held", "parts", "calls", "damage", "answers"):
                self._database.execute(f"DELETE FROM {table}")
            self._database.execute("INSERT INTO made VALUES (?, ?, ?, ?)", (FORMAT, _code(), covered, begin))

    def add(
        self,
        journal: Journal,
        rows: Rows,
        held: Held,
        calls: Sequence[Traits] = (),
        damage: Sequence[JournalDamaged] = (),
    ) -> None:
        """Add final rows, calls that ended and frames that did not read, and replace what facts still hold."""
        position = held.snapshot.position
        packed = _packed(held.snapshot.to_json().encode()), _packed(held.checkpoint.to_json())
        with self._at_once():
            if extent := _extent(rows):
                part = position, *extent, _packed(msgspec.msgpack.encode(rows))
                self._database.execute("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?)", part)
            if calls:
                first = min(-inf if one.started is None else one.started for one in calls)
                last = max(inf if one.ended_at is None else one.ended_at for one in calls)
                ended = position, first, last, _packed(msgspec.msgpack.encode(calls))
                self._database.execute("INSERT OR REPLACE INTO calls VALUES (?, ?, ?, ?)", ended)
            lost = [(one.position, one.reason) for one in damage]
            self._database.executemany("INSERT OR REPLACE INTO damage VALUES (?, ?)", lost)
            self._database.execute("DELETE FROM held")
            self._database.execute("INSERT INTO held VALUES (?, ?, ?)", (_sum(journal, position), *packed))

    def forget(self, begin: int) -> float | None:
        """Remove what is of frames up to a position; returns until when rows are missing now, None if none are."""
        (until,) = self._database.execute("SELECT max(last) FROM parts WHERE position <= ?", (begin,)).fetchone()
        with self._at_once():
            for table in ("calls", "damage"):
                self._database.execute(f"DELETE FROM {table} WHERE position <= ?", (begin,))
            if until is None:
                return None
            self._database.execute("DELETE FROM parts WHERE position <= ?", (begin,))
            self._database.execute("DELETE FROM answers WHERE since < ?", (until,))
            self._database.execute("UPDATE made SET covered = max(covered, ?)", (until,))
        return float(until)

    def rows(self, since: float, until: float) -> list[Rows]:
        """The rows of everything that lasted between two moments, and others of the same parts, in their order."""
        found = self._database.execute(
            "SELECT rows FROM parts WHERE last >= ? AND first < ? ORDER BY position", (since, until)
        )
        decoder = msgspec.msgpack.Decoder(Rows)
        return [decoder.decode(_unpacked(rows)) for (rows,) in found]

    def calls(self, since: float, until: float) -> Iterator[list[Traits]]:
        """Those that lived between two moments, and others, in the order of their ends; a later one of an id holds."""
        found = self._database.execute(
            "SELECT traits FROM calls WHERE last >= ? AND first < ? ORDER BY position", (since, until)
        )
        decoder = msgspec.msgpack.Decoder(list[Traits])
        return (decoder.decode(_unpacked(traits)) for (traits,) in found)

    def damage(self) -> list[tuple[int, str]]:
        """The frames among those that were counted that did not read, and why."""
        return self._database.execute("SELECT position, reason FROM damage ORDER BY position").fetchall()

    def answer(self, asked: bytes, *editions: str) -> bytes | None:
        """The answer that was kept of a question, if it is of one of these editions."""
        query = f"SELECT answer FROM answers WHERE asked = ? AND edition IN ({', '.join('?' * len(editions))})"
        row = self._database.execute(query, (asked, *editions)).fetchone()
        return None if row is None else _unpacked(row[0])

    def keep(self, asked: bytes, edition: str, answer: bytes, since: Seconds = -inf) -> None:
        """Keep an answer of an edition, CLOSED or `edition_of`; it counts what ended from a time on."""
        with self._at_once():
            kept = asked, edition, since, _packed(answer)
            self._database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", kept)
            sizes = "SELECT rowid, sum(length(answer)) OVER (ORDER BY rowid DESC) AS so_far FROM answers"
            older = f"SELECT rowid FROM ({sizes}) WHERE so_far > ?"
            self._database.execute(f"DELETE FROM answers WHERE rowid IN ({older})", (_ANSWERS,))

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextmanager
    def _at_once(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
        self._database.execute(begin)
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise


def _opened(path: Path) -> sqlite3.Connection:
    """A store that is there; raises sqlite3.Error if there is none, or other code made it."""
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", isolation_level=None, timeout=_PATIENCE, uri=True)
    try:
        row = database.execute("SELECT format, code FROM made").fetchone()
        if row is not None and row != (FORMAT, _code()):
            raise sqlite3.DatabaseError("other code made it")
        database.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is counted again
    except sqlite3.Error:
        database.close()
        raise
    return database


def _begun(path: Path) -> sqlite3.Connection:
    """A new store, with nothing in it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # private: it holds names and numbers
    with closing(sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
    return _opened(path)


def _packed(data: bytes) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


def _unpacked(packed: bytes) -> bytes:
    try:
        return zstd.decompress(packed)
    except zstd.ZstdError as error:
        raise sqlite3.DatabaseError(f"damaged: {error}") from None


def remove(path: Path) -> None:
    """Remove a store, and what SQLite has beside it."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def beside(journal: Path) -> Path:
    """Where the store of a journal is."""
    return journal.with_name(f"{journal.name}-figures")


def _code() -> str:
    return stamp("figures", "words")


def edition_of(journal: Journal, position: int) -> str:
    """What distinguishes a journal's frames up to a position from fewer, more, or another journal's."""
    return f"{journal.begin} {position} {_sum(journal, position)}"


def _sum(journal: Journal, position: int) -> int:
    """What distinguishes the frame at a position from that of another journal; 0 if it cannot be read."""
    if not position:
        return 0
    try:
        return next((crc32(frame.raw) for _, frame in journal.frames(position - 1, position)), 0)
    except JournalError:
        return 0


def _extent(rows: Rows) -> tuple[float, float] | None:
    """From when until when these rows lasted; None if there are none."""
    lives = [life(row) for name in rows.__struct_fields__ for row in getattr(rows, name)]
    if not lives:
        return None
    first = min(-inf if began is None else began for began, _ in lives)
    return first, max(inf if ended is None else ended for _, ended in lives)
