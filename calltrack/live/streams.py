"""The changes of many accounts in one: each account has its connection, its tracker and its limit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self

from calltrack.core.changes import Change
from calltrack.live.accounts import LOGINS_PER_S, AccountLogin, Definition
from calltrack.live.network import Network
from calltrack.live.stream import Changes, Stream
from calltrack.live.timing import Pace

_WAITING = 100  # batches that wait to be read; what comes then waits with its account, up to that one's limit


class Of(NamedTuple):
    """A change, and the account that it is of."""

    account: str
    change: Change


class Streams:
    """Many streams, to be entered with `async with`; one account's trouble is its own, and in its `health`.

    `streams` has each by its account's name.
    """

    def __init__(
        self, definitions: Mapping[str, Definition], *, network: Network | None = None, pace: Pace | None = None
    ) -> None:
        network, pace = network or Network(), pace or Pace(LOGINS_PER_S)
        self.streams = {
            name: Stream(AccountLogin(one, pace, network), network=network, account=name)
            for name, one in definitions.items()
        }
        self._batches: asyncio.Queue[list[Of]] = asyncio.Queue(_WAITING)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for name, stream in self.streams.items():
            await stream.__aenter__()
            self._tasks.append(asyncio.create_task(self._hand_on(name, aiter(stream))))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        leaving = (stream.__aexit__(None, None, None) for stream in self.streams.values())
        await asyncio.gather(*self._tasks, *leaving, return_exceptions=True)

    async def batch(self) -> list[Of]:
        """The next changes of one account, as soon as there are some."""
        return await self._batches.get()

    async def offset_s(self, account: str) -> float | None:
        """By how much the clock of an account's server is ahead of UTC, s; None if it has not said so yet."""
        return self.streams[account].snapshot().resume.offset_s

    async def _hand_on(self, name: str, changes: Changes) -> None:
        while batch := await changes.batch():
            await self._batches.put([Of(name, change) for change in batch])
