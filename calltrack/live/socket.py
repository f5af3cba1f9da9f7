"""One socket.io connection, of either protocol age, that hands its events on in the order they came, as they came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from calltrack.live.errors import ConnectFailed, described, redacted, root_cause
from calltrack.live.login import Protocol
from calltrack.live.network import Network
from calltrack.live.silence import Keepalive, Over, Probe, Silence, Ticked
from calltrack.live.timing import Timing
from calltrack.live.wire import Dialer, Wire

_TURNS = 3  # of the loop: one to poll the socket, one to take the bytes off it, one to read the messages in them


def server_name(server: str) -> str:
    """Return host and port of a server's base URL, fit to be shown."""
    parts = urlsplit(server)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or "?"


class Connection:
    """A connection to one server: opened once, lost or closed once.

    Plain functions are called from the reading task, in order: `on_open()` when the server has let us in;
    then `on_event(text)` for each event, with the JSON array of its name and arguments as it came;
    `on_malformed(why, text)` for a packet that is not understood. `on_silence(step)` is called by `watch`. Nothing is
    called after the loss. An error that one of them raises ends the connection and is raised by `open`, `watch` or
    `reason`. `over` is set once the connection is lost.
    """

    def __init__(
        self,
        server: str,
        token: str,
        protocol: Protocol,
        *,
        on_open: Callable[[], None],
        on_event: Callable[[bytes], None],
        on_malformed: Callable[[str, bytes], None],
        on_silence: Callable[[Keepalive | Ticked], None] = lambda step: None,
        timing: Timing,
        network: Network | None = None,
    ) -> None:
        self.name = server_name(server)
        self._url = f"{server}/?token={quote(token, safe='')}"
        self._token = token
        self._protocol = protocol
        self._on_open = on_open
        self._on_event = on_event
        self._on_malformed = on_malformed
        self._on_silence = on_silence
        self._timing = timing
        self._network = network or Network()
        self._loop = asyncio.get_running_loop()
        self.silence = Silence(timing, self._loop.time())
        self._dialer: Dialer | None = None
        self._wire: Wire | None = None
        self._settled = asyncio.Event()
        self.over = asyncio.Event()
        self._reason = ""
        self.opened_at: float | None = None
        self._unauthorized = False
        self._failure: BaseException | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def lost(self) -> bool:
        """Whether this connection is over."""
        return self.over.is_set()

    async def open(self) -> None:
        """Connect, which is done when the server has let us into its namespace.

        Raises ConnectFailed; the connection is to be closed also then.
        """
        failure: ConnectFailed | None = None
        try:
            async with asyncio.timeout(self._timing.connect):
                await self._connect()
        except TimeoutError:
            # If the server let us in at the last moment, `on_open` has been called, and that counts.
            if self.opened_at is None:
                failure = ConnectFailed(f"no connection within {self._timing.connect:g} s")
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
        if self.opened_at is None:
            raise ConnectFailed(self._reason, unauthorized=self._unauthorized)

    async def _connect(self) -> None:
        self._dialer = Dialer(self._url, self._network)
        self._wire = Wire(self, self._protocol, self._dialer)
        await self._wire.connect(self._url, transports=["websocket"], wait=False)
        for task in (self._wire.eio.read_loop_task, self._wire.eio.write_loop_task):
            if task is not None:
                self._tasks.add(task)
                task.add_done_callback(self._task_ended)
        await self._settled.wait()

    async def watch(self) -> str:
        """Do what silence asks for until the connection is lost, and return why it was."""
        while not self.lost:
            # Nothing is judged before what waits in the socket is read.
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            for step in self.silence.step(self._loop.time()):
                match step:
                    case Over(reason):
                        self.lose(reason)
                    case Probe():
                        await self._ping()
                    case _:
                        self._guarded(self._on_silence, step)
            try:
                async with asyncio.timeout_at(self.silence.due):
                    await self.over.wait()
            except TimeoutError:
                pass
        return self.reason()

    async def _ping(self) -> None:
        socket = self._dialer.socket if self._dialer is not None else None
        if socket is None or self.lost:
            return
        try:
            await socket.raw.ping()
        except (aiohttp.ClientError, OSError) as error:
            self.lose(described(error, [self._token]))

    def emit(self, name: str, payload: object) -> None:
        """Queue one event for the server; dropped once the connection is over."""
        if self._wire is not None and not self.lost:
            self._wire.send_event(name, payload)

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
                await self._dialer.close(self._timing.close)

    @property
    def silent_s(self) -> float:
        """Seconds since something came; may be asked from any thread."""
        return self._loop.time() - self.silence.message_at

    def heard(self) -> None:
        """Note that something came (called by the wire, as all that follow)."""
        self.silence.message(self._loop.time())

    def packet(self) -> None:
        """Note an Engine.IO packet."""
        self.silence.packet(self._loop.time())

    def opened(self, patience: float) -> None:
        """Note that the server let us in."""
        self.opened_at = self._loop.time()
        self.silence.begin(self.opened_at, patience)
        self._guarded(self._on_open)
        self._settled.set()

    def rejected(self, why: str) -> None:
        """Note that the server refused us its namespace."""
        self._unauthorized = True
        self.lose(f"refused by the server: {why}")

    def received(self, text: bytes) -> None:
        """Hand one event on."""
        if not self.lost:
            self.silence.event(self._loop.time())
            self._guarded(self._on_event, text)

    def malformed(self, why: str, text: bytes) -> None:
        """Hand on a packet that is not understood."""
        self._guarded(self._on_malformed, redacted(why, [self._token]), text)

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
