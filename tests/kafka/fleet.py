"""A whole installation on loopback: brokers, call centres, connectors and workers as processes that can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from confluent_kafka import Message
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from calltrack.kafka.accounts import put
from calltrack.kafka.cluster import Cluster
from calltrack.kafka.records import Changed
from calltrack.live.accounts import Definition
from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator
from tests.kafka.broker import FENCED, Brokers
from tests.kafka.reference import compared, one_process
from tests.kafka.world import Log, Stored, Topics

SESSION = 1.5
"""Seconds of silence until another process takes over."""


class Verdict(NamedTuple):
    """How the changes of all accounts compare with one process's."""

    differences: list[str]
    frames: int
    changes: int
    dropped: int
    fenced: int


class Vendors:
    """Call centres in a thread: account names and the address of each one's login API."""

    def __init__(self, accounts: int, *, agents: int, speed: float) -> None:
        self.urls: dict[str, str] = {}
        self._accounts, self._agents, self._speed = accounts, agents, speed
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncExitStack() as stack:
            for number in range(self._accounts):
                simulator = Simulator(Plan(agents=self._agents), seed=number, speed=self._speed, pings=(2.0, 4.0))
                await stack.enter_async_context(simulator)
                self.urls[f"account{number}"] = simulator.url
            self._ready.set()
            await self._over.wait()


