"""What docs/security.md promises under "Limits", where no other test holds it."""

from __future__ import annotations

import asyncio
import socket
import tracemalloc
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest

from calltrack.journal import StreamPosition
from calltrack.serve.security.access import Access, Visitor
from calltrack.serve.security.scope import EVERYTHING
from calltrack.serve.stream.hub import PIECE
from calltrack.serve.stream.subscriptions import Changes, Wanted, sse
from tests.live.harness import scenario
from tests.serve.service import Service, service
from tests.serve.stream.test_streams import simulated
from tests.serve.test_engine import until

LARGEST = 64 * 1024


async def connected(running: Service, request: bytes) -> socket.socket:
    """A client that has asked, and reads nothing."""
    loop, port = asyncio.get_running_loop(), running.client._base_url.port  # type: ignore[union-attr]
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.setblocking(False)
    await loop.sock_connect(stuck, ("127.0.0.1", port))
    await loop.sock_sendall(stuck, request)
    return stuck


def is_cut_off(client: socket.socket) -> bool:
    """Whether the other end is gone: the kernel has no connection to this client's port."""
    port = f":{client.getsockname()[1]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return not any(row[2].endswith(port) for row in rows)


@pytest.mark.parametrize("how", [b"", b"Upgrade: websocket\r\nConnection: Upgrade\r\n"])
def test_who_does_not_read_is_cut_off(how: bytes) -> None:
    """Its place is another's then, and nothing of its connection is left."""
    path = b"socket" if how else b"changes"
    key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" if how else b""

    async def scene() -> bool:
        frames = simulated(3000)
        async with service(patience=0.3) as running:
            running.source.give(*frames)
            await running.reached(len(frames))
            request = b"GET /api/%b?after=0 HTTP/1.1\r\nHost: localhost\r\n%b%b\r\n" % (path, how, key)
            stuck = await connected(running, request)
            await until(lambda: running.engine.hub.clients)
            await until(lambda: not running.engine.hub.clients)
            await until(lambda: is_cut_off(stuck))
            status, _ = await running.get("/api/state")
            stuck.close()
            return status == 200

    assert asyncio.run(scene())


@scenario
async def test_who_does_not_read_costs_no_memory() -> None:
    """While others are told ten times what may grow; and what it is given at once is little of what it missed."""
    frames = simulated(1500)
    async with service() as running:
        running.source.give(*frames)
        await running.reached(len(frames))
        hub, lens = running.engine.hub, Changes(running.engine.view, EVERYTHING, Wanted(), sse)
        hub.flush()
        stuck, late = hub.stream(lens, None), hub.stream(lens, StreamPosition(0))
        await anext(stuck)
        pieces = [await anext(late) for _ in range(5)]
        tracemalloc.start()
        before, told = tracemalloc.get_traced_memory()[0], 0
        while told < 5_000_000:
            hub.beat()
            told += len(lens.beat(hub.flushed))
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        await stuck.aclose()
        await late.aclose()

    assert [PIECE] * 5 == [piece.count(b"\nevent: change\n") for piece in pieces]
    assert grown < 500_000


@scenario
async def test_too_much_is_not_read() -> None:
    """Neither of a request, nor of a WebSocket's message."""
    async with service({"t" * 30: Visitor("all", EVERYTHING)}) as running:
        async with running.client.post("/api/session", json={"token": "x" * LARGEST}) as answer:
            status, told = answer.status, await answer.json(content_type=None)
        headers = {"Authorization": f"Bearer {'t' * 30}"}
        async with running.client.ws_connect("/api/socket", headers=headers) as client:
            await client.receive()
            await client.send_str("x" * (LARGEST + 1))
            closed = await client.receive()

    assert (413, HTTPStatus(413).phrase) == (status, told["title"])
    assert (aiohttp.WSMsgType.CLOSE, 1009) == (closed.type, closed.data)


@scenario
async def test_connections_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes too many is told so; who comes later, when others have gone, is served."""
    monkeypatch.setattr("calltrack.serve.run._OTHERS", 2)
    async with service(most_clients=2) as running:
        idle = [await connected(running, b"") for _ in range(4)]
        async with running.client.get("/health/live") as answer:
            full, said = answer.status, await answer.text()
        for one in idle:
            one.close()
        async with asyncio.timeout(30):
            while (await running.client.get("/health/live")).status != 200:
                await asyncio.sleep(0)

    assert (503, "Service Unavailable") == (full, said)


def test_sessions_are_limited() -> None:
    """The oldest ends."""
    access, visitor = Access({"t" * 30: Visitor("all", EVERYTHING)}), Visitor("all", EVERYTHING)
    sessions = [access.log_in(visitor) for _ in range(10_001)]

    assert access.by_session(sessions[0]) is None
    assert {visitor} == {access.by_session(one) for one in sessions[1:]}
