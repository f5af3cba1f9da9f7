"""What the tests of the service are made of: a real server on loopback, fed by hand, and a client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import aiohttp
from yarl import URL

from calltrack.feed.source import OnFrame
from calltrack.journal import Journal
from calltrack.serve.accounts import OnlyAccount
from calltrack.serve.config import Config, Hook
from calltrack.serve.engine import MOST_CLIENTS, PATIENCE, Engine
from calltrack.serve.hooks.delivery import PAUSES
from calltrack.serve.parts import Parts
from calltrack.serve.run import Listen, serve
from calltrack.serve.security.access import Access, Visitor
from calltrack.serve.security.audit import Audit
from calltrack.serve.security.oidc import Provider
from calltrack.voicenter.frames import Frame

TIMEOUT = 100.0  # s; a busy machine takes its time


class Fed:
    """A source that gives what the test puts in, until it is ended."""

    stale_for: float | None = None

    speed = 1.0

    def __init__(self) -> None:
        self._frames: asyncio.Queue[Frame | Exception | None] = asyncio.Queue()

    def status(self) -> str:
        """In words, like other sources."""
        return "fed by a test"

    def give(self, *frames: Frame) -> None:
        """Have the engine take these."""
        for frame in frames:
            self._frames.put_nowait(frame)

    def fail(self, error: Exception) -> None:
        """Have it raise an error after what was given."""
        self._frames.put_nowait(error)

    def end(self) -> None:
        """Have it end after what was given."""
        self._frames.put_nowait(None)

    async def run(self, on_frame: OnFrame) -> None:
        """Hand on what is given."""
        while (frame := await self._frames.get()) is not None:
            if isinstance(frame, Exception):
                raise frame
            if (full := on_frame(frame)) is not None:
                await full


class Event(NamedTuple):
    """One Server-Sent Event, as it came."""

    id: str
    event: str
    data: Any


class Service(NamedTuple):
    """A running service: its source, its engine, and a client whose paths begin at its address."""

    source: Fed
    engine: Engine
    client: aiohttp.ClientSession

    async def get(self, path: str | URL, **options: Any) -> tuple[int, Any]:
        """The status and the JSON of an answer."""
        async with self.client.get(path, **options) as answer:
            return answer.status, await answer.json(content_type=None) if answer.status != 304 else None

    async def reached(self, position: int) -> None:
        """Wait until the frame at a position was applied."""
        async with asyncio.timeout(TIMEOUT):
            while self.engine.view.snapshot.position < position:
                await asyncio.sleep(0)


@asynccontextmanager
async def service(
    tokens: dict[str, Visitor] | None = None,
    hooks: Sequence[Hook] = (),
    pauses: Sequence[float] = PAUSES,
    config: Config | None = None,
    doors: Access | None = None,
    audit: Audit | None = None,
    most_clients: int = MOST_CLIENTS,
    patience: float = PATIENCE,
) -> AsyncIterator[Service]:
    """A service on a free port of loopback."""
    source, folder = Fed(), TemporaryDirectory()
    options = config.options("") if config is not None else None
    engine = Engine(source, Journal.open(Path(folder.name) / "journal"), options=options)
    engine.most_clients, engine.patience = most_clients, patience
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    access = doors or Access(tokens or {})
    people = None if config is None or config.oidc is None else Provider(config.oidc)
    parts = Parts.of(engine, config or Config(list(hooks)), roles=access.roles, pauses=pauses, calm=0)
    serving = asyncio.create_task(
        serve(
            OnlyAccount(parts),
            access,
            Listen("127.0.0.1", 0),
            address.set_result,
            audit=audit,
            people=people,
            patience=patience,
        )
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            await asyncio.wait((serving, address), return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            async with aiohttp.ClientSession(await address) as client:
                yield Service(source, engine, client)
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
        folder.cleanup()


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    """The events of a stream, as they come."""
    fields: dict[str, str] = {}
    async for line in answer.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        else:
            yield Event(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}
