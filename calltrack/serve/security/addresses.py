"""Where a webhook may go: out of the house, unless it is allowed inside.

Whoever configures a webhook chooses a name; whoever owns that name chooses the address. So the address is looked at
when the connection is made, and the one that was looked at is the one that is connected to.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from calltrack.core.errors import CalltrackError

_TRANSLATED = ip_network("64:ff9b::/96")  # NAT64: an IPv4 address in the last 32 bits


class InternalAddress(CalltrackError, OSError):
    """A webhook's name or address leads to this machine or network."""


def check_literal(host: str) -> None:
    """Raise InternalAddress if a host is written as an internal address; names are looked at when they are resolved."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return
    if is_internal(address):
        raise InternalAddress(f"{host} is an internal address, and allow_internal is not set")


def is_internal(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is anything but a public host's: loopback, private, link-local, metadata, multicast, …"""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _TRANSLATED:
            inner = IPv4Address(address.packed[-4:])
        if inner is not None:
            return is_internal(inner)
    return not address.is_global or address.is_multicast


class OutsideResolver(AbstractResolver):
    """Names to public addresses; a name with a single internal one is refused as a whole."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses; raises InternalAddress."""
        found = await self._resolver.resolve(host, port, family)
        for one in found:
            if is_internal(ip_address(one["host"].partition("%")[0])):
                raise InternalAddress(f"{host} leads to an internal address, and allow_internal is not set")
        return found

    async def close(self) -> None:
        """Nothing is held."""
        await self._resolver.close()
