"""What is remembered: past states, calls and changes, read in processes of their own, shared and rationed.

Who reads changes that memory has no more holds nothing but a place: each time it asks for the next few, which are
cut from a chunk that all who read the same share. So a client that does not read costs nothing here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import tzinfo
from typing import NamedTuple

from calltrack.core.changes import Change
from calltrack.core.errors import CalltrackError
from calltrack.core.records import Call
from calltrack.core.snapshot import Snapshot
from calltrack.journal import PositionPruned, StreamPosition
from calltrack.serve.history.reading import FRAMES, Chunk, Reader
from calltrack.serve.history.search import Asked, Found, found
from calltrack.serve.history.worker import Worker, WorkerEnded
from calltrack.serve.security.scope import Scope
from calltrack.serve.stream.hub import PIECE, Gone, Published

MOST_QUERIES = 4
"""Past states, stories, searches and figures that one role may have under way; more are refused."""

PATIENCE = 300.0
"""Seconds after which counting or searching the past is given up."""

_CHUNKS = 4  # kept in memory, some MB

_log = logging.getLogger("calltrack.serve")


class TooMany(Exception):
    """A role asks for more of the past at once than it may."""


class Kept:
    """What is kept of the past, and what hinders reading it; the log says that once."""

    def __init__(self) -> None:
        self._trouble = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Have reads of the past in here raise Gone for what is no longer there, or damaged."""
        try:
            yield
        except PositionPruned:
            raise Gone("this far back nothing is kept any more") from None
        except (CalltrackError, OSError) as error:
            if not self._trouble:
                _log.error("the past cannot be read, and is tried again: %s", error)
            self._trouble = True
            raise Gone("what is kept of it cannot be read; the log says why") from None
        except WorkerEnded:
            raise Gone("reading the past was ended; ask again") from None
        if self._trouble:
            _log.warning("the past is read again")
        self._trouble = False


class Ration:
    """How many queries of the past each role has under way."""

    def __init__(self) -> None:
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def one(self, role: str) -> Iterator[None]:
        """Take one place; raises TooMany."""
        if self._under_way[role] >= MOST_QUERIES:
            raise TooMany(f"at most {MOST_QUERIES} queries of the past at once; try again")
        self._under_way[role] += 1
        try:
            yield
        finally:
            self._under_way[role] -= 1
            if not self._under_way[role]:
                del self._under_way[role]


class Past:
    """The past as readers find it, each made by `make` in a process of its own."""

    def __init__(self, make: Callable[[], Reader]) -> None:
        self._queries, self._resumes, self._searches = Worker(make), Worker(make), Worker(make)
        self._chunks: OrderedDict[int, asyncio.Task[_Shared]] = OrderedDict()
        self._kept = Kept()
        self.ration = Ration()

    async def state_at(self, at: float) -> Snapshot:
        """The state at a server time, UTC epoch s; raises Gone if the journal does not reach back so far."""
        with self._kept.reading():
            snapshot = await self._queries.ask(_state_at, at)
        if snapshot.time is None:  # before the first frame, or before the first that says when it is
            raise Gone("the journal has nothing of this moment: it begins later")
        return snapshot

    async def story(self, call: Call, until: int) -> list[Change]:
        """Every change of a call up to a frame, as far as it is kept; [] if nothing is."""
        try:
            with self._kept.reading():
                return await self._queries.ask(_story, call, until)
        except Gone:
            return []

    async def find(self, asked: Asked, known: Snapshot, zone: tzinfo, scope: Scope) -> Found:
        """The calls that words name, up to a state, as a role sees them; raises Gone."""
        with self._kept.reading():
            try:
                async with asyncio.timeout(PATIENCE):
                    return await self._searches.ask(found, asked, known.calls, known.position, known.time, zone, scope)
            except TimeoutError:
                raise Gone(f"the search took longer than {PATIENCE:g} s; say since and until") from None

    async def changes(self, after: StreamPosition, until: StreamPosition) -> tuple[list[Published], StreamPosition]:
        """The next changes after a place up to another, a piece of them, with the place reached; raises Gone."""
        with self._kept.reading():
            chunk = await self._chunk(after.known)
        found = [one for one in chunk.changes if after < one.place <= until][: PIECE + 1]
        if len(found) > PIECE:
            return found[:PIECE], found[PIECE - 1].place
        reached = StreamPosition(chunk.end)
        if reached <= after:
            raise Gone("the journal ends before this position")
        return found, min(reached, until)

    async def close(self) -> None:
        """End the reading."""
        for worker in (self._queries, self._resumes, self._searches):
            await worker.close()

    async def _chunk(self, after: int) -> _Shared:
        """A chunk, which is read once for all who ask for it meanwhile."""
        number = after // FRAMES
        reading = self._chunks.get(number)
        if reading is None or _is_over(reading, after):
            reading = asyncio.create_task(self._read(after))
            reading.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._chunks[number] = reading
            while len(self._chunks) > _CHUNKS:
                self._chunks.popitem(last=False)
        self._chunks.move_to_end(number)
        return await asyncio.shield(reading)

    async def _read(self, after: int) -> _Shared:
        read = await self._resumes.ask(_chunk, after)
        return _Shared(read.begin, read.end, [Published(*one) for one in read.changes])


class _Shared(NamedTuple):
    """A chunk whose changes are encoded once for all who read them."""

    begin: int
    end: int
    changes: list[Published]


def _state_at(reader: Reader, at: float) -> Snapshot:
    return reader.state_at(at)


def _story(reader: Reader, call: Call, until: int) -> list[Change]:
    return reader.story(call, until)


def _chunk(reader: Reader, after: int) -> Chunk:
    return reader.chunk(after)


def _is_over(reading: asyncio.Task[_Shared], after: int) -> bool:
    """Whether it has to be read again: a chunk at the journal's end was not whole, one that failed may be there now."""
    if not reading.done():
        return False
    if reading.cancelled() or reading.exception() is not None:
        return True
    return not reading.result().begin <= after < reading.result().end
