"""A call centre that does not exist, in this process: the last half hour at once, and then as time passes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from itertools import chain
from random import Random
from typing import NamedTuple

from calltrack.core.errors import NotAFrame
from calltrack.feed.source import OnFrame
from calltrack.simulate import Plan, good_day, traffic
from calltrack.simulate.recording import encode
from calltrack.voicenter.frames import Frame

_BEFORE = 1800.0  # s of simulated time that has passed when somebody first looks
_FOREVER = 24 * 365 * 100.0  # h
_AT_ONCE = 50  # frames between two chances for others to run


class _Due(NamedTuple):
    """A frame, and when it is to be given: simulated s after the start."""

    after: float
    frame: Frame


class Simulated:
    """A source of simulated frames, `speed` times as fast as life.

    Without `last` it begins half an hour ago, and `history` gives what happened until now. With the server time (UTC
    epoch s) that a journal ends with there is no history, and it goes on from now, or from then if that is later.
    """

    stale_for: float | None = None

    def __init__(self, agents: int, queues: int, seed: int, speed: float, last: float | None = None) -> None:
        self.speed = speed
        self._agents = agents
        now = time.time()
        begin, start = (now - _BEFORE, now) if last is None else (max(now, last + 1),) * 2
        self._frames: Iterator[_Due] = _frames(good_day(agents, queues, begin), seed, start)

    def status(self) -> str:
        """That it is not real, and how fast it goes."""
        pace = "" if self.speed == 1 else f" at {self.speed:g}x"
        return f"a simulated call centre of {self._agents} agents{pace}"

    def history(self) -> Iterator[Frame]:
        """The frames until now, to be kept before anything is published; `run` gives those that follow."""
        for due in self._frames:
            if due.after >= 0:
                self._frames = chain((due,), self._frames)
                return
            yield due.frame

    async def run(self, on_frame: OnFrame) -> None:
        """Give the frames as they are due, until cancelled."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        for count, due in enumerate(self._frames, 1):
            if (early := start + due.after / self.speed - loop.time()) > 0:
                await asyncio.sleep(early)
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)
            if (full := on_frame(due.frame)) is not None:
                await full


def _frames(plan: Plan, seed: int, start: float) -> Iterator[_Due]:
    garbler = Random(seed)
    for lines, _ in traffic(plan, seed=seed, hours=_FOREVER):
        for line in lines:
            try:
                yield _Due(line.at - start, Frame.decode(encode(line, garbler)))
            except NotAFrame:
                continue
