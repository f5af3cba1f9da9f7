"""Keeps exactly one live connection to the vendor's servers, whatever they do.

Recovery, from the moment of the fault, with the default Timing (the delay before a try is drawn from
0.25-0.5 s after a good connection, and grows up to 30 s while tries fail):

=========================================  ======================================================
fault                                      the next server is tried
=========================================  ======================================================
closed socket, kill -9, engine close,      after the delay: within 0.5 s
namespace disconnect, closeme
frozen server                              after the ping interval and timeout that it declared
                                           (25 + 60 s at 1.3.7, 25 + 5 at 2.x, 25 + 20 from 3 on), or
                                           after 120 s, the sooner, then 2 s for the close, then the delay
server that answers pings, sends nothing   after 120 s, then the delay
accept-then-close, upgrade refused         after the delay
OPEN packet that cannot be read            after 2 s for the close, then the delay
upgrade never answered, or without OPEN    after 10 s, then the delay
=========================================  ======================================================
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random as random_module
import time
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from calltrack.live.errors import ConnectFailed, LoginFailed, LoginRefused
from calltrack.live.login import Session
from calltrack.live.socket import Connection, server_name
from calltrack.live.timing import Backoff, Timing

_log = logging.getLogger("calltrack.live")

_SET_CHANGED = frozenset({"ExtensionsUpdated", "QueuesUpdated", "DialersUpdated"})
# Names of our own facts in the stream; no event of the vendor's has one of them (doc, sdk).
_FACTS = frozenset({"connect", "disconnect", "malformed"})


class SessionSource(Protocol):
    """What gives sessions: a LoginApi, or a test's stand-in."""

    async def login(self) -> Session:
        """Return a new session; raises LoginRefused (final) or LoginFailed."""

    async def refresh(self, session: Session) -> Session:
        """Return a session with a newer token; raises as `login`."""


