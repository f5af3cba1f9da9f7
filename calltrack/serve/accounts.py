"""The accounts of one service: the only one, or many, each with parts of its own that begin again after an error."""

from __future__ import annotations

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable

from calltrack.core.errors import CalltrackError
from calltrack.live.timing import Backoff
from calltrack.serve.parts import Parts
from calltrack.serve.status import Status

_FIRST, _LONGEST = 5.0, 300.0  # s between two tries of an account that ends with an error

_log = logging.getLogger("calltrack.serve")


class Account:
    """One account; `parts` is None, and `trouble` says why, while it has none.

    For everybody, so `trouble` has nothing of an error's text, which may name files: that is in the log.
    """

    def __init__(self, name: str, parts: Parts | None = None) -> None:
        self.name = name
        self.parts = parts
        self.trouble = "" if parts is not None else "it is being opened"

    def status(self) -> Status:
        """How it is."""
        if self.parts is None:
            return Status(self.name, False, "", None, self.trouble, "0", 0, 0)
        engine = self.parts.engine
        snapshot, source = engine.view.snapshot, engine.source
        trouble = ""
        if engine.trouble:  # which may name files
            trouble = "frames cannot be stored, so nothing is published; the log says why"
        elif not engine.view.known:
            trouble = "the state is unknown: the telephony service is not heard of"
        waiting = sum(len(queue.waiting) for queue in snapshot.queues)
        return Status(
            *(self.name, not trouble, source.status(), source.stale_for, trouble),
            *(str(snapshot.position), len(snapshot.calls), waiting),
        )


class Accounts(ABC):
    """What the service serves; `all` by name, "" for the only one."""

    all: dict[str, Account]
    posted: frozenset[str] = frozenset()
    """Names of what the vendor may post to."""

    @abstractmethod
    async def run(self) -> None:
        """Work until cancelled."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything; to be called when `run` has ended."""


class OnlyAccount(Accounts):
    """One account, whose errors are the service's."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.all = {"": Account("", parts)}
        self.posted = frozenset(parts.posted)

    async def run(self) -> None:
        """Work until cancelled; raises what ends its parts."""
        await self._parts.run()

    async def close(self) -> None:
        """Let go of its files."""
        await self._parts.close()


class ManyAccounts(Accounts):
    """Many, each of which `opened` gives parts; an error ends those of one, which are opened again after a while."""

    def __init__(
        self, names: Iterable[str], opened: Callable[[str], Awaitable[Parts]], posted: Iterable[str] = ()
    ) -> None:
        self.posted = frozenset(posted)
        self.all = {name: Account(name) for name in names}
        self._opened = opened

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for account in self.all.values():
                tasks.create_task(self._attend(account))

    async def close(self) -> None:
        """Let go of all files."""
        for account in self.all.values():
            await self._close(account)

    async def _attend(self, account: Account) -> None:
        pauses = Backoff(_FIRST, _LONGEST, random.random)
        while True:
            try:
                account.parts = await self._opened(account.name)
                account.trouble = ""
                await account.parts.run()
                return  # its source has ended
            except (CalltrackError, OSError) as error:
                account.trouble = "it ended with an error, and is tried again; the log says why"
                _log.error("%s: %s", account.name, error)
            except Exception:
                account.trouble = "an error of calltrack ended it; the log has it"
                _log.exception("%s: an error of calltrack", account.name)
            await self._close(account)
            await asyncio.sleep(pauses.next())

    async def _close(self, account: Account) -> None:
        parts, account.parts = account.parts, None
        if parts is not None:
            parts.engine.hub.close()
            try:
                await parts.close()
            except (CalltrackError, OSError) as error:
                _log.error("%s: %s", account.name, error)
