"""Many clients of the changes' stream at once, and how long a frame takes to each of them.

`python -m tests.serve.load --clients 1000 --rate 500 --seconds 30` starts a service with a simulated call centre of 500
agents in a process of its own, and is the clients, one of which never reads. Prints latencies from the moment when a
frame reached the service until its change had reached a client, what was lost, and the service's memory and CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import mmap
import os
import re
import resource
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from calltrack import Frame, Tracker
from calltrack.feed.source import OnFrame
from calltrack.journal import Journal
from calltrack.serve.accounts import OnlyAccount
from calltrack.serve.engine import Engine
from calltrack.serve.parts import Parts
from calltrack.serve.run import Listen, serve
from calltrack.serve.security.access import Access
from calltrack.simulate import Plan, traffic
from calltrack.simulate.recording import encode

_TICK = 0.01  # s
_WARM = 3.0  # s that pass before it counts
_SAMPLED = 10  # one client in so many measures every change
_ID = re.compile(rb"^id: (\d+)\.\d+\nevent: change$", re.MULTILINE)


def frames(seconds: float = 1e9) -> Iterator[Frame]:
    """Frames of a busy call centre."""
    garbler = Random(0)
    for lines, _ in traffic(Plan(agents=500, queues=20), seed=0, hours=seconds):
        for line in lines:
            yield Frame.decode(encode(line, garbler))


class _Paced:
    """So many changes a second, each frame's time written where the clients look it up."""

    stale_for: float | None = None

    speed = 1.0

    def __init__(self, rate: float, stamps: mmap.mmap) -> None:
        self._rate, self._stamps = rate, stamps

    def status(self) -> str:
        """In words."""
        return "a load test"

    async def run(self, on_frame: OnFrame) -> None:
        """Begin when the clients say so, by a line on standard input."""
        tracker, some = Tracker(), list(islice(frames(), 4000))
        each = sum(len(tracker.feed(frame)) for frame in some[1000:]) / 3000
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, sys.stdin.readline)
        begin, sent, source = loop.time(), 0, frames()
        while (sent + 2) * 8 < len(self._stamps):
            due = int((loop.time() - begin) * self._rate / each)
            for frame in islice(source, due - sent):
                sent += 1
                struct.pack_into("d", self._stamps, sent * 8, time.monotonic())
                if (full := on_frame(frame)) is not None:
                    await full
            await asyncio.sleep(_TICK)
        await asyncio.Event().wait()


def _serve(folder: Path, rate: float) -> None:
    """The service's process."""
    _many_files()
    with (folder / "stamps").open("r+b") as file:
        stamps = mmap.mmap(file.fileno(), 0)

    async def main() -> None:
        engine = Engine(_Paced(rate, stamps), Journal.open(folder / "journal"))
        await serve(
            OnlyAccount(Parts.of(engine)), Access({}), Listen("127.0.0.1", 0), lambda url: print(url, flush=True)
        )

    asyncio.run(main())


class _Client(asyncio.Protocol):
    """One connection; `latencies` of the changes after `since` if it is one that measures."""

    def __init__(self, stamps: mmap.mmap | None, since: float) -> None:
        self.changes = self.resets = 0
        self.latencies: list[float] = []
        self.lost = False
        self._stamps, self._since, self._rest = stamps, since, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for everything."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"GET /api/changes HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        """Count, and measure."""
        self.changes += data.count(b"\nevent: change\n")
        self.resets += data.count(b"\nevent: reset\n")
        if self._stamps is None:
            return
        now, data = time.monotonic(), self._rest + data
        end = data.rfind(b"\n\n") + 2
        self._rest = data[end:]
        if now >= self._since:
            for found in _ID.finditer(data, 0, end):
                self.latencies.append(now - struct.unpack_from("d", self._stamps, int(found[1]) * 8)[0])

    def connection_lost(self, error: Exception | None) -> None:
        """It should not be."""
        self.lost = True


def _itself(client: _Client) -> _Client:
    return client


async def _clients(folder: Path, process: subprocess.Popen[str], count: int, seconds: float) -> bool:
    assert process.stdout is not None and process.stdin is not None
    port = int(process.stdout.readline().strip().rstrip("/").rpartition(":")[2])
    with (folder / "stamps").open("r+b") as file:
        stamps = mmap.mmap(file.fileno(), 0)
    loop, clients = asyncio.get_running_loop(), list[_Client]()
    since = time.monotonic() + 1e9
    transports = []
    for number in range(count):
        client = _Client(None if number % _SAMPLED else stamps, since)
        transport, _ = await loop.create_connection(partial(_itself, client), "127.0.0.1", port)
        clients.append(client)
        transports.append(transport)
    stuck = socket.create_connection(("127.0.0.1", port))
    stuck.sendall(b"GET /api/changes HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await asyncio.sleep(1)
    for client in clients:
        client._since = time.monotonic() + _WARM
    process.stdin.write("go\n")
    process.stdin.flush()
    await asyncio.sleep(_WARM)
    before, used, mine = _memory(process.pid), _cpu(process.pid), time.process_time()
    idle = _idle()
    await asyncio.sleep(seconds)
    after, used, mine = _memory(process.pid), _cpu(process.pid) - used, time.process_time() - mine
    others = 1 - (used + mine + _idle() - idle) / seconds / (os.cpu_count() or 1)
    await asyncio.sleep(0.5)
    heard = [client.changes for client in clients]
    latencies = sorted(latency for client in clients for latency in client.latencies)
    lost = sum(client.lost for client in clients)
    resets = sum(client.resets for client in clients)
    for transport in transports:
        transport.abort()
    stuck.close()

    def percentile(share: float) -> str:
        return f"{latencies[int(share * (len(latencies) - 1))] * 1000:.0f} ms"

    print(
        f"{count} clients and a stuck one, {seconds:.0f} s, {sum(heard) / len(heard) / (seconds + _WARM):.0f} changes/s"
    )
    print(f"each heard {min(heard)} to {max(heard)} changes; {lost} connections lost, {resets} resets")
    print(f"frame to client: p50 {percentile(0.5)}, p99 {percentile(0.99)}, most {percentile(1.0)}")
    print(f"CPU of one: service {used / seconds:.0%}, clients {mine / seconds:.0%}, others {others:.0%} of all")
    print(f"service's memory {before:.0f} MB after {_WARM:.0f} s, {after:.0f} MB at the end")
    return not lost and not resets and latencies[int(0.99 * len(latencies))] < 0.25


def _memory(pid: int) -> float:
    """Resident MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _idle() -> float:
    """Seconds in which the machine's CPUs had nothing to do so far."""
    return int(Path("/proc/stat").read_text().split()[4]) / os.sysconf("SC_CLK_TCK")


def _cpu(pid: int) -> float:
    """Seconds of CPU so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> None:
    """Measure; exit code 1 if it is slow or lossy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=500.0, help="changes a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        _serve(arguments.serve, arguments.rate)
        return
    _many_files()
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stamps").write_bytes(bytes(8 * int((arguments.seconds + 60) * arguments.rate)))
        command = [sys.executable, "-m", "tests.serve.load", "--serve", name, "--rate", str(arguments.rate)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                fine = asyncio.run(_clients(folder, process, arguments.clients, arguments.seconds))
            finally:
                process.terminate()
    sys.exit(not fine)


if __name__ == "__main__":
    main()
