"""Many clients of the streams at once, and how long a frame takes to each of them.

    python -m tests.serve.load --clients 1000 --rate 500 --seconds 30
    python -m tests.serve.load --clients 10000 --follow queue
    python -m tests.serve.load --clients 10000 --follow board --gzip

Starts a service with a simulated call centre of 500 agents in a process of its own, and is the clients, one of which
never reads. Each follows everything, or one of twenty queues, or the board's updates. Latencies are from the moment
when a frame reached the service until what it changed had reached a client; they count from the first second.

Where they come from is said too: how late the loop of each of the two processes was, and what share of a processor each
got when it wanted one. Where that is little, the machine is measured, and not the service.
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
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain, islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec

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
_KNOWN = 1000  # frames of which the service has the state before there are clients
_SAMPLED = 20  # clients that measure; the others are read from, and no more
_QUEUES = 20
_QUIET = 2.0  # s without anything new after which everything has arrived
_AT_ONCE = 100  # clients of the crowd that are read from before the loop looks at others
_RESTS = {"everything": 0.1, "queue": 0.5, "board": 0.5}  # s between two readings of the crowd
_LEVELS = 10  # looks at the service's memory
_LOOK, _SPIN = 0.1, 0.002  # s between two looks of a probe, and of processor time that each takes
_STARVED = 0.8  # of a processor that a process wants and gets, at least
_CHANGE = b"\nevent: change\n"
_ID = re.compile(rb"^id: (\d+)(?:\.\d+)?\nevent: (change|update|state)$", re.MULTILINE)
_PATHS: dict[str, Callable[[int], str]] = {
    "everything": lambda number: "/api/changes",
    "queue": lambda number: f"/api/changes?queue={5001 + number % _QUEUES}",
    "board": lambda number: "/api/updates",
}


def frames(seconds: float = 1e9) -> Iterator[Frame]:
    """Frames of a busy call centre."""
    garbler = Random(0)
    for lines, _ in traffic(Plan(agents=500, queues=_QUEUES), seed=0, hours=seconds):
        for line in lines:
            yield Frame.decode(encode(line, garbler))


class _Paced:
    """So many changes a second, each frame's time written where the clients look it up."""

    stale_for: float | None = None

    speed = 1.0

    def __init__(self, rate: float, stamps: mmap.mmap) -> None:
        self._rate, self._stamps = rate, stamps
        source = frames()
        tracker, some = Tracker(), list(islice(source, 4000))
        self._frames = chain(some, source)  # to simulate the first seconds takes one, which is not the service's
        self._each = sum(len(tracker.feed(frame)) for frame in some[_KNOWN:]) / (
            len(some) - _KNOWN
        )  # changes of a frame

    def status(self) -> str:
        """In words."""
        return "a load test"

    async def run(self, on_frame: OnFrame) -> None:
        """Give a state to begin with; go on, and end, when the clients say so, by a line on standard input."""
        loop = asyncio.get_running_loop()
        for frame in islice(self._frames, _KNOWN):
            if (full := on_frame(frame)) is not None:
                await full
        await loop.run_in_executor(None, sys.stdin.readline)
        probe = _Probe()
        probing = asyncio.create_task(probe.run())
        begin, sent = loop.time(), _KNOWN
        ending = loop.run_in_executor(None, sys.stdin.readline)
        while not ending.done() and (sent + 2) * 8 < len(self._stamps):
            due = _KNOWN + int((loop.time() - begin) * self._rate / self._each)
            for frame in islice(self._frames, due - sent):
                sent += 1
                struct.pack_into("d", self._stamps, sent * 8, time.monotonic())
                if (full := on_frame(frame)) is not None:
                    await full
            await asyncio.sleep(_TICK)
        probing.cancel()
        print(probe.reported().decode(), flush=True)
        await asyncio.Event().wait()


def _serve(folder: Path, rate: float) -> None:
    """The service's process."""
    _many_files()
    with (folder / "stamps").open("r+b") as file:
        stamps = mmap.mmap(file.fileno(), 0)

    async def main() -> None:
        source = _Paced(rate, stamps)
        engine = Engine(source, Journal.open(folder / "journal"))
        engine.most_clients = 10**6
        urls: list[str] = []
        announcing = asyncio.create_task(announce(engine, urls))
        await serve(OnlyAccount(Parts.of(engine)), Access({}), Listen("127.0.0.1", 0), urls.append)
        await announcing

    async def announce(engine: Engine, urls: list[str]) -> None:
        """Say where it is once it has the state that clients begin with: who came before would hear of that, too."""
        while not urls or engine.view.snapshot.position < _KNOWN:
            await asyncio.sleep(_TICK)
        await asyncio.sleep(_QUIET)
        print(urls[0], flush=True)

    asyncio.run(main())


def _request(path: str, packed: bool) -> bytes:
    accept = "Accept-Encoding: gzip\r\n" if packed else ""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{accept}\r\n".encode()


