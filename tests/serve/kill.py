"""kill -9 at random moments under load: what clients were sent, and what is restored, equal an uninterrupted run's.

`python -m tests.serve.kill --times 100` prints what it did; exit code 1 if anything was lost, doubled or another.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

import aiohttp
import msgspec

from calltrack import Tracker, read_recording
from calltrack.journal import Journal
from calltrack.simulate import Plan, write_recording
from tests.serve.service import events

_RATE = 400.0  # frames per second
_LASTS = 1.0  # s that a process may live once it listens, at most
_WAITS = 120.0  # s for the end to be reached


class Outcome(NamedTuple):
    """What came of it: kills, how many before the process listened, frames, changes, and every difference in words."""

    kills: int
    early: int
    frames: int
    changes: int
    differences: list[str]


async def kill_often(folder: Path, times: int, seed: int) -> Outcome:
    """Kill a service `times` times while it serves a recording, and compare."""
    recording, path = folder / "traffic.jsonl", folder / "journal"
    frames = max(1000, int(times * _RATE * _LASTS * 0.6))
    hours = frames / 5000
    write_recording(recording, Plan(agents=200), seed=seed, hours=hours, truth=False)
    tracker, expected = Tracker(), list[tuple[str, bytes]]()
    count = 0
    for count, frame in enumerate(read_recording(recording), 1):
        for number, change in enumerate(tracker.feed(frame), 1):
            expected.append((f"{count}.{number}", msgspec.json.encode(change)))
    speed = hours * 3600 / (count / _RATE)
    killing = _Killing(recording, path, speed, Random(seed))
    everything = _Client("", expected[-1][0])
    ends = [one for one in expected if json.loads(one[1])["change"] == "CallEnded"]
    only_ends = _Client("&kinds=CallEnded", ends[-1][0])
    clients = [asyncio.create_task(client.listen(killing)) for client in (everything, only_ends)]
    try:
        await killing.kill(times)
        async with asyncio.timeout(_WAITS):
            await asyncio.gather(*clients)
    except TimeoutError:
        pass
    finally:
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        await killing.stop()
    differences = [
        *_compared("all changes", expected, everything.heard),
        *_compared("ends of calls", ends, only_ends.heard),
    ]
    with Journal.open(path, read_only=True) as journal:
        if journal.position != count:
            differences.append(f"the journal has {journal.position} of {count} frames")
        elif journal.tracker().snapshot() != tracker.snapshot():
            differences.append("the restored state is another")
    return Outcome(times, killing.early, count, len(expected), differences)


class _Killing:
    """One process after the other."""

    def __init__(self, recording: Path, journal: Path, speed: float, random: Random) -> None:
        self.early = 0
        self.url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._command = (
            *(sys.executable, "-m", "calltrack", "serve", "--replay", str(recording), "--journal", str(journal)),
            *("--speed", f"{speed:.1f}x", "--listen", "127.0.0.1:0"),
        )
        self._random = random
        self._process: Process | None = None

    async def kill(self, times: int) -> None:
        """Start and kill; then start once more."""
        for _ in range(times):
            starting = asyncio.create_task(self._start())
            if self._random.random() < 0.1:
                await asyncio.sleep(self._random.uniform(0, 1.0))
                self.early += not starting.done()
            else:
                await starting
                await asyncio.sleep(self._random.uniform(0, _LASTS))
            while self._process is None:
                await asyncio.sleep(0.01)
            os.kill(self._process.pid, signal.SIGKILL)
            if self.url.done():  # else clients wait for it still
                self.url = asyncio.get_running_loop().create_future()
            await self._process.wait()
            starting.cancel()
            with suppress(asyncio.CancelledError, ValueError):
                await starting
        await self._start()

    async def stop(self) -> None:
        """End the last process, gracefully."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await self._process.wait()

    async def _start(self) -> None:
        self._process = None
        self._process = await asyncio.create_subprocess_exec(*self._command, stdout=PIPE)
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode()
        if "http://" not in line:
            raise ValueError("killed before it listened")
        self.url.set_result(line.split()[4].rstrip(";"))


class _Client:
    """Follows the changes over all processes, until it has heard the last."""

    def __init__(self, filters: str, last: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._filters = filters
        self._last = last
        self._at = "0"

    async def listen(self, killing: _Killing) -> None:
        """Connect again and again, each time after what was heard last."""
        async with aiohttp.ClientSession() as session:
            while not self.heard or self.heard[-1][0] != self._last:
                url = f"{await asyncio.shield(killing.url)}api/changes?after={self._at}{self._filters}"
                try:
                    async with session.get(url) as answer:
                        async for event in events(answer):
                            self._at = event.id
                            if event.event == "change":
                                self.heard.append((event.id, msgspec.json.encode(event.data)))
                                if event.id == self._last:
                                    return
                            elif event.event == "reset":
                                self.heard.append((event.id, b"reset"))
                except (aiohttp.ClientError, ConnectionError):
                    await asyncio.sleep(0.02)


def _compared(what: str, expected: list[tuple[str, bytes]], heard: list[tuple[str, bytes]]) -> list[str]:
    """The differences in words; none if equal."""
    if expected == heard:
        return []
    wanted, got = [place for place, _ in expected], [place for place, _ in heard]
    lost, doubled = len(set(wanted) - set(got)), len(got) - len(set(got))
    first = next((i for i, pair in enumerate(zip(expected, heard, strict=False)) if pair[0] != pair[1]), len(heard))
    return [f"{what}: {len(expected)} expected, {len(heard)} heard, {lost} lost, {doubled} doubled, first at {first}"]


def main() -> None:
    """Kill as often as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    begin = time.monotonic()
    with TemporaryDirectory() as folder:
        outcome = asyncio.run(kill_often(Path(folder), arguments.times, arguments.seed))
    print(
        f"{outcome.kills} kills, {outcome.early} of them before it listened; {outcome.frames} frames, "
        f"{outcome.changes} changes, {time.monotonic() - begin:.0f} s"
    )
    print("\n".join(outcome.differences) or "zero lost, zero doubled, the same state")
    sys.exit(bool(outcome.differences))


if __name__ == "__main__":
    main()
