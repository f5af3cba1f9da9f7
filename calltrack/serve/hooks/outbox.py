"""What is to be delivered, how far each webhook has followed the stream, and what could not be delivered.

A SQLite file beside the journal. A delivery is in it before it is sent, in one transaction with the place in the stream
that it was made at; it leaves once it was taken, or becomes a dead letter. After a crash what is in it is sent again,
under the same id: nothing is lost, and only what was taken in the last moment comes twice.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
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
CREATE TABLE IF NOT EXISTS pending (
    webhook TEXT NOT NULL, id TEXT NOT NULL, lane TEXT NOT NULL, event TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (webhook, id)
);
"""
_FORGET = """
DELETE FROM dead WHERE webhook = ?1
AND number NOT IN (SELECT number FROM dead WHERE webhook = ?1 ORDER BY number DESC LIMIT ?2)
"""


class Delivery(Struct, frozen=True):
    """What is sent: `id` is its idempotency key, `lane` what it is kept in order with (its call), `body` JSON."""

    id: str
    lane: str
    event: str
    body: bytes


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
    """The file, written in its own thread; everything raises JournalUnwritable if the disk refuses."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "webhooks")
        self._database = self._named(self._open)

    async def place(self, webhook: str) -> tuple[StreamPosition, str] | None:
        """How far a webhook has come, and what it noted there; None if it is new."""
        rows = await self._rows("SELECT place, waiting FROM places WHERE webhook = ?", webhook)
        return (StreamPosition.parse(rows[0][0]), rows[0][1]) if rows else None

    async def pending(self, webhook: str) -> list[Delivery]:
        """What is to be delivered, in the order of the stream."""
        rows = await self._rows("SELECT id, lane, event, body FROM pending WHERE webhook = ? ORDER BY rowid", webhook)
        return [Delivery(*row) for row in rows]

    async def take(self, webhook: str, place: StreamPosition, waiting: str, deliveries: Sequence[Delivery]) -> None:
        """Have a webhook be as far as a place, with the deliveries on the way there."""

        def write(database: sqlite3.Connection) -> None:
            database.execute("INSERT OR REPLACE INTO places VALUES (?, ?, ?)", (webhook, str(place), waiting))
            database.executemany(
                "INSERT OR IGNORE INTO pending VALUES (?, ?, ?, ?, ?)", [(webhook, *astuple(one)) for one in deliveries]
            )

        await self._transaction(write)

    async def settle(self, webhook: str, taken: Iterable[str], dead: Sequence[DeadLetter]) -> None:
        """Forget deliveries that were taken, by their ids, and those that were given up, which are dead letters now."""

        def write(database: sqlite3.Connection) -> None:
            gone = [*taken, *(letter.id for letter in dead)]
            database.executemany("DELETE FROM pending WHERE webhook = ? AND id = ?", [(webhook, one) for one in gone])
            for letter in dead:
                database.execute("INSERT INTO dead VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", astuple(letter)[1:])
            if dead:
                database.execute(_FORGET, (webhook, KEPT))

        await self._transaction(write)

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

    async def _transaction(self, write: Callable[[sqlite3.Connection], None]) -> None:
        def whole() -> None:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                write(self._database)
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

        await self._in_thread(whole)

    async def _rows(self, query: str, *values: object) -> list[Any]:
        return await self._in_thread(lambda: self._database.execute(query, values).fetchall())

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._named, function)

    def _named(self, function: Callable[[], T]) -> T:
        try:
            return function()
        except (sqlite3.Error, OSError) as error:
            raise JournalUnwritable(f"{self._path}: webhooks' deliveries cannot be kept: {error}") from None
