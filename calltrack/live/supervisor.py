"""Keeps exactly one live connection to the vendor's servers, whatever they do.

Recovery, from the moment of the fault, with the default Timing (the delay before a try is drawn from
0.25-0.5 s after a good connection, and grows up to 30 s while tries fail):

=========================================  ======================================================
fault                                      the next server is tried
=========================================  ======================================================
closed socket, kill -9, engine close,      after the delay: within 0.5 s
namespace disconnect, closeme
half-open connection, frozen server        after 4 s a ping goes out, after 8 s the loss is reported;
                                           then 2 s for the close, then the delay
server that answers WebSocket pings and    after the ping interval and timeout that it declared, or
has no heartbeat of its engine             after 120 s, the sooner, then the delay
server whose engine lives, sends nothing   after 120 s, then the delay
accept-then-close, upgrade refused         after the delay
OPEN packet that cannot be read            after 2 s for the close, then the delay
upgrade never answered, or without OPEN    after 10 s, then the delay
=========================================  ======================================================

From any other server the stream returns to the first of the list: after a minute that one is dialled too, while the
connection goes on, and once it delivers an event the stream moves to it, with nothing lost in between.
"""

from __future__ import annotations

import asyncio
import logging
import random as random_module
import time
from collections.abc import Callable
from typing import Any, NoReturn

import msgspec

from calltrack.core.errors import NotAFrame
from calltrack.live.errors import ConnectFailed, Troubles
from calltrack.live.health import Health
from calltrack.live.login import Session
from calltrack.live.network import Network
from calltrack.live.sessions import Sessions, SessionSource
from calltrack.live.silence import Keepalive, Ticked
from calltrack.live.socket import Connection
from calltrack.live.spoken import spoken
from calltrack.live.timing import Backoff, Timing
from calltrack.voicenter.frames import Frame

_log = logging.getLogger("calltrack.live")

_SET_CHANGED = frozenset({"ExtensionsUpdated", "QueuesUpdated", "DialersUpdated"})
# Names of our own facts in the stream; no event of the vendor's has one of them (doc, sdk).
FACTS = frozenset({"connect", "disconnect", "malformed", "tick"})


