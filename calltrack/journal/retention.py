"""Which of the oldest frames may go, and the room that they took back to the disk."""

from __future__ import annotations

import sqlite3


def all_older(database: sqlite3.Connection, position: int, than: float) -> bool:
    """Whether every frame up to a position is of before a moment (UTC epoch s), by our clock and by the server's.

    All of them, for a clock that was set back makes new frames look old; one that has no time goes with its neighbours.
    Both clocks, for one that is wrong by a year makes everything look old. What is between the two now is what the last
    frame has between them, so if ours goes wrong while frames come, their server times still say how old they are.
    """
    (younger,) = database.execute(_YOUNGER, {"position": position, "than": than}).fetchone()
    return not younger


def size(database: sqlite3.Connection) -> int:
    """Bytes on disk that hold something."""
    pages, free, page = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in _SIZES)
    return int((pages - free) * page)


def give_back(database: sqlite3.Connection) -> None:
    """Make the file smaller by what is free in it, as far as readers let it."""
    database.executescript("PRAGMA incremental_vacuum")  # execute() would take one step of it, a page
    database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


_YOUNGER = """
SELECT EXISTS (
    SELECT 1 FROM frames, (SELECT latest - received AS apart FROM frames ORDER BY position DESC LIMIT 1)
    WHERE position <= :position AND (coalesce(received, latest) >= :than OR latest - apart >= :than)
)
"""
_SIZES = ("page_count", "freelist_count", "page_size")
