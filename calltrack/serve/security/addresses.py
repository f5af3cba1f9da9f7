"""Where a webhook may go: to public hosts, unless its configuration allows this machine and network.

An address is judged three times, each time as the HTTP client reads it and not as it is written:

1. when the configuration is read, so that a mistake is a message and not a dead letter (`check_url`);
2. when a name is resolved, so that a name with a single internal address is refused as a whole (`OutsideResolver`);
3. when the socket is made, with the very address that it connects to (`outside_socket`). A name that changes between
   two look-ups (DNS rebinding) and a host that the client takes for an address without a look-up end here.

IPv6 is judged by what is allowed, not by what is forbidden: the global unicast range, and translations of a public IPv4
address. New reserved ranges are therefore refused, whatever the Python version knows of them.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from calltrack.core.errors import CalltrackError

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_RESERVED = tuple(
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20", "2620:4f:8000::/48"))
)
"""Of what is global by its prefix: protocol assignments, 6to4 relays, documentation, AS112."""
_IPV4_INSIDE = tuple(map(IPv6Network, ("64:ff9b::/96", "::ffff:0:0/96", "2002::/16")))
"""IPv6 addresses that lead to the IPv4 address inside them: NAT64, IPv4-mapped, 6to4."""
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")  # RFC 5214: an interface whose address ends with an IPv4 one


class InternalAddress(CalltrackError, OSError):
    """A webhook's name or address leads to this machine or network."""


class InvalidAddress(CalltrackError):
    """A webhook's URL is not one that it can be sent to; says why."""


def check_url(url: str, *, allow_internal: bool) -> None:
    """Judge a webhook's URL as the client reads it; raises InvalidAddress, InternalAddress."""
    try:
        read = URL(url)
        host, secret = read.raw_host, read.user is not None or read.password is not None
        _ = read.port
    except ValueError as error:
        raise InvalidAddress(f"invalid URL: {error}") from None
    if read.scheme not in ("https", "http") or not host or not _printable(host):
        raise InvalidAddress("invalid URL: write https://host/path")
    if secret:
        raise InvalidAddress("invalid URL: it must not contain a user name or password")
    if allow_internal:
        return
    if read.scheme == "http":
        raise InvalidAddress("numbers and names must not be sent over http; write https")
    name, address = host.rstrip(".").lower(), _literal(host)
    if name == "localhost" or name.endswith(".localhost") or (address is not None and is_internal(address)):
        raise _internal(host)


def is_internal(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is anything but a public host's: loopback, private, link-local, metadata, multicast, …"""
    if isinstance(address, IPv6Address):
        if (inside := _ipv4_inside(address)) is not None:
            return is_internal(inside)
        if address not in _GLOBAL_UNICAST:
            return True
    return not address.is_global or address.is_multicast or any(address in one for one in _RESERVED)


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
            if _is_internal_text(one["host"]):
                raise _internal(host)
        return found

    async def close(self) -> None:
        """Close the resolver."""
        await self._resolver.close()


def outside_socket(where: tuple[Any, ...]) -> socket.socket:
    """A socket for an address of `getaddrinfo`'s form, for aiohttp's TCPConnector; raises InternalAddress."""
    family, kind, protocol, _, (host, *_) = where
    if _is_internal_text(host):
        raise _internal(host)
    return socket.socket(family, kind, protocol)


def _internal(host: str) -> InternalAddress:
    return InternalAddress(f"{host} leads to an internal address, and allow_internal is not set")


def _is_internal_text(host: str) -> bool:
    try:
        return is_internal(ip_address(host.partition("%")[0]))
    except ValueError:
        return True


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is written as, in any form that the system's resolver takes; None for a name."""
    host = host.strip("[]").partition("%")[0].rstrip(".")
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))  # decimal, octal, hexadecimal, fewer than four parts
    except OSError:
        return None


def _ipv4_inside(address: IPv6Address) -> IPv4Address | None:
    packed = address.packed
    if address in _IPV4_INSIDE[-1]:
        return IPv4Address(packed[2:6])
    if any(address in one for one in _IPV4_INSIDE) or packed[8:12] in _ISATAP:
        return IPv4Address(packed[-4:])
    return None


def _printable(host: str) -> bool:
    return host.isascii() and not any(one in " %/\\@#?" or not one.isprintable() for one in host.partition("%25")[0])
