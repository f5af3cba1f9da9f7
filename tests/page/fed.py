"""A service that is fed from standard input, one frame per line: python -m tests.page.fed PORT [TOKEN]."""

from __future__ import annotations

import asyncio
import sys
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
    """The frames of standard input, as they come; when it ends, nothing more happens."""

    stale_for: float | None = None

    speed = 1.0

    def status(self) -> str:
        """In words, like other sources."""
        return "fed by a test"

    async def run(self, on_frame: OnFrame) -> None:
        """Hand on what is given."""
        lines = asyncio.StreamReader(limit=1 << 24)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        async for line in lines:
            if (full := on_frame(Frame.decode(line))) is not None:
                await full
        await asyncio.Event().wait()


async def main(port: str, *tokens: str) -> None:
    """Serve until told to stop."""
    with TemporaryDirectory() as folder:
        engine = Engine(Lines(), Journal.open(Path(folder) / "journal"))
        access = Access({token: Visitor("a tester", EVERYTHING) for token in tokens})
        await serve(
            OnlyAccount(Parts.of(engine)), access, Listen("127.0.0.1", int(port)), lambda url: print(url, flush=True)
        )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
