"""A client's connection. Chunks are written to it as they are: by a channel while it is live, else one by one."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import Any

from calltrack.serve.stream.channel import Chunk, Sink


class Client(Sink, ABC):
    """The connection of a request, as its protocol puts it into the scope (`security/connections.py`)."""

    def __init__(self, scope: Any) -> None:
        self.connection = scope["connection"]
        self.transport: asyncio.Transport = self.connection.transport
        self.gone = self.connection.gone = asyncio.get_running_loop().create_future()
        if self.transport.is_closing():
            self.gone.set_result(None)

    @property
    @abstractmethod
    def is_full(self) -> bool:
        """Whether it takes no more now."""

    @abstractmethod
    def form(self, chunk: Chunk) -> bytes:
        """As the client reads it."""

    @abstractmethod
    async def room(self) -> None:
        """Wait until the connection takes more, or is lost."""

    def take(self, chunk: Chunk) -> bool:
        """Write it at once, if the connection takes more."""
        if self.is_full:
            return False
        self._write(chunk)
        return True

    async def send(self, chunks: AsyncGenerator[Chunk, None], patience: float) -> None:
        """Write them; a connection that takes nothing for `patience` s is ended, with all that waits to be sent."""
        try:
            async for chunk in chunks:
                async with asyncio.timeout(patience):
                    await self.room()
                self._write(chunk)
        except TimeoutError:
            self.transport.abort()
            await self.gone

    def _write(self, chunk: Chunk) -> None:
        if not self.transport.is_closing():  # one that closes has said its last
            self.transport.write(self.form(chunk))


class SocketClient(Client):
    """A WebSocket, of which the server has accepted the handshake, and will send the end."""

    @property
    def is_full(self) -> bool:
        """Whether it takes no more now."""
        return not self.connection.writable.is_set()

    def form(self, chunk: Chunk) -> bytes:
        """As the client reads it."""
        return chunk.message

    async def room(self) -> None:
        """Wait until the connection takes more, or is lost."""
        await self.connection.writable.wait()
