"""A client's connection. Chunks are written to it as they are: by a channel, or those that it has missed one by one.

Before Python 3.12 asyncio copies what a connection does not take at once, and a thousand clients that are late by one
chunk would have a thousand copies of it. So asyncio is not given the chunk: it is sent as far as the system takes it,
and of the rest, which stays the shared bytes, only the first few wait in asyncio's buffer, because it reports when that
is empty.
"""

from __future__ import annotations

import asyncio
import os
import sys
from abc import ABC, abstractmethod
from array import array
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any, ClassVar

from calltrack.serve.stream.channel import Chunk, Sink

_DIRECT = sys.platform != "win32"  # whether a socket is a file that can be written to; else chunks are handed on whole


class Client(Sink, ABC):
    """The connection of a request, as its protocol puts it into the scope (`security/connections.py`).

    One that takes nothing for `patience` s is ended, with all that waits to be sent.
    """

    most_waiting: ClassVar[int]
    """Bytes of a chunk that wait in the connection."""

    def __init__(self, scope: Any, patience: float) -> None:
        loop = asyncio.get_running_loop()
        self.connection = scope["connection"]
        self.transport: asyncio.Transport = self.connection.transport
        self.transport.set_write_buffer_limits(0)  # it says when nothing waits in it any more
        self.gone: asyncio.Future[None] = loop.create_future()
        self.onward: Callable[[], None] | None = None
        self.connection.gone, self.connection.onward = self.gone, self._go_on
        self._socket = self.transport.get_extra_info("socket")
        self._rest: bytes | memoryview = b""
        self._loop, self._patience, self._moved, self._queued = loop, patience, 0.0, 0
        self._looking: asyncio.TimerHandle | None = None
        if self.transport.is_closing():
            self.gone.set_result(None)

    @abstractmethod
    def form(self, chunk: Chunk) -> bytes:
        """As the client reads it."""

    @property
    def is_free(self) -> bool:
        """Whether it has sent all that it has taken."""
        return not self._rest and not self.transport.get_write_buffer_size()

    def take(self, chunk: Chunk) -> None:
        """Begin to write a chunk; what is not sent at once is sent when the connection takes more."""
        self._rest = self.form(chunk)
        self._write()

    async def send(self, chunks: AsyncGenerator[Chunk, None]) -> None:
        """Write them; what is left when they end goes before what the server writes then."""
        try:
            async for chunk in chunks:
                self.take(chunk)
                del chunk  # of what it alone is sent nothing is kept but what is still to be written
                await self._freed()
            rest, self._rest = self._rest, b""
            if not self.transport.is_closing():
                self.transport.write(rest)
        finally:
            self.connection.onward = None
            if self._looking is not None:
                self._looking.cancel()

    async def _freed(self) -> None:
        if self.is_free or self.gone.done():
            return
        free: asyncio.Future[None] = self._loop.create_future()

        def freed(_: object = None) -> None:
            if not free.done():
                free.set_result(None)

        self.onward = freed
        self.gone.add_done_callback(freed)
        await free
        self.gone.remove_done_callback(freed)
        self.onward = None

    def _go_on(self) -> None:
        """The connection takes more."""
        self._write()
        if self.onward is not None and self.is_free:
            self.onward()

    def _write(self) -> None:
        while self._rest and not self.transport.get_write_buffer_size():
            if self.transport.is_closing():
                break  # it has said its last
            if (sent := self._sent()) == len(self._rest):
                self._rest = b""
                return
            waiting = sent + self.most_waiting if _DIRECT else len(self._rest)
            rest = memoryview(self._rest)
            self._rest = rest[waiting:]
            self.transport.write(rest[sent:waiting])
        if not self.is_free:
            self._moved, self._queued = self._loop.time(), self._system_has()
            if self._looking is None:
                self._looking = self._loop.call_later(self._patience, self._look)

    def _sent(self) -> int:
        """How many bytes the system takes at once."""
        try:
            return os.write(self._socket.fileno(), self._rest) if _DIRECT else 0
        except OSError:  # it takes none, or the connection is lost, which to write to it will show
            return 0

    def _system_has(self) -> int:
        """How many bytes the system has still to send; -1 if it does not say."""
        with suppress(ImportError, OSError):
            from fcntl import ioctl
            from termios import TIOCOUTQ

            said = array("i", [0])
            ioctl(self._socket.fileno(), TIOCOUTQ, said)
            return said[0]
        return -1

    def _look(self) -> None:
        """Give it up if it has taken nothing since, or look again when it could have."""
        self._looking = None
        if self.is_free:
            return
        left = self._moved + self._patience - self._loop.time()
        if (queued := self._system_has()) < self._queued:  # slowly: the system takes more only when much has gone
            left, self._queued = self._patience, queued
        elif left <= 0:
            self.transport.abort()
            return
        self._looking = self._loop.call_later(left, self._look)


class SocketClient(Client):
    """A WebSocket, of which the server has accepted the handshake, and will send the end."""

    most_waiting = 2**31  # the server answers pings between two messages

    def form(self, chunk: Chunk) -> bytes:
        """As the client reads it."""
        return chunk.message
