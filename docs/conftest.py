"""The examples in docs/ as tests; those of recipes.md and moving.md run against a simulated centre, in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.sybil import SybilCollection

from calltrack.live import Endpoints
from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator


@pytest.fixture(scope="module")
def call_centre() -> Iterator[None]:
    """The vendor's service, simulated, where `connect` and `listen` go by themselves; and a login to it."""
    started, urls = threading.Event(), list[str]()
    over: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with Simulator(Plan(agents=30), speed=1000.0) as simulator:
            urls.append(simulator.url)
            over.append((asyncio.get_running_loop(), asyncio.Event()))
            started.set()
            await over[0][1].wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait(100)
    addresses = Endpoints.older(urls[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Endpoints, "older", classmethod(lambda cls: addresses))
        patch.setenv("NO_PROXY", "*")
        patch.setenv("CALLTRACK_TOKEN", "simulated-account-token")
        yield
    over[0][0].call_soon_threadsafe(over[0][1].set)
    thread.join(100)


recipes = Sybil(parsers=[PythonCodeBlockParser()], patterns=["recipes.md", "moving.md"], fixtures=["call_centre"])
others = Sybil(
    parsers=[PythonCodeBlockParser()],
    patterns=["kafka.md", "kpi.md", "journal.md", "recordings.md", "sources.md", "testing.md"],
)
pytest_collect_file = SybilCollection([recipes, others]).pytest()
