from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address

import aiohttp
import pytest
from aiohttp import web

from calltrack.serve.security.addresses import (
    InternalAddress,
    InvalidAddress,
    OutsideResolver,
    check_url,
    is_internal,
    outside_socket,
)

INTERNAL = [
    *(
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
    ),
    *("224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("::127.0.0.1", "fec0::1", "64:ff9b:1::1", "64:ff9b:1:7f00:1::", "::ffff:0:127.0.0.1", "2001:db8::1", "3fff::1"),
    *("2001:0:7f00:1::1", "100::1", "5f00::1", "192.0.0.8", "192.88.99.1", "2a01::200:5efe:127.0.0.1", "240.0.0.1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
]


SPELLED = [
    *("①②⑦.0.0.1", "１２７.0.0.1", "127。0。0。1", "127.0.0.1.", "2130706433", "127.1", "0x7f000001", "017700000001"),
    *(
        "localhost.",
        "LOCALHOST",
        "board.localhost",
        "0x7f.0.0.1",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[fe80::1%25eth0]",
        "[64:ff9b:1::1]",
    ),
]
"""Internal addresses as hosts of a URL, which clients and resolvers read as such."""


def url(host: str) -> str:
    return f"https://{host}/hook"


@pytest.mark.parametrize("address", INTERNAL)
def test_internal_addresses_are_known(address: str) -> None:
    """Also those that are wrapped into an IPv6 address."""
    assert is_internal(ip_address(address))
    with pytest.raises(InternalAddress):
        check_url(url(f"[{address}]" if ":" in address else address), allow_internal=False)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808", "2002:808:808::"]
)
def test_public_addresses_are_let_through(address: str) -> None:
    """They are where webhooks go."""
    assert not is_internal(ip_address(address))
    check_url(url(f"[{address}]" if ":" in address else address), allow_internal=False)


@pytest.mark.parametrize("host", SPELLED)
def test_a_host_is_judged_as_the_client_reads_it(host: str) -> None:
    """However loopback is spelled, the configuration is refused."""
    with pytest.raises(InternalAddress):
        check_url(url(host), allow_internal=False)
    check_url(url(host), allow_internal=True)


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            "",
            "crm.example/x",
            "ftp://crm.example/",
            "https://",
            "https://[",
            "https://crm.example:x/",
            "http://crm.example/",
        ),
        *("https://u:password1@crm.example/", "https://crm.example\\@127.0.0.1/", "https://a b/", "https://a%00/"),
    ],
)
def test_a_url_that_is_not_one_is_refused(wrong: str) -> None:
    """Before anything is sent; http is for internal addresses only."""
    with pytest.raises(InvalidAddress):
        check_url(wrong, allow_internal=False)


@pytest.mark.parametrize("name", ["localhost", "2130706433", "127.1", "0x7f000001"])
def test_names_are_looked_at_when_resolved(name: str) -> None:
    """However loopback is spelled."""

    async def scene() -> None:
        resolver = OutsideResolver()
        with pytest.raises(InternalAddress):
            await resolver.resolve(name, 80)
        await resolver.close()

    asyncio.run(scene())


@pytest.mark.parametrize("host", ["127.0.0.1", "①②⑦.0.0.1", "[::ffff:7f00:1]", "rebound.example"])
def test_the_socket_is_not_made(host: str) -> None:
    """For a literal that no resolver sees, nor for a name whose address changes after the look-up."""

    class Rebinding(aiohttp.ThreadedResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[aiohttp.abc.ResolveResult]:
            return await super().resolve("127.0.0.1", port, family)

    asyncio.run(_refused(host, Rebinding))


async def _refused(host: str, resolver: Callable[[], aiohttp.abc.AbstractResolver]) -> None:
    reached: list[str] = []

    async def take(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/hook", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    where = f"http://{host}:{runner.addresses[0][1]}/hook"
    try:
        for factory, expected in ((outside_socket, False), (None, True)):
            connector = aiohttp.TCPConnector(resolver=resolver(), socket_factory=factory)
            async with aiohttp.ClientSession(connector=connector) as session:
                if expected:
                    async with session.get(where) as answer:
                        assert 200 == answer.status
                else:
                    with pytest.raises(aiohttp.ClientConnectorError):
                        await session.get(where)
            assert expected == bool(reached)
    finally:
        await runner.cleanup()
