"""A connection's HTTP: what it may send before it is refused, and how many may wait without a request.

uvicorn reads it with the parser of httptools, which keeps what it is given without a limit. The limits are here: of a
request's head, of what may stand between two parts of a body, and of requests that are sent ahead of their answers.
Fields after a body (trailers) are ignored, for they would come after the head was judged.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

SILENT = 256
"""Connections without a request at once."""
GRACE = 1.0
"""Seconds in which a new connection is not closed for another: many are accepted before any of them is read from."""
PATIENCE = 10.0
"""Seconds that a connection has to send a request, and that a request without a token may take."""
LARGEST = 64 * 1024
"""Bytes of a head, and of anything else that is not a body."""

_MOST = 4096  # connections without a request, however new
_AHEAD = 16  # requests of one connection that wait for their turn
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n"
    b"x-content-type-options: nosniff\r\n\r\n"
)


class Refused(Exception):
    """A request that the parser understands and that is answered with 400, like one that it does not."""


class Silent:
    """The connections of one server that have no request under way, the longest silent first."""

    def __init__(self) -> None:
        self._since: dict[Protocol, float] = {}
        self._next: asyncio.TimerHandle | None = None

    def add(self, one: Protocol) -> None:
        """It is silent from now on; another is given up for it if there are too many."""
        self._since.pop(one, None)
        now = one.loop.time()
        while len(self._since) >= SILENT:
            oldest, since = next(iter(self._since.items()))
            if now < since + GRACE and len(self._since) < _MOST:
                break
            self._give_up(oldest)
        self._since[one] = now
        if self._next is None:
            self._next = one.loop.call_later(PATIENCE, self._look, one.loop)

    def remove(self, one: Protocol) -> None:
        """It is silent no more."""
        self._since.pop(one, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give up those that have been silent for too long, and look again when the next one will have been."""
        self._next = None
        while self._since:
            oldest, since = next(iter(self._since.items()))
            if (left := since + PATIENCE - loop.time()) > 0:
                self._next = loop.call_later(left, self._look, loop)
                break
            self._give_up(oldest)

    def _give_up(self, one: Protocol) -> None:
        del self._since[one]
        one.transport.abort()


class Watched(asyncio.Protocol):
    """A connection that a stream is written to without the server's help, in the scope as "connection"."""

    gone: asyncio.Future[None] | None = None
    """Done when it is lost."""
    onward: Callable[[], None] | None = None
    """Called when it takes more."""
    transport: asyncio.Transport

    def resume_writing(self) -> None:
        """It takes more."""
        super().resume_writing()
        if self.onward is not None:
            self.onward()

    def lost(self) -> None:
        """Say so, and free the transport: it has a method of its own, which Python 3.12 lets go when closed."""
        if self.gone is not None and not self.gone.done():
            self.gone.set_result(None)
        self.onward = None
        self.transport.close()
        if sys.version_info < (3, 12):
            self.transport._read_ready_cb = None  # type: ignore[attr-defined]


class SocketProtocol(Watched, WebSocketsSansIOProtocol):
    """uvicorn's WebSocket."""

    def handle_connect(self, event: Any) -> None:
        """A handshake: it is answered by a task, which finds the connection."""
        super().handle_connect(event)
        if scope := getattr(self, "scope", None):
            scope["connection"] = self

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it, and its request; what reads messages refers to itself."""
        super().connection_lost(exc)
        self.lost()
        self.conn.parser.close()
        self.scope = None  # type: ignore[assignment]


class Protocol(Watched, HttpToolsProtocol):
    """uvicorn's HTTP, with limits on what is sent, and on connections that have no request under way."""

    # With more than 30 in its dict, each connection would take 1 kB more.
    __slots__ = ("_in_head", "_loose", "gone", "onward")
    silent: Silent
    """Of the server whose connection it is."""
    _loose: int
    """Bytes since the last part of a request that was read whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gone, self.onward, self._loose, self._in_head = None, None, 0, False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.silent.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.silent.remove(self)
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self.lost()
        self._forget()

    def _forget(self) -> None:
        """Let go of what refers to this: requests know their connection, the parser calls it."""
        self.pipeline.clear()
        self.cycle = self.scope = self.parser = None  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        if self.transport.is_closing():
            return
        self._loose += len(data)
        super().data_received(data)
        if self._loose > LARGEST and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head follows."""
        super().on_message_begin()
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A whole head ends the silence."""
        self._in_head, self._loose = False, 0
        if len(self.url) > LARGEST or len(self.pipeline) >= _AHEAD or not self._is_sound():
            raise Refused
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self.silent.remove(self)
            self.scope["connection"] = self  # type: ignore[typeddict-unknown-key]

    def _is_sound(self) -> bool:
        """Whether it names one host (RFC 9112, 3.2), and, if it asks for a WebSocket, does so with GET."""
        hosts = sum(name == b"host" for name, _ in self.headers)
        upgrades = self.parser.should_upgrade() and self._should_upgrade()
        return (hosts == 1 or (hosts == 0 and self.parser.get_http_version() == "1.0")) and (
            not upgrades or self.parser.get_method() == b"GET"
        )

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._loose = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._loose = 0
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """A handshake ends the silence, too."""
        self.silent.remove(self)
        super().handle_websocket_upgrade()
        self._forget()

    def on_response_complete(self) -> None:
        """Wait for the next request; of one that was read whole nothing is kept meanwhile."""
        super().on_response_complete()
        if self.transport.is_closing() or self.cycle is None or not self.cycle.response_complete:
            return
        self.silent.add(self)
        if not (self.cycle.more_body or self._in_head):
            self.cycle = self.scope = self.headers = None  # type: ignore[assignment]


def limited() -> type[Protocol]:
    """The protocol of one server."""
    return type("Limited", (Protocol,), {"silent": Silent()})
