"""Deliveries to one receiver: those of one call in order, those of different calls side by side.

    Outbox.take (durable) ─► lane of its call ─► a place among those that are under way ─► POST ─► Outbox.settle

A delivery that fails waits in its lane, and holds up nothing but its own call. How many are under way follows how the
receiver does: a failure halves them, a delivery that was taken adds one, so a receiver that is down gets one try at a
time. Nothing here knows of other receivers.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import time
from base64 import b64encode
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from errno import errorcode
from hashlib import sha256

import aiohttp

from calltrack.journal import JournalUnwritable
from calltrack.serve.config import Hook
from calltrack.serve.hooks.outbox import DeadLetter, Delivery, Outbox
from calltrack.serve.security.addresses import InternalAddress, OutsideResolver, outside_socket

PAUSES = (1.0, 5.0, 30.0, 120.0)
"""Seconds between the tries of one delivery; after the last it is a dead letter."""

_TIMEOUT = 10.0  # s
_LONGEST_REST = 30.0  # s between two tries at a receiver that takes nothing
_LONGEST_PAUSE = 600.0  # s, whatever the receiver asks for
_MOST = 5000  # deliveries in memory; what follows waits in the journal

_log = logging.getLogger("calltrack.serve")


class Sender:
    """Posts deliveries to one receiver.

    `taken` and `given_up` count deliveries since the start, `failed` the tries since the last one that was taken.
    """

    def __init__(self, hook: Hook, outbox: Outbox, pauses: Sequence[float] = PAUSES) -> None:
        self.taken = self.given_up = self.failed = 0
        self._hook = hook
        self._secret = hook.secret()
        self._outbox = outbox
        self._pauses = pauses
        self._lanes: dict[str, deque[Delivery]] = {}
        self._turns = _Turns(hook.parallel)
        self._room = asyncio.Event()
        self._room.set()
        self.ready = asyncio.Event()
        self._ids: list[str] = []
        self._letters: list[DeadLetter] = []
        self._settle = asyncio.Event()
        self._count = 0

    @property
    def waiting(self) -> int:
        """Deliveries that were not taken yet."""
        return self._count

    async def run(self, group: asyncio.TaskGroup) -> None:
        """Deliver until cancelled; the tasks that it starts belong to a group."""
        if self._hook.allow_internal:
            connector = aiohttp.TCPConnector(limit=0)
        else:
            connector = aiohttp.TCPConnector(limit=0, resolver=OutsideResolver(), socket_factory=outside_socket)
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session:
            self._group, self._session = group, session
            self.give(await self._outbox.pending(self._hook.name))
            self.ready.set()
            while True:
                await self._settle.wait()
                self._settle.clear()
                ids, letters = self._ids, self._letters
                self._ids, self._letters = [], []
                await keep(lambda: self._outbox.settle(self._hook.name, ids, letters), self._hook.name)  # noqa: B023
                self.given_up += len(letters)

    def give(self, deliveries: Iterable[Delivery]) -> None:
        """Take deliveries, which are durable; not before `ready`."""
        for one in deliveries:
            self._count += 1
            lane = self._lanes.get(one.lane)
            if lane is None:
                self._lanes[one.lane] = deque([one])
                self._group.create_task(self._drive(one.lane))
            else:
                lane.append(one)
        if self._count >= _MOST:
            self._room.clear()

    async def room(self) -> None:
        """Wait until there is room for more."""
        await self._room.wait()

    async def _drive(self, name: str) -> None:
        """Deliver what is in a lane, one after the other, until it is empty."""
        lane = self._lanes[name]
        while lane:
            letter = await self._deliver(lane[0])
            if letter is None:
                self._ids.append(lane[0].id)
            else:
                self._letters.append(letter)
            lane.popleft()
            self._settle.set()
            self._count -= 1
            if self._count < _MOST:
                self._room.set()
        del self._lanes[name]

    async def _deliver(self, one: Delivery) -> DeadLetter | None:
        """Post until it is taken; the dead letter if it is not."""
        reason, attempts = "", 0
        for pause in (*self._pauses, None):
            attempts += 1
            reason, again, wanted = await self._in_turn(one)
            if not reason:
                return None
            if not again or pause is None:
                break
            await asyncio.sleep(max(pause, wanted))
        name = self._hook.name
        _log.warning("webhook %s: %s at %s given up after %d tries: %s", name, one.event, one.id, attempts, reason)
        return letter(name, one.id, one.event, attempts, reason, one.body)

    async def _in_turn(self, one: Delivery) -> tuple[str, bool, float]:
        """Post once it is this one's turn."""
        await self._turns.wait()
        troubled = False
        try:
            reason, again, wanted = await self._post(one)
            troubled = bool(reason) and again
            self.failed = self.failed + 1 if reason else 0
            self.taken += not reason
            return reason, again, wanted
        finally:
            self._turns.over(troubled)

    async def _post(self, one: Delivery) -> tuple[str, bool, float]:
        """Why it was not taken ("" if it was), whether another try may help, and s that the receiver wants it later."""
        try:
            async with self._session.post(
                self._hook.url, data=one.body, headers=self._signed(one), allow_redirects=False
            ) as answer:
                if 200 <= answer.status < 300:
                    return "", False, 0.0
                again = not 300 <= answer.status < 500 or answer.status in (408, 429)
                return f"answered {answer.status}", again, _seconds(answer.headers.get("retry-after", ""))
        except InternalAddress as error:
            return str(error), False, 0.0
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if isinstance(error.__cause__, InternalAddress):
                return str(error.__cause__), False, 0.0
            return _failure(error), True, 0.0

    def _signed(self, one: Delivery) -> dict[str, str]:
        """The headers of Standard Webhooks: id, timestamp, and HMAC-SHA256 over both and the body."""
        stamp = str(int(time.time()))
        digest = hmac.digest(self._secret, f"{one.id}.{stamp}.".encode() + one.body, sha256)
        return {
            "content-type": "application/json",
            "webhook-id": one.id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{b64encode(digest).decode()}",
        }


