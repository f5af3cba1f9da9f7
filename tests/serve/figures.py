"""What figures cost a service: today's refresh, a month that is closed, a restart, and the page of `calltrack report`.

`python -m tests.serve.figures --changes 2000000 --days 31` simulates a journal of so many changes over so many days, as
a service would have written it, and asks what a service is asked. `--frames 300000` stops after so many frames instead;
`--journal FILE` keeps the journal there, or takes the one that is there. Prints the time that passes, the processor
time of the process that counts, and that of the live one. Takes some minutes, most of them to simulate.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from calltrack import Frame, Tracker
from calltrack.figures import Options
from calltrack.journal import Journal
from calltrack.serve.history.figures import LONGEST, Figures
from calltrack.serve.history.follower import FRESH, follow
from calltrack.serve.history.store import beside, remove
from calltrack.serve.history.worker import Worker
from calltrack.simulate import Plan, traffic

T = TypeVar("T")

_START = 1_704_664_800  # midnight in Israel, where the simulated stream is two hours ahead of UTC
_DAY = 86400
_TOGETHER = 1000  # frames in one write
_REFRESHES = 3
_NEW = 60  # frames between two refreshes


def fill(journal: Journal, changes: int, frames: int, days: int) -> tuple[int, int]:
    """Write so many changes, or frames, of so many days, an equal part of each day; returns how many of both."""
    tracker, made, taken = Tracker(), 0, 0
    for number in range(days):
        plan = Plan(agents=200, queues=10, start=_START + number * _DAY + 8 * 3600)
        batch: list[Frame] = []
        for lines, _ in traffic(plan, seed=number, hours=14):
            for line in lines:
                frame = Frame.of(line.frame.event, line.frame.data)
                made += len(tracker.feed(frame))
                batch.append(frame)
            if len(batch) >= _TOGETHER:
                taken += len(batch)
                journal.append(batch)
                batch = []
                if journal.position % 10_000 < _TOGETHER:
                    journal.checkpoint(tracker)
            if made >= changes * (number + 1) / days or taken >= frames * (number + 1) / days:
                break
        journal.append(batch)
        taken += len(batch)
    journal.checkpoint(tracker)
    return made, taken


def cpu(_: object) -> float:
    """Processor time of the process that is asked, s."""
    return time.process_time()


async def timed(title: str, asked: Awaitable[T], worker: Worker[Any], *, new: bool = False) -> T:
    """Say how long an answer takes, and how much processor time of this process and of the one that is asked.

    `new` is whether the other process begins with it.
    """
    before = 0.0 if new else await worker.ask(cpu)
    begin, mine = time.perf_counter(), time.process_time()
    found = await asked
    took, spent = time.perf_counter() - begin, time.process_time() - mine
    theirs = await worker.ask(cpu) - before
    print(f"{title:60}{took:8.2f} s {theirs:8.2f} s {spent * 1000:10.1f} ms", flush=True)
    return found


def reported(path: Path, title: str, *options: str) -> None:
    """Say how long the command takes, and how much processor time."""
    page = path.with_name("report.html")
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [sys.executable, "-m", "calltrack", "report", str(path), "--html", str(page), *options]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    page.unlink()
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    print(f"{title:60}{time.perf_counter() - begin:8.2f} s {theirs:8.2f} s", flush=True)


async def ready(figures: Figures) -> None:
    """Until figures are ready, and none of the past are missing."""
    running = asyncio.create_task(figures.run())
    await figures.wait_ready()
    running.cancel()
    await asyncio.wait([running])


async def measure(path: Path, days: int) -> None:
    """Ask what a service is asked."""
    with Journal.open(path, read_only=True) as journal:
        end = journal.position
        *moments, known = (journal.tracker(end - _NEW * number).snapshot() for number in range(_REFRESHES, -1, -1))
    print(f"{'':60}{'passes':>10} {'counting':>10} {'live':>13}")
    figures = Figures(path, lambda: moments[0])
    whole = figures._follower.ask(follow, moments[0].position, _START)
    await timed("first start: the whole journal is counted", whole, figures._follower, new=True)
    await figures.close()

    figures = Figures(path, lambda: moments[0])
    today, past = figures._follower, figures._past
    await timed("restart to ready figures", ready(figures), today, new=True)
    options = Options()
    answer = await timed("today's report, the first", figures.answer(None, options, moments[0]), today)
    held, sent = answer.tag, 0
    for moment in (*moments[1:], known):
        await asyncio.sleep(FRESH)
        refreshed = figures.answer(None, options, moment, held=held)
        altered = await timed(f"what altered in it after {_NEW} frames", refreshed, today)
        held, sent = altered.tag, sent + len(altered.json)
    print(f"sent of {len(answer.json) / 1000:.0f} kB: {sent / _REFRESHES / 1000:.0f} kB")
    await timed("today's report again, nothing new", figures.answer(None, options, known), today)
    others = [Options(service_level_s=21 + number) for number in range(_REFRESHES)]  # of which nothing is remembered

    async def refresh() -> None:
        for one in others:
            await figures.answer(None, one, known)

    title = f"{_REFRESHES} refreshes of today's report of {len(answer.json) / 1000:.0f} kB"
    await timed(title, refresh(), today)
    await timed("the last hour, for a board", figures.hour(known, options, None, None), today)
    month = _START, min(_START + (days - 1) * _DAY, _START + LONGEST)
    title = f"a report of {(month[1] - month[0]) // _DAY} closed days"
    await timed(f"{title}, the first", figures.answer(month, options, known), past, new=True)
    figures._answers.clear()
    await timed(f"{title} again, nothing new", figures.answer(month, options, known), past)
    await figures.close()
    figures = Figures(path, lambda: known)
    await timed(f"{title}, after a restart", figures.answer(month, options, known), figures._past, new=True)
    so_far = _START, None
    await timed("the same and today", figures.answer(so_far, options, moments[-1]), figures._past)
    await asyncio.sleep(FRESH)
    await timed(f"the same and today {_NEW} frames later", figures.answer(so_far, options, known), figures._past)
    await figures.close()
    figures = Figures(path, lambda: known)
    title = "the same and today again, nothing new, after a restart"
    await timed(title, figures.answer(so_far, options, moments[-1]), figures._past, new=True)
    await figures.close()
    reported(path, "the page of calltrack report, from every frame", "--strict")
    reported(path, "the page of calltrack report, from what is kept")
    reported(path, "the page of calltrack report again, nothing new")
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    sizes = [path.stat().st_size / 1e6, beside(path).stat().st_size / 1e6]
    print(f"journal {sizes[0]:.0f} MB, store {sizes[1]:.0f} MB, largest process {largest:.0f} MB")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=float, default=2e6)
    parser.add_argument("--frames", type=float, default=1e12)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--journal", type=Path)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = asked.journal or Path(folder) / "journal"
        if not path.exists():
            with Journal.open(path) as journal:
                made, taken = fill(journal, int(asked.changes), int(asked.frames), asked.days)
            print(f"{made} changes of {taken} frames in {asked.days} days", flush=True)
        remove(beside(path))
        asyncio.run(measure(path, asked.days))


if __name__ == "__main__":
    main()
