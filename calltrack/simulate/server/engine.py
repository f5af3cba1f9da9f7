"""One client's connection: Engine.IO 3 or 4 over a WebSocket, and socket.io's default namespace in it.

Protocol 3 is what socket.io 1.x and 2.x speak: the client pings, the namespace is open from the start.
In protocol 4 (socket.io 3 and 4) the server pings, and the client asks for the namespace.
Only the WebSocket transport is offered, as the vendor's clients use no other (field guide §6).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

import msgspec
from aiohttp import WSMsgType, web

Protocol = Literal[3, 4]
_BACKLOG = 20_000  # messages that may wait for one client before it is cut off
_FAREWELL = 0.5  # s that a closed client has to agree
_EVENT = re.compile(r"42(\d*)(\[.*\])", re.DOTALL)

OPEN, CLOSE, PING, PONG, CONNECT, DISCONNECT = "0", "1", "2", "3", "40", "41"
"""Engine.IO packet types, and with a digit more those of socket.io within a message."""

Hear = Callable[[str, Any], Awaitable[None]]


class Connection:
    """A client that is connected: `allowed` extensions it may see, `extensions` it wants to; None for all.

    `door` is the number of the server that it came to.
    """

    def __init__(
        self,
        protocol: Protocol,
        sid: str,
        token: str,
        extensions: frozenset[str] | None,
        pings: tuple[float, float],
        door: int = 0,
    ) -> None:
        self.sid = sid
        self.token = token
        self.door = door
        self.allowed = self.extensions = extensions
        self._protocol = protocol
        self._interval, self._timeout = pings
        self._socket = web.WebSocketResponse(timeout=_FAREWELL, autoping=True, compress=False)
        self._transport: asyncio.Transport | None = None
        self._outbox: asyncio.Queue[str] = asyncio.Queue(_BACKLOG)

    async def run(self, request: web.Request, joined: Callable[[], None], hear: Hear) -> web.WebSocketResponse:
        """Serve the client until either side ends it.

        `joined` is called when the namespace is open, `hear` with each event of the client and its argument.
        """
        await self._socket.prepare(request)
        self._transport = request.transport
        self._send_open()
        if self._protocol == 3:
            self._outbox.put_nowait(CONNECT)
            joined()
        tasks = [asyncio.ensure_future(self._write())]
        if self._protocol == 4:
            tasks.append(asyncio.ensure_future(self._ping()))
        try:
            await self._read(joined, hear)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self._socket

    def send(self, message: str) -> None:
        """Queue a message; a client that is too slow for its backlog is cut off."""
        try:
            self._outbox.put_nowait(message)
        except asyncio.QueueFull:
            self.abort()

    async def send_patiently(self, message: str) -> None:
        """Queue a message as soon as there is room for it, or the connection is gone."""
        while self._outbox.full() and not self._socket.closed:
            await asyncio.sleep(0.001)
        self.send(message)

    def abort(self) -> None:
        """Let the connection break, as a network does: no closing handshake."""
        if self._transport:
            self._transport.abort()

    def _send_open(self) -> None:
        handshake: dict[str, Any] = {"sid": self.sid, "upgrades": []}
        handshake["pingInterval"] = round(self._interval * 1000)
        handshake["pingTimeout"] = round(self._timeout * 1000)
        if self._protocol == 4:
            handshake["maxPayload"] = 1_000_000
        self._outbox.put_nowait(OPEN + msgspec.json.encode(handshake).decode())

    async def _write(self) -> None:
        with suppress(ConnectionError):
            while True:
                message = await self._outbox.get()
                if message == CLOSE:  # stock servers send no packet for it, they close the WebSocket
                    await self._socket.close()
                    return
                await self._socket.send_str(message)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            self.send(PING)

    async def _read(self, joined: Callable[[], None], hear: Hear) -> None:
        while True:
            try:
                message = await self._socket.receive(timeout=self._interval + self._timeout)
            except TimeoutError:  # the client has stopped pinging (3) or answering (4)
                self.abort()
                return
            if message.type is not WSMsgType.TEXT:
                return
            packet = message.data
            if packet.startswith(PING) and self._protocol == 3:
                self.send(PONG + packet[1:])
            elif packet.startswith(CONNECT) and self._protocol == 4:
                self.send(CONNECT + msgspec.json.encode({"sid": self.sid}).decode())
                joined()
            elif packet == CLOSE or packet.startswith(DISCONNECT):
                await self._socket.close()
                return
            elif event := _EVENT.fullmatch(packet):
                await self._hear(event, hear)

    async def _hear(self, event: re.Match[str], hear: Hear) -> None:
        try:
            name, *arguments = msgspec.json.decode(event[2])
        except (msgspec.DecodeError, ValueError):
            return
        await hear(str(name), arguments[0] if arguments else None)
        if event[1]:
            self.send(f"43{event[1]}[]")