class _Turns:
    """How many may be under way at once: at most `most`, half after a failure, one more after a success; in order.

    A receiver that fails when it gets one at a time gets one try after a pause, which doubles up to _LONGEST_REST.
    """

    def __init__(self, most: int) -> None:
        self._most = self._now = float(most)
        self._under_way = 0
        self._rest = 0.0
        self._resting: asyncio.TimerHandle | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Wait for a turn; `over` ends it."""
        if self._under_way < self._places and not self._waiting:
            self._under_way += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif not turn.cancelled():  # it was given, and is not used
                self._under_way -= 1
                self._give()
            raise

    def over(self, troubled: bool) -> None:
        """End a turn; `troubled` is whether the receiver was."""
        self._under_way -= 1
        if not troubled:
            self._rest, self._now = 0.0, min(self._most, self._now + 1)
        elif self._now > 1:
            self._now = max(1.0, self._now / 2)
        elif self._resting is None:
            self._rest = min(_LONGEST_REST, max(PAUSES[0], self._rest * 2))
            self._resting = asyncio.get_running_loop().call_later(self._rest, self._wake)
        self._give()

    def _wake(self) -> None:
        self._resting = None
        self._give()

    def _give(self) -> None:
        while self._waiting and self._under_way < self._places:
            if not (turn := self._waiting.popleft()).done():
                self._under_way += 1
                turn.set_result(None)

    @property
    def _places(self) -> int:
        return int(self._now) if self._resting is None else 0


async def keep(write: Callable[[], Awaitable[None]], webhook: str) -> None:
    """Write to the outbox; as long as the disk refuses, wait, and say so once for each reason."""
    said = ""
    while True:
        try:
            await write()
            break
        except JournalUnwritable as error:
            if said != (said := str(error)):
                _log.error("webhook %s waits: %s", webhook, said)
            await asyncio.sleep(PAUSES[0])
    if said:
        _log.warning("webhook %s goes on", webhook)


_FAILURES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (TimeoutError, f"no answer within {_TIMEOUT:g} s"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not valid for its name"),
    (aiohttp.ClientSSLError, "no connection over TLS"),
    (aiohttp.ClientConnectorDNSError, "its name was not found"),
    (aiohttp.ServerDisconnectedError, "the connection was closed before an answer"),
    ((aiohttp.ClientResponseError, aiohttp.ClientPayloadError), "what it answered is not HTTP"),
)
"""Of each kind of error, the first that fits."""


def _failure(error: Exception) -> str:
    """What went wrong, in our words: those of the library may have the address in them, and with it a secret."""
    if (known := next((words for kind, words in _FAILURES if isinstance(error, kind)), None)) is not None:
        return known
    if isinstance(error, OSError) and (number := error.errno or 0) in errorcode:
        return f"no connection: {os.strerror(number)}"
    return type(error).__name__


def letter(webhook: str, key: str, kind: str, attempts: int, reason: str, body: bytes) -> DeadLetter:
    """A dead letter of now."""
    return DeadLetter(0, webhook, key, kind, time.time(), attempts, reason, body.decode())


def _seconds(retry_after: str) -> float:
    return min(float(retry_after), _LONGEST_PAUSE) if retry_after.isascii() and retry_after.isdecimal() else 0.0