class _Crowd:
    """Clients that measure nothing: they are read from now and then, so that they take little of a processor."""

    def __init__(self, packed: bool, rest: float) -> None:
        self.lost: set[socket.socket] = set()
        self.heard: dict[socket.socket, int] = {}
        self.greeted: set[socket.socket] = set()
        self.paths: dict[socket.socket, str] = {}
        self._ends: dict[socket.socket, bytes] = {}
        self._packed, self._rest = packed, rest

    async def join(self, port: int, path: str) -> None:
        """One more."""
        one = socket.socket()
        one.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(one, ("127.0.0.1", port))
        await loop.sock_sendall(one, _request(path, self._packed))
        self.heard[one], self.paths[one], self._ends[one] = 0, path, b""

    async def run(self) -> None:
        """Read what has come, again and again."""
        while True:
            for number, one in enumerate([*self.heard]):
                if one not in self.lost:
                    self._read(one)
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(self._rest)

    def _read(self, one: socket.socket) -> None:
        with suppress(BlockingIOError):
            try:
                data = one.recv(1 << 20)
            except ConnectionError:
                data = b""
            if not data:
                self.lost.add(one)
                return
            self.greeted.add(one)
            if not self._packed:
                data = self._ends[one] + data
                self._ends[one] = data[1 - len(_CHANGE) :]
            self.heard[one] += len(data) if self._packed else data.count(_CHANGE)


class _Client(asyncio.Protocol):
    """One connection that measures latencies."""

    def __init__(self, path: str, stamps: mmap.mmap, packed: bool) -> None:
        self.path, self._packed = path, packed
        self.heard = self.resets = self.reached = 0
        self.latencies: list[float] = []
        self.lost = self.greeted = False
        self._stamps, self._rest, self._in_head = stamps, b"", packed
        self._unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16) if packed else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for what it follows."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(_request(self.path, self._packed))

    def data_received(self, data: bytes) -> None:
        """Count, and measure."""
        self.greeted = True
        now, data = time.monotonic(), self._rest + data
        if self._unpacked:
            data = self._text(data)
            end = len(data)
        else:
            end = data.rfind(b"\n\n") + 2
            self._rest = data[end:]
        self.heard += data.count(_CHANGE, 0, end)
        self.resets += data.count(b"\nevent: reset\n", 0, end)
        for found in _ID.finditer(data, 0, end):
            frame = int(found[1])
            first = self.reached + 1 if self.path == "/api/updates" else frame
            if found[2] != b"state" and first > _KNOWN:
                self.latencies.append(now - struct.unpack_from("d", self._stamps, first * 8)[0])
            self.reached = frame

    def _text(self, data: bytes) -> bytes:
        """What whole chunks of HTTP say, unpacked; each has whole events."""
        assert self._unpacked is not None
        if self._in_head:
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return b""
            self._in_head, data = False, rest
        text = b""
        while True:
            size, found, rest = data.partition(b"\r\n")
            if not found or len(rest) < int(size, 16) + 2:
                self._rest = data
                return text
            text += self._unpacked.decompress(rest[: int(size, 16)])
            data = rest[int(size, 16) + 2 :]

    def connection_lost(self, error: Exception | None) -> None:
        """It should not be."""
        self.lost = True