class Fleet:
    """Enter it to run it. workers, connectors: the processes, by slot; one that is killed has a successor there.

    broker: properties of the brokers. program: the module that is `calltrack`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        accounts: int,
        partitions: int,
        brokers: int = 1,
        workers: int = 3,
        connectors: int = 2,
        agents: int = 5,
        speed: float = 20.0,
        session: float = SESSION,
        point_every: float = 30.0,
        broker: Mapping[str, Any] | None = None,
        program: str = "calltrack",
    ) -> None:
        self.folder, self.partitions = folder, partitions
        self.vendors = Vendors(accounts, agents=agents, speed=speed)
        self.brokers = Brokers(folder, brokers, **(broker or {}))
        self.cluster = Cluster(self.brokers.url)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.connectors: list[subprocess.Popen[bytes]] = []
        self.kills: list[tuple[str, float]] = []
        self._counts, self._point_every, self.session = (workers, connectors), point_every, session
        self._program = program
        self._undo = ExitStack()
        self._away, self._over = ThreadPoolExecutor(), threading.Event()
        self._returns: list[Future[None]] = []
        self._outputs: dict[int, Path] = {}
        self._logs = [Topics(Log(), Log(), Log(), Log()) for _ in range(partitions)]
        self._written: dict[tuple[int, int], float] = {}
        self._received: dict[tuple[int, int], float] = {}

    def __enter__(self) -> Self:
        with ExitStack() as unfinished:
            unfinished.callback(self._undo.close)
            self._begin()
            unfinished.pop_all()
        return self

    def _begin(self) -> None:
        self._undo.enter_context(self.brokers)
        self._undo.callback(self._away.shutdown)
        self._undo.callback(self._over.set)
        self._undo.enter_context(self.vendors)
        self._undo.callback(self._end, self.workers, signal.SIGKILL)
        self._undo.callback(self._end, self.connectors, signal.SIGKILL)
        self.cluster.create(self.partitions)
        self.set_topic(self.cluster.topics.changes, "message.timestamp.type", "LogAppendTime")
        put(self.cluster, {name: Definition("env:SIMULATED", login_url=url) for name, url in self.vendors.urls.items()})
        self.start_workers(self._counts[0])
        self.connectors += [self._start("connect") for _ in range(self._counts[1])]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def start_workers(self, count: int) -> None:
        """So many more."""
        self.workers += [self._start("worker") for _ in range(count)]

    def kill(self, role: str, slot: int) -> None:
        """`kill -9`, and a successor."""
        processes = self.workers if role == "worker" else self.connectors
        self.kills.append((role, time.time()))
        processes[slot].kill()
        processes[slot].wait()
        processes[slot] = self._start(role)

    def freeze(self, role: str, slot: int, seconds: float) -> None:
        """It stops for longer than the others wait for it, and goes on as a zombie."""
        process = (self.workers if role == "worker" else self.connectors)[slot]
        self.kills.append((f"frozen {role}", time.time()))
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    def kill_broker(self, away: float, node: int = 0) -> None:
        """`kill -9` of a broker, which is started again after so many seconds; returns at once."""

        def back() -> None:
            if not self._over.wait(away):
                self.brokers.start(node)

        self.kills.append(("broker", time.time()))
        self.brokers.kill(node)
        self._returns.append(self._away.submit(back))

    def until_brokers(self) -> None:
        """Wait until every broker is there again."""
        while self._returns:
            self._returns.pop().result()
        self.brokers.until_up()

    def set_topic(self, topic: str, name: str, value: str) -> None:
        """Set a property of a topic."""
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        admin = AdminClient({"bootstrap.servers": self.brokers.url})
        for future in admin.incremental_alter_configs([resource]).values():
            future.result(30)

    def restart_ended(self) -> list[str]:
        """What a supervisor does: start again what has ended; returns what it was, and what it is now."""
        ended = []
        for role, processes in (("worker", self.workers), ("connect", self.connectors)):
            for slot, process in enumerate(processes):
                if process.poll() is not None:
                    last = self._last_words(process.pid)
                    processes[slot] = self._start(role)
                    now = f"started again (pid {processes[slot].pid})"
                    ended.append(f"{role} {slot} ended with {process.returncode}: {last}; {now}")
        for node in self.brokers.ended:
            self.brokers.start(node)
            ended.append(f"broker {node} ended; started again (pid {self.brokers.pid(node)})")
        return ended

    def frames(self) -> int:
        """Records of `frames` so far."""
        limits = self.cluster.limits(self.cluster.topics.frames, range(self.partitions))
        return sum(high for _, high in limits.values())

    def until_frames(self, count: int, patience: float = 120.0) -> None:
        """Wait until so many more records of `frames` are there."""
        goal, end = self.frames() + count, time.monotonic() + patience
        while self.frames() < goal:
            if time.monotonic() > end:
                raise TimeoutError(f"no {count} frames in {patience} s; {self.tails()}")
            self.restart_ended()
            time.sleep(0.2)

    def end_connectors(self) -> None:
        """No more frames come."""
        self._end(self.connectors, signal.SIGTERM)
        self.connectors.clear()

    def end_workers(self, number: int = signal.SIGTERM) -> None:
        """No more changes come."""
        self._end(self.workers, number)
        self.workers.clear()

    def verdict(self, patience: float = 90.0) -> Verdict:
        """Compare, as soon as everything is tracked, or after so long."""
        self.until_brokers()
        end = time.monotonic() + patience
        while True:
            self.restart_ended()
            self.read()
            verdict = self.compare()
            if not verdict.differences or time.monotonic() > end:
                return verdict
            time.sleep(1.0)

    def compare(self, *, rule: bool = True) -> Verdict:
        """What was read, as it is."""
        outcomes = [compared(topics, rule=rule) for topics in self._logs]
        frames = sum(len(topics.frames.records) for topics in self._logs)
        differences = [one for found, *_ in outcomes for one in found]
        changes, dropped, fenced = (sum(column) for column in zip(*(counts for _, *counts in outcomes), strict=True))
        return Verdict(differences, frames, changes, dropped, fenced)

    def read(self) -> int:
        """Read what is new in `frames` and `changes`; returns how many records of `changes` that is."""
        new = 0
        for name in ("frames", "changes"):
            topic = getattr(self.cluster.topics, name)
            logs = [getattr(topics, name) for topics in self._logs]
            times = self._received if name == "frames" else self._written
            limits = self.cluster.limits(topic, range(self.partitions))
            ranges = {one: (len(logs[one].records), high) for one, (_, high) in limits.items()}

            def take(message: Message, logs: list[Log] = logs, times: dict[tuple[int, int], float] = times) -> None:
                number = message.partition() or 0
                times[number, len(logs[number].records)] = message.timestamp()[1] / 1000
                logs[number].records.append(Stored(message.key() or b"", message.value() or b""))

            self.cluster.read(topic, ranges, take)
            new = sum(end - begin for begin, end in ranges.values())
        return new

    def delays(self) -> list[tuple[float, float]]:
        """For each frame that changed something: when it was received, and after how many s Kafka had its changes."""
        found = []
        for number, topics in enumerate(self._logs):
            causes, seen = one_process(topics.frames, set()).causes, set[tuple[bytes, int]]()
            for offset, stored in enumerate(topics.changes.records):
                assert stored is not None
                record = Changed.of(stored.value)
                cause = stored.key, record.frame
                if record.changes and cause not in seen:
                    seen.add(cause)
                    received = self._received[number, causes[cause]]
                    found.append((received, self._written[number, offset] - received))
        return found

    def waits(self) -> dict[str, list[float]]:
        """For each disturbance of a worker or a broker: the longest wait of a frame around it.

        A frame waits from the moment that a connector has received it until Kafka has its changes.
        """
        delays, found = self.delays(), dict[str, list[float]]()
        for what, at in self.kills:
            role = what.removeprefix("frozen ")
            if role != "connect":
                span = 2 * (FENCED if role == "broker" else self.session)
                around = [wait for received, wait in delays if at - 1 <= received <= at + span]
                found.setdefault(role, []).append(max(around, default=0.0))
        return found

    def said(self, text: str) -> bool:
        """Whether a text is in the log of a process."""
        return any(text in path.read_text(errors="replace") for path in self._outputs.values())

    def tails(self) -> str:
        """The ends of the processes' logs."""
        logs = sorted(self.folder.glob("*.log"), key=lambda path: path.stat().st_mtime)[-6:]
        return "\n".join(f"{path.name}: {path.read_text(errors='replace')[-600:]}" for path in logs)

    def _start(self, role: str) -> subprocess.Popen[bytes]:
        options = ["--point-every", str(self._point_every)] if role == "worker" else []
        command = [sys.executable, "-m", self._program, role, "--kafka", self.brokers.url, *options]
        environment = {**os.environ, "SIMULATED_TOKEN": "simulated-account-token", "NO_PROXY": "*"}
        path = self.folder / f"{role}-{len(self._outputs)}.log"
        with path.open("wb") as log:
            command += ["--session-timeout", str(self.session)]
            # In a session of its own, so that the terminal's Ctrl-C is for us alone.
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
        self._outputs[process.pid] = path
        return process

    def _last_words(self, process: int) -> str:
        return self._outputs[process].read_text(errors="replace").rstrip().rpartition("\n")[2]

    @staticmethod
    def _end(processes: Iterable[subprocess.Popen[bytes]], number: int) -> None:
        for process in processes:
            if process.poll() is None:
                process.send_signal(number)
        for process in processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
