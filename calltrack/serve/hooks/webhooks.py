"""Webhooks: what other systems are sent, posted to them, signed, and again until they take it.

Each webhook follows the stream of changes from its own durable place. What it has to send is durable before it is sent
(`outbox`) and goes out side by side (`delivery`), at least once: after a crash the last ones may be repeated, each
under the same `webhook-id`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from calltrack.journal import StreamPosition
from calltrack.serve.config import Config, Hook
from calltrack.serve.engine import Engine
from calltrack.serve.hooks.delivery import PAUSES, Sender, keep, letter
from calltrack.serve.hooks.outbox import DeadLetter, Delivery, Outbox
from calltrack.serve.stream.subscriptions import Changes, Wanted, messages

_KINDS = frozenset({"LegStarted", "CallEnded", "QueueJoined", "QueueLeft", "WaitResumed"})
_OFTEN = 5.0  # s between two notes of a place at which there was nothing to deliver


class Webhook:
    """One receiver: what it is sent of the stream, with its `account` if that is one of many; `sender` sends it."""

    def __init__(
        self, hook: Hook, engine: Engine, outbox: Outbox, *, pauses: Sequence[float] = PAUSES, account: str = ""
    ) -> None:
        self._account = account
        self.name = hook.name
        self.sender = Sender(hook, outbox, pauses)
        self._hook = hook
        self._engine = engine
        self._outbox = outbox
        self._noted = 0.0
        # Where one that is new begins: here, and not where the stream is once the file has answered.
        self._place = engine.hub.flushed
        queues = engine.view.snapshot.queues
        self._waiting = {queue.queue_id: [wait.call_id for wait in queue.waiting] for queue in queues}

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.sender.run(group))
            await self._follow()

    async def _follow(self) -> None:
        await self.sender.ready.wait()  # what is left of the last run goes first
        if (known := await self._outbox.place(self.name)) is not None:
            self._place, self._waiting = known[0], msgspec.json.decode(known[1])
        lens = Changes(self._engine.view, self._hook.scope, Wanted(kinds=_KINDS), messages)
        async for chunk in self._engine.hub.stream(lens, self._place):
            await self._take(msgspec.json.decode(chunk.plain))
            await self.sender.room()

    async def _take(self, events: list[dict[str, Any]]) -> None:
        """Keep what is to be delivered of some events, then have it sent."""
        deliveries: list[Delivery] = []
        lost: list[DeadLetter] = []
        for event in events:
            data, key = event["data"], event["id"]
            if event["event"] == "reset" and data["missed"]:
                reason = f"what happened before is no longer kept: {data['reason']}"
                lost.append(letter(self.name, key, "lost", 0, reason, b""))
            elif event["event"] == "change" and (kind := self._kind(data)):
                key, at = delivery_id(self._account, data["at"], key), data["at"]
                account = {"account": self._account} if self._account else {}
                body = msgspec.json.encode({"type": kind, "id": key, "at": at, **account, "data": data})
                deliveries.append(Delivery(key, data["call_id"], kind, body))
        if not deliveries and not lost and time.monotonic() - self._noted < _OFTEN:
            return
        place = StreamPosition.parse(events[-1]["id"])
        waiting = msgspec.json.encode(self._waiting).decode()
        if lost:
            await keep(lambda: self._outbox.settle(self.name, (), lost), self.name)
            self.sender.given_up += len(lost)
        await keep(lambda: self._outbox.take(self.name, place, waiting, deliveries), self.name)
        self._noted = time.monotonic()
        self.sender.give(deliveries)

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


def delivery_id(account: str, at: float | None, place: str) -> str:
    """`acme:1704697260:7.1`, which no other event of this service has: `at` is the change's, UTC epoch s.

    A place alone comes again in the journal of another account, and in one that is begun anew.
    """
    return ":".join([*([account] if account else []), "" if at is None else f"{at:.0f}", place])


class Webhooks:
    """All of them; `outbox` is None if there are none."""

    def __init__(
        self, config: Config, engine: Engine, path: Path, *, pauses: Sequence[float] = PAUSES, account: str = ""
    ) -> None:
        self.outbox = Outbox(path) if config.webhook else None
        self.hooks = [
            Webhook(hook, engine, self.outbox, pauses=pauses, account=account) for hook in config.webhook if self.outbox
        ]

    async def run(self) -> None:
        """Deliver until cancelled; raises what is not a receiver's fault."""
        async with asyncio.TaskGroup() as group:
            for hook in self.hooks:
                group.create_task(hook.run())

    def close(self) -> None:
        """Let go of the file."""
        if self.outbox is not None:
            self.outbox.close()
