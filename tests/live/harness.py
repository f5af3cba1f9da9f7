"""What the live tests are made of: real servers, a stream that records, and waiting without sleep."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, ParamSpec

from calltrack.live import LoginApi, Supervisor, Timing, Token
from calltrack.live.login import Protocol
from calltrack.live.sessions import SessionSource

SERVERS = Path(__file__).parent / "servers"

VERSIONS: tuple[tuple[str, Protocol], ...] = (
    ("sio1", 3),
    ("sio2", 3),
    ("sio25", 3),
    ("sio3", 4),
    ("sio4", 4),
)
"""The packages of every age (see servers/package.json) and the protocol that each speaks."""

# What a busy machine may add to any stated time: less than what the next slower way would take (FAST.keepalive).
SLACK = 25.0
# s; what has not happened by then never does.
PATIENCE = 100.0

FAST = Timing(
    connect=1.0,
    close=0.3,
    probe=1.0,
    answer=5.0,
    tick=10.0,
    keepalive=30.0,
    deaf=60.0,
    proof=0.0,
    retry_first=0.05,
    retry_cap=0.2,
    retry_refused=0.2,
    home=60.0,
    renew_before=5.0,
    renew_pause=0.1,
)

P = ParamSpec("P")


def scenario(function: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make a test of a coroutine function; it fails if a task is left at the end."""

    @functools.wraps(function)
    def test(*args: P.args, **kwargs: P.kwargs) -> None:
        async def main() -> None:
            await function(*args, **kwargs)
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, f"tasks left: {left}"

        asyncio.run(main())

    return test


class News:
    """Something to wait on: `until` returns as soon as its condition holds after a `ring`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Have every waiter look again."""
        self._event.set()

    async def until(self, condition: Callable[[], Any], timeout: float = PATIENCE) -> None:
        """Wait for the condition; TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._event.clear()
                await self._event.wait()


class Node:
    """One socket.io server in its own process, ordered about over its standard input."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read())
        self.facts: list[dict[str, Any]] = []
        self.news = News()
        self.port = 0

    @property
    def url(self) -> str:
        """The server's base URL."""
        return f"http://127.0.0.1:{self.port}"

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message.get("result"))
            else:
                self.facts.append(message)
                self.news.ring()

    async def order(self, what: str, *args: object) -> Any:
        """Have the server do something and return its answer."""
        return await asyncio.wait_for(self.ordered(what, *args), PATIENCE)

    def ordered(self, what: str, *args: object) -> asyncio.Future[Any]:
        """Have the server do something; returns at once, what it answers comes later."""
        assert self._process.stdin is not None
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps([number, what, *args]).encode() + b"\n")
        return answer

    def of(self, fact: str) -> list[dict[str, Any]]:
        """Return the facts of one kind, so far."""
        return [each for each in self.facts if each["fact"] == fact]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server's process."""
        self._process.send_signal(number)

    async def empty(self) -> None:
        """Wait until no socket, not even a half-open one, is left on the server."""
        # The answer comes behind every fact that is still on its way.
        await self.order("count")
        opened = len(self.of("transport opened"))
        await self.news.until(lambda: len(self.of("transport closed")) >= opened)

    async def stop(self) -> None:
        """End the process, whatever state it is in."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reader


def keepable_port() -> int:
    """Return a free port that stays so while its server is down: no system hands it out by itself."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@asynccontextmanager
async def node(package: str, **options: object) -> AsyncIterator[Node]:
    """Run a server of this package on loopback; the options are those of servers/server.js."""
    pairs = [f"{key}={value}" for key, value in options.items()]
    process = await asyncio.create_subprocess_exec(
        "node",
        "server.js",
        package,
        *pairs,
        cwd=SERVERS,
        env={"PATH": os.environ["PATH"]},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    server = Node(process)
    try:
        await server.news.until(lambda: server.of("listening"))
        server.port = server.of("listening")[0]["port"]
        yield server
    finally:
        await server.stop()


class Stream:
    """Everything one supervisor handed on, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any, float]] = []
        self.news = News()
        self.supervisor: Supervisor
        self.run: asyncio.Task[NoReturn]

    def take(self, name: str, payload: Any, at: float) -> None:
        """Record one event."""
        self.events.append((name, payload, at))
        self.news.ring()

    def of(self, name: str) -> list[Any]:
        """Return the payloads of one kind, so far."""
        return [payload for each, payload, _ in self.events if each == name]

    async def until(self, name: str, count: int = 1, timeout: float = PATIENCE) -> None:
        """Wait until so many events of one kind have come, counted from the beginning."""
        await self.news.until(lambda: len(self.of(name)) >= count, timeout)

    def check(self) -> None:
        """Assert that nothing came doubled, out of order or between connections, and that none has a hole."""
        up = False
        last: dict[int, int] = {}
        fresh = True
        for name, payload, _ in self.events:
            if name == "connect":
                assert not up
                up = fresh = True
            elif name == "disconnect":
                assert up
                up = False
            elif name == "ExtensionEvent":
                assert up
                before = last.get(payload["boot"], 0)
                assert payload["n"] > before if fresh else payload["n"] == before + 1
                last[payload["boot"]] = payload["n"]
                fresh = False
            else:
                assert up


@asynccontextmanager
async def streaming(source: SessionSource, timing: Timing = FAST, **options: Any) -> AsyncIterator[Stream]:
    """Run a supervisor on this source; what it raises is raised at the end, its events are checked."""
    stream = Stream()
    stream.supervisor = Supervisor(source, stream.take, timing=timing, **options)
    stream.run = asyncio.create_task(stream.supervisor.run())
    try:
        yield stream
    finally:
        stream.run.cancel()
        with suppress(asyncio.CancelledError):
            await stream.run
    stream.check()


def fixed(*servers: str, protocol: Protocol, token: str = "token-of-the-tests") -> LoginApi:
    """Return a source that takes this token to these servers without asking a login API."""
    return LoginApi(Token(token, use_login_api=False), servers=servers, protocol=protocol)
