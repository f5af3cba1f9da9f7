"""What runs in the process of a service that is fed, one frame per line."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from calltrack import Frame
from calltrack.feed.source import OnFrame
from calltrack.journal import Journal
from calltrack.serve.accounts import OnlyAccount
from calltrack.serve.engine import Engine
from calltrack.serve.parts import Parts
from calltrack.serve.run import Listen, serve
from calltrack.serve.security.access import Access, Visitor
from calltrack.serve.security.scope import EVERYTHING


class Lines:
    """The frames of a pipe, as they come; when it ends, nothing more happens."""

    stale_for: float | None = None

    speed = 1.0

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def status(self) -> str:
        """In words, like other sources."""
        return "fed by a test"

    async def run(self, on_frame: OnFrame) -> None:
        """Hand on what is given."""
        lines = asyncio.StreamReader(limit=1 << 24)
        with open(self._pipe.fileno(), "rb", buffering=0, closefd=False) as pipe:
            await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), pipe)
            async for line in lines:
                if (full := on_frame(Frame.decode(line))) is not None:
                    await full
            await asyncio.Event().wait()


def feeding(pipe: Connection, address: Connection, port: int, tokens: tuple[str, ...]) -> None:
    """Serve what comes through a pipe until terminated; the address is sent."""
    asyncio.run(_feeding(pipe, address, port, tokens))


async def _feeding(pipe: Connection, address: Connection, port: int, tokens: tuple[str, ...]) -> None:
    with TemporaryDirectory() as folder:
        engine = Engine(Lines(pipe), Journal.open(Path(folder) / "journal"))
        access = Access({token: Visitor("a tester", EVERYTHING) for token in tokens})
        await serve(OnlyAccount(Parts.of(engine)), access, Listen("127.0.0.1", port), address.send)
