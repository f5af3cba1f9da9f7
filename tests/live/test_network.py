import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from calltrack.live import CannotUseCA, ConnectFailed, Endpoints, LoginApi, LoginFailed, Network, Token
from calltrack.live.network import checked_url, proxy_for
from calltrack.live.socket import Connection
from tests.live.harness import FAST, News, node, scenario


class Socks:
    """A SOCKS5 proxy that resolves every name to one port of this machine."""

    def __init__(self, to: int) -> None:
        self._to = to
        self.asked: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection (RFC 1928: no authentication, CONNECT, a name)."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readexactly((await reader.readexactly(2))[1])
            writer.write(b"\x05\x00")
            assert b"\x05\x01\x00\x03" == await reader.readexactly(4)
            self.asked.append((await reader.readexactly((await reader.readexactly(1))[0])).decode())
            await reader.readexactly(2)
            back, forth = await asyncio.open_connection("127.0.0.1", self._to)
            writer.write(b"\x05\x00\x00\x01" + bytes(6))
            await asyncio.gather(_pipe(reader, forth), _pipe(back, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


@asynccontextmanager
async def socks(to: int) -> AsyncIterator[Socks]:
    proxy = Socks(to)
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as listener:
        proxy.url = f"socks5h://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        yield proxy


class Heard:
    """One connection, and what it handed on."""

    def __init__(self, server: str, network: Network | None = None) -> None:
        self.texts: list[bytes] = []
        self.news = News()
        self.connection = Connection(
            server,
            "token",
            3,
            on_open=lambda: None,
            on_event=self.take,
            on_malformed=lambda why, text: self.take(text),
            timing=FAST,
            network=network,
        )

    def take(self, text: bytes) -> None:
        """Keep one event."""
        self.texts.append(text)
        self.news.ring()


@pytest.mark.parametrize(
    ("variables", "url", "expected"),
    [
        ({}, "https://a.test/x", None),
        ({"https_proxy": "http://p.test:1"}, "https://a.test/x", "http://p.test:1"),
        ({"http_proxy": "http://p.test:1"}, "https://a.test/x", None),
        ({"all_proxy": "socks5://p.test:1"}, "https://a.test/x", "socks5://p.test:1"),
        ({"all_proxy": "socks5://p.test:1", "http_proxy": "q.test:2"}, "http://a.test/x", "http://q.test:2"),
        ({"all_proxy": "socks5://p.test:1", "no_proxy": "b.test,.a.test"}, "https://m.a.test:444", None),
        ({"all_proxy": "socks5://p.test:1", "no_proxy": "*"}, "https://a.test", None),
        ({"all_proxy": "socks5://p.test:1", "no_proxy": "127.0.0.1"}, "http://127.0.0.1:80/", None),
    ],
)
def test_chooses_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str, expected: str | None
) -> None:
    """That of the scheme, else ALL_PROXY; none for what NO_PROXY names."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == expected


@pytest.mark.usefixtures("npm_servers")
@scenario
async def test_goes_through_socks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket too; the proxy resolves the name, which this machine need not know."""
    async with node("sio2") as server, socks(server.port) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        heard = Heard("http://monitor.test")
        await heard.connection.open()
        await heard.news.until(lambda: heard.texts)
        await heard.connection.close()
        assert ["monitor.test"] == proxy.asked
        monkeypatch.setenv("NO_PROXY", "monitor.test")
        heard = Heard("http://monitor.test")
        with pytest.raises(ConnectFailed):
            await heard.connection.open()
        await heard.connection.close()
        assert ["monitor.test"] == proxy.asked


@scenario
async def test_says_that_a_proxy_is_of_no_known_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not passed over in silence."""
    monkeypatch.setenv("ALL_PROXY", "gopher://p.test:70")
    with pytest.raises(LoginFailed, match="unknown kind of proxy 'gopher'"):
        await LoginApi(Token("mine"), endpoints=Endpoints.older("http://a.test")).login()


@asynccontextmanager
async def own_https(ca: trustme.CA) -> AsyncIterator[str]:
    """A login API and a socket behind a certificate of this authority."""

    async def login(_: web.Request) -> web.Response:
        return web.json_response({"Data": {"Socket": {"Token": "given"}}})

    async def socket(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        await answer.send_str('0{"sid":"x","upgrades":[],"pingInterval":60000,"pingTimeout":60000}')
        for text in ("40", '42["loginSuccess",{}]'):
            await answer.send_str(text)
        async for _ in answer:
            pass
        return answer

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    application = web.Application()
    application.router.add_post("/monitorAPI/Login/Token", login)
    application.router.add_get("/socket.io/", socket)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@scenario
async def test_trusts_a_certificate_authority_of_ones_own(tmp_path: Path) -> None:
    """For the login and for the socket; without it the error says what to do."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    network = Network(tmp_path / "ca.pem")
    async with own_https(ca) as url:
        with pytest.raises(LoginFailed, match=r"certificate.*--ca FILE"):
            await LoginApi(Token("mine"), endpoints=Endpoints.older(url)).login()
        session = await LoginApi(Token("mine"), endpoints=Endpoints.older(url), network=network).login()
        assert "given" == session.token
        heard = Heard(url, network)
        await heard.connection.open()
        await heard.news.until(lambda: heard.texts)
        await heard.connection.close()
    assert [b'["loginSuccess",{}]'] == heard.texts


def test_says_at_once_that_a_file_has_no_certificate(tmp_path: Path) -> None:
    """Missing, or something else."""
    with pytest.raises(CannotUseCA, match="cannot be read: No such file"):
        Network(tmp_path / "nowhere")
    (tmp_path / "ca").write_text("hello")
    with pytest.raises(CannotUseCA, match="contains no certificate"):
        Network(tmp_path / "ca")


@pytest.mark.parametrize("url", ["https://u:hunter2@a.test", "https://a.test/?k=hunter2", "wss://:hunter2@a", "@["])
def test_refuses_an_address_with_a_secret(url: str) -> None:
    """Without showing it."""
    with pytest.raises(ValueError, match="must not contain a user name, a password or a query") as refused:
        checked_url(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["https://a.test", "http://127.0.0.1:80/", " https://a.test/path/ "])
def test_takes_an_address_with_scheme_and_host(url: str) -> None:
    """Without spaces around it and slashes behind it."""
    assert checked_url(url) == url.strip().rstrip("/")
