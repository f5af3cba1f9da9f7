"""Socket.io's and Engine.IO's framing of one connection, on one WebSocket.

python-socketio and python-engineio do the handshake, the addresses and what we send. What we receive is read here, for
theirs was measured to lose events: a task per message (which loses the order), dispatch by event name (which loses the
errors of handlers, and events named like the library's own), a binary header that swallows the event after it.

An event is handed on as the bytes of its JSON array, exactly as they came. A packet that is not understood is handed
on as well, as `malformed`, and the reading goes on with the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
import engineio
import socketio
from aiohttp import WSMsgType
from engineio import base_client as engine_base
from engineio import packet as engine_packet
from socketio import packet as socket_packet

from calltrack.live.network import Network

if TYPE_CHECKING:
    from calltrack.live.login import Protocol as Age

# A full AllExtensionsStatus is larger than the 4 MiB that aiohttp allows.
MAX_MESSAGE = 256 * 1024 * 1024

# The libraries log addresses with the token in them, and set up handlers of their own when given no logger.
_MUTE = logging.Logger("calltrack.live.mute")
_MUTE.disabled = True

_EVENT = re.compile(rb"42(?:(/[^,\[]*),)?(\d{1,20})?(?=\[)")
_BINARY = re.compile(rb"4[56]")


class Owner(Protocol):
    """Takes what the wire reads, in order; see Connection."""

    def heard(self) -> None:
        """Something came, be it only a pong."""

    def packet(self) -> None:
        """An Engine.IO packet came."""

    def opened(self, patience: float) -> None:
        """The server let us in; its heartbeat has to show within `patience` seconds."""

    def rejected(self, why: str) -> None:
        """The server refused us its namespace."""

    def received(self, text: bytes) -> None:
        """An event came: the JSON array of its name and arguments."""

    def malformed(self, why: str, text: bytes) -> None:
        """A packet came that is not understood."""

    def lose(self, reason: str) -> None:
        """The connection is over."""


class Dialer:
    """What the engine dials with, in place of an HTTP session.

    It holds the WebSocket from the first moment: the engine forgets one that never says its OPEN.
    """

    def __init__(self, url: str, network: Network) -> None:
        self._http = network.session(url, aiohttp.ClientTimeout(total=None))
        self.socket: _Socket | None = None

    @property
    def closed(self) -> bool:
        """Whether the session is closed (asked by the engine)."""
        return self._http.closed

    async def ws_connect(self, url: str, **options: Any) -> _Socket:
        """Open the WebSocket (called by the engine)."""
        # Text stays bytes: nothing is decoded to be encoded again, and text that is not UTF-8 costs one packet, where
        # aiohttp would end the connection for it. Pings and pongs are ours to see: they show that the server lives.
        self.socket = _Socket(
            await self._http.ws_connect(
                url, **{**options, "max_msg_size": MAX_MESSAGE, "decode_text": False, "autoping": False}
            )
        )
        return self.socket

    async def close(self, timeout: float) -> None:
        """Close the WebSocket politely if `timeout` seconds are enough for that, and the session."""
        try:
            if self.socket is not None:
                with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
                    async with asyncio.timeout(timeout):
                        await self.socket.raw.close()
        finally:
            await self._http.close()


class _Socket:
    """A WebSocket whose first message the engine reads, as text; the rest is read from `raw`, as bytes."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse[Any]) -> None:
        self.raw = raw
        self.send_str = raw.send_str
        self.send_bytes = raw.send_bytes

    async def receive(self) -> _Text:
        while (message := await self.raw.receive()).type is WSMsgType.PING:
            await self.raw.pong(message.data)
        return _Text(message.data.decode() if isinstance(message.data, bytes) else message.data)


class _Text:
    def __init__(self, data: str) -> None:
        self.data = data


class _Engine(engineio.AsyncClient):  # type: ignore[misc]
    """Engine.IO 4: the server pings."""

    wire: Wire

    def _get_engineio_url(self, *args: Any) -> str:
        # As http(s), not ws(s): proxies of the environment are named by the scheme of the address.
        return "http" + str(super()._get_engineio_url(*args)).removeprefix("ws")

    async def _read_loop_websocket(self) -> None:
        raw, owner, wire = self.ws.raw, self.wire.owner, self.wire
        while self.state == "connected":
            message = await raw.receive()
            kind, data = message.type, message.data
            if kind is WSMsgType.TEXT:
                if data.startswith(b"42["):
                    owner.received(data[2:])
                else:
                    owner.packet()
                    await wire.read(data)
            elif kind is WSMsgType.BINARY:
                owner.packet()
                owner.malformed("a binary message", bytes(data))
            elif kind is WSMsgType.PING:
                owner.heard()
                await raw.pong(data)
            elif kind is WSMsgType.PONG:
                owner.heard()
            else:
                error = data if kind is WSMsgType.ERROR else None
                owner.lose(f"transport failed: {error}" if error else "transport closed")
                return

    async def _write_loop(self) -> None:
        # The stock loop gives up a connection on which we have nothing to say: a late ping would end it.
        try:
            while (packet := await self.queue.get()) is not None:
                await self.ws.send_str(packet.encode())
        finally:
            self.write_loop_task = None

    async def take(self, packet: Any) -> None:
        """Answer the server's ping; its other packets but messages need nothing."""
        if packet.packet_type == engine_packet.PING:
            await self._receive_packet(packet)

    def stop(self) -> None:
        """Have the library's tasks end, and leave its list of live clients, which would keep us for ever."""
        self.state = "disconnected"
        with contextlib.suppress(ValueError):
            engine_base.connected_clients.remove(self)


