"""Faults on the way to a server that is well, or to the first of two."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import trustme

from calltrack.live.login import Protocol
from tests.live.harness import fixed, keepable_port, node, scenario, streaming
from tests.live.matrix.login import wait_for
from tests.live.test_network import socks


async def passes_by(wrong: str, package: str, protocol: Protocol) -> None:
    """The second server is used instead."""
    async with node(package, heartbeat=10) as right:
        async with streaming(fixed(wrong, right.url, protocol=protocol)) as stream:
            await stream.until("ExtensionEvent", 5)
        assert [{"server": f"127.0.0.1:{right.port}"}] == stream.of("connect")
        await right.empty()


@scenario
async def nothing_listens(package: str, protocol: Protocol) -> None:
    """The connection is refused."""
    await passes_by(f"http://127.0.0.1:{keepable_port()}", package, protocol)


@scenario
async def has_no_address(package: str, protocol: Protocol) -> None:
    """Its name does not resolve."""
    await passes_by("http://monitor.invalid", package, protocol)


@scenario
async def has_a_certificate_that_is_not_trusted(package: str, protocol: Protocol) -> None:
    """Of an authority that is not known here."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as listener:
        await passes_by(f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}", package, protocol)


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """With these variables."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]


@scenario
async def is_behind_a_proxy_that_fails(package: str, protocol: Protocol) -> None:
    """It closes three connections, and relays the fourth."""
    closed = 0

    async with node(package, heartbeat=10) as server, socks(server.port) as proxy:
        well = int(proxy.url.rpartition(":")[2])

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal closed
            if closed < 3:
                closed += 1
            else:
                back, forth = await asyncio.open_connection("127.0.0.1", well)
                await asyncio.gather(relayed(reader, forth), relayed(back, writer))
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
            port = listener.sockets[0].getsockname()[1]
            with environment(ALL_PROXY=f"socks5h://127.0.0.1:{port}"):
                async with streaming(fixed("http://monitor.test", protocol=protocol)) as stream:
                    await stream.until("ExtensionEvent", 5)
            await server.empty()
            await wait_for(lambda: len(asyncio.all_tasks()) <= 3)
        assert 3 == closed
        assert {"monitor.test"} == {*proxy.asked}


async def relayed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand everything on."""
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()
