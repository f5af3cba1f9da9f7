"""Streams when the service ends: at once, and without a word in the log, however far behind a client is."""

from __future__ import annotations

import asyncio
import logging
import socket

import pytest

from calltrack.serve import run
from calltrack.serve.stream import hub
from tests.live.harness import scenario
from tests.serve.security.test_connections import there
from tests.serve.service import events, service
from tests.serve.stream.test_limits import connected
from tests.serve.stream.test_streams import simulated
from tests.serve.test_engine import until

CHANGES = b"GET /api/changes?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
SOCKET = b"GET /api/socket?after=0 HTTP/1.1\r\nHost: localhost\r\n" + UPGRADE + b"A" * 22 + b"==\r\n\r\n"


def transports() -> list[asyncio.Transport]:
    """Of the connections that the service has."""
    return [one.transport for one in (one() for one in there()) if one is not None and one.transport is not None]


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What an operator would read."""
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


@scenario
async def test_one_that_does_not_read(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up when others have had the time to hear the end."""
    monkeypatch.setattr(run, "GRACE", 0.1)
    frames, loop = simulated(200), asyncio.get_running_loop()
    async with service() as running:
        running.source.give(*frames)
        await running.reached(len(frames))
        stuck = [await connected(running, b"") for _ in (CHANGES, SOCKET)]
        await until(lambda: len(transports()) == len(stuck))
        for one in transports():
            one.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        for client, request in zip(stuck, (CHANGES, SOCKET), strict=True):
            await loop.sock_sendall(client, request)
        await until(lambda: all(one.get_write_buffer_size() for one in transports()))
    for client in stuck:
        client.close()

    assert [] == said(caplog)


@scenario
async def test_one_for_which_the_journal_is_read(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hears the end before that has been read."""
    monkeypatch.setattr(hub, "RING", 50)
    frames = simulated(3000)
    async with service() as running:
        running.source.give(*frames)
        await running.reached(len(frames))
        running.engine.hub.flush()
        async with running.client.get("/api/changes?after=0") as answer:
            running.engine.hub.close()
            heard = [one async for one in events(answer)]

    assert [] == heard
    assert [] == said(caplog)
