"""One way of looking at the stream: its last chunks, each made ready for the wire once, written to all who look so.

A client that has everything so far is *live*: a chunk is written to its connection in the same turn, without a task, a
timer or a copy of its own. One whose connection takes no more is live no longer: it reads on from where it was.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from functools import cached_property
from typing import Protocol

from websockets.frames import Frame, Opcode

from calltrack.journal import StreamPosition

CHUNKS = 64
"""Flushes that a client may lag behind before it reads from the ring."""

GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""Begins a gzip stream, which may go on with any blocks of `Chunk.packed`."""

_LEVEL = 6
_WORTH = 200  # bytes of a chunk from which on packing makes it less


class Chunk:
    """What one flush is to a client, as it is written; each is made once, when it is first needed."""

    __slots__ = ("__dict__", "plain")

    def __init__(self, plain: bytes) -> None:
        self.plain = plain

    @cached_property
    def framed(self) -> bytes:
        """As a chunk of HTTP/1.1."""
        return framed(self.plain)

    @cached_property
    def message(self) -> bytes:
        """As a message of a WebSocket, which only clients mask."""
        return Frame(Opcode.TEXT, self.plain).serialize(mask=False)

    @cached_property
    def packed(self) -> bytes:
        """The same, deflated. It refers to nothing before it, so that it fits into every client's gzip stream."""
        packer = zlib.compressobj(_LEVEL if len(self.plain) >= _WORTH else 0, zlib.DEFLATED, -zlib.MAX_WBITS)
        return framed(packer.compress(self.plain) + packer.flush(zlib.Z_FULL_FLUSH))


def framed(data: bytes) -> bytes:
    """Bytes as a chunk of HTTP/1.1."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Sink(Protocol):
    """A client's connection, as far as a channel writes to it."""

    gone: asyncio.Future[None]
    """Done when there is no client any more."""

    def take(self, chunk: Chunk) -> bool:
        """Write it at once; False, and nothing is written, if the connection takes no more now."""


Reached = tuple[StreamPosition, int]
"""The place in the stream, and the number of the last chunk, that a client has."""


class Channel:
    """The last chunks for one way of looking; `first` and `end` number them, `at` is the place behind the last."""

    def __init__(self, at: StreamPosition) -> None:
        self.clients = 0
        self.news = asyncio.Event()
        self.first = self.end = 0
        self.at = at
        self.opening: tuple[float, int, Chunk] | None = None
        """What a client was sent first, when it was made (loop time), and the number of the last chunk then."""
        self._chunks: deque[Chunk] = deque()
        self._live: dict[Sink, asyncio.Future[Reached]] = {}

    def put(self, plain: bytes, at: StreamPosition) -> None:
        """Have the next chunk written, b"" for none; `at` is the place behind it."""
        before: Reached = self.at, self.end
        self.at = at
        if not plain:
            return
        chunk = Chunk(plain)
        self._chunks.append(chunk)
        self.end += 1
        if len(self._chunks) > CHUNKS:
            self._chunks.popleft()
            self.first += 1
        self.news.set()
        for sink, left in self._live.items():
            if not left.done() and not sink.take(chunk):  # one that left reads this chunk itself
                left.set_result(before)

    def since(self, seq: int) -> tuple[list[Chunk], StreamPosition, int]:
        """What follows chunk number `seq`; the place and the number reached."""
        return [self._chunks[at] for at in range(seq - self.first, len(self._chunks))], self.at, self.end

    async def follow(self, sink: Sink | None) -> Reached | None:
        """Of one that has everything: be live until the connection takes no more, or `release`; returns what it has.

        Without a sink wait for what is new, and return None.
        """
        if sink is None:
            self.news.clear()
            await self.news.wait()
            return None
        left: asyncio.Future[Reached] = asyncio.get_running_loop().create_future()
        self._live[sink] = left

        def let_go(_: object) -> None:
            if not left.done():
                left.set_result((self.at, self.end))

        sink.gone.add_done_callback(let_go)
        try:
            return await left
        finally:
            sink.gone.remove_done_callback(let_go)
            del self._live[sink]

    def release(self) -> None:
        """Have those who follow look again at whether there is anything to follow."""
        self.news.set()
        for left in self._live.values():
            if not left.done():
                left.set_result((self.at, self.end))
