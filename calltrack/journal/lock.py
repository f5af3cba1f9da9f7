"""One process writes a journal: SQLite's own lock, on a file next to it, keeps all others out.

`JOURNAL-writer` is a database of one row, who holds it. A transaction that is begun and never ended keeps other writers
out while readers can ask who it is; the kernel ends it with the process, however that ends. It is the one lock that
works alike on every system that Python runs on.
"""

from __future__ import annotations

import os
import platform
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from calltrack.journal.errors import JournalBusy, JournalUnwritable

_MOMENT = 1.0  # s that one waits for others who only ask


class WriterLock:
    """Held by the one process that writes; the kernel lets go of it however that process ends.

    The file stays after the release, with the last holder in it. Raises JournalBusy, JournalUnwritable.
    """

    def __init__(self, path: Path) -> None:
        self._made: Path | None = None
        name = sidecar(path, "writer")
        try:
            # Only if there is none: closing any descriptor of a file lets go of every lock of this process on it.
            os.close(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            self._made = name
        except FileExistsError:
            pass
        except OSError as error:
            raise JournalUnwritable(f"{path}: cannot be written: {name.name}: {error.strerror}") from None
        self._database = _connect(name)
        try:
            self._take(name)
        except sqlite3.Error as error:
            holder = _holder(self._database)
            self._database.close()
            if not _is_busy(error):
                raise JournalUnwritable(f"{path}: cannot be written: {name.name}: {error}") from None
            raise JournalBusy(f"{path}: is being written by {holder}; it can be read meanwhile") from None

    def release(self) -> None:
        """Let the next one write."""
        self._database.close()

    def forget(self) -> None:
        """Let go of what turned out to be no journal, which nobody can write, and leave no file beside it."""
        self.release()
        if self._made is not None:
            self._made.unlink(missing_ok=True)

    def _take(self, name: Path) -> None:
        try:
            _begin(self._database)
        except sqlite3.DatabaseError as error:
            if _code(error) != sqlite3.SQLITE_NOTADB:
                raise
            # Of an earlier version, whose lock was another: left behind, or held now.
            self._database.close()
            if _is_held_by_earlier(name):
                raise JournalBusy(
                    f"{name}: an earlier version of calltrack writes this journal; stop it first"
                ) from None
            os.truncate(name, 0)
            self._database = _connect(name)
            _begin(self._database)
        me = (os.getpid(), platform.node())
        try:
            self._database.execute("CREATE TABLE IF NOT EXISTS holder (pid INTEGER, host TEXT)")
            self._database.execute("DELETE FROM holder")
            self._database.execute("INSERT INTO holder VALUES (?, ?)", me)
            self._database.execute("COMMIT")
        except sqlite3.Error:  # on a full disk the lock is held all the same, by an unknown
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
        self._database.execute("BEGIN IMMEDIATE")


def writer(path: Path) -> str:
    """Return in words who writes the journal now; "" if no process does."""
    name = sidecar(path, "writer")
    if not name.exists():
        return ""
    try:
        with closing(_connect(name, timeout=0.0)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                return _holder(database) if _is_busy(error) else ""
    except sqlite3.Error:
        pass
    return ""


def sidecar(path: Path, what: str) -> Path:
    """Return the path of a companion file, named as SQLite names its own, by whichever link the journal is opened."""
    found = real(path)
    return found.with_name(f"{found.name}-{what}")


def real(path: Path) -> Path:
    """Return the path behind all links; of links that lead in a circle one of them, which cannot be opened."""
    return Path(os.path.realpath(path))  # Path.resolve raises RuntimeError for a circle before Python 3.13


def _is_held_by_earlier(name: Path) -> bool:
    """Whether a version before 0.2 writes, which held the file by flock; that SQLite's lock does not see."""
    try:
        import fcntl
    except ImportError:  # on Windows, where those versions did not run
        return False
    with name.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without that lock
            pass
    return False


def _connect(name: Path, timeout: float = _MOMENT) -> sqlite3.Connection:
    # Not bound to a thread: the one that ends a journal may be another than the one that opened it.
    return sqlite3.connect(name, timeout=timeout, isolation_level=None, check_same_thread=False)


def _begin(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA page_size = 512")  # one row has to fit on a disk that a journal almost fills
    database.execute("PRAGMA journal_mode = MEMORY")
    database.execute("BEGIN IMMEDIATE")


def _holder(database: sqlite3.Connection) -> str:
    with suppress(sqlite3.Error):
        for pid, host in database.execute("SELECT pid, host FROM holder"):
            return f"process {pid} on {host}"
    return "another process"


def _is_busy(error: sqlite3.Error) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
