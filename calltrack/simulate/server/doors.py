"""Where the socket servers listen: each on a port of its own, all with the same service behind."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from aiohttp import web


class Doors:
    """Some addresses on one host, on ports from `port` on or on any free ones for 0; opened and closed one by one."""

    def __init__(self, host: str, port: int, count: int, context: ssl.SSLContext | None) -> None:
        self._host, self._context = host, context
        self._ports = [port + number if port else 0 for number in range(count)]
        self._sites: list[web.TCPSite | None] = [None] * count

    @property
    def urls(self) -> list[str]:
        """`http://host:port` of each, or https; with the ports that they have once they are open."""
        scheme = "https" if self._context else "http"
        return [f"{scheme}://{self._host}:{port}" for port in self._ports]

    @property
    def all(self) -> range:
        """Their numbers, from 0."""
        return range(len(self._ports))

    def number(self, port: int) -> int:
        """The number of the door with this port; the first one's for a port that is none's."""
        return self._ports.index(port) if port in self._ports else 0

    def is_open(self, number: int) -> bool:
        """It accepts connections."""
        return self._sites[number] is not None

    async def open(self, runner: web.AppRunner, numbers: Iterable[int]) -> None:
        """Listen, on the same ports as before. Raises OSError."""
        for number in numbers:
            port = self._ports[number]
            before = len(runner.addresses)
            site = web.TCPSite(runner, self._host, port, ssl_context=self._context, reuse_address=True)
            await site.start()
            self._sites[number] = site
            if not port:
                self._ports[number] = runner.addresses[before][1]

    async def close(self, numbers: Iterable[int]) -> None:
        """Accept no more."""
        for number in numbers:
            if site := self._sites[number]:
                self._sites[number] = None
                await site.stop()