class Supervisor:
    """Runs one stream: logs in, connects, watches, and begins again with the next server after every loss.

    `on_event(name, payload, received_at)` is a plain function, called in the order of arrival; `received_at`
    is in UTC epoch seconds. Beside the server's events it gets the facts `("connect", {"server": name}, at)`,
    `("disconnect", {"reason": text}, at)` and `("malformed", {"error": text}, at)`, the last for a packet
    that could not be decoded. Between a disconnect and the next connect there are no events.
    """

    def __init__(
        self,
        api: SessionSource,
        on_event: Callable[[str, Any, float], None],
        *,
        timing: Timing | None = None,
        wall: Callable[[], float] = time.time,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._api = api
        self._on_event = on_event
        self._timing = timing or Timing()
        self._wall = wall
        self._random = random
        self._backoff = Backoff(self._timing.retry_first, self._timing.retry_cap, random)
        self._session: Session | None = None
        self._session_changed = asyncio.Event()
        self._logging_in = asyncio.Lock()
        self._must_log_in = True
        self._rank = 0
        self._connection: Connection | None = None
        self._extensions: str | None = None
        self._up = False
        self._delivered = False
        self._heard = 0.0
        self._resynced = 0.0
        self._unread = False

    async def run(self) -> NoReturn:
        """Keep the stream alive until cancelled; no task and no socket is left afterwards.

        Raises LoginRefused, and whatever `on_event` raises; everything else is retried.
        """
        failure: BaseException
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_connected())
                tasks.create_task(self._keep_token_fresh())
        except BaseExceptionGroup as group:
            failure = group.exceptions[0]
        raise failure

    def update_monitored_extensions(self, extensions: str) -> None:
        """Choose the extensions to watch, in the vendor's own notation; sent now and after every connect."""
        self._extensions = extensions
        if self._connection is not None and self._up:
            self._connection.emit("updateMonitoredExtensions", {"extensionsString": extensions})

    async def _keep_connected(self) -> NoReturn:
        failures = 0
        while True:
            session = await self._ready_session()
            server = session.servers[self._rank % len(session.servers)]
            good = await self._attend(server, session)
            failures = 0 if good else failures + 1
            if good:
                self._backoff.reset()
            self._rank += 1
            # A full round in vain may be the fault of what we hold: an ended token, a list that has moved.
            if failures and failures % len(session.servers) == 0:
                self._must_log_in = True
            await self._pause("connect")

    async def _ready_session(self) -> Session:
        while True:
            session = self._session
            expired = session is not None and session.expires_at is not None and session.expires_at <= self._wall()
            if session is not None and not self._must_log_in and not expired:
                return session
            try:
                async with self._logging_in:
                    given = self._session
                    if given is None or given is session:
                        given = await self._api.login()
                        self._adopt(given)
                    self._must_log_in = False
                    # Taken even if it seems to have ended already: then it is our clock that is wrong.
                    return given
            except LoginFailed as error:
                _log.warning("login failed: reason=%r", str(error))
                if session is not None and not expired:
                    # What we hold may still be good; the login API may be down alone.
                    self._must_log_in = False
                    return session
                await self._pause("login")

    async def _attend(self, server: str, session: Session) -> bool:
        """Open one connection and stay until it is lost; return whether it was a good one."""
        loop = asyncio.get_running_loop()
        name = server_name(server)
        connection = self._connection = Connection(
            server,
            session.token,
            session.protocol,
            on_open=lambda: self._opened(name),
            on_event=self._received,
            on_malformed=self._malformed,
            close_timeout=self._timing.close,
        )
        self._delivered = False
        began = self._heard = loop.time()
        try:
            try:
                await connection.open(self._timing.connect)
                reason = await self._watch(connection)
            except ConnectFailed as error:
                reason = str(error)
                self._must_log_in = self._must_log_in or error.unauthorized
            if self._up:
                # Before the close, which a frozen server can make last.
                self._up = False
                self._on_event("disconnect", {"reason": reason}, self._wall())
        finally:
            self._connection = None
            self._up = False
            await connection.close()
        lasted = loop.time() - began
        _log.warning("connection lost: server=%s reason=%r lasted=%.1f", name, reason, lasted)
        return self._delivered and lasted >= self._timing.proof

    async def _watch(self, connection: Connection) -> str:
        """Wait for the loss of the connection and return its reason; ask what has to be asked meanwhile."""
        loop = asyncio.get_running_loop()
        asked = self._heard
        while not connection.lost:
            now = loop.time()
            self._resync_if_unread()
            if now >= self._heard + self._timing.deaf:
                connection.lose(f"no event for {self._timing.deaf:g} s")
            elif now >= max(self._heard, asked) + self._timing.keepalive:
                asked = now
                session = self._session
                connection.emit("keepalive", session.token if session is not None else "")
            due = min(self._heard + self._timing.deaf, max(self._heard, asked) + self._timing.keepalive)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await connection.over.wait()
        return connection.reason()

    def _opened(self, name: str) -> None:
        self._up = True
        self._heard = asyncio.get_running_loop().time()
        _log.info("connected: server=%s", name)
        self._on_event("connect", {"server": name}, self._wall())
        if self._connection is not None:
            self._resync(self._connection)
            if self._extensions is not None:
                self.update_monitored_extensions(self._extensions)

    def _received(self, name: str, payload: Any) -> None:
        connection = self._connection
        if connection is None or name in _FACTS:
            return
        self._heard = asyncio.get_running_loop().time()
        self._delivered = True
        self._on_event(name, payload, self._wall())
        if name in _SET_CHANGED:
            self._resync(connection)
        elif name == "closeme":
            connection.lose("closeme")
        elif name == "keepaliveResponse" and isinstance(payload, dict):
            code = payload.get("errorCode")
            if str(code) not in ("None", "0", ""):
                self._must_log_in = True
                connection.lose(f"keepalive refused: errorCode {code}")

    def _malformed(self, text: str) -> None:
        _log.warning("packet not understood: error=%r", text)
        self._on_event("malformed", {"error": text}, self._wall())
        self._unread = True
        self._resync_if_unread()

    def _resync_if_unread(self) -> None:
        """Ask for the snapshots, which heal a loss, but not at once again: they may be what is unreadable."""
        now = asyncio.get_running_loop().time()
        if self._unread and self._connection and now >= self._resynced + self._timing.keepalive:
            self._resync(self._connection)

    def _resync(self, connection: Connection) -> None:
        self._unread = False
        self._resynced = asyncio.get_running_loop().time()
        connection.emit("resync", {"cache": False})

    def _adopt(self, session: Session) -> None:
        if self._session is None or self._session.servers != session.servers:
            self._rank = 0
        self._session = session
        self._session_changed.set()
        _log.info("logged in: servers=%d protocol=%d", len(session.servers), session.protocol)

    async def _keep_token_fresh(self) -> NoReturn:
        """Renew the token before it ends; the running connection stays, the next one uses the new."""
        while True:
            session = self._session
            self._session_changed.clear()
            if session is None or session.expires_at is None:
                await self._session_changed.wait()
                continue
            left = session.expires_at - self._timing.renew_before - self._wall()
            if left > 0:
                # In short steps: the loop's clock stands still while the machine sleeps, the expiry does not.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, 60)):
                        await self._session_changed.wait()
                continue
            try:
                await self._renew(session)
            except LoginRefused as error:
                # The connection that runs is worth keeping; its loss leads to the login that settles it.
                _log.error("token not renewed: reason=%r", str(error))
                await self._session_changed.wait()
                continue
            await asyncio.sleep(self._timing.renew_pause)

    async def _renew(self, session: Session) -> None:
        backoff = Backoff(self._timing.retry_first, self._timing.retry_cap, self._random)
        while True:
            try:
                async with self._logging_in:
                    if self._session is session:
                        self._adopt(await self._renewed(session))
                    return
            except LoginFailed as error:
                _log.warning("token not renewed: reason=%r", str(error))
            await asyncio.sleep(backoff.next())

    async def _renewed(self, session: Session) -> Session:
        try:
            return await self._api.refresh(session)
        except LoginRefused as error:
            # An ended refresh token says nothing about the login itself.
            _log.warning("refresh refused: reason=%r", str(error))
            return await self._api.login()

    async def _pause(self, what: str) -> None:
        delay = self._backoff.next()
        _log.info("next try: what=%s in=%.2f", what, delay)
        await asyncio.sleep(delay)
