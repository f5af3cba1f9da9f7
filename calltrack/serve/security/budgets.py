"""What one role may take of the service at once, so that no role takes it from another.

Requests without a token share one budget. Connections that have not sent a whole request, or that wait for the next,
share another: the oldest of them goes when there are too many. Health is outside of all budgets.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUESTS = 64
"""Requests of one role that are under way at once, streams not counted; the same for all without a token together."""
SILENT = 256
"""Connections without a request at once."""
GRACE = 1.0
"""Seconds in which a new connection is not closed for another: many are accepted before any of them is read from."""
PATIENCE = 10.0
"""Seconds that a connection has to send a request, and that a request without a token may take."""


_MOST = 4096  # connections without a request, however new


class TooManyRequests(Exception):
    """A role has as many requests under way as it may have."""


class Requests:
    """How many requests each role has under way; the role of those without a token is ""."""

    def __init__(self) -> None:
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def one(self, role: str) -> Iterator[None]:
        """Take one place; raises TooManyRequests."""
        if self._under_way[role] >= REQUESTS:
            raise TooManyRequests
        self._under_way[role] += 1
        try:
            yield
        finally:
            self._under_way[role] -= 1
            if not self._under_way[role]:
                del self._under_way[role]


class Protocol(H11Protocol):
    """uvicorn's HTTP, with a limit on connections that have no request under way."""

    _silent: dict[Protocol, asyncio.TimerHandle] = {}
    """Of this process, the oldest first."""
    _since = 0.0
    gone: asyncio.Future[None] | None = None
    """Done when the connection is lost, for a response that is written to it without the server's help."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._is_silent()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._speaks()
        super().connection_lost(exc)
        if self.gone is not None and not self.gone.done():
            self.gone.set_result(None)

    def handle_events(self) -> None:
        """A whole request ends the silence."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and self.cycle is not None and not self.cycle.response_complete:
            self._speaks()
            self.scope["connection"] = self  # type: ignore[typeddict-unknown-key]  # for streams

    def handle_websocket_upgrade(self, event: Any) -> None:
        """So does a handshake."""
        self._speaks()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self._is_silent()

    def _is_silent(self) -> None:
        self._speaks()
        now = self.loop.time()
        while len(self._silent) >= SILENT:
            oldest = next(iter(self._silent))
            if now < oldest._since + GRACE and len(self._silent) < _MOST:
                break
            oldest._speaks()
            oldest.transport.abort()
        self._since = now
        self._silent[self] = self.loop.call_later(PATIENCE, self._give_up)

    def _speaks(self) -> None:
        if (timer := self._silent.pop(self, None)) is not None:
            timer.cancel()

    def _give_up(self) -> None:
        self._silent.pop(self, None)
        self.transport.abort()
