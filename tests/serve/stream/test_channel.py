"""Chunks that are written to many connections at once: what each client gets is whole, packed or not."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from calltrack.journal import StreamPosition
from calltrack.serve.stream.channel import CHUNKS, GZIP_HEADER, LARGEST, Channel, Chunk
from calltrack.serve.stream.eventstream import takes_gzip
from calltrack.serve.stream.hub import Hub
from tests.live.harness import scenario
from tests.serve.service import events, service
from tests.serve.stream.test_streams import FRAMES, expected


class Client:
    """A connection that takes what it is given until it is full."""

    def __init__(self) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.onward: Callable[[], None] | None = None
        self.got: list[Chunk] = []
        self.is_free = True

    def take(self, chunk: Chunk) -> None:
        """Take it."""
        assert self.is_free
        self.got.append(chunk)

    def resume(self) -> None:
        """Take more from now on."""
        self.is_free = True
        assert self.onward is not None
        self.onward()

    @property
    def heard(self) -> list[bytes]:
        """What it was given."""
        return [one.plain for one in self.got]


def place(frame: int) -> StreamPosition:
    return StreamPosition(frame)


def following(channel: Channel, *clients: Client) -> list[asyncio.Task[tuple[StreamPosition, int]]]:
    """Tasks of clients that have everything."""
    return [asyncio.create_task(channel.follow(one, channel.at, channel.end)) for one in clients]


@scenario
async def test_one_chunk_is_written_to_all() -> None:
    """The same object, also to one whose connection is full meanwhile: it stays where it is until it takes more."""
    channel, first, second = Channel(place(0)), Client(), Client()
    tasks = following(channel, first, second)
    await asyncio.sleep(0)
    channel.put(b"one", place(1))
    channel.put(b"", place(2))
    second.is_free = False
    channel.put(b"two", place(3))
    channel.put(b"three", place(4))
    late = second.heard
    second.resume()
    channel.release()

    assert [b"one"] == late
    assert [b"one", b"two", b"three"] == first.heard
    assert all(mine is its for mine, its in zip(first.got, second.got, strict=True))
    assert [(place(4), 3)] * 2 == [await one for one in tasks]


@pytest.mark.parametrize("size", [1, LARGEST // 4])
@scenario
async def test_one_that_is_too_late_reads_elsewhere(size: int) -> None:
    """From what it has; not before its connection takes more. A few large chunks are as much as many small ones."""
    channel, client = Channel(place(0)), Client()
    (task,) = following(channel, client)
    await asyncio.sleep(0)
    channel.put(b"x", place(1))
    client.is_free = False
    for number in range(2, CHUNKS + 3):
        channel.put(b"x" * size, place(number))
    await asyncio.sleep(0)
    waiting = not task.done()
    client.resume()

    assert waiting
    assert (place(1), 1) == await task
    assert channel.end - channel.first == (CHUNKS if size == 1 else 4)
    assert [b"x"] == client.heard


@scenario
async def test_one_chunk_is_kept_however_large() -> None:
    """Or it would reach no one who is late."""
    channel = Channel(place(0))
    channel.put(b"x" * (LARGEST + 1), place(1))

    assert (0, 1) == (channel.first, channel.end)


@scenario
async def test_who_was_let_go_has_what_it_had_then() -> None:
    """What is written before it has heard of that is not its twice."""
    channel, client = Channel(place(0)), Client()
    (task,) = following(channel, client)
    await asyncio.sleep(0)
    channel.put(b"one", place(1))
    channel.release()
    channel.put(b"two", place(2))
    missed, *_ = channel.since((await task)[1])

    assert [b"one", b"two"] == [*client.heard, *(one.plain for one in missed)]


@scenario
async def test_who_is_gone_is_not_followed() -> None:
    """Its end is heard at once, and nothing refers to it any more."""
    channel, client = Channel(place(0)), Client()
    (task,) = following(channel, client)
    await asyncio.sleep(0)
    client.gone.set_result(None)

    assert (place(0), 0) == await task
    assert not channel._followers
    assert client.onward is None


def test_any_packed_chunks_are_one_gzip_stream() -> None:
    """In any order, from any of them on: none refers to another."""
    chunks = [Chunk(text * 50) for text in (b"the same ", b"the same ", b"others ", b"x")] + [Chunk(b"short")]
    for some in (chunks, chunks[::-1], chunks[2:], chunks[1:2]):
        unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16)
        text = unpacked.decompress(GZIP_HEADER)
        for one in some:
            head, _, rest = one.packed.partition(b"\r\n")
            assert len(rest) == int(head, 16) + 2
            text += unpacked.decompress(rest[:-2])
            assert text.endswith(one.plain)  # nothing is held back
        assert text == b"".join(one.plain for one in some)


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip; q=0", False),
        ("gzip;q=0.000", False),
        ("x-gzip", False),
    ],
)
def test_who_takes_gzip(header: str, takes: bool) -> None:
    """By what it says."""
    assert takes == takes_gzip([(b"accept-encoding", header.encode())])


@scenario
async def test_every_form_shows_the_same() -> None:
    """Packed, plain, and to a client of HTTP/1.0, which knows no chunks."""
    whole = [at for at, _ in expected()]
    async with service() as running:
        running.source.give(*FRAMES[:10])
        await running.reached(10)
        url, heard = running.client._base_url, dict[str, list[str]]()
        assert url is not None
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(b"GET /api/changes?after=0 HTTP/1.0\r\nHost: localhost\r\n\r\n")
        async with (
            running.client.get("/api/changes?after=0") as packed,
            running.client.get("/api/changes?after=0", headers={"Accept-Encoding": "identity"}) as plain,
        ):
            reported = {"gzip": events(packed), "identity": events(plain)}
            for one in reported.values():
                await anext(one)
            running.source.give(*FRAMES[10:])
            for name, one in reported.items():
                heard[name] = [(await anext(one)).id for _ in whole[1:]]
            assert ("gzip", None) == (packed.headers.get("content-encoding"), plain.headers.get("content-encoding"))
        old = b""
        while f"id: {whole[-1]}\n".encode() not in old:
            old += await reader.read(65536)
        writer.close()

    assert {"gzip": whole[1:], "identity": whole[1:]} == heard
    assert whole == [line[4:].decode() for line in old.split(b"\n") if line.startswith(b"id: ") and b"." in line]


class Words(NamedTuple):
    """A way of looking that says its name."""

    name: bytes
    resumes: bool

    def changes(self, batch: object, flushed: object) -> bytes:
        """Its name."""
        return self.name

    def beat(self, flushed: object) -> bytes:
        """Nothing."""
        return b""

    def opening(self, flushed: object) -> bytes:
        """Nothing."""
        return b""

    def reset(self, flushed: object, reason: str, *, missed: bool = True) -> bytes:
        """Nothing."""
        return b""


@pytest.mark.parametrize("resumes", [True, False])
@scenario
async def test_a_single_client_does_not_wait_for_a_crowd(resumes: bool) -> None:
    """Of the changes, and of the boards."""
    heard: list[bytes] = []

    class Listener(Client):
        def take(self, chunk: Chunk) -> None:
            """Note whose turn it is."""
            heard.append(chunk.plain)

    async def follow(name: bytes) -> None:
        async for _ in hub.stream(Words(name, resumes), None, sink=Listener()):
            pass

    async def nothing(*_: object) -> Any:
        raise AssertionError

    hub = Hub(nothing, place(0))
    tasks = [asyncio.create_task(follow(name)) for name in (b"crowd", b"crowd", b"crowd", b"single")]
    await asyncio.sleep(0)
    hub.publish([], [])
    hub.flush()
    hub.close()
    await asyncio.gather(*tasks)

    assert [b"single", b"crowd", b"crowd", b"crowd"] == heard
