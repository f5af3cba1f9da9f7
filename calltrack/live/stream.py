"""The transport joined to the tracker: `connect()` gives a stream of changes and the state behind them.

::

    socket ─► Supervisor ─► Frame ─► Tracker.feed ─► one bounded Changes for each consumer

The tracker is fed as frames arrive, whether anything reads or not. What a consumer has not read yet waits for it, up
to a limit. Beyond that limit nothing old is worth keeping: all that waits is dropped, and what the consumer gets
next is one `Missed`, with how many changes it has missed and the state of the moment in which it reads it. The
changes that follow go on from that state.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar
from weakref import WeakSet

from calltrack.core.changes import Change
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.live.credentials import Credentials, Token, credentials_from_env
from calltrack.live.health import Health
from calltrack.live.login import DEFAULT_SERVERS, Endpoints, LoginApi, Protocol
from calltrack.live.network import Network
from calltrack.live.sessions import SessionSource
from calltrack.live.supervisor import Supervisor
from calltrack.live.timing import Timing
from calltrack.voicenter.frames import Frame

_log = logging.getLogger("calltrack.live")

LIMIT = 10_000
"""Changes that wait for one consumer by default; about 10 MB."""

C = TypeVar("C", bound=Change)


class Missed(Change, frozen=True):
    """A consumer was too slow: `count` changes are dropped for it, and `snapshot` is the state that they led to."""

    count: int
    snapshot: Snapshot


def connect(
    *,
    token: str | None = None,
    credentials: Credentials | None = None,
    endpoints: Endpoints | None = None,
    servers: Sequence[str] = DEFAULT_SERVERS,
    protocol: Protocol | None = None,
    timing: Timing | None = None,
    tracker: Tracker | None = None,
    limit: int = LIMIT,
    network: Network | None = None,
) -> Stream:
    """A stream, to be entered with `async with`; without `token` and `credentials` the environment's login is used.

    `endpoints`: the login API (default: the vendor's). `servers`: used if the login answer names none. `protocol`:
    Engine.IO's, 3 or 4, if the login answer is not to decide. `tracker`: one to go on with, restored from a
    snapshot for example. `limit`: changes that wait for a consumer before it misses some. `network`: the way out, for
    a certificate authority of your own.
    Raises CredentialsError if there is no login, ValueError for two and for what LoginApi does not take.
    """
    if token is not None and credentials is not None:
        raise ValueError("token or credentials, not both")
    login = credentials or (credentials_from_env() if token is None else Token(token))
    api = LoginApi(login, endpoints=endpoints, servers=servers, protocol=protocol, network=network)
    return Stream(api, timing=timing, tracker=tracker, limit=limit, network=network)


class Stream:
    """Everything that happens, as it happens: iterate over it for the changes, ask `snapshot()` for the state.

    The connection lives from entering to leaving: afterwards no task and no socket is left. A lost one comes back
    by itself, with ConnectionLost and ConnectionRegained among the changes. What ends the stream for good is
    raised while iterating or waiting, else on leaving: LoginRefused; an error of a callback; AnomalyFound of a
    strict tracker. `source` gives the sessions (LoginApi); of one `account` among many no refusal is final. For the
    other arguments see `connect`.
    """

    def __init__(
        self,
        source: SessionSource,
        *,
        timing: Timing | None = None,
        tracker: Tracker | None = None,
        limit: int = LIMIT,
        network: Network | None = None,
        account: str = "",
    ) -> None:
        if limit < 1:
            raise ValueError("limit: at least 1")
        self.tracker = tracker or Tracker()
        self._supervisor = Supervisor(
            source, on_frame=self._take, timing=timing, network=network, account=account, patient=bool(account)
        )
        self._limit = limit
        # Weak: a consumer without references no longer counts.
        self._consumers: WeakSet[Changes] = WeakSet()
        self._callbacks: list[tuple[type[Change], Callable[[Any], object]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._over = asyncio.Event()
        self._failure: Exception | None = None
        self._own = self.changes()

    async def __aenter__(self) -> Self:
        self._tasks.append(asyncio.create_task(self._keep(self._supervisor.run)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        unnoticed = not any(consumer.notified for consumer in self._consumers)
        self._end(None)
        cancelled: asyncio.CancelledError | None = None
        while running := [task for task in self._tasks if not task.done()]:
            try:
                await asyncio.wait(running)
            except asyncio.CancelledError as again:
                # A cancellation asks for the end, but not without a close.
                cancelled = again
        if cancelled:
            raise cancelled
        if unnoticed and self._failure and error is None:
            raise self._failure

    def __aiter__(self) -> Changes:
        """The stream's own consumer, the same each time; it has all changes since the stream was entered."""
        return self._own

    def changes(self) -> Changes:
        """Another consumer, independent of all others, of the changes from now on."""
        consumer = Changes(self._limit, self.snapshot)
        self._consumers.add(consumer)
        if self._over.is_set():
            consumer.end(self._failure)
        return consumer

    def on(self, kind: type[C], function: Callable[[C], object]) -> None:
        """Have the function called with every change of this kind from now on; a base class stands for all of its.

        Plain functions and coroutine functions will do. All callbacks of a stream are called one after the other,
        in the order of the changes, and are together one consumer: if they are too slow, those for `Missed` are
        called. A plain function must not block: the loop that it runs in is the socket's too. Needs a running loop.
        """
        self._callbacks.append((kind, function))
        if len(self._callbacks) == 1:
            self._tasks.append(asyncio.create_task(self._keep(partial(self._call_back, self.changes()))))

    def snapshot(self) -> Snapshot:
        """Everything known now."""
        return self.tracker.snapshot()

    def update_monitored_extensions(self, extensions: str) -> None:
        """Choose the extensions to watch, in the vendor's own notation; sent now and after every connect."""
        self._supervisor.update_monitored_extensions(extensions)

    def resync(self) -> None:
        """Ask the server for its snapshots now; after every connect that is done anyway."""
        self._supervisor.resync()

    @property
    def health(self) -> Health:
        """How the connection is now."""
        return self._supervisor.health

    async def wait_closed(self) -> None:
        """Wait, while callbacks do the work, until the stream is left; raises what ends it for good."""
        await self._over.wait()
        self._own.notified = True
        if self._failure is not None:
            raise self._failure

    def _take(self, frame: Frame) -> None:
        changes = self.tracker.feed(frame)
        if changes:
            for consumer in self._consumers:
                consumer.put(changes)

    async def _call_back(self, changes: Changes) -> None:
        try:
            async for change in changes:
                wanted = [function for kind, function in self._callbacks if isinstance(change, kind)]
                if isinstance(change, Missed) and not wanted:
                    _log.warning("callbacks too slow: missed=%d", change.count)
                for function in wanted:
                    result = function(change)
                    if isinstance(result, Awaitable):
                        await result
        finally:
            # A failure that was reported to it alone counts as not reported.
            self._consumers.discard(changes)

    async def _keep(self, run: Callable[[], Awaitable[None]]) -> None:
        try:
            await run()
        except Exception as error:
            self._end(error)

    def _end(self, failure: Exception | None) -> None:
        """End every task, and every consumer once it has read what waits for it; the first failure counts."""
        self._failure = self._failure or failure
        self._over.set()
        for consumer in self._consumers:
            consumer.end(self._failure)
        for task in self._tasks:
            task.cancel()


class Changes:
    """The changes that wait for one consumer: an asynchronous iterator that ends with the stream.

    Raises, after the last change, what ended the stream for good.
    """

    def __init__(self, limit: int, snapshot: Callable[[], Snapshot]) -> None:
        self.notified = False
        """Whether the consumer has seen the end."""
        self._limit = limit
        self._snapshot = snapshot
        self._waiting: deque[Change] = deque()
        self._missed = 0
        self._news = asyncio.Event()
        self._over = False
        self._failure: Exception | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        while not (self._waiting or self._missed):
            if self._over:
                self.notified = True
                if self._failure is not None:
                    raise self._failure
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft() if self._waiting else self._state()

    async def batch(self) -> list[Change]:
        """Everything that waits, in order, as soon as there is something; empty once the stream has ended."""
        try:
            first = await anext(self)
        except StopAsyncIteration:
            return []
        batch = [first, *self._waiting]
        self._waiting.clear()
        return batch

    def put(self, changes: Sequence[Change]) -> None:
        """Have these wait as well (called by the stream)."""
        if self._missed or len(self._waiting) + len(changes) > self._limit:
            self._missed += len(self._waiting) + len(changes)
            self._waiting.clear()
        else:
            self._waiting.extend(changes)
        self._news.set()

    def end(self, failure: Exception | None) -> None:
        """Let there be no more (called by the stream)."""
        self._over, self._failure = True, failure
        self._news.set()

    def _state(self) -> Missed:
        # Made now and not when the limit was passed, so that the state is the newest.
        snapshot, count, self._missed = self._snapshot(), self._missed, 0
        return Missed(snapshot.position, snapshot.time, count, snapshot)
