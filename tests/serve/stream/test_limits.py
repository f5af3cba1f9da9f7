"""What docs/security.md promises under "Limits", where no other test holds it."""

from __future__ import annotations

import asyncio
import socket
import tracemalloc
from contextlib import AsyncExitStack, suppress
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest

from calltrack.journal import StreamPosition
from calltrack.serve.history.past import MOST_QUERIES
from calltrack.serve.security import budgets, connections
from calltrack.serve.security.access import SESSIONS, Access, Visitor
from calltrack.serve.security.scope import EVERYTHING, Scope
from calltrack.serve.stream.hub import PIECE
from calltrack.serve.stream.subscriptions import Changes, Wanted, sse
from tests.live.harness import scenario
from tests.serve.service import TIMEOUT, Service, events, service
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
    with suppress(ConnectionError):
        await loop.sock_sendall(stuck, request)
    return stuck


def is_cut_off(client: socket.socket, port: int) -> bool:
    """Whether the other end is gone: the kernel has no connection from the service's port to this client's."""
    mine, its = f":{client.getsockname()[1]:04X}", f":{port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return not any(row[1].endswith(its) and row[2].endswith(mine) for row in rows)


def is_given_up(client: socket.socket) -> bool:
    """Whether the service has closed its end."""
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


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
            await until(lambda: is_cut_off(stuck, running.client._base_url.port))  # type: ignore[union-attr,arg-type]
            status, _ = await running.get("/api/state")
            stuck.close()
            return status == 200

    assert asyncio.run(scene())


@scenario
async def test_who_does_not_read_costs_no_memory() -> None:
    """While others are sent ten times what may grow; and what it is given at once is little of what it missed."""
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
        before, reported = tracemalloc.get_traced_memory()[0], 0
        while reported < 5_000_000:
            hub.beat()
            reported += len(lens.beat(hub.flushed))
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        await stuck.aclose()
        await late.aclose()

    assert [PIECE] * 5 == [piece.plain.count(b"\nevent: change\n") for piece in pieces]
    assert grown < 500_000


@scenario
async def test_too_much_is_not_read() -> None:
    """Neither of a request, nor of a WebSocket's message."""
    async with service({"t" * 30: Visitor("all", EVERYTHING)}) as running:
        async with running.client.post("/api/session", json={"token": "x" * LARGEST}) as answer:
            status, reported = answer.status, await answer.json(content_type=None)
        headers = {"Authorization": f"Bearer {'t' * 30}"}
        async with running.client.ws_connect("/api/socket", headers=headers) as client:
            await client.receive()
            await client.send_str("x" * (LARGEST + 1))
            closed = await client.receive()

    assert (413, HTTPStatus(413).phrase) == (status, reported["title"])
    assert (aiohttp.WSMsgType.CLOSE, 1009) == (closed.type, closed.data)


@scenario
async def test_half_open_connections_take_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest of those that say nothing, or half a request, go; who says something is served, streams go on."""
    monkeypatch.setattr(connections, "SILENT", 8)
    monkeypatch.setattr(connections, "GRACE", 0.0)
    async with service() as running:
        async with running.client.get("/api/updates") as answer:
            reported = events(answer)
            await anext(reported)
            idle = [await connected(running, b"GET /health" * (number % 2)) for number in range(30)]
            await until(lambda: sum(map(is_given_up, idle)) >= 22)
            async with running.client.get("/health/live") as health:
                assert 200 == health.status
            running.source.give(*simulated(5))
            assert "update" == (await anext(reported)).event
        for one in idle:
            one.close()


@scenario
async def test_a_connection_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while, without another that wants its place."""
    monkeypatch.setattr(connections, "PATIENCE", 0.1)
    async with service() as running:
        idle = await connected(running, b"GET /api/sta")
        await until(lambda: is_given_up(idle))
        idle.close()


def test_sessions_are_limited() -> None:
    """The role's oldest ends; another role's stay."""
    first, second = Visitor("first", EVERYTHING), Visitor("second", EVERYTHING)
    access = Access({"t" * 30: first, "u" * 30: second})
    own = access.log_in(second)
    sessions = [access.log_in(first) for _ in range(SESSIONS + 1)]

    assert access.by_session(sessions[0]) is None
    assert {first} == {access.by_session(one) for one in sessions[1:]}
    assert second == access.by_session(own)
    for _ in range(SESSIONS):
        access.log_out(sessions.pop())
        sessions.append(access.log_in(first))
    assert first == access.by_session(sessions[1])


