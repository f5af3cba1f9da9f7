"""The file: opened, created, distinguished from other files, and written by one process only."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from calltrack.journal.errors import UNREADABLE, JournalError, JournalUnwritable, NotAJournal, named
from calltrack.journal.lock import sidecar
from calltrack.journal.rows import sum_of

APPLICATION = 0x63_74_6A_31  # "ctj1", in the file's header
FORMAT = 1
"""Raised when a journal of this version cannot be read by the one before."""

_HEAD = b"SQLite format 3\x00"
_PATIENCE = 10.0  # s that one waits for another's moment of recovery or clean-up
_SCHEMA = """\
CREATE TABLE journal (history INTEGER NOT NULL, begin INTEGER NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE frames (
    position INTEGER PRIMARY KEY,
    latest REAL,
    offset_s REAL,
    received REAL,
    packed BLOB NOT NULL,
    odd BLOB,
    sum INTEGER NOT NULL
);
CREATE TABLE checkpoints (
    position INTEGER PRIMARY KEY,
    version TEXT NOT NULL,
    packed BLOB NOT NULL,
    sum INTEGER NOT NULL
);
"""


def open_for_writing(path: Path, history: int) -> sqlite3.Connection:
    """The journal at `path`, created if there is nothing; the caller holds its WriterLock."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # private: it holds names and numbers
    except OSError as error:
        raise JournalUnwritable(f"{path}: cannot be written: {error.strerror}") from None
    _is_ours_or_empty(path)
    database = _connect(path, "mode=rw")
    try:
        if _application(database) == 0 and _is_empty(database):
            _create(database, history)
        _check(database, path)
        database.execute("PRAGMA journal_mode = WAL")
        # Every commit is on the disk when it returns; on macOS that takes the second one too.
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA fullfsync = ON")
    except BaseException as error:
        database.close()
        if isinstance(error, UNREADABLE):
            raise named(error, str(path)) from None
        raise
    return database


def open_for_reading(path: Path) -> sqlite3.Connection:
    """The journal at `path`, while another process may be writing it, or on a disk that is read-only."""
    if not path.is_file():
        raise JournalError(f"{path}: {'is a directory' if path.is_dir() else 'no such file'}")
    _is_ours_or_empty(path)
    for how in ("mode=ro", "mode=ro&immutable=1"):
        database = _connect(path, how)
        try:
            _check(database, path)
            return database
        except BaseException as error:
            database.close()
            if not isinstance(error, UNREADABLE):
                raise
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise named(error, str(path)) from None
            if not is_clean(path):
                raise JournalUnwritable(
                    f"{path}: was not closed, and here SQLite cannot write what it needs to read such a file; "
                    f"copy it together with {sidecar(path, 'wal').name} to where it can"
                ) from None
    raise JournalUnwritable(f"{path}: cannot be read")


def is_clean(path: Path) -> bool:
    """Whether its last writer closed it; else SQLite finds what is missing in the -wal beside it."""
    try:
        return sidecar(path, "wal").stat().st_size == 0
    except FileNotFoundError:
        return True


def _is_ours_or_empty(path: Path) -> None:
    """SQLite itself takes a file that is shorter than a page for an empty one, and writes over it."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_HEAD))
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from None
    if head not in (b"", _HEAD):
        raise NotAJournal(f"{path}: not a journal")


def _connect(path: Path, how: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?{how}",
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise named(error, str(path)) from None


def _create(database: sqlite3.Connection, history: int) -> None:
    """All or nothing, so that a kill in between leaves an empty file, which is taken for a new journal."""
    database.execute("PRAGMA auto_vacuum = INCREMENTAL")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("BEGIN IMMEDIATE")
    for statement in filter(str.strip, _SCHEMA.split(";")):
        database.execute(statement)
    database.execute("INSERT INTO journal VALUES (?, 0, ?)", (history, sum_of(history, 0)))
    database.execute(f"PRAGMA application_id = {APPLICATION}")
    database.execute(f"PRAGMA user_version = {FORMAT}")
    database.execute("COMMIT")


def _check(database: sqlite3.Connection, path: Path) -> None:
    if _application(database) != APPLICATION:
        raise NotAJournal(f"{path}: not a journal, but a SQLite database of something else")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version != FORMAT:
        raise NotAJournal(
            f"{path}: a journal of format {version}, this version of calltrack reads {FORMAT}; take a newer one"
        )


def _application(database: sqlite3.Connection) -> int:
    (number,) = database.execute("PRAGMA application_id").fetchone()
    return int(number)


def _is_empty(database: sqlite3.Connection) -> bool:
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(tables == 0)
