"""How far each webhook has come, and what could not be delivered: a SQLite file beside the journal.

A webhook is told of what follows its place. The place moves only once what it stands behind was delivered, or is in the
dead letters, in one transaction with that: after a crash at the worst one delivery is repeated, under the same id.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import astuple

from calltrack.journal import JournalUnwritable, StreamPosition

T = TypeVar("T")

KEPT = 10_000
"""Dead letters kept of one webhook; the oldest go."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS places (webhook TEXT PRIMARY KEY, place TEXT NOT NULL, waiting TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dead (
    number INTEGER PRIMARY KEY, webhook TEXT NOT NULL, id TEXT NOT NULL, event TEXT NOT NULL,
    failed_at REAL NOT NULL, attempts INTEGER NOT NULL, reason TEXT NOT NULL, body TEXT NOT NULL
);
"""
_FORGET = """
DELETE FROM dead WHERE webhook = ?1
AND number NOT IN (SELECT number FROM dead WHERE webhook = ?1 ORDER BY number DESC LIMIT ?2)
"""


class DeadLetter(Struct, frozen=True):
    """A delivery that was given up: `id` is its idempotency key, `failed_at` UTC epoch s, `body` what was sent."""

    number: int
    webhook: str
    id: str
    event: str
    failed_at: float
    attempts: int
    reason: str
    body: str


class Outbox:
    """The file, written in a thread of its own; everything raises JournalUnwritable if the disk refuses."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "webhooks")
        self._database = self._named(self._open)

    async def place(self, webhook: str) -> tuple[StreamPosition, str] | None:
        """How far a webhook has come, and what it noted there; None if it is new."""
        rows = await self._rows("SELECT place, waiting FROM places WHERE webhook = ?", webhook)
        return (StreamPosition.parse(rows[0][0]), rows[0][1]) if rows else None

    async def move(self, webhook: str, place: StreamPosition, waiting: str, dead: DeadLetter | None = None) -> None:
        """Have a webhook be as far as a place, with a letter given up on the way there."""
        await self._in_thread(lambda: self._move(webhook, place, waiting, dead))

    async def dead(self, limit: int, offset: int) -> tuple[int, list[DeadLetter]]:
        """How many dead letters there are, and some of them, the newest first."""
        count = await self._rows("SELECT count(*) FROM dead")
        rows = await self._rows("SELECT * FROM dead ORDER BY number DESC LIMIT ? OFFSET ?", limit, offset)
        return int(count[0][0]), [DeadLetter(*row) for row in rows]

    def close(self) -> None:
        """Let go of the file."""
        self._thread.submit(self._database.close)
        self._thread.shutdown()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        self._path.chmod(0o600)  # private: it holds names and numbers
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(_SCHEMA)
        return database

    def _move(self, webhook: str, place: StreamPosition, waiting: str, dead: DeadLetter | None) -> None:
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        try:
            database.execute("INSERT OR REPLACE INTO places VALUES (?, ?, ?)", (webhook, str(place), waiting))
            if dead is not None:
                database.execute("INSERT INTO dead VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", astuple(dead)[1:])
                database.execute(_FORGET, (webhook, KEPT))
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise

    async def _rows(self, query: str, *values: object) -> list[Any]:
        return await self._in_thread(lambda: self._database.execute(query, values).fetchall())

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._named, function)

    def _named(self, function: Callable[[], T]) -> T:
        try:
            return function()
        except (sqlite3.Error, OSError) as error:
            raise JournalUnwritable(f"{self._path}: webhooks' places cannot be kept: {error}") from None
