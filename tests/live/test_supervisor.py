import signal
import time

import pytest

from calltrack.live.login import Protocol
from tests.live.harness import FAST, SLACK, VERSIONS, fixed, node, scenario, streaming

pytestmark = pytest.mark.usefixtures("npm_servers")
ENDS: tuple[tuple[str, ...], ...] = (("engineClose",), ("namespaceDisconnect",), ("emit", "closeme"))
every_version = pytest.mark.parametrize(("package", "protocol"), VERSIONS)


@every_version
@scenario
async def test_hands_on_every_event_once_and_in_order(package: str, protocol: Protocol) -> None:
    """Bursts between heartbeats and over many pings come complete, in order, over one socket."""
    async with node(package, pingInterval=150, pingTimeout=1000, heartbeat=20) as server:
        async with streaming(fixed(server.url, protocol=protocol)) as stream:
            await stream.until("loginSuccess")
            for _ in range(3):
                await server.order("burst", 1000)
            await stream.until("ExtensionEvent", 3050)
            await server.order("large", 5_000_000)
            await stream.until("AllExtensionsStatus")
            assert len(stream.of("AllExtensionsStatus")[0]["text"]) == 5_000_000
            assert (await server.order("count"))["most"] == 1
        await server.empty()
        assert [{"server": f"127.0.0.1:{server.port}"}] == stream.of("connect")
        assert len(server.of("transport opened")) == 1


@every_version
@scenario
async def test_comes_back_after_the_server_ends_the_connection(package: str, protocol: Protocol) -> None:
    """Engine close, namespace disconnect and closeme each lead to one new socket within the retry delay."""
    async with node(package, heartbeat=10) as server:
        async with streaming(fixed(server.url, protocol=protocol)) as stream:
            await stream.until("ExtensionEvent")
            for number, order in enumerate(ENDS, 1):
                began = time.monotonic()
                await server.order(*order)
                await stream.until("connect", number + 1)
                assert time.monotonic() - began < FAST.close + FAST.retry_first + SLACK
                await stream.until("ExtensionEvent", len(stream.of("ExtensionEvent")) + 1)
            assert (await server.order("count"))["most"] == 1
            assert len(stream.of("disconnect")) == 3
        await server.empty()


@every_version
@scenario
async def test_comes_back_after_kill_9(package: str, protocol: Protocol) -> None:
    """A killed server is found again at its address as soon as it is back."""
    async with (
        node(package, heartbeat=10) as server,
        streaming(fixed(server.url, protocol=protocol)) as stream,
    ):
        await stream.until("ExtensionEvent")
        server.signal(signal.SIGKILL)
        await stream.until("disconnect", timeout=SLACK)
        async with node(package, heartbeat=10, port=server.port):
            began = time.monotonic()
            await stream.until("connect", 2)
            assert time.monotonic() - began < FAST.retry_cap + SLACK
            await stream.until("ExtensionEvent", len(stream.of("ExtensionEvent")) + 1)


@every_version
@scenario
async def test_leaves_a_frozen_server(package: str, protocol: Protocol) -> None:
    """A stopped server is left when its own ping times are over, and keeps no socket once it wakes."""
    async with (
        node(package, heartbeat=10, pingInterval=200, pingTimeout=300) as frozen,
        node(package, heartbeat=10) as other,
    ):
        async with streaming(fixed(frozen.url, other.url, protocol=protocol)) as stream:
            await stream.until("ExtensionEvent")
            frozen.signal(signal.SIGSTOP)
            began = time.monotonic()
            await stream.until("connect", 2)
            assert time.monotonic() - began < 0.2 + 0.3 + FAST.close + FAST.retry_first + SLACK
            frozen.signal(signal.SIGCONT)
            await frozen.empty()
            await stream.until("ExtensionEvent", len(stream.of("ExtensionEvent")) + 1)
        await other.empty()
        assert [f"127.0.0.1:{frozen.port}", f"127.0.0.1:{other.port}"] == [
            each["server"] for each in stream.of("connect")
        ]
