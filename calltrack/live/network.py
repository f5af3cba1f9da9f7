"""The way out: addresses, proxies and certificates, the same for the login API and for the sockets.

aiohttp reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY itself, and with them the passwords of ~/.netrc, which are none of
ours; ALL_PROXY and socks it passes over in silence. So the proxy is chosen here, and given to it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from python_socks import ProxyError

from calltrack.live.errors import LiveError

FAILURES = (aiohttp.ClientError, ProxyError, OSError, TimeoutError, ValueError)
"""What a request can end in that another try may mend."""

_SOCKS = {"socks": "socks5", "socks5": "socks5", "socks5h": "socks5", "socks4": "socks4", "socks4a": "socks4"}
_SOCKS_PORT = 1080


class CannotUseCA(LiveError):
    """The file of --ca cannot be read, or holds no certificate."""


@dataclass(frozen=True)
class Network:
    """How to reach the vendor: through the environment's proxy, with the system's certificates and those of `ca`.

    `ca` is a PEM file. Raises CannotUseCA.
    """

    ca: str | PathLike[str] | None = None

    def __post_init__(self) -> None:
        # At once: a wrong file is a mistake of the caller's, not a fault of the network's to be tried again.
        _ = self._tls

    @cached_property
    def _tls(self) -> ssl.SSLContext | bool:
        if self.ca is None:
            return True
        context = ssl.create_default_context()
        try:
            context.load_verify_locations(cafile=Path(self.ca))
        except ssl.SSLError:
            raise CannotUseCA(f"{self.ca}: contains no certificate; give a file in PEM format") from None
        except OSError as error:
            raise CannotUseCA(f"{self.ca}: cannot be read: {error.strerror}") from None
        return context

    def session(self, url: str, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
        """Return an HTTP session for this address, to be closed by the caller.

        Raises ValueError for a proxy that cannot be used; call it within a running loop.
        """
        proxy = proxy_for(url)
        scheme = urlsplit(proxy).scheme.lower() if proxy else ""
        if proxy and scheme in _SOCKS:
            from aiohttp_socks import ProxyConnector

            # Names are resolved by the proxy: a network that needs one often cannot resolve them.
            connector = ProxyConnector.from_url(_socks(proxy, scheme), rdns=True, ssl=self._tls)
            return aiohttp.ClientSession(connector=connector, timeout=timeout)
        if scheme not in ("", "http", "https"):
            raise ValueError(f"unknown kind of proxy {scheme!r}; use http, https, socks4 or socks5")
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._tls), proxy=proxy, timeout=timeout)


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address: of its scheme, else ALL_PROXY; NO_PROXY counts."""
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies()
    found = proxies.get(parts.scheme.lower()) or proxies.get("all")
    return found if not found or "://" in found else f"http://{found}"


def checked_url(url: str) -> str:
    """Return an http or https address without its trailing slash; raises ValueError if it is not one.

    Addresses are shown, so what is secret has another place.
    """
    url = url.strip()
    if any(sign in url for sign in "@?#"):
        raise ValueError("an address must not contain a user name, a password or a query; use https://host")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"{url!r} is not a valid address; use https://host or https://host:port")
    return url.rstrip("/")


def _socks(proxy: str, scheme: str) -> str:
    parts = urlsplit(proxy)
    netloc = parts.netloc if parts.port else f"{parts.netloc}:{_SOCKS_PORT}"
    return urlunsplit((_SOCKS[scheme], netloc, "", "", ""))
