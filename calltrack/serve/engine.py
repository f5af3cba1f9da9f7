"""The process behind the service: frames come in, are kept, are applied, and what they change is published.

    source ─► feed ─► journal (durable) ─► Tracker.feed ─► Hub

Nothing is applied or published before it is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from calltrack.serve.hub import Gone, Hub, Published
from calltrack.serve.positions import Place
from calltrack.serve.scope import Reach
from calltrack.serve.state import View
from calltrack.source import Source
from calltrack.stories import Stories
from calltrack.tracker import Tracker
from calltrack.wallclock import ServerClock
from calltrack.wire import Frame

BACKLOG = 2000
"""Frames that may wait to be kept before a source that can is held back."""


class Engine:
    """One source's frames, applied and published; `run` ends when the source does."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tracker = Tracker()
        self.stories = Stories()
        self.clock = ServerClock(source.speed)
        self.view = View(self.tracker.snapshot, self.clock, source.status, source.speed)
        self.hub = Hub(self._recall, Place(self.tracker.snapshot().position))
        self._reach = Reach()
        self._position = 0

    async def run(self) -> None:
        """Take everything that the source gives, and tell the time in between; raises what ends the source."""
        await self.source.run(self.feed)
        self.clock.stop()
        self.hub.beat()

    def feed(self, frame: Frame) -> Awaitable[None] | None:
        """Apply a frame."""
        changes = self.tracker.feed(frame)
        self._position += 1
        self.clock.told(self.tracker.time)
        self.stories.see(changes)
        self.view.stale()
        self.hub.publish(self._position, changes, self._reach.abouts(changes))
        return asyncio.sleep(0) if self._position % BACKLOG == 0 else None

    async def _recall(self, after: Place, until: Place) -> list[Published]:
        raise Gone("this position is no longer kept")