class _Probe:
    """How late a process's loop is, and what share of a processor it gets when it wants one; it takes 2 % of one."""

    def __init__(self, lags: Iterable[float] = (), wanted: float = 0.0, got: float = 0.0) -> None:
        self.lags, self._wanted, self._got = [*lags], wanted, got

    @property
    def share(self) -> float:
        """Of 1: less if others have the processors."""
        return self._got / self._wanted if self._wanted else 1.0

    def reported(self) -> bytes:
        """As JSON: what another one is made of."""
        return msgspec.json.encode((self.lags, self._wanted, self._got))

    async def run(self) -> None:
        """Look again and again."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LOOK
            await asyncio.sleep(_LOOK)
            self.lags.append(loop.time() - due)
            begin, cpu = time.monotonic(), time.thread_time()
            while time.thread_time() - cpu < _SPIN:
                pass
            self._wanted, self._got = self._wanted + time.monotonic() - begin, self._got + _SPIN

    def words(self, cpu: float) -> str:
        """What it saw, of a process that took so much of one processor."""
        late = f"{_ms(self.lags, 0.5)} (p50), {_ms(self.lags, 0.99)} (p99)"
        return f"took {cpu:.0%} of a processor, got {self.share:.0%} of what it wanted; its loop was late by {late}"


async def _connected(port: int, options: argparse.Namespace, stamps: mmap.mmap, crowd: _Crowd) -> list[_Client]:
    """All clients: a crowd, and those who measure."""
    loop, clients = asyncio.get_running_loop(), list[_Client]()
    for number in range(options.clients):
        path = _PATHS[options.follow](number)
        if number >= _SAMPLED:
            await crowd.join(port, path)
            while number % _AT_ONCE == 0 and len(crowd.greeted) + len(crowd.lost) < len(crowd.heard):
                await asyncio.sleep(_TICK)
            continue
        clients.append(_Client(path, stamps, options.gzip))
        await loop.create_connection(partial(_itself, clients[-1]), "127.0.0.1", port)
    return clients


def _itself(client: _Client) -> _Client:
    return client


async def _run(folder: Path, process: subprocess.Popen[str], options: argparse.Namespace) -> bool:
    assert process.stdout is not None and process.stdin is not None
    port = int(process.stdout.readline().strip().rstrip("/").rpartition(":")[2])
    with (folder / "stamps").open("r+b") as file:
        stamps = mmap.mmap(file.fileno(), 0)
    before, probe = _memory(process.pid), _Probe()
    crowd = _Crowd(options.gzip, _RESTS[options.follow])
    reading = asyncio.create_task(crowd.run())
    clients = await _connected(port, options, stamps, crowd)
    stuck = socket.create_connection(("127.0.0.1", port))
    stuck.sendall(b"GET /api/changes HTTP/1.1\r\nHost: localhost\r\n\r\n")
    while len(crowd.greeted) + len(crowd.lost) < len(crowd.heard) or not all(client.greeted for client in clients):
        await asyncio.sleep(_TICK)
    idle, probing = _memory(process.pid), asyncio.create_task(probe.run())
    process.stdin.write("go\n")
    process.stdin.flush()
    used, mine = _cpu(process.pid), time.process_time()
    levels = []
    for _ in range(_LEVELS):
        await asyncio.sleep(options.seconds / _LEVELS)
        levels.append(_memory(process.pid))
    used, mine = _cpu(process.pid) - used, time.process_time() - mine
    probing.cancel()
    process.stdin.write("stop\n")
    process.stdin.flush()
    theirs = await asyncio.to_thread(process.stdout.readline)
    counted = {} if options.gzip else crowd.heard  # of what is packed bytes are counted, and those of the time too
    last = -1
    while last != (last := sum(client.heard for client in clients) + sum(counted.values())):
        await asyncio.sleep(_QUIET)
    reading.cancel()
    for client in clients:
        client.transport.abort()
    stuck.close()

    latencies = [latency for client in clients for latency in client.latencies]
    lost, resets = len(crowd.lost) + sum(client.lost for client in clients), sum(client.resets for client in clients)
    alike: dict[str, set[int]] = {}
    for client in clients:
        alike.setdefault(client.path, set()).add(client.heard)
    for one, heard in counted.items():
        alike.setdefault(crowd.paths[one], set()).add(heard)
    same = all(len(counts) == 1 for counts in alike.values())
    print(f"{options.clients} clients of {options.follow}, and one that does not read; {options.seconds:.0f} s")
    print(f"{sum(map(max, alike.values())) / options.seconds:.0f} changes/s in all; ", end="")
    print(f"{lost} connections lost, {resets} resets; who follows the same heard {'the same' if same else 'OTHERS'}")
    print(f"frame to client: p50 {_ms(latencies, 0.5)}, p99 {_ms(latencies, 0.99)}, most {_ms(latencies, 1.0)}")
    service = _Probe(*msgspec.json.decode(theirs))
    print(f"the service {service.words(used / options.seconds)}")
    print(f"the clients {probe.words(mine / options.seconds)}")
    each = (idle - before) * 1024 / options.clients
    print(f"service's memory: {before:.0f} MB without clients, {each:.1f} kB for each; from tenth to tenth ", end="")
    print(", ".join(f"{level:.0f}" for level in levels), "MB")
    starved = min(probe.share, service.share) < _STARVED
    if starved:
        print("too little of a processor was to be had: latencies are the machine's, not the service's")
    return not lost and not resets and same and (starved or _at(latencies, 0.99) < options.most)


def _at(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))] if values else float("nan")


def _ms(values: list[float], share: float) -> str:
    return f"{_at(values, share) * 1000:.0f} ms"


def _memory(pid: int) -> float:
    """Resident MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _cpu(pid: int) -> float:
    """Seconds of CPU so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> None:
    """Measure; exit code 1 if it is slow or lossy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--follow", choices=_PATHS, default="everything", help="what each client follows")
    parser.add_argument("--gzip", action="store_true", help="clients take gzip, as browsers do")
    parser.add_argument("--rate", type=float, default=500.0, help="changes a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--most", type=float, default=0.25, help="p99 that is fast enough, s")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        _serve(options.serve, options.rate)
        return
    _many_files()
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stamps").write_bytes(bytes(8 * int((options.seconds + 60) * options.rate)))
        command = [sys.executable, "-m", "tests.serve.load", "--serve", name, "--rate", str(options.rate)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                fine = asyncio.run(_run(folder, process, options))
            finally:
                process.terminate()
    sys.exit(not fine)


if __name__ == "__main__":
    main()
