"""Polling as the second string: while a source's socket is down, or instead of a socket, full lists are asked for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, tzinfo

from calltrack.core.observations import times_of
from calltrack.feed.source import OnFrame, Source
from calltrack.live.network import Network
from calltrack.rest.polling import Poller, PollFailed
from calltrack.voicenter.frames import Frame

_log = logging.getLogger("calltrack.feed.polled")
_CONNECTED = frozenset({"loginSuccess", "loginStatus", "AllExtensionsStatus", "ExtensionEvent", "QueueEvent"})


class Polled:
    """A source whose silence is filled: as long as its connection is lost, a snapshot every `every_s`.

    What happens between two snapshots shows as differences of full lists, so it is inferred and marked. The lists name
    calls and stamps as the socket does; what lives is the same before and after a switch. zone: the account's, until a
    frame says the offset of its clock.
    """

    def __init__(
        self,
        source: Source,
        url: str,
        code: str,
        every_s: float,
        zone: tzinfo | None = None,
        network: Network | None = None,
    ) -> None:
        self.speed = source.speed
        self._source = source
        self._every_s = every_s
        self._zone = zone
        self._offset_min: float | None = None
        self._poller = Poller(url, code, self._offset, network)
        self._down = asyncio.Event()
        self._down.set()
        self._polling = False
        self._trouble = ""

    @property
    def stale_for(self) -> float | None:
        """Seconds since the source's server was last heard; None without a connection."""
        return self._source.stale_for

    def status(self) -> str:
        """What the source does, and whether it is polled."""
        polled = f"; polling every {self._every_s:g} s" if self._polling else ""
        return f"{self._source.status()}{polled}" + (f" ({self._trouble})" if self._trouble else "")

    async def run(self, on_frame: OnFrame) -> None:
        """Give every frame of the source, and of the snapshots in between."""

        def seen(frame: Frame) -> Awaitable[None] | None:
            offset_min = times_of(frame.body)[1]
            self._offset_min = self._offset_min if offset_min is None else offset_min
            if frame.event == "disconnect":
                self._down.set()
            elif frame.event in _CONNECTED:
                self._down.clear()
            return on_frame(frame)

        polling = asyncio.create_task(self._poll(on_frame))
        try:
            await self._source.run(seen)
        finally:
            polling.cancel()
            await asyncio.wait([polling])

    async def _poll(self, on_frame: OnFrame) -> None:
        while True:
            if not self._down.is_set():
                self._polling = False
                await self._down.wait()
            await asyncio.sleep(self._every_s)
            if not self._down.is_set():
                continue
            self._polling = True
            try:
                found = await self._poller.snapshot(round(time.time(), 3))
            except PollFailed as error:
                if not self._trouble:
                    _log.warning("polling failed: %s", error)
                self._trouble = str(error)
                continue
            self._trouble = ""
            for frame in found:
                if self._down.is_set() and (full := on_frame(frame)) is not None:
                    await full

    def _offset(self, at: float) -> float | None:
        if self._offset_min is not None or self._zone is None:
            return self._offset_min
        offset = datetime.fromtimestamp(at, UTC).astimezone(self._zone).utcoffset()
        return None if offset is None else offset.total_seconds() / 60
