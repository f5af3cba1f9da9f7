"""CDR posts under load and `kill -9`: `python -m tests.serve.posts [--rate 1000] [--seconds 60] [--kills 3]`.

Posts records at a rate to `calltrack serve --no-socket`, kills it at random moments and starts it again, and posts what
was not answered once more, as the vendor does. Some records are posted again at the end: a body that is repeated after
a start and 20,000 others is kept once more, and changes nothing. At the end every record must be in the journal, and on
its call once. Prints the rate that was reached and how long answers took; exit code 1 if a record was lost, doubled or
refused.
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
from collections import Counter, deque
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import aiohttp

from calltrack import Tracker
from calltrack.core.changes import CallEnded, CallStarted
from calltrack.core.observations import Stated
from calltrack.journal import Journal
from tests.cdr.test_wire import NOTIFICATION

_SECRET = "a-secret-of-the-benchmark"
_CLIENTS = 256
"""Connections: a sender that waits for each answer on fewer of them is what limits the rate."""

_TWICE = 0.02


class Outcome(NamedTuple):
    """What came of it."""

    posted: int
    kills: int
    rate: float
    """Posts answered per second, while the service ran."""
    half_s: float
    most_s: float
    """The median and the 99th percentile of the time that an answer took, s."""
    busy_s: float | None
    """Processor time of the service for a post, s; None where the system does not say."""
    bad: list[str]


def body(n: int) -> bytes:
    """A record of a call that is over when it is posted."""
    more: dict[str, Any] = {"ivruniqueid": f"20231130{n:012}", "time": 1701343787 + n // 10}
    return json.dumps({**NOTIFICATION, **more, "extenUser": f"SIP{n % 200}"}).encode()


class _Service:
    """A service that can be killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        config = folder / "serve.toml"
        config.write_text('[cdr]\nsecret_env = "CDR_SECRET"\n')
        self._command = [
            *(sys.executable, "-m", "calltrack", "serve", "--no-socket", "--listen", "127.0.0.1:0"),
            *("--config", str(config), "--journal", str(folder / "journal"), "--zone", "Asia/Jerusalem"),
        ]
        self._process: Process | None = None
        self.url = ""
        self.ready = asyncio.Event()

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        environment = {**os.environ, "CDR_SECRET": _SECRET}
        self._process = await asyncio.create_subprocess_exec(*self._command, stdout=PIPE, env=environment)
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode()
        self.url = line.split()[4].rstrip(";/") if line else ""
        if not self.url:
            raise RuntimeError("the service did not start")
        self.ready.set()

    def busy(self) -> float | None:
        """Its processor time so far, s; None where the system does not say."""
        assert self._process is not None
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def kill(self, how: int) -> None:
        """End it; SIGKILL leaves it no chance to finish anything."""
        assert self._process is not None
        self.ready.clear()
        self._process.send_signal(how)
        await self._process.wait()


async def run(folder: Path, rate: float, seconds: float, kills: int, seed: int = 0) -> Outcome:
    """Post, kill, and look at what there is."""
    total, random = int(rate * seconds), Random(seed)
    waiting = deque(range(total))
    refused: list[str] = []
    took: list[float] = []
    service = _Service(folder)
    await service.start()
    begin, down = time.monotonic(), 0.0
    began, answered = service.busy(), 0
    issued = 0

    async def client() -> None:
        nonlocal issued
        async with aiohttp.ClientSession() as session:
            while waiting:
                await service.ready.wait()
                ahead = issued / rate - (time.monotonic() - begin - down)
                if ahead > 0:
                    await asyncio.sleep(ahead)
                if not waiting:
                    return
                n = waiting.popleft()
                issued += 1
                since = time.monotonic()
                try:
                    async with session.post(f"{service.url}/cdr/{_SECRET}", data=body(n)) as answer:
                        said = await answer.json(content_type=None)
                except (aiohttp.ClientError, OSError, ValueError):
                    waiting.appendleft(n)  # the vendor repeats within seconds what was not answered
                    issued -= 1
                    await asyncio.sleep(0.01)
                    continue
                took.append(time.monotonic() - since)
                if said != {"Err": 0, "Errdesc": "OK"}:
                    refused.append(f"record {n} was refused: {said}")
                    waiting.appendleft(n)
                elif random.random() < _TWICE:
                    waiting.append(n)

    async def killer() -> None:
        nonlocal down, began, answered
        for _ in range(kills):
            await asyncio.sleep(random.uniform(0.3, 1.0) * seconds / (kills + 1))
            if not waiting:
                return
            since = time.monotonic()
            await service.kill(signal.SIGKILL)
            await service.start()
            began, answered = service.busy(), len(took)
            down += time.monotonic() - since

    killing = asyncio.create_task(killer())
    await asyncio.gather(*(client() for _ in range(_CLIENTS)))
    lasted = time.monotonic() - begin - down
    with suppress(asyncio.CancelledError):
        killing.cancel()
        await killing
    busy, since_start = service.busy(), len(took) - answered
    await service.kill(signal.SIGTERM)
    each = (busy - began) / since_start if busy is not None and began is not None and since_start else None
    took.sort()
    bad = refused[:5] + verified(folder / "journal", total)
    return Outcome(total, kills, len(took) / lasted, took[len(took) // 2], took[len(took) * 99 // 100], each, bad)


def verified(path: Path, total: int) -> list[str]:
    """What is lost or doubled in a journal of that many records."""
    kept: set[str] = set()
    begun: Counter[str] = Counter()
    over: Counter[str] = Counter()
    tracker = Tracker()
    with Journal.open(path, read_only=True) as journal:
        for _, frame in journal.frames():
            if isinstance(frame.body, Stated):
                kept.add(frame.body.statement.call_id)
            for change in tracker.feed(frame):
                if isinstance(change, CallStarted):
                    begun[change.call_id] += 1
                elif isinstance(change, CallEnded):
                    over[change.call_id] += 1
    bad = []
    if lost := total - len(kept):
        bad.append(f"{lost} records were not kept")
    for what, counted in (("begun", begun), ("ended", over)):
        lost, doubled = total - len(counted), sum(count > 1 for count in counted.values())
        if lost or doubled:
            bad.append(f"{lost} calls were not {what}, {doubled} more than once")
    return bad


def main() -> int:
    """As the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--kills", type=int, default=3)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = asyncio.run(run(Path(folder), given.rate, given.seconds, given.kills))
    print(
        f"{found.posted} records, {found.kills} kills: {found.rate:.0f} answers a second while it ran; "
        f"an answer took {found.half_s * 1000:.0f} ms (median), {found.most_s * 1000:.0f} ms (99 of 100)"
        + ("" if found.busy_s is None else f"; the service's processor time {found.busy_s * 1000:.2f} ms a record")
    )
    for line in found.bad:
        print(line)
    return 1 if found.bad else 0


if __name__ == "__main__":
    sys.exit(main())
