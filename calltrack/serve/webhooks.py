"""Webhooks: what other systems want to be told of, posted to them, signed, and again until they have it.

Each webhook follows the stream of changes from its own durable place, one delivery after the other. A delivery is made
at least once: after a crash the last one may be repeated, under the same `webhook-id`, its place in the stream.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from calltrack.journal import JournalUnwritable, StreamPosition
from calltrack.serve.addresses import InternalAddress, OutsideResolver
from calltrack.serve.config import Config, Hook
from calltrack.serve.engine import Engine
from calltrack.serve.lenses import Changes, Wanted, messages
from calltrack.serve.outbox import DeadLetter, Outbox

PAUSES = (1.0, 5.0, 30.0, 120.0)
"""Seconds between the tries of one delivery; after the last it is a dead letter."""

_TIMEOUT = 10.0  # s
_KINDS = frozenset({"LegStarted", "CallEnded", "QueueJoined", "QueueLeft", "WaitResumed"})
_OFTEN = 5.0  # s between two notes of a place at which there was nothing to deliver

_log = logging.getLogger("calltrack.serve")


class Webhook:
    """One receiver.

    `taken` and `given_up` count deliveries since the start, `failed` the tries since the last one that was taken.
    """

    def __init__(self, hook: Hook, engine: Engine, outbox: Outbox, *, pauses: Sequence[float] = PAUSES) -> None:
        self.name = hook.name
        self.taken = self.given_up = self.failed = 0
        self._hook = hook
        self._secret = hook.secret()
        self._engine = engine
        self._outbox = outbox
        self._pauses = pauses
        self._noted = 0.0
        self._waiting: dict[str, list[str]] = {}

    async def run(self) -> None:
        """Deliver until cancelled."""
        hook, hub = self._hook, self._engine.hub
        known = await self._outbox.place(hook.name)
        if known is None:
            at = hub.flushed
            queues = self._engine.view.snapshot.queues
            self._waiting = {queue.queue_id: [wait.call_id for wait in queue.waiting] for queue in queues}
        else:
            at, self._waiting = known[0], msgspec.json.decode(known[1])
        resolver = None if hook.allow_internal else OutsideResolver()
        connector = aiohttp.TCPConnector(resolver=resolver, limit=1)
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
        lens = Changes(self._engine.view, hook.scope, Wanted(kinds=_KINDS), messages)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session:
            async for piece in hub.stream(lens, at):
                for event in msgspec.json.decode(piece):
                    await self._take(session, event["event"], StreamPosition.parse(event["id"]), event["data"])

    async def _take(self, session: aiohttp.ClientSession, event: str, place: StreamPosition, data: Any) -> None:
        if event == "reset":
            reason = f"what happened before is no longer kept: {data['reason']}"
            await self._move(place, self._letter(str(place), "lost", 0, reason, b""))
        elif event != "change":
            if time.monotonic() - self._noted > _OFTEN:
                await self._move(place)
        elif kind := self._kind(data):
            body = msgspec.json.encode({"type": kind, "id": str(place), "at": data["at"], "data": data})
            await self._move(place, await self._deliver(session, str(place), kind, body))

    def _kind(self, change: dict[str, Any]) -> str:
        """The event that a change is for this webhook; "" for none."""
        kind, events = change["change"], self._hook.events
        if kind == "LegStarted":
            pops = change["leg"]["state"] == "Ringing" and change["leg"]["direction"] == "Incoming"
            return "screen_pop" if pops and "screen_pop" in events else ""
        if kind == "CallEnded":
            return "call_ended" if "call_ended" in events else ""
        waiting = self._waiting.setdefault(change["queue_id"], [])
        if kind == "QueueLeft":
            if change["call_id"] in waiting:
                waiting.remove(change["call_id"])
            return ""
        if change["call_id"] in waiting:
            return ""
        waiting.append(change["call_id"])
        change["waiting"] = len(waiting)
        return "queue_threshold" if "queue_threshold" in events and len(waiting) == self._hook.waiting else ""

    async def _deliver(self, session: aiohttp.ClientSession, key: str, kind: str, body: bytes) -> DeadLetter | None:
        """Post until it is taken; the dead letter if it is not."""
        reason, attempts = "", 0
        for pause in (*self._pauses, None):
            attempts += 1
            reason, again = await self._post(session, key, body)
            if not reason:
                self.taken, self.failed = self.taken + 1, 0
                return None
            self.failed += 1
            if not again or pause is None:
                break
            await asyncio.sleep(pause)
        _log.warning("webhook %s: %s at %s given up after %d tries: %s", self.name, kind, key, attempts, reason)
        return self._letter(key, kind, attempts, reason, body)

    async def _post(self, session: aiohttp.ClientSession, key: str, body: bytes) -> tuple[str, bool]:
        """Why it was not taken ("" if it was), and whether another try may help."""
        try:
            async with session.post(
                self._hook.url, data=body, headers=self._signed(key, body), allow_redirects=False
            ) as answer:
                if answer.status < 300:
                    return "", False
                return f"answered {answer.status}", answer.status >= 500 or answer.status in (408, 429)
        except InternalAddress as error:
            return str(error), False
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            cause = error.__cause__ if isinstance(error.__cause__, InternalAddress) else error
            return f"{type(cause).__name__}: {cause}", not isinstance(cause, InternalAddress)

    def _signed(self, key: str, body: bytes) -> dict[str, str]:
        """The headers of Standard Webhooks: id, timestamp, and HMAC-SHA256 over both and the body."""
        stamp = str(int(time.time()))
        digest = hmac.digest(self._secret, f"{key}.{stamp}.".encode() + body, sha256)
        return {
            "content-type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{b64encode(digest).decode()}",
        }

    def _letter(self, key: str, kind: str, attempts: int, reason: str, body: bytes) -> DeadLetter:
        return DeadLetter(0, self.name, key, kind, time.time(), attempts, reason, body.decode())

    async def _move(self, place: StreamPosition, dead: DeadLetter | None = None) -> None:
        """Note how far it has come; as long as the disk refuses, it comes no further."""
        waiting = msgspec.json.encode(self._waiting).decode()
        while True:
            try:
                await self._outbox.move(self.name, place, waiting, dead)
                break
            except JournalUnwritable as error:
                _log.error("webhook %s waits: %s", self.name, error)
                await asyncio.sleep(self._pauses[0])
        self._noted = time.monotonic()
        self.given_up += dead is not None


class Webhooks:
    """All of them; `outbox` is None if there are none."""

    def __init__(self, config: Config, engine: Engine, path: Path, *, pauses: Sequence[float] = PAUSES) -> None:
        self.outbox = Outbox(path) if config.webhook else None
        self.hooks = [Webhook(hook, engine, self.outbox, pauses=pauses) for hook in config.webhook if self.outbox]

    async def run(self) -> None:
        """Deliver until cancelled; raises what is not a receiver's fault."""
        async with asyncio.TaskGroup() as group:
            for hook in self.hooks:
                group.create_task(hook.run())

    def close(self) -> None:
        """Let go of the file."""
        if self.outbox is not None:
            self.outbox.close()
