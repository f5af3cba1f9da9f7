"""A socket.io server of the old age whose every byte a test decides, in the test's own loop; and a relay that fails."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.live.harness import News

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_OPEN = '0{"sid":"x","upgrades":[],"pingInterval":60000,"pingTimeout":180000}'
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


class Talking:
    """The server; it lets every client in, and answers pings while `answers` is true."""

    def __init__(self) -> None:
        self.answers = True
        self.seen = 0
        self.pings = 0
        self.url = ""
        self.news = News()
        self._writers: set[asyncio.StreamWriter] = set()

    def send(self, text: str | bytes, kind: int = TEXT) -> None:
        """Send one message to every client: it is in their sockets when this returns."""
        data = text.encode() if isinstance(text, str) else text
        size = len(data)
        head = bytes([0x80 | kind, size]) if size < 126 else bytes([0x80 | kind, 126]) + size.to_bytes(2, "big")
        for writer in self._writers:
            writer.write(head + data)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Attend one client until it goes."""
        self.seen += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            key = re.search(r"(?i)sec-websocket-key: (\S+)", request)
            assert key is not None
            accept = base64.b64encode(hashlib.sha1((key[1] + _GUID).encode()).digest()).decode()
            writer.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
            )
            self._writers.add(writer)
            for text in (_OPEN, "40"):
                writer.write(bytes([0x81, len(text)]) + text.encode())
            self.news.ring()
            while True:
                kind, _ = await _message(reader)
                if kind == CLOSE:
                    break
                if kind == PING:
                    self.pings += 1
                    if self.answers:
                        writer.write(bytes([0x80 | PONG, 0]))
                self.news.ring()
        self._writers.discard(writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2), "big")
    await reader.readexactly(4)
    return first & 0x0F, await reader.readexactly(size)


@asynccontextmanager
async def talking() -> AsyncIterator[Talking]:
    """Run such a server on loopback."""
    server = Talking()
    tasks: set[asyncio.Task[Any]] = set()
    async with _listening(server.serve, tasks) as port:
        server.url = f"http://127.0.0.1:{port}"
        yield server


class Relay:
    """Hands bytes on both ways; then it holds them back, or swallows them, and keeps every connection open."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._swallows = False
        self.url = ""

    def hold(self) -> None:
        """Read nothing more, as after a cable is pulled: a half-open connection."""
        self._flowing.clear()

    def swallow(self) -> None:
        """Read everything and hand on nothing, as a proxy whose server is gone."""
        self._swallows = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection."""
        back, forth = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            await asyncio.gather(self._hand_on(reader, forth), self._hand_on(back, writer))
        finally:
            writer.close()
            forth.close()

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                if not self._swallows:
                    writer.write(data)
            writer.close()


@asynccontextmanager
async def relay(port: int) -> AsyncIterator[Relay]:
    """Run a relay to this port on loopback."""
    one = Relay(port)
    tasks: set[asyncio.Task[Any]] = set()
    async with _listening(one.serve, tasks) as mine:
        one.url = f"http://127.0.0.1:{mine}"
        yield one


@asynccontextmanager
async def _listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any], tasks: set[asyncio.Task[Any]]
) -> AsyncIterator[int]:
    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await serve(reader, writer)

    listener = await asyncio.start_server(served, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
