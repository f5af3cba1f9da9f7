"""A service with many accounts for tests: each is fed by hand, or cannot be opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import aiohttp

from calltrack.journal import Journal, JournalUnwritable
from calltrack.serve.accounts import ManyAccounts
from calltrack.serve.config import Config
from calltrack.serve.engine import Engine
from calltrack.serve.parts import Parts
from calltrack.serve.run import Listen, serve
from calltrack.serve.security.access import Access, Visitor
from tests.serve.service import TIMEOUT, Fed


class Many(NamedTuple):
    """The service: its accounts, the source of each, and a client."""

    accounts: ManyAccounts
    sources: dict[str, Fed]
    client: aiohttp.ClientSession

    async def reached(self, account: str, position: int) -> None:
        """Wait until the frame at a position of an account was applied."""
        async with asyncio.timeout(TIMEOUT):
            while (parts := self.accounts.all[account].parts) is None or parts.engine.view.snapshot.position < position:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def many(
    folder: Path, *names: str, tokens: dict[str, Visitor] | None = None, config: Config | None = None
) -> AsyncIterator[Many]:
    """Accounts of these names on a free port; one named "broken" has no journal."""
    sources, tables = {name: Fed() for name in names}, config or Config()

    async def opened(name: str) -> Parts:
        if name == "broken":
            raise JournalUnwritable("no room for it")
        return Parts.of(Engine(sources[name], Journal.open(folder / f"{name}.journal")), tables, account=name)

    accounts = ManyAccounts(names, opened, tables.posted)
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(accounts, Access(tokens or {}), Listen("127.0.0.1", 0), address.set_result))
    try:
        async with asyncio.timeout(TIMEOUT), aiohttp.ClientSession(await address) as client:
            yield Many(accounts, sources, client)
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
