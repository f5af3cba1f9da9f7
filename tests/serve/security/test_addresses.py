from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from calltrack.serve.security.addresses import InternalAddress, OutsideResolver, check_literal, is_internal

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
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
]


@pytest.mark.parametrize("address", INTERNAL)
def test_internal_addresses_are_known(address: str) -> None:
    """Also those that are wrapped into an IPv6 address."""
    assert is_internal(ip_address(address))
    with pytest.raises(InternalAddress):
        check_literal(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_let_through(address: str) -> None:
    """They are where webhooks go."""
    assert not is_internal(ip_address(address))
    check_literal(address)


@pytest.mark.parametrize("name", ["localhost", "2130706433", "127.1", "0x7f000001"])
def test_names_are_looked_at_when_resolved(name: str) -> None:
    """However loopback is spelled."""

    async def scene() -> None:
        resolver = OutsideResolver()
        with pytest.raises(InternalAddress):
            await resolver.resolve(name, 80)
        await resolver.close()

    check_literal(name)
    asyncio.run(scene())