@scenario
async def test_a_role_takes_no_place_of_another() -> None:
    """Of the streams it has half, of requests its own, and the past is rationed."""
    few, every = "few" * 10, "all" * 10
    tokens = {few: Visitor("few", Scope(queues=frozenset())), every: Visitor("all", EVERYTHING)}
    headers = {one: {"Authorization": f"Bearer {one}"} for one in (few, every)}
    async with service(tokens, most_clients=4) as running, AsyncExitStack() as stack:
        running.source.give(*simulated(50))
        await running.reached(50)
        for _ in range(2):
            answer = await stack.enter_async_context(running.client.get("/api/updates", headers=headers[few]))
            await anext(events(answer))
        async with running.client.get("/api/updates", headers=headers[few]) as refused:
            assert 503 == refused.status
        answer = await stack.enter_async_context(running.client.get("/api/updates", headers=headers[every]))
        assert "state" == (await anext(events(answer))).event
        asked = [running.get(f"/api/state?at={10**9 + at}", headers=headers[few]) for at in range(MOST_QUERIES + 3)]
        statuses = [status for status, _ in await asyncio.gather(*asked)]
        assert 3 == statuses.count(429)
        assert 410 == (await running.get("/api/state?at=1", headers=headers[every]))[0]


@scenario
async def test_requests_without_a_token_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that never end are given up; a role that has a token is served meanwhile, and so is health."""
    monkeypatch.setattr(budgets, "REQUESTS", 2)
    token = "all" * 10
    slow = b"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    async with service({token: Visitor("all", EVERYTHING)}) as running:
        held = [await connected(running, slow) for _ in range(2)]
        status = 200
        while status != 429:
            async with running.client.get("/") as answer:
                status = answer.status
        for path in ("/health/live", "/api/state"):
            async with running.client.get(path, headers={"Authorization": f"Bearer {token}"}) as answer:
                assert 200 == answer.status
        for one in held:
            one.close()
        while status != 200:
            async with running.client.get("/") as answer:
                status = answer.status


@scenario
async def test_a_connection_sends_no_more_than_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a head, of what is neither head nor body, of requests ahead of their answers: 4xx, or the connection ends."""
    monkeypatch.setattr(connections, "LARGEST", 1000)
    begun = b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
    sent = {
        "head": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 2000,
        "fields": b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 500,
        "path": b"GET /" + b"x" * 2000,
        "trailer": begun + b"0\r\nX: " + b"x" * 600_000,
        "extension": begun + b"1;" + b"x" * 600_000,
        "ahead": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 40,
    }
    answers = {}
    async with service() as running:
        for name, data in sent.items():
            one = await connected(running, data)
            answers[name] = await read_to_the_end(one)
            one.close()
        async with running.client.get("/health/live") as answer:
            assert 200 == answer.status

    assert {"head", "fields", "path"} == {name for name, data in answers.items() if data.startswith(b"HTTP/1.1 431 ")}
    assert b"HTTP/1.1 400 " in answers["ahead"]
    assert b"HTTP/1.1 5" not in b"".join(answers.values())


async def read_to_the_end(one: socket.socket) -> bytes:
    """Everything that comes until the other side ends it."""
    loop, data = asyncio.get_running_loop(), b""
    async with asyncio.timeout(TIMEOUT):
        with suppress(ConnectionError):
            while part := await loop.sock_recv(one, 65536):
                data += part
    return data


@scenario
async def test_fields_after_a_body_are_none_of_the_request() -> None:
    """A proxy may have judged the head, and a token that comes later would not have been seen by it."""
    token = "all" * 10
    head = b"POST /api/state HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with service({token: Visitor("all", EVERYTHING)}) as running:
        one = await connected(running, head + b"0\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n")
        answer = await read_to_the_end(one)
        one.close()

    assert answer.startswith(b"HTTP/1.1 401 ")
