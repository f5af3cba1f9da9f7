"""Accounts for tests of commands: simulated services, each with its own token, and a file that describes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator
from calltrack.simulate.server.login import Credentials

TOKEN = "token-of-account-"


def secrets(count: int) -> dict[str, str]:
    """The variables that hold the tokens."""
    return {f"TEST{number}_TOKEN": f"{TOKEN}{number}" for number in range(count)}


def described(folder: Path, urls: list[str]) -> Path:
    """A file of the accounts a0, a1, … at these login addresses."""
    path = folder / "accounts.toml"
    path.write_text(
        "".join(
            f'[[account]]\nname = "a{number}"\ncredentials = "env:TEST{number}"\nlogin_url = "{url}"\n'
            for number, url in enumerate(urls)
        )
    )
    return path


@asynccontextmanager
async def simulated(count: int, *, speed: float = 200.0) -> AsyncIterator[list[Simulator]]:
    """So many services, of a few agents each."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                Simulator(Plan(agents=5), seed=number, speed=speed, credentials=Credentials(token=f"{TOKEN}{number}"))
            )
            for number in range(count)
        ]
