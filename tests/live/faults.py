"""Servers that do wrong what a socket.io library cannot be made to do wrong; on bare sockets."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.live.harness import News

# What each does with the bytes of the upgrade request: the bytes to answer, and whether to close then.
FAULTS: dict[str, tuple[str, bool]] = {
    "accept then close": ("", True),
    "upgrade never answered": ("", False),
    "upgrade without OPEN": ("upgrade", False),
    "upgrade then close": ("upgrade", True),
    "upgrade refused": ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", False),
    "token refused": ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", False),
    "not a WebSocket": ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", False),
    "OPEN is no JSON": ("upgrade 0{", False),
    "OPEN without times": ('upgrade 0{"sid":"x"}', False),
    "not let in": ('upgrade 0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000}', False),
}

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Faulty:
    """One such server; it counts its sockets."""

    def __init__(self, fault: str) -> None:
        self._answer, self._close = FAULTS[fault]
        self.open = 0
        self.seen = 0
        self.news = News()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do the wrong thing with one connection, and wait for its end."""
        self.open += 1
        self.seen += 1
        self.news.ring()
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                if not (self._close and not self._answer):
                    request = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._bytes(request.decode()))
                    await writer.drain()
                if not self._close:
                    while await reader.read(4096):
                        pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self.open -= 1
            self.news.ring()

    def _bytes(self, request: str) -> bytes:
        verb, _, text = self._answer.partition(" ")
        if verb != "upgrade":
            return self._answer.encode()
        key = re.search(r"(?i)sec-websocket-key: (\S+)", request)
        assert key is not None
        accept = base64.b64encode(hashlib.sha1((key[1] + _GUID).encode()).digest()).decode()
        head = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        frame = bytes([0x81, len(text)]) + text.encode() if text else b""
        return head.encode() + frame

    async def empty(self) -> None:
        """Wait until no socket is left here."""
        await self.news.until(lambda: self.open == 0)


@asynccontextmanager
async def faulty(fault: str) -> AsyncIterator[Faulty]:
    """Run a server with one of the FAULTS on loopback."""
    server = Faulty(fault)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        await server.empty()
