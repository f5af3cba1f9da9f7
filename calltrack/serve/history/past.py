"""What the journal remembers, read beside the process's own writing: past states and past changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from calltrack.core.changes import Change
from calltrack.core.records import Call
from calltrack.core.snapshot import Snapshot
from calltrack.journal import Journal, JournalError, PositionPruned, StreamPosition
from calltrack.serve.security.scope import Reach
from calltrack.serve.stream.hub import Gone, Published

T = TypeVar("T")

_MARGIN = 60.0  # s around a call in which its frames are looked for: they trail its own times
_LONGEST = 100_000  # frames looked through for one call
_TOGETHER = 500  # frames read between two chances for others

_log = logging.getLogger("calltrack.serve")


@contextmanager
def what_is_kept() -> Iterator[None]:
    """Have whoever reads the journal in here raise Gone for what is no longer there, or damaged."""
    try:
        yield
    except PositionPruned:
        raise Gone("this far back nothing is kept any more") from None
    except JournalError as error:
        _log.error("the past cannot be read: %s", error)
        raise Gone("what is kept of it cannot be read; the log says why") from None


class Past:
    """One reader of the journal at `path`, used by one request after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._journal: Journal | None = None
        self._reader = ThreadPoolExecutor(1, "history")

    async def state_at(self, at: float) -> Snapshot:
        """The state at a server time, UTC epoch s; raises Gone if the journal does not reach back so far."""
        snapshot = await self._read(lambda journal: journal.tracker(journal.position_at(at)).snapshot())
        if snapshot.time is None:  # before the first frame, or before the first that says when it is
            raise Gone("the journal has nothing of this moment: it begins later")
        return snapshot

    async def story(self, call: Call, until: int) -> list[Change]:
        """Every change of a call up to a frame, as far as it is kept; [] if nothing is."""
        try:
            return await self._read(lambda journal: _story(journal, call, until))
        except Gone:
            return []

    async def changes(
        self, after: StreamPosition, until: StreamPosition
    ) -> AsyncGenerator[tuple[list[Published], StreamPosition], None]:
        """The changes after a place up to another, some at a time, each time with the place reached; raises Gone."""
        reading = await self._read(lambda journal: _reading(journal, after, until))
        while (some := await self._read(lambda _: next(reading, None))) is not None:
            yield some

    def close(self) -> None:
        """End the reading."""
        self._reader.submit(self._close)
        self._reader.shutdown()

    def _close(self) -> None:
        if self._journal is not None:
            self._journal.close()

    async def _read(self, read: Callable[[Journal], T]) -> T:
        loop = asyncio.get_running_loop()
        with what_is_kept():
            return await loop.run_in_executor(self._reader, lambda: read(self._opened()))

    def _opened(self) -> Journal:
        if self._journal is None:
            self._journal = Journal.open(self._path, read_only=True)
            self._journal.on_notice = _log.warning
        return self._journal


def _story(journal: Journal, call: Call, until: int) -> list[Change]:
    begin = journal.position_at((call.started or 0) - _MARGIN)
    if call.ended_at is not None:
        until = min(until, journal.position_at(call.ended_at + _MARGIN))
    tracker = journal.tracker(begin)
    found: list[Change] = []
    for _, frame in journal.frames(begin, min(until, begin + _LONGEST), gaps=True):
        found += [one for one in tracker.feed(frame) if getattr(one, "call_id", "") == call.call_id]
    return found


def _reading(
    journal: Journal, after: StreamPosition, until: StreamPosition
) -> Iterator[tuple[list[Published], StreamPosition]]:
    """As Past.changes; what each change is about is known from all that its call did before."""
    tracker = journal.tracker(after.known)
    snapshot = tracker.snapshot()
    reach = Reach(snapshot.calls, snapshot.extensions)
    found: list[Published] = []
    for position, frame in journal.frames(after.known, until.frame, gaps=True):
        changes = tracker.feed(frame)
        abouts = reach.abouts(changes)
        for number, (change, about) in enumerate(zip(changes, abouts, strict=True), 1):
            if after < (place := StreamPosition(position, number)) <= until:
                found.append(Published(place, change, about))
        if (position - after.known) % _TOGETHER == 0:
            yield found, StreamPosition(position)
            found = []
    yield found, until
