"""Real Kafka brokers on loopback: fetched from Maven by name and version, run in KRaft mode, killed, started again."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

VERSION = "4.1.1"
SCALA = "2.13"
SLF4J = "1.7.36"

FENCED = 1.5
"""Seconds of a broker's silence until others lead its partitions; Kafka's default is 9."""

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>calltrack</groupId><artifactId>broker</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_{scala}</artifactId><version>{version}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>{slf4j}</version></dependency>
</dependencies></project>
"""
_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
_PATIENCE = 120.0  # s until a broker's port answers


def missing() -> str:
    """What this machine lacks to run a broker, or ""."""
    lacking = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    return f"no {' and no '.join(lacking)} on this machine" if lacking else ""


def jars() -> Path:
    """The folder of Kafka's jars; fetched on first use, by Maven, and kept in the cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "calltrack" / f"kafka-{VERSION}"
    if not (cache / "complete").exists():
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "pom.xml").write_text(_POM.format(scala=SCALA, version=VERSION, slf4j=SLF4J))
            command = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={cache}"]
            subprocess.run(command, cwd=folder, check=True, timeout=600, stdout=subprocess.DEVNULL)
        (cache / "complete").touch()
    return cache


class Brokers:
    """As many brokers as asked for, each a controller too; enter it to run them.

    Of every topic, the group's own included, there are as many copies as brokers, at most 3, and a record counts as
    written once all but one of them have it. Each node's data is in `folder`/broker-N/data, its log in
    `folder`/broker-N.log. The heap is KAFKA_HEAP_OPTS, as in Kafka's own scripts.

    session_ms: the least session timeout that members of groups may ask for.
    """

    def __init__(self, folder: Path, count: int = 1, *, session_ms: int = 1000, **config: object) -> None:
        ports = [(_free_port(), _free_port()) for _ in range(count)]
        self.folder, self.copies = folder, min(3, count)
        self.needed = max(1, self.copies - 1)
        self.url = ",".join(f"127.0.0.1:{port}" for port, _ in ports)
        self._ports = [port for port, _ in ports]
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * count
        voters = ",".join(f"{node}@127.0.0.1:{controller}" for node, (_, controller) in enumerate(ports))
        for node, (port, controller) in enumerate(ports):
            properties = {
                "process.roles": "broker,controller",
                "node.id": node,
                "controller.quorum.voters": voters,
                "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
                "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
                "controller.listener.names": "CONTROLLER",
                "log.dirs": self.data(node),
                "default.replication.factor": self.copies,
                "min.insync.replicas": self.needed,
                "offsets.topic.replication.factor": self.copies,
                "offsets.topic.num.partitions": 4,
                "broker.session.timeout.ms": int(FENCED * 1000),
                "broker.heartbeat.interval.ms": int(FENCED * 250),
                "controller.quorum.fetch.timeout.ms": 1000,
                "group.initial.rebalance.delay.ms": 0,
                "group.min.session.timeout.ms": session_ms,
                "auto.create.topics.enable": "false",
                **config,
            }
            self.data(node).mkdir(parents=True, exist_ok=True)
            self._properties(node).write_text("\n".join(f"{name}={value}" for name, value in properties.items()))

    def __enter__(self) -> Self:
        arguments = "kafka.tools.StorageTool", "format", "-t", "calltrackbrokerAAAAAAA", "-c"
        formats = [self._java(node, *arguments) for node in self.nodes]
        for node, process in zip(self.nodes, formats, strict=True):
            if process.wait(_PATIENCE):
                raise RuntimeError(self._last(node))
        with ExitStack() as unfinished:
            unfinished.callback(self._kill_all)
            for node in self.nodes:
                self.start(node)
            self.until_up()
            unfinished.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill_all()

    def _kill_all(self) -> None:
        for node in self.nodes:
            self.kill(node)

    @property
    def nodes(self) -> range:
        """Their numbers."""
        return range(len(self._processes))

    @property
    def up(self) -> list[int]:
        """Those that answer."""
        return [node for node in self.nodes if self._answers(node)]

    @property
    def ended(self) -> list[int]:
        """Those that ended although they were not killed here."""
        return [node for node, process in enumerate(self._processes) if process and process.poll() is not None]

    def data(self, node: int) -> Path:
        """Where a node keeps its data."""
        return self.folder / f"broker-{node}" / "data"

    def log(self, node: int) -> Path:
        """What a node says."""
        return self.folder / f"broker-{node}.log"

    def pid(self, node: int) -> int:
        """The process of a node that runs."""
        process = self._processes[node]
        assert process is not None
        return process.pid

    def start(self, node: int) -> None:
        """Start a node, and do not wait for it."""
        self._processes[node] = self._java(node, "kafka.Kafka")

    def until_up(self) -> None:
        """Wait until every node's port answers; raises RuntimeError, with the end of its log, if one does not."""
        for node in self.nodes:
            self._answering(node)

    def kill(self, node: int) -> None:
        """`kill -9`."""
        process, self._processes[node] = self._processes[node], None
        if process is not None:
            process.kill()
            process.wait()

    def _properties(self, node: int) -> Path:
        return self.folder / f"broker-{node}" / "server.properties"

    def _java(self, node: int, *arguments: str) -> subprocess.Popen[bytes]:
        heap = shlex.split(os.environ.get("KAFKA_HEAP_OPTS", "-Xms128m -Xmx768m"))
        command = ["java", *heap, *_JVM, "-cp", f"{jars()}/*", *arguments, str(self._properties(node))]
        with self.log(node).open("ab") as log:
            # In a session of its own, so that the terminal's Ctrl-C is not for it.
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def _answering(self, node: int) -> None:
        end = time.monotonic() + _PATIENCE
        while not self._answers(node):
            process = self._processes[node]
            if process is None or process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(self._last(node))
            time.sleep(0.1)

    def _answers(self, node: int) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._ports[node]), timeout=1).close()
        except OSError:
            return False
        return True

    def _last(self, node: int) -> str:
        return self.log(node).read_text(errors="replace")[-3000:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
