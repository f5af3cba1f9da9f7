from __future__ import annotations

import asyncio
import time
from itertools import pairwise

from calltrack import Frame, Tracker
from calltrack.serve.simulated import Simulated


def fed(source: Simulated, count: int) -> list[Frame]:
    """The first frames that the source gives as time passes."""
    given: list[Frame] = []

    async def scene() -> None:
        enough = asyncio.Event()

        def take(frame: Frame) -> None:
            given.append(frame)
            if len(given) == count:
                enough.set()

        running = asyncio.create_task(source.run(take))
        await enough.wait()
        running.cancel()

    asyncio.run(scene())
    return given[:count]


def test_half_an_hour_is_past_at_once_and_then_time_passes() -> None:
    """The history ends now, and what follows follows it: no frame is left out, none comes twice."""
    source, before = Simulated(9, 4, 1, 1000.0), time.time()
    history = list(source.history())
    times = [frame.at or 0.0 for frame in (*history, *fed(source, 20))]

    assert before - 1801 < times[0] < before - 1790
    assert before - 120 < times[len(history) - 1] < before + 1 < times[len(history) + 10]
    assert sorted(times) == times
    assert len(history) > 50
    assert max(later - sooner for sooner, later in pairwise(times)) < 300


def test_after_a_journal_there_is_no_history() -> None:
    """It goes on from now, or from where the journal ends if that is later: the gap between is never negative."""
    for last in (time.time() - 5000, time.time() + 5000):
        source, tracker = Simulated(9, 4, 1, 1000.0, last), Tracker()
        assert [] == list(source.history())
        for frame in fed(source, 5):
            tracker.feed(frame)
        assert tracker.time is not None
        assert tracker.time > max(last, time.time() - 60)
