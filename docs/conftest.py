"""The examples in docs/ as tests; those of recipes.md and moving.md run against a simulated centre, in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from random import Random

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from sybil.sybil import SybilCollection

from calltrack import Frame
from calltrack.live import Endpoints
from calltrack.simulate import End, Plan, traffic
from calltrack.simulate.recording import encode
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


class Day:
    """A simulated hour and a half: the frames, and what really happened, by call."""

    def __init__(self, seed: int = 2) -> None:
        self.frames: list[Frame] = []
        legs: list[End] = []
        ended, waited = set[str](), set[str]()
        random, logged_on, there = Random(seed), dict[str, int](), dict[tuple[str, object], int]()
        rang: dict[tuple[str, str, int], None] = {}
        for lines, truth in traffic(Plan(agents=12, queues=2), seed=seed, hours=1.5):
            self.frames += [Frame.decode(encode(line, random)) for line in lines]
            legs += [end for end in truth.ends if end.what == "leg"]
            ended |= {end.call for end in truth.ends if end.what == "call"}
            waited |= {end.call for end in truth.ends if end.what == "wait"}
            logged_on |= {name: agent for name, (agent, _) in truth.agents.items()}
            for name, live in truth.legs.items():
                for leg in live:
                    there.setdefault((leg.call, name), logged_on.get(name, 0))
                    if leg.state == "Ringing":
                        rang[leg.call, name, leg.started] = None
        self.talked: dict[str, set[object]] = {call: set() for call in ended & waited}
        self.agents: dict[str, set[int]] = {call: set() for call in ended & waited}
        for end in legs:
            if end.answered and end.call in self.talked:
                self.talked[end.call].add(end.where)
                self.agents[end.call] |= {there[end.call, end.where]} - {0}
        self.rang = sorted((call, name) for call, name, _ in rang if call in self.talked)
        self.missed = {call for call, extensions in self.talked.items() if not extensions}


@pytest.fixture(scope="module")
def day() -> Day:
    """What the recipes are held against."""
    return Day()


recipes = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()], patterns=["recipes.md"], fixtures=["call_centre", "day"]
)
moving = Sybil(parsers=[PythonCodeBlockParser()], patterns=["moving.md"], fixtures=["call_centre"])
others = Sybil(
    parsers=[PythonCodeBlockParser()],
    patterns=["api.md", "cdrs.md", "kafka.md", "kpi.md", "journal.md", "recordings.md", "sources.md", "testing.md"],
)
pytest_collect_file = SybilCollection([recipes, moving, others]).pytest()
