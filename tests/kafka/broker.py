"""A real Kafka on loopback: fetched from Maven by name and version, run in KRaft mode, killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

VERSION = "4.1.1"
SCALA = "2.13"
SLF4J = "1.7.36"

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>calltrack</groupId><artifactId>broker</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_{scala}</artifactId><version>{version}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>{slf4j}</version></dependency>
</dependencies></project>
"""
_JVM = ("-Xms128m", "-Xmx768m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")


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


class Broker:
    """One broker that is its own controller; enter it to run it, its data is in `folder`.

    session_ms: the least session timeout that members of groups may ask for.
    """

    def __init__(self, folder: Path, *, session_ms: int = 1000, **config: object) -> None:
        self.folder = folder
        self.port, controller = _free_port(), _free_port()
        self.url = f"127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._classes = f"{jars()}/*"
        properties = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://{self.url},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.url}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": folder / "data",
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": session_ms,
            "auto.create.topics.enable": "false",
            **config,
        }
        lines = [f"{name}={value}" for name, value in properties.items()]
        (folder / "server.properties").write_text("\n".join(lines))
        identity = ["-t", "calltrackbrokerAAAAAAA", "-c", str(folder / "server.properties")]
        with (folder / "format.log").open("wb") as log:
            command = ["java", *_JVM, "-cp", self._classes, "kafka.tools.StorageTool", "format", *identity]
            subprocess.run(command, check=True, stdout=log, stderr=log, timeout=120)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until its port answers."""
        with (self.folder / "broker.log").open("ab") as log:
            command = ["java", *_JVM, "-cp", self._classes, "kafka.Kafka", str(self.folder / "server.properties")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + 120
        while True:
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.folder / "broker.log").read_text(errors="replace")[-3000:])
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Kill it, as a power cut does."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
