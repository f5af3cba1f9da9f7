"""Faults of a connection that runs, which the suite has on none, or not on every age of the server."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from calltrack.live.login import Protocol
from tests.live.harness import FAST, fixed, node, scenario, streaming
from tests.live.test_losses import VENDOR, jumping
from tests.live.test_supervisor import Logins


async def ends(order: tuple[str, ...], package: str, protocol: Protocol) -> None:
    """The server ends the connection; there is one new one, and nothing is doubled."""
    async with node(package, heartbeat=10) as server:
        async with streaming(fixed(server.url, protocol=protocol)) as stream:
            await stream.until("ExtensionEvent", 5)
            await server.order(*order)
            await stream.until("connect", 2)
            await stream.until("ExtensionEvent", len(stream.of("ExtensionEvent")) + 5)
            assert 1 == (await server.order("count"))["most"]
        await server.empty()


@scenario
async def engine_closes(package: str, protocol: Protocol) -> None:
    """The transport."""
    await ends(("engineClose",), package, protocol)


@scenario
async def namespace_disconnects(package: str, protocol: Protocol) -> None:
    """socket.io's packet."""
    await ends(("namespaceDisconnect",), package, protocol)


@scenario
async def kicks(package: str, protocol: Protocol) -> None:
    """The vendor's event."""
    await ends(("emit", "closeme"), package, protocol)


@scenario
async def stops_its_heartbeat(package: str, protocol: Protocol) -> None:
    """It sends Engine.IO's packets of the heartbeat no more, and answers WebSocket pings: the other server."""
    async with node(package, pingInterval=200, pingTimeout=300) as mute, node(package, heartbeat=10) as other:
        timing = replace(FAST, probe=0.1, answer=60.0)
        async with streaming(fixed(mute.url, other.url, protocol=protocol), timing) as stream:
            await stream.until("loginSuccess")
            await mute.order("mute")
            await stream.until("ExtensionEvent", 5)
            assert 2 == len(stream.of("connect"))
            await mute.empty()
        await other.empty()


@scenario
async def slept(package: str, protocol: Protocol) -> None:
    """Our process, for a day: what came meanwhile is read, and the connection stays."""
    jump = jumping(asyncio.get_running_loop())
    timing = replace(FAST, probe=1000.0, answer=60.0, deaf=1e9, tick=1e9, keepalive=1e9)
    async with node(package, **VENDOR) as server:
        async with streaming(fixed(server.url, protocol=protocol), timing) as stream:
            await stream.until("loginSuccess")
            burst = server.ordered("burst", 642)
            time.sleep(0.3)  # nothing is read, and what the server sends waits in the socket
            jump(100_000.0)
            await stream.until("ExtensionEvent", 642)
            await burst
            await server.order("burst", 1)
            await stream.until("ExtensionEvent", 643)
            assert [] == stream.of("disconnect")
        await server.empty()


async def malformed(text: str, package: str, protocol: Protocol) -> None:
    """A packet is kept and counted, and swallows nothing of what follows."""
    async with node(package) as server:
        async with streaming(fixed(server.url, protocol=protocol)) as stream:
            await stream.until("loginSuccess")
            await server.order("raw", text)
            await server.order("burst", 5)
            await stream.until("ExtensionEvent", 5)
            assert ["4" + text] == [one["text"] for one in stream.of("malformed")]
            assert 1 == len(stream.of("connect"))
        await server.empty()


@scenario
async def binary_header(package: str, protocol: Protocol) -> None:
    """It promises an attachment that does not come."""
    await malformed('51-["ExtensionEvent",{"_placeholder":true,"num":0}]', package, protocol)


@scenario
async def huge_header(package: str, protocol: Protocol) -> None:
    """It promises a thousand million of them."""
    await malformed('5999999999-["ExtensionEvent",{}]', package, protocol)


@scenario
async def half_a_surrogate_pair(package: str, protocol: Protocol) -> None:
    """A character that UTF-8 does not have: the event comes, with its text."""
    async with node(package) as server:
        async with streaming(fixed(server.url, protocol=protocol)) as stream:
            await stream.until("loginSuccess")
            await server.order("raw", '2["odd",{"name":"\\ud83d half"}]')
            await server.order("burst", 5)
            await stream.until("ExtensionEvent", 5)
            assert "half" in stream.of("odd")[0]["name"]
        await server.empty()


@scenario
async def token_ends(package: str, protocol: Protocol) -> None:
    """It is renewed under the running connection, and the next one goes with the new one."""
    async with node(package, heartbeat=10) as server:
        source = Logins(server.url, protocol, life=5.2)
        async with streaming(source, replace(FAST, renew_pause=60)) as stream:
            await source.news.until(lambda: source.refreshes == 1)
            await stream.until("ExtensionEvent", len(stream.of("ExtensionEvent")) + 5)
            assert 1 == len(stream.of("connect"))
            await server.order("engineClose")
            await server.news.until(lambda: len(server.of("connected")) == 2)
            assert ["login-1", "refresh-1"] == [fact["token"] for fact in server.of("connected")]
        await server.empty()
