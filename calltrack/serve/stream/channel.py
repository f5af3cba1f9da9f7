"""One way of looking at the stream: its last chunks, each made ready for the wire once, written to all who look so.

A client is a place among these chunks. One that has everything is written the next chunk in the same turn, without a
task, a timer or a copy of its own; one whose connection takes no more stays where it is, and is written the following
ones when the connection takes more. Only one that is so late that its next chunk is here no more has to read elsewhere.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import Callable
from functools import cached_property, partial
from typing import Protocol

from websockets.frames import Frame, Opcode

from calltrack.journal import StreamPosition

CHUNKS = 64
"""Flushes that a client may lag behind before it reads from the ring."""
LARGEST = 8_000_000
"""Bytes of them, about what the ring holds: on a busy machine flushes are few and large."""

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
    onward: Callable[[], None] | None
    """Called each time when it has become free."""

    @property
    def is_free(self) -> bool:
        """Whether it has sent all that it has taken."""

    def take(self, chunk: Chunk) -> None:
        """Begin to write a chunk; what is not sent at once is sent when the connection takes more."""


Reached = tuple[StreamPosition, int]
"""The place in the stream, and the number of the last chunk, that a client has."""


class _Follower:
    """Who is written to, and what it has; `left` is done when it is to be written to no more."""

    __slots__ = ("at", "left", "seq", "sink")

    def __init__(self, sink: Sink, at: StreamPosition, seq: int) -> None:
        self.sink, self.at, self.seq = sink, at, seq
        self.left: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def leave(self, _: object = None) -> None:
        if not self.left.done():
            self.left.set_result(None)


class Channel:
    """The last chunks for one way of looking; `first` and `end` number them, `at` is the place behind the last."""

    def __init__(self, at: StreamPosition) -> None:
        self.clients = 0
        self.news = asyncio.Event()
        self.first = self.end = 0
        self.at = at
        self.opening: tuple[float, int, Chunk] | None = None
        """What a client was sent first, when it was made (loop time), and the number of the last chunk then."""
        self._chunks: deque[tuple[Chunk, StreamPosition]] = deque()
        self._size = 0
        self._followers: dict[Sink, _Follower] = {}

    def put(self, plain: bytes, at: StreamPosition) -> None:
        """Have the next chunk written, b"" for none; `at` is the place behind it."""
        self.at = at
        if not plain:
            return
        self._chunks.append((Chunk(plain), at))
        self._size += len(plain)
        self.end += 1
        while len(self._chunks) > CHUNKS or (self._size > LARGEST and len(self._chunks) > 1):
            self._size -= len(self._chunks.popleft()[0].plain)
            self.first += 1
        self.news.set()
        for one in self._followers.values():
            self._go_on(one)

    def since(self, seq: int) -> tuple[list[Chunk], StreamPosition, int]:
        """What follows chunk number `seq`; the place and the number reached."""
        return [self._chunks[at][0] for at in range(seq - self.first, len(self._chunks))], self.at, self.end

    async def more(self) -> None:
        """Wait for what is new."""
        self.news.clear()
        await self.news.wait()

    async def follow(self, sink: Sink, at: StreamPosition, seq: int) -> Reached:
        """Write what follows chunk number `seq`, until it is here no more, the client is gone, or `release`.

        `at` is the place that the client has reached; returns what it has then.
        """
        one = self._followers[sink] = _Follower(sink, at, seq)
        sink.onward = partial(self._go_on, one)
        sink.gone.add_done_callback(one.leave)
        try:
            self._go_on(one)
            await one.left
        finally:
            sink.gone.remove_done_callback(one.leave)
            sink.onward = None
            del self._followers[sink]
        return one.at, one.seq

    def _go_on(self, one: _Follower) -> None:
        """Write what a client has not, as far as its connection takes it."""
        while one.seq < self.end and one.sink.is_free and not one.left.done():
            if one.seq < self.first:  # not sooner, so that one that does not read costs nothing
                one.leave()
                return
            chunk, one.at = self._chunks[one.seq - self.first]
            one.seq += 1
            one.sink.take(chunk)

    def release(self) -> None:
        """Have those who follow look again at whether there is anything to follow."""
        self.news.set()
        for one in self._followers.values():
            one.leave()
