"""One socket.io connection, of either protocol age, that hands its events on in the order they came.

python-socketio does the framing. What is replaced is what was measured to lose events: its task per message
(which loses order), its dispatch by event name (which loses the errors of handlers, and events named like its
own), its waiting for its own reading task on a disconnect.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import engineio
import msgspec
import socketio
from engineio import base_client as engine_base
from engineio import packet as engine_packet
from socketio import packet as socket_packet

from calltrack.live.errors import ConnectFailed, described, redacted, root_cause
from calltrack.live.login import Protocol

OnEvent = Callable[[str, Any], None]

# A full AllExtensionsStatus is larger than the 4 MiB that aiohttp allows.
MAX_MESSAGE = 256 * 1024 * 1024

# The libraries log addresses with the token in them, and set up handlers of their own when given no logger.
_MUTE = logging.Logger("calltrack.live.mute")
_MUTE.disabled = True


def server_name(server: str) -> str:
    """Return host and port of a server's base URL, fit to be shown."""
    parts = urlsplit(server)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or "?"


class Connection:
    """A connection to one server: opened once, lost or closed once.

    Plain functions are called from the reading task, in order: `on_open()` when the server has let us in;
    then `on_event(name, payload)` for each event (payload: the event's object, None without one, a list for
    several); `on_malformed(text)` for a packet that cannot be decoded. Nothing is called after the loss.
    An error that one of them raises ends the connection and is raised by `open` or `reason`. `over` is set
    once the connection is lost.
    """

    def __init__(
        self,
        server: str,
        token: str,
        protocol: Protocol,
        *,
        on_open: Callable[[], None],
        on_event: OnEvent,
        on_malformed: Callable[[str], None],
        close_timeout: float,
    ) -> None:
        self._url = f"{server}/?token={quote(token, safe='')}"
        self._token = token
        self._protocol = protocol
        self._on_open = on_open
        self._on_event = on_event
        self._on_malformed = on_malformed
        self._close_timeout = close_timeout
        self._dialer: _Dialer | None = None
        self._wire: _Wire | None = None
        self._settled = asyncio.Event()
        self.over = asyncio.Event()
        self._reason = ""
        self._opened = False
        self._unauthorized = False
        self._failure: BaseException | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def lost(self) -> bool:
        """Whether this connection is over."""
        return self.over.is_set()

    async def open(self, timeout: float) -> None:
        """Connect, which is done when the server has let us into its namespace, within `timeout` seconds.

        Raises ConnectFailed; the connection is to be closed also then.
        """
        failure: ConnectFailed | None = None
        try:
            async with asyncio.timeout(timeout):
                await self._connect()
        except TimeoutError:
            failure = ConnectFailed(f"no connection within {timeout:g} s")
        except Exception as error:
            cause = root_cause(error)
            failure = ConnectFailed(
                described(error, [self._token]),
                unauthorized=isinstance(cause, aiohttp.WSServerHandshakeError) and cause.status in (401, 403),
            )
        if self._failure is not None:
            raise self._failure
        if failure is not None:
            # Raised out here: inside, the error would carry the address with the token as its context.
            self.lose(str(failure))
            raise failure
        if not self._opened:
            raise ConnectFailed(self._reason, unauthorized=self._unauthorized)

    async def _connect(self) -> None:
        self._dialer = _Dialer()
        self._wire = _Wire(self, self._protocol, self._dialer)
        await self._wire.connect(self._url, transports=["websocket"], wait=False)
        for task in (self._wire.eio.read_loop_task, self._wire.eio.write_loop_task):
            if task is not None:
                self._tasks.add(task)
                task.add_done_callback(self._task_ended)
        await self._settled.wait()

    def emit(self, name: str, payload: object) -> None:
        """Queue one event for the server; dropped once the connection is over."""
        if self._wire is None or self.lost:
            return
        packet = socket_packet.Packet(socket_packet.EVENT, data=[name, payload], namespace="/")
        self._wire.enqueue(packet.encode())

    def lose(self, reason: str) -> None:
        """End the connection for this reason, now: no event is handed on any more."""
        if not self.lost:
            self._reason = redacted(reason, [self._token])
            self.over.set()
            self._settled.set()

    def reason(self) -> str:
        """Return why the connection is over; raises what a callback raised."""
        if self._failure is not None:
            raise self._failure
        return self._reason

    async def close(self) -> None:
        """Close the socket and end every task of the connection, within the close timeout and a moment."""
        self.lose("closed by us")
        wire, self._wire = self._wire, None
        if wire is not None:
            # First: Python 3.11's wait_for, which the library's tasks sit in, can lose a cancellation.
            wire.eio.stop()
        for task in self._tasks:
            task.cancel()
        try:
            if self._tasks:
                await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            if self._dialer is not None:
                await self._dialer.close(self._close_timeout)

    def opened(self) -> None:
        """Note that the server let us in (called by the wire)."""
        self._opened = True
        self._guarded(self._on_open)
        self._settled.set()

    def rejected(self, why: str) -> None:
        """Note that the server refused us its namespace (called by the wire)."""
        self._unauthorized = True
        self.lose(f"refused by the server: {why}")

    def received(self, data: object) -> None:
        """Hand one event on (called by the wire)."""
        if self.lost:
            return
        if not isinstance(data, list) or not data or not isinstance(data[0], str):
            self.malformed("an event without a name")
            return
        name, *rest = data
        self._guarded(self._on_event, name, rest[0] if len(rest) == 1 else rest or None)

    def malformed(self, text: str) -> None:
        """Note a packet that could not be decoded (called by the wire)."""
        if not self.lost:
            self._guarded(self._on_malformed, redacted(text, [self._token]))

    def _guarded(self, function: Callable[..., None], *args: object) -> None:
        if self.lost:
            return
        try:
            function(*args)
        except Exception as error:
            self._failure = error
            self.lose(f"{type(error).__name__} in a callback")

    def _task_ended(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        self.lose("transport closed" if error is None else described(error, [self._token]))


class _Dialer:
    """What the engine dials with, in place of an HTTP session of its own.

    It holds the WebSocket from the first moment: the engine forgets one that never says its OPEN.
    """

    def __init__(self) -> None:
        self._http = aiohttp.ClientSession(trust_env=True, timeout=aiohttp.ClientTimeout(total=None))
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    @property
    def closed(self) -> bool:
        return self._http.closed

    async def ws_connect(self, url: str, **options: Any) -> aiohttp.ClientWebSocketResponse:
        self._socket = await self._http.ws_connect(url, **{**options, "max_msg_size": MAX_MESSAGE})
        return self._socket

    async def close(self, timeout: float) -> None:
        try:
            if self._socket is not None:
                with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
                    async with asyncio.timeout(timeout):
                        await self._socket.close()
        finally:
            await self._http.close()


class _Engine(engineio.AsyncClient):  # type: ignore[misc]
    """Engine.IO 4: messages are handled in turn, where the stock client starts a task for each."""

    def _get_engineio_url(self, *args: Any) -> str:
        # As http(s), not ws(s): aiohttp looks for the environment's proxy under the scheme of the address.
        return "http" + str(super()._get_engineio_url(*args)).removeprefix("ws")

    async def _receive_packet(self, packet: Any) -> None:
        if packet.packet_type == engine_packet.MESSAGE:
            await self.handlers["message"](packet.data)
        elif packet.packet_type == engine_packet.CLOSE:
            await self.handlers["disconnect"]("engine closed by the server")
        elif packet.packet_type == engine_packet.PING:
            await super()._receive_packet(packet)

    async def _read_loop_websocket(self) -> None:
        # The stock loop starts, on Python 3.11, a task for each message, to time its coming.
        while self.state == "connected":
            try:
                async with asyncio.timeout(self.ping_interval + self.ping_timeout):
                    message = await self.ws.receive()
            except TimeoutError:
                await self.handlers["disconnect"]("no heartbeat of the server")
                return
            if not isinstance(message.data, str | bytes):
                return
            await self._receive_packet(engine_packet.Packet(encoded_packet=message.data))

    async def _write_loop(self) -> None:
        # The stock loop gives up a connection on which we have nothing to say: a late ping would end it.
        try:
            while (packet := await self.queue.get()) is not None:
                await self.ws.send_str(packet.encode())
        finally:
            self.write_loop_task = None

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


class _Wire(socketio.AsyncClient):  # type: ignore[misc]
    """Socket.io's framing for one Connection; what it decodes goes straight there."""

    _binary_packet: Any

    def __init__(self, owner: Connection, protocol: Protocol, dialer: _Dialer) -> None:
        self._owner = owner
        self._protocol = protocol
        super().__init__(
            reconnection=False,
            handle_sigint=False,
            logger=_MUTE,
            engineio_logger=_MUTE,
            http_session=dialer,
        )

    def enqueue(self, encoded: str) -> None:
        self.eio.queue.put_nowait(engine_packet.Packet(engine_packet.MESSAGE, data=encoded))

    def _engineio_client_class(self) -> type[_Engine]:
        return _Engine3 if self._protocol == 3 else _Engine

    async def _handle_eio_connect(self) -> None:
        if self._protocol == 4:
            await super()._handle_eio_connect()
        else:
            # Before Engine.IO 4 the server puts a client into the default namespace unasked.
            self.sid = self.eio.sid

    async def _handle_eio_message(self, data: Any) -> None:
        if isinstance(data, str) and data.startswith("2[") and self._binary_packet is None:
            # An event as the vendor sends them: the library's way, json's, takes five times as long.
            try:
                event = msgspec.json.decode(data[1:])
            except msgspec.DecodeError:
                pass
            else:
                self._owner.received(event)
                return
        try:
            await super()._handle_eio_message(data)
        except Exception as error:
            self._binary_packet = None
            self._owner.malformed(f"{type(error).__name__}: {error}")

    async def _handle_connect(self, namespace: str | None, data: Any) -> None:
        if namespace in (None, "/") and "/" not in self.namespaces:
            self.namespaces["/"] = self.sid
            self._owner.opened()

    async def _handle_disconnect(self, namespace: str | None) -> None:
        if namespace in (None, "/"):
            self._owner.lose("namespace closed by the server")

    async def _handle_error(self, namespace: str | None, data: Any) -> None:
        if namespace in (None, "/"):
            self._owner.rejected(str(data.get("message", data) if isinstance(data, dict) else data))

    async def _handle_event(self, namespace: str | None, id: int | None, data: Any) -> None:
        if namespace not in (None, "/"):
            return
        self._owner.received(data)
        if id is not None:
            self.enqueue(socket_packet.Packet(socket_packet.ACK, namespace="/", id=id, data=[]).encode())

    async def _handle_eio_disconnect(self, reason: str) -> None:
        self._owner.lose(str(reason))
