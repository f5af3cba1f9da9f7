"""Chunks on a real connection whose client does not read: none is copied for it, and it gets all of them."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from calltrack.serve.security.connections import Watched
from calltrack.serve.stream import client as module
from calltrack.serve.stream.channel import Chunk
from calltrack.serve.stream.client import Client, SocketClient
from calltrack.serve.stream.eventstream import StreamClient
from tests.live.harness import scenario
from tests.serve.service import TIMEOUT

LARGE = Chunk(b"0123456789" * 2_000_000)  # more than the system keeps for a connection
PATIENCE = 1000.0


class Connection(Watched):
    """What a server makes of a connection, as far as a stream needs it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self.lost()


@asynccontextmanager
async def connected(kind: type[Client], patience: float = PATIENCE) -> AsyncIterator[tuple[Client, socket.socket]]:
    """A client, and the other end, which reads nothing by itself."""
    loop, connection = asyncio.get_running_loop(), Connection()
    mine, its = socket.socketpair()
    its.setblocking(False)
    await loop.connect_accepted_socket(lambda: connection, mine)
    scope: Any = {"connection": connection, "http_version": "1.1", "headers": []}
    client = kind(scope, patience)
    try:
        yield client, its
    finally:
        connection.transport.abort()
        await client.gone
        its.close()


async def read(its: socket.socket, size: int) -> bytes:
    """So many bytes."""
    text, loop = bytearray(), asyncio.get_running_loop()
    async with asyncio.timeout(TIMEOUT):
        while len(text) < size:
            text += await loop.sock_recv(its, 1 << 20)
    return bytes(text)


@pytest.mark.parametrize("kind", [StreamClient, SocketClient])
@pytest.mark.parametrize("direct", [True, False])
@scenario
async def test_what_is_not_taken_at_once_follows_when_it_is_read(
    monkeypatch: pytest.MonkeyPatch, kind: type[Client], direct: bool
) -> None:
    """Also where a socket cannot be written to directly, as on Windows."""
    monkeypatch.setattr(module, "_DIRECT", direct)
    async with connected(kind) as (client, its):
        heard = asyncio.Event()
        client.onward = heard.set
        client.take(LARGE)
        stuck = client.transport.get_write_buffer_size(), client.is_free
        whole = client.form(LARGE)
        reported = await read(its, len(whole))
        await heard.wait()
        free = client.is_free

    assert 0 < stuck[0] <= (kind.most_waiting if direct else len(whole))
    assert (False, True) == (stuck[1], free)
    assert whole == reported


@pytest.mark.parametrize("kind", [StreamClient, SocketClient])
@scenario
async def test_what_the_server_says_comes_after_a_whole_chunk(kind: type[Client]) -> None:
    """The end of a stream that ends within one, and the answer to a ping within a message."""

    async def chunks() -> AsyncGenerator[Chunk, None]:
        client.take(LARGE)
        if kind is SocketClient:
            client.transport.write(b"pong")
        return
        yield

    async with connected(kind) as (client, its):
        await client.send(chunks())
        client.transport.write(b"end")
        whole = client.form(LARGE) + (b"pong" if kind is SocketClient else b"") + b"end"
        reported = await read(its, len(whole))

    assert whole == reported


@scenario
async def test_one_that_takes_nothing_is_given_up() -> None:
    """In the middle of a chunk that a channel writes; one that has taken all may be silent for as long as it likes."""
    async with connected(StreamClient, patience=0.05) as (client, _), connected(StreamClient, 0.05) as (quiet, _):
        quiet.take(Chunk(b"little"))
        client.take(LARGE)
        async with asyncio.timeout(TIMEOUT):
            await client.gone
        assert not quiet.gone.done()


@pytest.mark.skipif(sys.platform == "win32", reason="there a system does not say how much it has still to send")
@scenario
async def test_one_that_takes_little_at_a_time_is_not() -> None:
    """Less than what the system waits for before it takes more."""
    async with connected(StreamClient, patience=0) as (client, its):
        client.take(LARGE)
        for _ in range(3):
            its.recv(1 << 16)
            await asyncio.sleep(0)
            assert not client.gone.done()
        async with asyncio.timeout(TIMEOUT):
            await client.gone