class Supervisor:
    """Runs one stream: logs in, connects, watches, and begins again with the next server after every loss.

    Give one of two plain functions, called in the order of arrival. `on_frame(frame)` gets each event as the frame of
    its text as it came, with the time of receipt. `on_event(name, payload, received_at)` gets it decoded;
    `received_at` is in UTC epoch seconds.

    Besides the server's events there are facts: `connect {"server": name}`, `disconnect {"reason": text}`,
    `malformed {"error": text, "text": text}` for a packet that is not understood, and
    `tick {"elapsed_s": seconds}` every ten seconds without an event, with the time since the last event or tick.
    Between a disconnect and the next connect there are no events.

    A refusal is final only while this login has never worked; everything else is logged once and tried again. Of one
    account among many nothing is final (`patient`), and its `account` is in the log.
    """

    def __init__(
        self,
        api: SessionSource,
        on_event: Callable[[str, Any, float], None] | None = None,
        *,
        on_frame: Callable[[Frame], None] | None = None,
        timing: Timing | None = None,
        network: Network | None = None,
        wall: Callable[[], float] = time.time,
        random: Callable[[], float] = random_module.random,
        account: str = "",
        patient: bool = False,
    ) -> None:
        if on_event is not None and on_frame is None:
            on_frame = _decoding(on_event)
        elif on_event is not None or on_frame is None:
            raise ValueError("on_event or on_frame")
        self._on_frame = on_frame
        self._timing = timing or Timing()
        self._network = network
        self._wall = wall
        self._random = random
        self._backoff = Backoff(self._timing.retry_first, self._timing.retry_cap, random)
        self._home = Backoff(self._timing.home, 10 * self._timing.home, random)
        self._troubles = Troubles(_log, account)
        self._log = self._troubles.log
        self._sessions = Sessions(api, self._timing, self._troubles, wall, random, patient)
        self._servers: tuple[str, ...] = ()
        self._rank = 0
        self._connection: Connection | None = None
        self._moved = asyncio.Event()
        self._extensions: str | None = None
        self._up = False
        self._since = wall()
        self._frames = 0
        self._delivered = False
        self._resynced = 0.0
        self._unread = False

    async def run(self) -> NoReturn:
        """Keep the stream alive until cancelled; no task and no socket is left afterwards.

        Raises LoginRefused, and whatever the given function raises; everything else is tried again.
        """
        failure: BaseException
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_connected())
                tasks.create_task(self._sessions.keep_fresh())
        except BaseExceptionGroup as group:
            failure = group.exceptions[0]
        raise failure

    @property
    def stale_for(self) -> float | None:
        """Seconds since the server was last heard, be it an answer to a ping; None without a connection.

        May be asked from any thread, as `health` may.
        """
        connection = self._connection
        return None if connection is None or not self._up else connection.silent_s

    @property
    def health(self) -> Health:
        """How the connection is now."""
        connection = self._connection if self._up else None
        server = "" if connection is None else connection.name
        return Health(server, self._since, self.stale_for, self._troubles.last, self._frames)

    def update_monitored_extensions(self, extensions: str) -> None:
        """Choose the extensions to watch, in the vendor's own notation; sent now and after every connect."""
        self._extensions = extensions
        if self._connection is not None and self._up:
            self._connection.emit("updateMonitoredExtensions", {"extensionsString": extensions})

    def resync(self) -> None:
        """Ask the server for its snapshots, if there is a connection; after every connect they are asked for anyway."""
        if self._connection is not None and self._up:
            self._ask_for_snapshots(self._connection)

    async def _keep_connected(self) -> NoReturn:
        failures = 0
        try:
            while True:
                session = await self._sessions.ready()
                if session.servers != self._servers:
                    self._servers, self._rank = session.servers, 0
                good = await self._attend(self._connection or self._dial(self._rank, session))
                if self._connection is not None:
                    # The stream has moved to the preferred server already.
                    self._rank = 0
                    continue
                failures = 0 if good else failures + 1
                if good:
                    self._backoff.reset()
                    if not self._rank % len(session.servers):
                        self._home.reset()
                self._rank += 1
                # A full round in vain may be the fault of what we hold: an ended token, a list that has moved.
                if failures and failures % len(session.servers) == 0:
                    self._sessions.must_log_in = True
                delay = self._backoff.next()
                self._log.info("next try: in=%.2f", delay)
                await asyncio.sleep(delay)
        finally:
            if self._connection is not None:
                await self._connection.close()

    def _dial(self, rank: int, session: Session) -> Connection:
        connection = Connection(
            session.servers[rank % len(session.servers)],
            session.token,
            session.protocol,
            on_open=lambda: self._opened(connection),
            on_event=lambda text: self._received(connection, text),
            on_malformed=lambda why, text: self._malformed(connection, why, text),
            on_silence=lambda step: self._silent(connection, step),
            timing=self._timing,
            network=self._network,
        )
        if self._connection is None:
            self._connection = connection
            self._delivered = False
        return connection

    async def _attend(self, connection: Connection) -> bool:
        """Stay with one connection until it is lost; return whether it was a good one."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        homewards = None
        if self._rank % len(self._servers):
            homewards = asyncio.create_task(self._return_home())
        try:
            try:
                if connection.opened_at is None:
                    await connection.open()
                reason = await connection.watch()
            except ConnectFailed as error:
                reason = str(error)
                self._sessions.must_log_in |= error.unauthorized
            if self._connection is connection:
                # Before the close, which a frozen server can make last.
                self._lost(reason)
        finally:
            connection.lose("closed by us")  # an event while we wait below would count as that of another connection
            if self._connection is connection:
                self._connection, self._up = None, False
            if homewards is not None:
                homewards.cancel()
                await asyncio.gather(homewards, return_exceptions=True)
            await connection.close()
        lasted = loop.time() - began
        good = self._delivered and lasted >= self._timing.proof
        where = f"connection to {connection.name}"
        if good:
            self._troubles.over(where)
        self._troubles.note(where, f"lost after {lasted:.1f} s: {reason}" if good else reason)
        return good

    def _lost(self, reason: str) -> None:
        if self._up:
            self._up, self._since, self._troubles.last = False, self._wall(), f"connection lost: {reason}"
            self._fact("disconnect", {"reason": reason})

    async def _return_home(self) -> None:
        """Dial the preferred server again and again, until it delivers an event and the stream has moved to it."""
        while True:
            await asyncio.sleep(self._home.next())
            session = self._sessions.current
            if session is None:
                continue
            self._moved.clear()
            trial = self._dial(0, session)
            try:
                await trial.open()
                async with asyncio.timeout(self._timing.connect):
                    await self._moved.wait()
                return
            except (ConnectFailed, TimeoutError):
                self._log.debug("not well yet: server=%s", trial.name)
            finally:
                if self._connection is not trial:
                    await trial.close()

    def _move_to(self, trial: Connection) -> None:
        """Go on with another connection, which has delivered its first event; the one before hands on nothing more."""
        before = self._connection
        self._lost("back to the preferred server")
        self._connection = trial
        self._begin(trial)
        if before is not None:
            before.lose("back to the preferred server")
        self._moved.set()

    def _opened(self, connection: Connection) -> None:
        if connection is self._connection:
            self._begin(connection)

    def _begin(self, connection: Connection) -> None:
        self._up, self._since, self._troubles.last = True, self._wall(), ""
        self._log.info("connected: server=%s", connection.name)
        self._fact("connect", {"server": connection.name})
        self._ask_for_snapshots(connection)
        if self._extensions is not None:
            self.update_monitored_extensions(self._extensions)

    def _received(self, connection: Connection, text: bytes) -> None:
        try:
            frame = Frame.decode(text)
        except NotAFrame as error:
            self._malformed(connection, str(error), text)
            return
        if frame.event in FACTS:
            self._malformed(connection, "an event named like a fact of calltrack", text)
            return
        if connection is not self._connection:
            self._move_to(connection)
        self._delivered = True
        self._frames += 1
        self._on_frame(msgspec.structs.replace(frame, at=self._wall()))
        if frame.event in _SET_CHANGED:
            self._ask_for_snapshots(connection)
        elif frame.event == "closeme":
            connection.lose("closeme")
        elif frame.event == "keepaliveResponse":
            payload = spoken(frame)[1]
            code = payload.get("errorCode") if isinstance(payload, dict) else None
            if str(code) not in ("None", "0", ""):
                self._sessions.must_log_in = True
                connection.lose(f"keepalive refused: errorCode {code}")

    def _silent(self, connection: Connection, step: Keepalive | Ticked) -> None:
        match step:
            case Keepalive():
                session = self._sessions.current
                connection.emit("keepalive", session.token if session is not None else "")
                self._ask_again_if_unread()
            case Ticked(elapsed_s):
                self._fact("tick", {"elapsed_s": round(elapsed_s, 3)})
                self._ask_again_if_unread()

    def _malformed(self, connection: Connection, why: str, text: bytes) -> None:
        if connection is not self._connection:
            return
        # The text has names and numbers in it: it is kept with the frames, never logged.
        self._troubles.note("reading a packet", why)
        self._fact("malformed", {"error": why, "text": text.decode("utf-8", "backslashreplace")})
        self._unread = True
        self._ask_again_if_unread()

    def _ask_again_if_unread(self) -> None:
        """Ask for the snapshots, which heal a loss, but not at once again: they may be what is unreadable."""
        now = asyncio.get_running_loop().time()
        if self._unread and self._connection and now >= self._resynced + self._timing.keepalive:
            self._ask_for_snapshots(self._connection)

    def _ask_for_snapshots(self, connection: Connection) -> None:
        self._unread = False
        self._resynced = asyncio.get_running_loop().time()
        connection.emit("resync", {"cache": False})

    def _fact(self, name: str, payload: dict[str, object]) -> None:
        self._on_frame(Frame.of(name, payload, self._wall()))


def _decoding(on_event: Callable[[str, Any, float], None]) -> Callable[[Frame], None]:
    def on_frame(frame: Frame) -> None:
        on_event(*spoken(frame), frame.at or 0.0)

    return on_frame
