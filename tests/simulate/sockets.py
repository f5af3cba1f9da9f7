"""Clients of the simulated server: python-socketio (protocol 4), bare WebSockets, the vendor's JavaScript."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import socketio
from yarl import URL

from calltrack.simulate.server import Simulator
from tests.simulate.frames import Json

CLIENTS = Path(__file__).parent / "clients"
PATIENCE = 100.0  # s for a whole test; nothing takes nearly as long


def play(scene: Callable[[], Awaitable[None]]) -> None:
    """Run a scene, and see that it leaves no task behind."""

    async def watched() -> None:
        async with asyncio.timeout(PATIENCE):
            await scene()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left

    asyncio.run(watched())


class Heard:
    """What a client has heard: frames, in order."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.frames: list[tuple[str, Any]] = []

    async def next(self) -> tuple[str, Any]:
        """The next frame."""
        frame = await self.queue.get()
        self.frames.append(frame)
        return frame

    async def until(self, event: str) -> Any:
        """The data of the next frame with this name."""
        while True:
            found, data = await self.next()
            if found == event:
                return data

    async def take(self, count: int) -> list[tuple[str, Any]]:
        """So many more frames."""
        return [await self.next() for _ in range(count)]


class Listener(Heard):
    """A python-socketio client that keeps what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("*", lambda event, *data: self.queue.put_nowait((event, data[0] if data else None)))
        self.client.on("disconnect", lambda *_: self.queue.put_nowait(("disconnect", None)))

    async def emit(self, event: str, argument: Any) -> None:
        """Say something to the server."""
        await self.client.emit(event, argument)


@asynccontextmanager
async def listening(simulator: Simulator, token: str | None = None) -> AsyncIterator[Listener]:
    """A python-socketio client that is connected."""
    listener = Listener()
    await listener.client.connect(address(simulator, token), transports=["websocket"])
    try:
        yield listener
    finally:
        await listener.client.disconnect()
        await listener.client.eio.wait()


def address(simulator: Simulator, token: str | None = None) -> str:
    """The socket's address with a token in the query, percent-encoded."""
    return str(URL(simulator.url).with_query(token=token or simulator.credentials.token))


@asynccontextmanager
async def bare(simulator: Simulator, token: str | None = None) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A WebSocket to the socket's address, with nothing said on it yet."""
    url = URL(simulator.url) / "socket.io/"
    query = {"EIO": str(simulator.protocol), "transport": "websocket"}
    query["token"] = token or simulator.credentials.token
    async with aiohttp.ClientSession() as session, session.ws_connect(url.with_query(query)) as socket:
        yield socket


class Script(Heard):
    """A JavaScript client in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__()
        self._process = process

    async def emit(self, event: str, argument: Any) -> None:
        """Say something to the server."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([event, argument]).encode() + b"\n")
        await self._process.stdin.drain()

    async def listen(self) -> None:
        """Keep what it prints."""
        assert self._process.stdout
        async for line in self._process.stdout:
            event, data = json.loads(line)
            self.queue.put_nowait((event, data))
        self.queue.put_nowait(("exit", None))


@asynccontextmanager
async def scripted(age: str, simulator: Simulator, token: str | None = None) -> AsyncIterator[Script]:
    """The socket.io client of an age, started."""
    process = await asyncio.create_subprocess_exec(
        "node",
        "listen.js",
        *(age, simulator.url, token or simulator.credentials.token),
        cwd=CLIENTS,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    script = Script(process)
    reading = asyncio.ensure_future(script.listen())
    try:
        yield script
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()
        await reading


async def post(simulator: Simulator, path: str, said: Json) -> tuple[int, Any]:
    """Status and answer of a POST of JSON."""
    async with aiohttp.ClientSession() as session, session.post(simulator.url + path, json=said) as answer:
        return answer.status, await _content(answer)


async def get(simulator: Simulator, path: str, bearer: str) -> tuple[int, Any]:
    """Status and answer of a GET with a bearer token."""
    headers = {"Authorization": f"Bearer {bearer}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(simulator.url + path, headers=headers) as answer,
    ):
        return answer.status, await _content(answer)


async def _content(answer: aiohttp.ClientResponse) -> Any:
    return await answer.json() if answer.content_type == "application/json" else await answer.text()
