"""Hostile clients of the lowest role, and what the administrator's board sees of them.

    python -m tests.serve.attack --clients 2000 --seconds 60

A quarter of the clients resume from the beginning and read nothing, a quarter open connections and send half a
request, a quarter log in again and again, a quarter ask for figures of 31 days and past states. Meanwhile the
administrator's board listens. Printed are the age of what it gets (p50, p99), the answers of /health/live, and the
resident memory of the service and its processes before, at most, and a minute after the clients left.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from signal import SIGTERM
from tempfile import TemporaryDirectory

import aiohttp

from tests.serve.service import events

ADMIN, LOW = "admin" * 6, "lowest" * 6
BEFORE = 60.0  # s after which it is attacked: until then the service itself fills what it keeps
AFTER = 60.0  # s after which memory is looked at again
TOKENS = f"""
[[token]]
name = "admin"
token = "{ADMIN}"

[[token]]
name = "low"
token = "{LOW}"
queues = []
phone_numbers = false
"""


def memory(pid: int) -> float:
    """Resident MB of a process and its children."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        with suppress(OSError, IndexError):
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(folder.name) == pid or int(stat[1]) == pid:
                total += int((folder / "statm").read_text().split()[1]) * resource.getpagesize()
    return total / 1e6


class Board:
    """The administrator's: how old each update is when it comes, against the service's own clock at quiet times."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ages: list[float] = []
        self.resets = 0
        self._least: float | None = None

    async def run(self) -> None:
        """Listen; a lost stream is counted, and opened again."""
        headers = {"Authorization": f"Bearer {ADMIN}"}
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(self.url, headers=headers, timeout=timeout) as client:
            while True:
                with suppress(aiohttp.ClientError):
                    async with client.get("/api/updates") as answer:
                        if answer.status == 200:
                            async for event in events(answer):
                                self._see(event.data["now"] / (event.data["speed"] or 1))
                self.resets += 1
                await asyncio.sleep(0.1)

    def _see(self, now: float) -> None:
        """The clocks differ by a constant: the least difference seen is taken for no delay."""
        difference = time.monotonic() - now
        self._least = difference if self._least is None else min(self._least, difference)
        self.ages.append(difference)

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        ages = sorted(self.ages)
        return (ages[min(len(ages) - 1, int(len(ages) * share))] - (self._least or 0)) * 1000 if ages else float("nan")


async def stuck(host: str, port: int, request: str) -> None:
    """Send something, and read nothing; again when it is cut off."""
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(host, port, limit=1)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(request.encode())
            try:
                while not writer.is_closing():
                    await asyncio.sleep(5)
            finally:
                writer.close()
        await asyncio.sleep(1)


async def log_in(client: aiohttp.ClientSession, answers: Counter[str]) -> None:
    """Log in again and again."""
    while True:
        try:
            async with client.post("/api/session", json={"token": LOW}) as answer:
                answers[f"session {answer.status}"] += 1
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            answers[type(error).__name__] += 1
        await asyncio.sleep(0.5)


async def ask(client: aiohttp.ClientSession, number: int, answers: Counter[str]) -> None:
    """Ask for the past again and again, each time another."""
    headers = {"Authorization": f"Bearer {LOW}"}
    while True:
        since = time.time() - 30 * 86400 - number
        path = (
            f"/api/kpis?since={since}&until={since + 2_600_000}" if number % 8 == 3 else f"/api/state?at={time.time()}"
        )
        try:
            async with client.get(path, headers=headers) as answer:
                answers[f"{path.partition('?')[0]} {answer.status}"] += 1
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            answers[type(error).__name__] += 1
        await asyncio.sleep(0.5)


async def health(url: str, answers: Counter[str]) -> None:
    """Ask every second, with a new connection."""
    while True:
        try:
            timeout = aiohttp.ClientTimeout(total=10)
            async with aiohttp.ClientSession(url, timeout=timeout) as client, client.get("/health/live") as answer:
                answers[str(answer.status)] += 1
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            answers[type(error).__name__] += 1
        await asyncio.sleep(1)


async def harm(url: str, clients: int) -> None:
    """The hostile clients, in a process of their own so that the board is not starved by them; until SIGTERM."""
    host, port = url.removeprefix("http://").rstrip("/").rsplit(":", 1)
    resume = f"GET /api/changes?after=0 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {LOW}\r\n\r\n"
    answers, connector = Counter[str](), aiohttp.TCPConnector(limit=0)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(SIGTERM, ended.set)
    async with aiohttp.ClientSession(url, connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as client:
        one = (
            lambda number: stuck(host, int(port), resume),
            lambda number: stuck(host, int(port), "GET /api/sta"),
            lambda number: log_in(client, answers),
            lambda number: ask(client, number, answers),
        )
        tasks = [asyncio.create_task(one[number % 4](number)) for number in range(clients)]
        await ended.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    print(f"what the clients were answered: {dict(answers)}")


async def attack(url: str, pid: int, clients: int, seconds: float, before: float, after: float) -> None:
    """Print what the administrator sees."""
    board, healthy = Board(url), Counter[str]()
    watching = [asyncio.create_task(board.run()), asyncio.create_task(health(url, healthy))]
    await asyncio.sleep(before)
    quiet, idle = board.percentile(0.99), memory(pid)
    board.ages.clear()
    command = [sys.executable, "-m", "tests.serve.attack", "--clients", str(clients), "--hostile", url]
    with subprocess.Popen(command) as hostile:
        peak, end = idle, time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(1)
            peak = max(peak, memory(pid))
        during = board.percentile(0.5), board.percentile(0.99)
        hostile.terminate()
    await asyncio.sleep(after)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    p50, p99 = during
    print(f"board: p99 {quiet:.0f} ms before; with {clients} hostile clients p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    print(f"the board's stream was cut off {board.resets} times")
    print(f"memory: {idle:.0f} MB before, {peak:.0f} MB at most, {memory(pid):.0f} MB {after:.0f} s after")
    print(f"health: {dict(healthy)}")


def main() -> None:
    """Start a service, and attack it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--speed", default="20x", help="of the simulation")
    parser.add_argument("--hostile", help=argparse.SUPPRESS)
    parser.add_argument("--before", type=float, default=BEFORE)
    parser.add_argument("--after", type=float, default=AFTER)
    options = parser.parse_args()
    wanted = options.clients * 2 + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, wanted), hard), hard))
    if options.hostile:
        asyncio.run(harm(options.hostile, options.clients))
        return
    with TemporaryDirectory() as folder:
        tokens = Path(folder) / "tokens.toml"
        tokens.write_text(TOKENS)
        tokens.chmod(0o600)
        command = [sys.executable, "-m", "calltrack", "serve", "--simulate", "--speed", options.speed]
        command += ["--listen", "127.0.0.1:0", "--tokens", str(tokens), "--journal", str(Path(folder) / "journal")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as serving:
            assert serving.stdout is not None
            url = serving.stdout.readline().split()[4].rstrip(";")
            try:
                asyncio.run(attack(url, serving.pid, options.clients, options.seconds, options.before, options.after))
            finally:
                serving.terminate()


if __name__ == "__main__":
    main()
