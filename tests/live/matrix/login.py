"""Faults of the login API, before a real server; each is over after a while, and the stream must be there then."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import trustme
from aiohttp import web

from calltrack.live import Endpoints, LoginApi, LoginRefused, Network, Supervisor, Token
from calltrack.live.login import Protocol
from tests.live.harness import FAST, News, node, scenario, streaming

_HTML = "<html><body>502 Bad Gateway</body></html>"


@dataclass
class Login:
    """A login API: its answers one after the other, "" for a closed connection; then sessions of one server."""

    server: str
    answers: list[tuple[int, str, dict[str, str]] | None]
    asked: list[float] = field(default_factory=list)
    news: News = field(default_factory=News)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """The next answer."""
        self.asked.append(asyncio.get_running_loop().time())
        self.news.ring()
        if not self.answers:
            session = {"Token": f"given-{len(self.asked)}", "URLList": [self.server]}
            return web.json_response({"Data": {"Socket": session}})
        answer = self.answers.pop(0)
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        status, text, headers = answer
        return web.Response(status=status, text=text, headers=headers)

    def source(self, protocol: Protocol, url: str = "", network: Network | None = None) -> LoginApi:
        """What logs in here."""
        endpoints = Endpoints.older(url or self.url)
        return LoginApi(Token("mine"), endpoints=endpoints, protocol=protocol, network=network)


@asynccontextmanager
async def login(
    server: str, *answers: tuple[int, str, dict[str, str]] | None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Login]:
    """Run such an API on loopback."""
    api = Login(server, list(answers))
    application = web.Application()
    application.router.add_post("/monitorAPI/Login/Token", api.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        api.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        yield api
    finally:
        await runner.cleanup()


@contextmanager
def warnings() -> Iterator[list[str]]:
    """What is logged meanwhile as a warning or worse."""
    lines: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("calltrack")
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)


async def recovers(
    package: str, protocol: Protocol, *answers: tuple[int, str, dict[str, str]] | None, said: str
) -> Login:
    """The trouble is said once, and the login tried until it works."""
    with warnings() as lines:
        async with node(package, heartbeat=10) as server, login(server.url, *answers) as api:
            async with streaming(api.source(protocol)) as stream:
                await stream.until("ExtensionEvent", 5)
            assert 1 == len(stream.of("connect"))
            await server.empty()
    assert len(api.asked) >= len(answers) + 1 or None in answers, api.asked
    assert [True] == [said in line for line in lines], lines
    return api


@scenario
async def answers_500(package: str, protocol: Protocol) -> None:
    """Four times."""
    await recovers(package, protocol, *[(500, "", {})] * 4, said="HTTP 500")


@scenario
async def answers_a_gateways_page(package: str, protocol: Protocol) -> None:
    """An HTML page with status 502."""
    await recovers(package, protocol, *[(502, _HTML, {})] * 3, said="HTTP 502")


@scenario
async def answers_html(package: str, protocol: Protocol) -> None:
    """With status 200, as a captive portal does."""
    await recovers(package, protocol, *[(200, _HTML, {})] * 3, said="not a JSON object")


@scenario
async def answers_without_a_session(package: str, protocol: Protocol) -> None:
    """JSON, but no token."""
    await recovers(package, protocol, *[(200, json.dumps({"Data": {}}), {})] * 3, said="no token")


@scenario
async def asks_to_wait(package: str, protocol: Protocol) -> None:
    """429 with Retry-After: it is not asked again before."""
    api = await recovers(package, protocol, (429, "", {"Retry-After": "1"}), said="HTTP 429")
    assert 1.0 <= api.asked[1] - api.asked[0]


@scenario
async def closes_the_connection(package: str, protocol: Protocol) -> None:
    """Without an answer."""
    await recovers(package, protocol, None, None, None, said="did not get through")


@scenario
async def has_no_address(package: str, protocol: Protocol) -> None:
    """Its name does not resolve for a while."""
    loop, tries = asyncio.get_running_loop(), 0

    async def getaddrinfo(host: Any, port: Any, **options: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return await asyncio.to_thread(socket.getaddrinfo, "127.0.0.1", port, type=socket.SOCK_STREAM)

    loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign]
    with warnings() as lines:
        async with node(package, heartbeat=10) as server, login(server.url) as api:
            named = api.url.replace("127.0.0.1", "login.test")
            async with streaming(api.source(protocol, named)) as stream:
                await stream.until("ExtensionEvent", 5)
            await server.empty()
    assert tries > 3
    assert [True] == ["login.test" in line for line in lines], lines


@scenario
async def has_a_certificate_that_is_not_trusted(package: str, protocol: Protocol) -> None:
    """Until it has another; what is said names the option."""
    trusted, stranger = trustme.CA(), trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    stranger.issue_cert("127.0.0.1").configure_cert(context)
    with trusted.cert_pem.tempfile() as pem, warnings() as lines:
        async with node(package, heartbeat=10) as server, login(server.url, tls=context) as api:
            async with streaming(api.source(protocol, network=Network(pem))) as stream:
                await wait_for(lambda: bool(lines))
                trusted.issue_cert("127.0.0.1").configure_cert(context)
                await stream.until("ExtensionEvent", 5)
            await server.empty()
    assert [True] == ["--ca" in line for line in lines], lines


async def wait_for(condition: Any) -> None:
    """Look until it holds."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


@scenario
async def refuses(package: str, protocol: Protocol) -> None:
    """A login that never worked: final, and said."""
    async with node(package) as server, login(server.url, (401, "", {})) as api:
        with pytest.raises(LoginRefused):
            await Supervisor(api.source(protocol), lambda name, payload, at: None, timing=FAST).run()
        assert 1 == len(api.asked)


@scenario
async def refuses_what_it_let_in(package: str, protocol: Protocol) -> None:
    """A login that has worked is tried again, and meanwhile its token goes on."""
    async with node(package, heartbeat=10, keepalive=3) as server, login(server.url) as api:
        async with streaming(api.source(protocol)) as stream:
            await stream.until("ExtensionEvent", 5)
            api.answers += [(401, "", {})] * 3
            await server.order("emit", "keepaliveResponse", {"errorCode": 3})
            await stream.until("connect", 2)
            await stream.until("ExtensionEvent", len(stream.of("ExtensionEvent")) + 5)
        await server.empty()
        assert len(api.asked) >= 2
