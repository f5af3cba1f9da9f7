"""A server that speaks as the vendor's does: the login API, the socket, and every way to misbehave."""

import asyncio
import math
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Literal, Self

import msgspec
from aiohttp import web

from calltrack.simulate.centre.opening import open_centre
from calltrack.simulate.centre.things import Change
from calltrack.simulate.faults import Breaks, Faults, FrameFaults, Line, garble
from calltrack.simulate.plan import Plan
from calltrack.simulate.server.doors import Doors
from calltrack.simulate.server.engine import CLOSE, DISCONNECT, Connection, Protocol
from calltrack.simulate.server.login import Credentials, Doorman
from calltrack.simulate.server.others import OtherAccounts, Others
from calltrack.simulate.server.script import ScriptDesk
from calltrack.simulate.truth import Truth, truth_after, whole_truth
from calltrack.simulate.vendor import Clocks, Emitted, Vendor

_TICK = 0.02  # s of real time between two looks at the simulated world
_FLOOD = 30.0  # s of simulated time per look when it runs as fast as it can

Witness = Callable[[list[Line], Truth], None]


class Simulator:
    """A call centre on a loopback port; use it as an async context manager.

    `speed` is simulated seconds per second; `math.inf` sends as fast as the clients take it, and only while
    there are any. `pings` are the interval and timeout of the heartbeat, s (the vendor's: 60, 180).
    `witness` is called with every frame as it goes out, and the truth then (`Truth.n` counts frames sent).
    `socket_servers` is how many addresses it listens on, `tls` makes them https. The login answers name them, or
    `public_url` instead. `script` is socket.io's client script for browsers, or the npm package that has it.
    `others` is how the vendor's other accounts behave.
    Raises ValueError for a public URL with several servers and for a script that is not there; entering raises OSError
    if the port is taken.
    """

    def __init__(
        self,
        plan: Plan | None = None,
        *,
        seed: int = 0,
        protocol: Protocol = 3,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float = 1.0,
        faults: Faults | None = None,
        credentials: Credentials | None = None,
        token_life: float = 3600.0,
        pings: tuple[float, float] = (60.0, 180.0),
        witness: Witness | None = None,
        socket_servers: int = 1,
        tls: ssl.SSLContext | None = None,
        public_url: str = "",
        script: Path | None = None,
        others: Others | None = None,
    ) -> None:
        if socket_servers < 1 or (public_url and socket_servers > 1):
            raise ValueError("at least one socket server, and only one with a public URL")
        self.plan = plan or Plan()
        self.protocol = protocol
        self.credentials = credentials or Credentials()
        self.world = open_centre(self.plan, seed)
        self.connections: set[Connection] = set()
        self.sent = 0
        faults = faults or Faults()
        self._vendor = Vendor(self.world, Clocks(self.plan, faults.clock_steps, faults.hour_steps, seed))
        self.others = OtherAccounts(self._vendor, others or Others(), seed, self._spawn)
        self._doors = Doors(host, port, socket_servers, tls)
        self._public_url = public_url.rstrip("/")
        self._script = ScriptDesk(script)
        self._refuses_keepalives = False
        self._speed, self._pings, self._witness = speed, pings, witness
        random = Random(f"faults {seed}")
        self._frames = FrameFaults(faults, random)
        self._breaks = Breaks(faults, random, self.world.now)
        self._random = Random(f"garble {seed}")
        extensions = [desk.exten for desk in self.world.desks]
        self._doorman = Doorman(self.credentials, extensions, token_life, protocol, self._named_servers)
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._sids = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[_allow_any_origin])
        app.add_routes([*self._doorman.routes(), *self._script.routes(), web.get("/socket.io/", self._connect)])
        app.add_routes(self.others.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await self._doors.open(self._runner, self._doors.all)
        self._running = self._spawn(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A restart ends by itself: cancelled while it begins to listen, it would leave a socket open.
        self._closing.set()
        self._running.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.drop_connections()
        await self._runner.cleanup()
        if self._failure and not error:
            raise self._failure

    @property
    def url(self) -> str:
        """Where the socket and the login API are: `http://host:port` or https, of the first server."""
        return self.urls[0]

    @property
    def urls(self) -> list[str]:
        """Those of all servers, in order of preference."""
        return self._doors.urls

    @property
    def login_url(self) -> str:
        """The login API's address, to be continued with Token, User or Account (field guide §6)."""
        return f"{self._named_servers()[0]}/monitorAPI/Login/"

    def _named_servers(self) -> list[str]:
        """Those that the login answers name."""
        return [self._public_url] if self._public_url else self.urls

    async def wait_until(self, count: int) -> None:
        """Return when exactly `count` clients are connected."""
        while len(self.connections) != count:
            self._changed.clear()
            await self._changed.wait()

    async def wait_closed(self) -> None:
        """Serve until cancelled."""
        await asyncio.gather(*self._tasks)

    # Misbehaviour

    def drop_connections(self, server: int | None = None) -> None:
        """Every connection breaks, or those of one server; clients may come back at once."""
        self._frames.forget()
        for connection in self.connections:
            if server is None or connection.door == server:
                connection.abort()

    async def restart(self, outage: float = 1.0, server: int | None = None) -> None:
        """Go away for `outage` seconds: connections break and none is accepted. The call centre goes on.

        With `server` only that one goes (its number, from 0).
        """
        away = [n for n in self._doors.all if self._doors.is_open(n) and server in (None, n)]
        if not away:
            return
        await self._doors.close(away)
        for number in away:
            self.drop_connections(number)
        with suppress(TimeoutError):
            async with asyncio.timeout(outage):
                await self._closing.wait()
        if not self._closing.is_set():
            await self._doors.open(self._runner, away)

    def kick(self, how: Literal["closeme", "namespace"]) -> None:
        """Send every client away: with a `closeme` event and the end, or by closing the namespace alone."""
        for connection in list(self.connections):
            self._gone(connection)
            if how == "closeme":
                connection.send(_message(self._vendor.notice("closeme")))
            connection.send(CLOSE if how == "closeme" else DISCONNECT)

    def expire_tokens(self) -> None:
        """Every token is void: keepalives fail, and no token opens a socket until a client logs in again."""
        self._doorman.expire()

    def refuse_keepalives(self, refuse: bool = True) -> None:
        """Answer keepalives with an errorCode from now on, though the token is good: log in again (sdk)."""
        self._refuses_keepalives = refuse

    def refuse_logins(self, how: int | str | None) -> None:
        """Refuse logins from now on: an HTTP status, or 200 and {"error": text}; None refuses none."""
        self._doorman.refusal = how

    # The vendor's side of a connection

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        if query.get("EIO") != str(self.protocol):
            return web.json_response({"code": 5, "message": "Unsupported protocol version"}, status=400)
        if query.get("transport") != "websocket":
            return web.json_response({"code": 0, "message": "Transport unknown"}, status=400)
        token = query.get("token", "")
        if not self._doorman.admits(token):
            return web.json_response({"code": 4, "message": "Unauthorized"}, status=401)
        self._sids += 1
        sid = f"simulated-{self._sids:010d}"
        door = self._doors.number(request.transport.get_extra_info("sockname")[1]) if request.transport else 0
        connection = Connection(self.protocol, sid, token, self._doorman.sees(token), self._pings, door)

        async def hear(event: str, argument: Any) -> None:
            await self._hear(connection, event, argument)

        try:
            return await connection.run(request, lambda: self._joined(connection), hear)
        finally:
            self._gone(connection)

    def _joined(self, connection: Connection) -> None:
        self._greet(connection, [self._vendor.login_success()])
        self._greet(connection, self._snapshots(connection))
        self.connections.add(connection)
        self._changed.set()

    def _gone(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self._changed.set()

    def _snapshots(self, connection: Connection) -> list[Emitted]:
        statuses = [self._vendor.login_status(), self._vendor.all_extensions_status(connection.extensions)]
        return statuses + ([] if connection.allowed else self._vendor.directory())

    def _greet(self, connection: Connection, frames: list[Emitted]) -> None:
        for frame in frames:
            connection.send(_message(frame))

    async def _hear(self, connection: Connection, event: str, argument: Any) -> None:
        if event.lower() == "keepalive":  # doc and sdk differ in its case
            ok = self._doorman.admits(str(argument)) and not self._refuses_keepalives
            self._greet(connection, [self._vendor.keepalive_response(ok=ok)])
        elif event == "resync":
            self._greet(connection, self._snapshots(connection))
        elif event == "updateMonitoredExtensions" and isinstance(argument, dict):
            wanted = frozenset(str(argument.get("extensionsString", "")).replace(" ", "").split(","))
            connection.extensions = wanted & connection.allowed if connection.allowed else wanted
            self._greet(connection, [self._vendor.notice("ExtensionsUpdated")])

    # The stream

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        begin, opened = loop.time(), self.world.now
        while True:
            if self._speed == math.inf:
                while not self.connections:
                    self._changed.clear()
                    await self._changed.wait()
                until = self.world.now + _FLOOD
            else:
                until = opened + (loop.time() - begin) * self._speed
            for change in self.world.changes(until):
                await self._emit(change)
            if lost := self._breaks.due(self.world.now):
                if lost.restart:
                    self._spawn(self.restart(min(lost.outage / self._speed, 3600.0)))
                else:
                    self.drop_connections()
            await asyncio.sleep(0 if self._speed == math.inf else _TICK)

    async def _emit(self, change: Change) -> None:
        frame = self._vendor.frame(change)
        self.others.see(change)
        lines, fault = self._frames.apply(frame)
        self.sent += len(lines)
        for line in lines:
            message = _message(line.frame)
            if line.garbled:
                message = garble(self._random, message.encode()).decode(errors="replace")
            for connection in list(self.connections):
                if not _may_see(connection, line.frame):
                    continue
                if self._speed == math.inf:
                    await connection.send_patiently(message)
                else:
                    connection.send(message)
        if self._witness:
            self._witness(lines, msgspec.structs.replace(truth_after(change, frame.clock), n=self.sent, fault=fault))

    def truth(self) -> Truth:
        """Everything that is true now."""
        return msgspec.structs.replace(whole_truth(self.world), n=self.sent)

    def _spawn(self, doing: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(doing)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            self._failure = self._failure or task.exception()


def _message(frame: Emitted) -> str:
    return "42" + msgspec.json.encode((frame.event, frame.data)).decode()


def _may_see(connection: Connection, frame: Emitted) -> bool:
    """A user's login gets its own extension's events and no QueueEvents (field guide §6)."""
    if frame.event == "ExtensionEvent":
        return connection.extensions is None or frame.data["data"]["extenUser"] in connection.extensions
    return connection.allowed is None


@web.middleware
async def _allow_any_origin(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    """The vendor's client runs in browsers: its page comes from elsewhere."""
    if request.method == "OPTIONS":
        response: web.StreamResponse = web.Response()
    else:
        response = await handler(request)
    if not response.prepared:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    return response
