"""What a connection leaves in memory: hostile clients come and go by the thousand."""

from __future__ import annotations

import asyncio
import gc
import weakref

from calltrack.serve.security.connections import Protocol, SocketProtocol
from tests.live.harness import scenario
from tests.serve.service import service
from tests.serve.stream.test_limits import connected
from tests.serve.stream.test_streams import simulated
from tests.serve.test_engine import until

HOST = b" HTTP/1.1\r\nHost: 127.0.0.1\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
SAID = {
    "nothing": b"",
    "half a head": b"GET /hea",
    "half a body": b"POST /api/session" + HOST + b"Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
}
ASKED = {
    "health": b"GET /health/live" + HOST + b"\r\n",
    "a page that is none": b"GET /nowhere" + HOST + b"\r\n",
    "a state": b"GET /api/state" + HOST + b"\r\n",
    "many ahead": (b"GET /api/state" + HOST + b"\r\n") * 5,
    "no HTTP": b"\0\r\n\r\n",
    "changes": b"GET /api/changes?after=0" + HOST + b"\r\n",
    "a board": b"GET /api/updates" + HOST + b"\r\n",
    "a WebSocket": b"GET /api/socket" + HOST + UPGRADE + b"A" * 22 + b"==\r\n\r\n",
}


def there() -> list[weakref.ref[Protocol | SocketProtocol]]:
    """The connections that the service has in memory."""
    return [weakref.ref(one) for one in gc.get_objects() if isinstance(one, Protocol | SocketProtocol)]


@scenario
async def test_one_that_has_gone_leaves_nothing() -> None:
    """Not even what only a look for cycles would find: such looks are rare, and memory in pieces does not go back."""
    async with service() as running:
        running.source.give(*simulated(50))
        await running.reached(50)
        gc.disable()
        try:
            for name, request in {**SAID, **ASKED}.items():
                one = await connected(running, request)
                if name in ASKED:
                    assert await asyncio.get_running_loop().sock_recv(one, 1000)
                else:
                    await until(there)
                known = there()
                one.close()
                await until(lambda: not any(one() for one in known))  # noqa: B023
        finally:
            gc.enable()


@scenario
async def test_one_that_waits_keeps_no_request() -> None:
    """Of all that it has asked so far."""
    async with service() as running:
        one = await connected(running, ASKED["health"])
        for _ in range(2):
            assert await asyncio.get_running_loop().sock_recv(one, 1000)
            (waiting,) = there()
            await until(lambda: getattr(waiting(), "scope", 0) is None)  # noqa: B023
            one.sendall(ASKED["health"])
        one.close()