class _Engine3(_Engine):
    """Engine.IO 3: the client pings."""

    _timer: asyncio.TimerHandle | None = None

    def _get_engineio_url(self, *args: Any) -> str:
        return super()._get_engineio_url(*args).removesuffix("EIO=4") + "EIO=3"

    async def _connect_websocket(self, *args: Any) -> Any:
        connected = await super()._connect_websocket(*args)
        self._ping_later()
        return connected

    def _ping_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self.ping_interval, self._ping)

    def _ping(self) -> None:
        if self.state == "connected":
            self.queue.put_nowait(engine_packet.Packet(engine_packet.PING))
            self._ping_later()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().stop()


class Wire(socketio.AsyncClient):  # type: ignore[misc]
    """One connection's framing; what it reads goes to its owner."""

    def __init__(self, owner: Owner, protocol: Age, dialer: Dialer) -> None:
        self.owner = owner
        self._protocol = protocol
        super().__init__(
            reconnection=False,
            handle_sigint=False,
            logger=_MUTE,
            engineio_logger=_MUTE,
            http_session=dialer,
        )
        self.eio.wire = self

    def send_event(self, name: str, payload: object) -> None:
        """Queue one event for the server."""
        self._enqueue(socket_packet.Packet(socket_packet.EVENT, data=[name, payload], namespace="/"))

    def _enqueue(self, packet: Any) -> None:
        self.eio.queue.put_nowait(engine_packet.Packet(engine_packet.MESSAGE, data=packet.encode()))

    async def read(self, data: bytes) -> None:
        """Take one Engine.IO packet that is not a plain event."""
        if found := _EVENT.match(data):
            namespace, number = found.groups()
            if namespace not in (None, b"/"):
                self.owner.malformed("an event of a namespace that we are not in", data)
                return
            self.owner.received(data[found.end() :])
            if number is not None:
                self._enqueue(socket_packet.Packet(socket_packet.ACK, namespace="/", id=int(number), data=[]))
            return
        if _BINARY.match(data):
            # Its attachments follow as binary messages; to wait for as many as it announces can last for ever.
            self.owner.malformed("a packet with binary attachments", data)
            return
        try:
            packet = engine_packet.Packet(encoded_packet=data.decode())
            if packet.packet_type == engine_packet.MESSAGE:
                await self._handle_eio_message(packet.data)
            elif packet.packet_type == engine_packet.CLOSE:
                self.owner.lose("engine closed by the server")
            elif packet.packet_type > engine_packet.NOOP:
                raise ValueError("unknown packet type")
            else:
                await self.eio.take(packet)
        except Exception as error:
            self.owner.malformed(f"{type(error).__name__}: {error}", data)

    def _engineio_client_class(self) -> type[_Engine]:
        return _Engine3 if self._protocol == 3 else _Engine

    async def _handle_eio_connect(self) -> None:
        if self._protocol == 4:
            await super()._handle_eio_connect()
        else:
            # Before Engine.IO 4 the server puts a client into the default namespace unasked.
            self.sid = self.eio.sid

    async def _handle_connect(self, namespace: str | None, data: Any) -> None:
        if namespace in (None, "/") and "/" not in self.namespaces:
            self.namespaces["/"] = self.sid
            self.owner.opened(self.eio.ping_interval + self.eio.ping_timeout)

    async def _handle_disconnect(self, namespace: str | None) -> None:
        if namespace in (None, "/"):
            self.owner.lose("namespace closed by the server")

    async def _handle_error(self, namespace: str | None, data: Any) -> None:
        if namespace in (None, "/"):
            self.owner.rejected(str(data.get("message", data) if isinstance(data, dict) else data))

    async def _handle_event(self, namespace: str | None, id: int | None, data: Any) -> None:
        raise ValueError("an event that is not an array")

    async def _handle_ack(self, namespace: str | None, id: int | None, data: Any) -> None:
        raise ValueError("an answer to nothing that we asked")

    async def _handle_eio_disconnect(self, reason: str) -> None:
        self.owner.lose(str(reason))
