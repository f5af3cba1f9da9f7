"""A call centre that does not exist, in this process: the last half hour at once, and then as time passes."""

from __future__ import annotations

import asyncio
import time
from random import Random

from calltrack.errors import NotAFrame
from calltrack.simulate import Plan, traffic
from calltrack.simulate.recording import encode
from calltrack.source import OnFrame
from calltrack.wire import Frame

_BEFORE = 1800.0  # s of simulated time that has passed when somebody first looks
_FOREVER = 24 * 365 * 100.0  # h
_AT_ONCE = 50  # frames between two chances for others to run


class Simulated:
    """A source of simulated frames, `speed` times as fast as life."""

    def __init__(self, agents: int, queues: int, seed: int, speed: float) -> None:
        self.speed = speed
        self._agents, self._queues, self._seed = agents, queues, seed

    def status(self) -> str:
        """That it is not real, and how fast it goes."""
        pace = "" if self.speed == 1 else f" at {self.speed:g}x"
        return f"a simulated call centre of {self._agents} agents{pace}"

    async def run(self, on_frame: OnFrame) -> None:
        """Give the frames as they are due, until cancelled."""
        begin = time.time() - _BEFORE
        plan = Plan(agents=self._agents, queues=self._queues, start=begin)
        loop, garbler = asyncio.get_running_loop(), Random(self._seed)
        start, count = loop.time(), 0
        for lines, _ in traffic(plan, seed=self._seed, hours=_FOREVER):
            for line in lines:
                due = start + (line.at - begin - _BEFORE) / self.speed
                if (early := due - loop.time()) > 0:
                    await asyncio.sleep(early)
                count += 1
                if count % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                try:
                    frame = Frame.decode(encode(line, garbler))
                except NotAFrame:
                    continue
                if (full := on_frame(frame)) is not None:
                    await full
