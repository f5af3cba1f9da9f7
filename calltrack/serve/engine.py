"""The process behind the service: frames come in, are kept, are applied, and what they change is published.

    source ─► feed ─► Journal.append (durable) ─► Tracker.feed ─► Hub

Nothing is applied or published before it is durable. When the disk refuses, frames wait, nothing is published, and
`trouble` says so; when too many wait, the engine ends with the disk's error rather than go on without a journal.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from calltrack.core.snapshot import Snapshot
from calltrack.feed.source import SILENCE_S, Source
from calltrack.feed.wallclock import ServerClock
from calltrack.figures import Options
from calltrack.journal import Cadence, Journal, JournalDamaged, JournalUnwritable, StreamPosition
from calltrack.live.timing import Pace
from calltrack.serve.history.figures import Figures
from calltrack.serve.history.past import Past
from calltrack.serve.history.reading import JournalReader, Reader
from calltrack.serve.keeper import Keeper
from calltrack.serve.limits import KeptLimits
from calltrack.serve.security.scope import Reach
from calltrack.serve.stream.hub import Hub
from calltrack.serve.stream.state import View
from calltrack.serve.stream.unheard import unheard
from calltrack.voicenter.frames import Frame
from calltrack.words.recent import Stories

T = TypeVar("T")

REPEATED = 2000
"""Frames applied again at a start, so that clients that come back find what they missed in memory."""

MOST_CLIENTS = 10_000
"""Clients of the streams at once; more are asked to come back later."""

PATIENCE = 30.0
"""Seconds that one write may take before its client is given up."""

_BACKLOG = 1000  # frames that wait before a source that can be held back is
_MOST = 100_000  # frames that wait for a disk before it is given up
_TOGETHER = 500  # frames in one write
_AT_ONCE = 50  # frames applied between two chances for clients to be served
_AGAIN = 1.0  # s between two tries to write
_LOOK = 0.5  # s between two looks at whether the source is silent
_TIDY = 600.0  # s between two looks at what may go

_log = logging.getLogger("calltrack.serve")


class Retention(NamedTuple):
    """How much history is kept: seconds, bytes; None for all of it."""

    seconds: float | None = None
    size: int | None = None


class Engine:
    """One source's frames, kept, applied and published; it goes on from the state that the journal ends with.

    `anew` is whether the source begins anew with every start, so that what happened since the journal's end is unknown
    (a recording that is gone on with is not). `zone` is the account's, whose days figures are counted by; None for the
    stream's own offset. `reader` makes what reads the past, None for the journal's. `options` are how
    the account's figures are counted: its own words and hours. `run` ends when the source does.
    Of many engines in one process `turns` are those in which they write: what comes meanwhile goes with the next.
    Made and run in one event loop.
    """

    def __init__(
        self,
        source: Source,
        journal: Keeper,
        *,
        anew: bool = True,
        retention: Retention | None = None,
        zone: tzinfo | None = None,
        reader: Callable[[], Reader] | None = None,
        turns: Pace | None = None,
        options: Options | None = None,
    ) -> None:
        self.source = source
        self.trouble = ""
        self.most_clients = MOST_CLIENTS
        self.patience = PATIENCE
        self.stories = Stories()
        self.clock = ServerClock(source.speed)
        self.path = journal.path
        self.past = Past(reader or partial(JournalReader, journal.path))
        self._heard = time.monotonic()
        self._journal = journal
        journal.on_notice = _log.warning
        self.named_zone = zone
        self.options = options or Options()
        self._retention = retention or Retention()
        self._cadence = Cadence()
        self._turns = turns
        self._writer = ThreadPoolExecutor(1, "journal")
        self._waiting: deque[Frame] = deque()
        self._promised: dict[int, asyncio.Future[None]] = {}
        self.writing_s = 0.0
        self._ending = False
        self._lost = self._is_silent
        self._some, self._idle = asyncio.Event(), asyncio.Event()
        self._room: asyncio.Future[None] | None = None
        begin = max(journal.begin, journal.position - REPEATED)
        self.tracker = journal.tracker(begin)
        known = self.tracker.snapshot()
        self._reach = Reach(known.calls, known.extensions)
        self.view = View(self._shown, self.clock, source)
        self.hub = Hub(self.past.changes, StreamPosition(begin))
        for _, frame in journal.frames(begin, gaps=True):
            self._apply(frame)
        self.hub.flush()
        self._begun = self.tracker.snapshot()
        stored = [checkpoint.position for checkpoint in journal.checkpoints()]
        if journal.position - max(stored, default=0) > REPEATED:  # one that is killed often stores none on the way
            with suppress(JournalUnwritable):
                self._repairing(journal.checkpoint, self.tracker)
        self.figures = Figures(journal.path, lambda: self.view.snapshot, zone, reader)
        self.limits = KeptLimits(self.beside("limits.json"))
        if anew and journal.position and self._begun.resume.connected:
            self._waiting.append(Frame.of("disconnect", {"reason": "calltrack was restarted"}, time.time()))
            self._some.set()

    async def run(self) -> None:
        """Take everything that the source gives; raises what ends the source for good, and JournalError."""
        keeping = asyncio.create_task(self._keep())
        others = [asyncio.create_task(one) for one in (self._feed(), self._tidy(), self._listen(), self.figures.run())]
        try:
            done, _ = await asyncio.wait((keeping, *others), return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in others:
                task.cancel()
            # What was received is kept and applied to its end: the tracker must never lag behind the journal.
            self._ending = True
            self._some.set()
            await asyncio.wait((keeping, *others))
            if not keeping.cancelled() and keeping.exception() is not None:
                _log.error("%d frames were received and not kept: %s", len(self._waiting), keeping.exception())

    async def close(self) -> None:
        """Store the state, and let go of the journal; to be called when `run` has ended."""
        try:
            if self.tracker.snapshot().position == self._journal.position:
                with suppress(JournalUnwritable):
                    await self._in_writer(self._journal.checkpoint, self.tracker)
        finally:
            # Readers first: the last to leave a journal puts everything into the one file.
            await self.past.close()
            await self.figures.close()
            await self._in_writer(self._journal.close)
            self._writer.shutdown()

    @property
    def hour_options(self) -> Options:
        """How the last hour is counted: by the account's limit for the service level."""
        return replace(self.options, service_level_s=self.limits.limits.within_s)

    @property
    def owns_frames(self) -> bool:
        """Whether frames can be added: not where another process receives them and this one reads what it made."""
        return isinstance(self._journal, Journal)

    @property
    def backlog(self) -> int:
        """Frames that wait to be kept."""
        return len(self._waiting)

    def beside(self, name: str) -> Path:
        """The path of a file that stands beside the journal."""
        return self.path.with_name(f"{self.path.name}-{name}")

    @property
    def silent_s(self) -> float:
        """Seconds since a frame came."""
        return time.monotonic() - self._heard

    @property
    def zone(self) -> tzinfo:
        """The account's clock: as given, or the stream's own offset."""
        return self.figures.zone(self.view.snapshot)

    def feed(self, frame: Frame) -> Awaitable[Any] | None:
        """Take a frame; what is returned, if anything, is to be awaited before the next by who can hold it back."""
        self._waiting.append(frame)
        self._heard = time.monotonic()
        self._some.set()
        self._idle.clear()
        if len(self._waiting) < _BACKLOG:
            return None
        if self._room is None or self._room.done():
            self._room = asyncio.get_running_loop().create_future()
        return self._room

    def keep(self, frame: Frame) -> asyncio.Future[None]:
        """Take a frame that did not come from the source; what is returned is done when it is durable."""
        promised: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._promised[id(frame)] = promised
        self.feed(frame)
        return promised

    def last(self, count: int) -> Iterator[Frame]:
        """The last frames that the journal has, at most so many."""
        journal = self._journal
        return (frame for _, frame in journal.frames(max(journal.begin, journal.position - count), gaps=True))

    async def _feed(self) -> None:
        await self.source.run(self.feed)
        await self._idle.wait()
        self.clock.stop()
        self.hub.beat()

    async def _keep(self) -> None:
        while True:
            if self._turns is not None and self._waiting and not self._ending:
                await self._turns.turn()
            batch = [self._waiting.popleft() for _ in range(min(_TOGETHER, len(self._waiting)))]
            if not batch:
                if self._ending:
                    return
                self._some.clear()
                self._idle.set()
                await self._some.wait()
                continue
            await self._keep_batch(batch)
            if self._room is not None and not self._room.done() and len(self._waiting) < _BACKLOG:
                self._room.set_result(None)

    async def _keep_batch(self, batch: list[Frame]) -> None:
        while True:
            begin = time.monotonic()
            try:
                await self._in_writer(self._journal.append, batch)
                self.writing_s += time.monotonic() - begin
                break
            except JournalUnwritable as error:
                if not self.trouble:
                    _log.error("frames wait and nothing is published: %s", error)
                self.trouble = str(error)
                if self._ending or len(self._waiting) > _MOST:
                    raise
                await asyncio.sleep(_AGAIN)
        if self._promised:
            for frame in batch:
                promised = self._promised.pop(id(frame), None)
                if promised is not None and not promised.done():
                    promised.set_result(None)
        if self.trouble:
            _log.warning("the journal is written again")
            self.trouble = ""
        for count, frame in enumerate(batch, 1):
            self._apply(frame)
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)
        if self._cadence.due(self._journal.position):
            # Nothing feeds the tracker meanwhile: what does is waiting here.
            with suppress(JournalUnwritable):
                await self._in_writer(self._journal.checkpoint, self.tracker)

    def _apply(self, frame: Frame) -> None:
        changes = self.tracker.feed(frame)
        self.clock.hear(self.tracker.time)
        self.stories.see(changes)
        self.view.stale()
        self.hub.publish(changes, self._reach.abouts(changes))

    @property
    def _is_silent(self) -> bool:
        return (self.source.stale_for or 0.0) > SILENCE_S

    def _shown(self) -> Snapshot:
        snapshot = self.tracker.snapshot()
        return unheard(snapshot, self.source.status()) if self._lost else snapshot

    async def _listen(self) -> None:
        """Show the state as unknown while the source is silent: where another process connects, no frame says so."""
        while True:
            if self._is_silent != self._lost:
                self._lost = not self._lost
                self.hub.flush()  # what clients have was so before
                self.view.stale()
                self.hub.begin_anew("the source is silent" if self._lost else "the source is heard of again")
            await asyncio.sleep(_LOOK)

    async def _tidy(self) -> None:
        """Remove what is older, or more, than is to be kept; only when today's figures have read what there is."""
        await self.figures.wait_ready()
        if self._retention == (None, None):
            return
        while True:
            try:
                await self._in_writer(self._journal.prune, *self._retention)
            except JournalUnwritable as error:
                _log.warning("old frames stay: %s", error)
            await asyncio.sleep(_TIDY)

    async def _in_writer(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in the one thread that writes, to its end even if we are cancelled."""
        loop = asyncio.get_running_loop()
        doing = loop.run_in_executor(self._writer, self._repairing, function, *arguments)
        return await asyncio.shield(doing)

    def _repairing(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function that writes the journal; if that is damaged, repair it and call it once more."""
        try:
            return function(*arguments)
        except JournalDamaged as error:
            _log.error("the journal is repaired: %s", error)
            _log.warning("the journal is repaired: %s", self._journal.repair())
            return function(*arguments)
