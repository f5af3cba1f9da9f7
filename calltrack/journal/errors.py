"""Errors of the journal, each with the file, the reason, and what to do where something can be done.

::

    CalltrackError
    └── JournalError           the journal cannot be used
        ├── NotAJournal        the file is something else, or a journal of a newer format
        ├── JournalBusy        another process writes it; says which
        ├── JournalUnwritable  the disk is full, read-only or failing; nothing of what was asked is in it
        ├── JournalDamaged     what is stored does not read as it was written
        └── NoSuchPosition     a position or time that is not, or not yet, in it
            └── PositionPruned   not any more: retention has removed it
"""

from __future__ import annotations

import sqlite3

from calltrack.core.errors import CalltrackError


class JournalError(CalltrackError):
    """Anything that the journal raises."""


class NotAJournal(JournalError):
    """The file is no journal that this version reads."""


class JournalBusy(JournalError):
    """Another process writes this journal, and there can be one writer only."""


class JournalUnwritable(JournalError):
    """It cannot be written: nothing of the call that raised this is in it, all before is, and the next may succeed."""


class JournalDamaged(JournalError):
    """A stored frame, the one at `position`, or the file itself (None), does not read as it was written."""

    def __init__(self, path: str, reason: str, position: int | None = None) -> None:
        super().__init__(f"{path}: {reason}" if position is None else f"{path}: frame {position}: {reason}")
        self.reason = reason
        self.position = position


class NoSuchPosition(JournalError):
    """A position that the journal does not have."""


class PositionPruned(NoSuchPosition):
    """A position or time before the first frame that retention has kept."""


UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What the standard library raises of a file; the second one of a text in it that is none."""


def named(error: sqlite3.Error | UnicodeDecodeError, path: str) -> JournalError:
    """Their error as one of ours, by SQLite's code, since its texts change."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return JournalUnwritable(f"{path}: the disk is full; make room and go on")
    if code == sqlite3.SQLITE_READONLY:
        return JournalUnwritable(f"{path}: cannot be written: the file, its folder or the disk is read-only")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM):
        return JournalUnwritable(f"{path}: the disk fails or refuses: {error}")
    if code == sqlite3.SQLITE_CANTOPEN:
        return JournalUnwritable(f"{path}: cannot be opened: {error}")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JournalBusy(f"{path}: another process has locked it for too long")
    if code == sqlite3.SQLITE_NOTADB:
        return NotAJournal(f"{path}: not a journal")
    return JournalDamaged(path, f"the file is damaged: {error}")
