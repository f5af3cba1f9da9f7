import asyncio
import json
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from calltrack.live import (
    DEFAULT_SERVERS,
    Account,
    Credentials,
    Endpoints,
    LoginApi,
    LoginFailed,
    LoginRefused,
    Session,
    Supervisor,
    Token,
    User,
)
from calltrack.live.login import Protocol
from tests.live.harness import FAST, News, scenario

SECRET = "s3cr3t"

OLDER = {
    "Data": {
        "Socket": {
            "URL": "https://b.test",
            "URLList": ["https://a.test", "https://b.test", "c.test"],
            "Token": "given",
            "TokenExpiry": "2026-01-02T03:04:05.000Z",
            "RefreshToken": "again",
            "Client": "https://a.test/socket.io.js?v=2.4.0",
            "Version": "2.4.0",
        }
    }
}
SETTINGS = {
    "IdentityCode": "given",
    "IdentityCodeExpiry": 1767323045000,
    "MonitorList": [
        {"URLID": 1, "Priority": 5, "Version": "4.7.2", "Domain": "five.test"},
        {"URLID": 2, "Priority": 1, "Version": "4.7.2", "Domain": "one.test"},
    ],
}


class Api:
    """A login API on loopback that answers as it is set up, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, str, Any, str | None]] = []
        self.news = News()
        self.base = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        text = await request.text()
        self.asked.append(
            (
                request.method,
                request.path,
                json.loads(text) if text else None,
                request.headers.get("Authorization"),
            )
        )
        self.news.ring()
        status, body = self.answers.get(request.path, (404, ""))
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=status, text=text, headers=self.headers)


@asynccontextmanager
async def api(**answers: tuple[int, Any]) -> AsyncIterator[Api]:
    """Run such an API; the answers' names stand for paths, with `__` for each slash."""
    fake = Api()
    fake.answers = {"/" + name.replace("__", "/"): answer for name, answer in answers.items()}
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", fake.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        fake.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield fake
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("credentials", "path", "body"),
    [
        (Token("mine"), "/monitorAPI/Login/Token", {"token": "mine"}),
        (User("a@b.test", "pw"), "/monitorAPI/Login/User", {"email": "a@b.test", "pin": "pw"}),
        (Account("acme", "pw"), "/monitorAPI/Login/Account", {"username": "acme", "password": "pw"}),
    ],
)
@scenario
async def test_logs_in_with_every_type(credentials: Credentials, path: str, body: dict[str, str]) -> None:
    """Each login type of the doc posts its own body, and reads the same answer."""
    async with api(**{path[1:].replace("/", "__"): (200, OLDER)}) as fake:
        session = await LoginApi(credentials, endpoints=Endpoints.older(fake.base)).login()
        assert fake.asked == [("POST", path, body, None)]
    assert session == Session("given", 1767323045.0, "again", ("https://b.test", "https://a.test", "https://c.test"), 3)


@pytest.mark.parametrize(
    ("credentials", "body"),
    [
        (Token("mine"), {"identityType": "Token", "token": "mine"}),
        (User("a@b.test", "pw"), {"identityType": "User", "username": "a@b.test", "password": "pw"}),
    ],
)
@scenario
async def test_logs_in_to_the_newer_stack(credentials: Credentials, body: dict[str, str]) -> None:
    """The access token opens the settings, which name the servers with the highest priority first."""
    async with api(
        Auth__Login__Voicenter__Monitor=(200, {"Data": {"AccessToken": "open", "RefreshToken": "again"}}),
        Application__GetSettings=(200, SETTINGS),
        Auth__RefreshToken=(200, {"Data": {"AccessToken": "reopen", "RefreshToken": "more"}}),
    ) as fake:
        source = LoginApi(credentials, endpoints=Endpoints.newer(fake.base))
        session = await source.login()
        assert session == Session("given", 1767323045.0, "again", ("https://five.test", "https://one.test"), 4)
        assert (await source.refresh(session)).refresh_token == "more"
        assert fake.asked == [
            ("POST", "/Auth/Login/Voicenter/Monitor", body, None),
            ("GET", "/Application/GetSettings", None, "Bearer open"),
            ("GET", "/Auth/RefreshToken", None, "Bearer again"),
            ("GET", "/Application/GetSettings", None, "Bearer reopen"),
        ]


@scenario
async def test_refreshes_with_the_refresh_token() -> None:
    """The answer to a refresh has the form of a login's."""
    async with api(monitorAPI__RefreshIdentityToken=(200, OLDER)) as fake:
        source = LoginApi(Token("mine"), endpoints=Endpoints.older(fake.base))
        session = await source.refresh(Session("old", 0.0, "again", ("https://a.test",), 3))
        assert fake.asked == [("GET", "/monitorAPI/RefreshIdentityToken", None, "Bearer again")]
    assert session.token == "given"


@scenario
async def test_takes_a_token_to_the_static_servers_as_it_is() -> None:
    """Without the login API nothing is asked; the vendor's own list and age are assumed."""
    session = await LoginApi(Token("mine", use_login_api=False)).login()
    assert session == Session("mine", None, None, DEFAULT_SERVERS, 3)


@pytest.mark.parametrize(
    ("found", "override", "expected"),
    [
        ({"Client": "https://a.test/x?v=1.3.7"}, None, 3),
        ({"Client": "https://a.test/x?v=2.4.0", "Version": "4"}, None, 3),
        ({"Client": "https://a.test/x?v=3.1.2"}, None, 4),
        ({"Client": "https://a.test/x?v=v4.8.1"}, None, 4),
        ({"Version": 2}, None, 3),
        ({"Version": "4.7.2"}, None, 4),
        ({"Client": 7, "Version": "?"}, None, 3),
        ({}, None, 3),
        ({"Version": "4.7.2"}, 3, 3),
        ({"Version": "1.3.7"}, 4, 4),
    ],
)
@scenario
async def test_chooses_the_protocol_from_the_answer(
    found: dict[str, Any], override: Protocol | None, expected: Protocol
) -> None:
    """Socket.io before 3 speaks Engine.IO 3; what the caller says goes before what the answer says."""
    async with api(monitorAPI__Login__Token=(200, {"Data": {"Socket": {"Token": "given", **found}}})) as fake:
        source = LoginApi(Token("mine"), endpoints=Endpoints.older(fake.base), protocol=override)
        session = await source.login()
    assert session.protocol == expected
    assert session.servers == DEFAULT_SERVERS


@pytest.mark.parametrize(
    ("expiry", "expected"),
    [
        ("2026-01-02T03:04:05Z", 1767323045.0),
        ("2026-01-02T05:04:05+02:00", 1767323045.0),
        ("2026-01-02T03:04:05", 1767323045.0),
        (1767323045000, 1767323045.0),
        (1767323045, 1767323045.0),
        ("soon", None),
        (0, None),
        (True, None),
        (None, None),
    ],
)
@scenario
async def test_reads_the_expiry_in_every_notation(expiry: object, expected: float | None) -> None:
    """ISO text, milliseconds and seconds are understood; anything else is no expiry."""
    answer = {"Data": {"Socket": {"Token": "given", "TokenExpiry": expiry}}}
    async with api(monitorAPI__Login__Token=(200, answer)) as fake:
        session = await LoginApi(Token("mine"), endpoints=Endpoints.older(fake.base)).login()
    assert session.expires_at == expected


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (400, "", "login refused: HTTP 400"),
        (401, "", "login refused: HTTP 401"),
        (403, {"error": "blocked"}, "login refused: blocked"),
        (200, {"error": "no such token: s3cr3t"}, r"login refused: no such token: \*\*\*$"),
        (200, {"StatusCode": 401, "Status": "bad pin"}, "login refused: bad pin"),
    ],
)
@scenario
async def test_says_that_a_login_is_refused(status: int, body: object, text: str) -> None:
    """A refusal says why, without the secret."""
    async with api(monitorAPI__Login__Token=(status, body)) as fake:
        with pytest.raises(LoginRefused, match=text) as caught:
            await LoginApi(Token(SECRET), endpoints=Endpoints.older(fake.base)).login()
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (500, {"Status": "Internal"}, "answered HTTP 500: Internal$"),
        (500, {"error": "no such token: s3cr3t"}, "answered HTTP 500: no such token"),
        (401, "<html>", "answered HTTP 401"),
        (403, " <!doctype html>", "answered HTTP 403"),
        (200, {"StatusCode": 503, "error": "busy"}, "answered HTTP 503: busy$"),
        (502, "", "answered HTTP 502"),
        (503, {"error": "busy"}, "answered HTTP 503"),
        (429, {"StatusCode": 401}, "answered HTTP 429"),
        (404, "", "answered HTTP 404"),
        (302, "", "answered HTTP 302"),
        (200, "<html>", "not a JSON object"),
        (200, [], "not a JSON object"),
        (200, {}, "no token"),
        (200, {"Data": None}, "no token"),
        (200, {"Data": {"Socket": {"Token": ""}}}, "no token"),
    ],
)
@scenario
async def test_says_that_a_login_failed(status: int, body: object, text: str) -> None:
    """Anything that is neither a session nor a refusal is worth another try."""
    async with api(monitorAPI__Login__Token=(status, body)) as fake:
        with pytest.raises(LoginFailed, match=text):
            await LoginApi(Token("mine"), endpoints=Endpoints.older(fake.base)).login()


@scenario
async def test_holds_no_secret_in_an_error_chain() -> None:
    """A login that does not get through is an error without cause and context, where requests would be."""
    listener = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener:
        with pytest.raises(LoginFailed, match="login did not get through") as caught:
            await LoginApi(User("a@b.test", SECRET), endpoints=Endpoints.older(f"http://127.0.0.1:{port}")).login()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        ("1e9", 3600.0),
        ("-3", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("soon", 0.0),
    ],
)
@scenario
async def test_reads_how_long_the_api_asks_to_wait(header: str, expected: float) -> None:
    """Retry-After has seconds or a date; a wait of more than an hour is not believed."""
    async with api(monitorAPI__Login__Token=(429, "")) as fake:
        fake.headers["Retry-After"] = header
        with pytest.raises(LoginFailed, match="answered HTTP 429") as caught:
            await LoginApi(Token("mine"), endpoints=Endpoints.older(fake.base)).login()
    assert caught.value.retry_after == expected


@scenario
async def test_waits_as_long_as_the_api_asks() -> None:
    """A Retry-After counts where the delay of our own would be shorter."""
    async with api(monitorAPI__Login__Token=(429, "")) as fake:
        fake.headers["Retry-After"] = "0.3"
        source = LoginApi(Token("mine"), endpoints=Endpoints.older(fake.base))
        run = asyncio.create_task(Supervisor(source, lambda name, payload, at: None, timing=FAST).run())
        began = asyncio.get_running_loop().time()
        await fake.news.until(lambda: len(fake.asked) == 3)
        assert asyncio.get_running_loop().time() - began >= 2 * 0.3
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run


@scenario
async def test_says_a_trouble_of_the_login_once(caplog: pytest.LogCaptureFixture) -> None:
    """However often it is tried again; another reason is said again."""
    async with api(monitorAPI__Login__Token=(500, "")) as fake:
        source = LoginApi(Token("mine"), endpoints=Endpoints.older(fake.base))
        run = asyncio.create_task(Supervisor(source, lambda name, payload, at: None, timing=FAST).run())
        await fake.news.until(lambda: len(fake.asked) == 4)
        fake.answers["/monitorAPI/Login/Token"] = (200, "<html>")
        await fake.news.until(lambda: len(fake.asked) == 7)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == [
        "login failed: reason='the login API answered HTTP 500'",
        "login failed: reason='the login API answered something that is not a JSON object'",
    ]


@pytest.mark.parametrize("url", ["loginapi.voicenter.co.il", "https://", "ftp://a.test", "http://:80", "http://[", ""])
def test_says_at_once_that_an_address_is_mistyped(url: str) -> None:
    """Nothing is tried with an address that has no scheme or no host."""
    for endpoints in (Endpoints.older, Endpoints.newer):
        with pytest.raises(ValueError, match="is not a valid address; use https://host"):
            endpoints(url)
    with pytest.raises(ValueError, match="is not a valid address"):
        Endpoints(url, "https://a.test")


@scenario
async def test_passes_over_a_server_without_a_usable_address() -> None:
    """What an answer names and cannot be dialled is left out; what the caller names is an error."""
    with pytest.raises(ValueError, match="is not a valid address"):
        LoginApi(Token("mine"), servers=["https://"])
    answer = {"Data": {"Socket": {"Token": "given", "URLList": ["https://", "a.test", "ftp://b.test"]}}}
    async with api(monitorAPI__Login__Token=(200, answer)) as fake:
        session = await LoginApi(Token("mine"), endpoints=Endpoints.older(fake.base)).login()
    assert session.servers == ("https://a.test",)


def test_shows_no_token_of_a_session() -> None:
    """No repr of a session holds its tokens."""
    assert "hush" not in repr(Session("hush", None, "hush", ("https://a.test",), 3))


def test_refuses_what_it_cannot_do() -> None:
    """An account on the newer stack, and a client with no server to go to, are errors of the caller."""
    with pytest.raises(ValueError, match="no account login"):
        LoginApi(Account("acme", "pw"), endpoints=Endpoints.newer("https://a.test"))
    with pytest.raises(ValueError, match="at least one"):
        LoginApi(Token("mine"), servers=())


@scenario
async def test_ends_the_run_when_refused() -> None:
    """A supervisor does not try again after a refusal."""
    async with api(monitorAPI__Login__Token=(401, {"error": "unknown token"})) as fake:
        source = LoginApi(Token("mine"), endpoints=Endpoints.older(fake.base))
        with pytest.raises(LoginRefused, match="login refused: unknown token"):
            await Supervisor(source, lambda name, payload, at: None, timing=FAST).run()
        assert len(fake.asked) == 1


@scenario
async def test_tries_again_until_the_api_answers() -> None:
    """A login API that is down is asked again, and what it says then counts."""
    async with api(monitorAPI__Login__Token=(503, "")) as fake:
        source = LoginApi(Token("mine"), endpoints=Endpoints.older(fake.base))
        run = asyncio.create_task(Supervisor(source, lambda name, payload, at: None, timing=FAST).run())
        await fake.news.until(lambda: len(fake.asked) == 3)
        fake.answers["/monitorAPI/Login/Token"] = (401, "")
        with pytest.raises(LoginRefused):
            await run


@scenario
async def test_logs_in_again_when_a_refresh_is_refused() -> None:
    """An ended refresh token leads to a login; only its refusal ends the run."""
    answer = {"Data": {"Socket": {**OLDER["Data"]["Socket"], "TokenExpiry": (time.time() + 5.1) * 1000}}}
    async with api(monitorAPI__Login__Token=(200, answer), monitorAPI__RefreshIdentityToken=(401, "")) as fake:
        source = LoginApi(Token("mine"), endpoints=Endpoints.older(fake.base), servers=[fake.base])
        run = asyncio.create_task(
            Supervisor(source, lambda name, payload, at: None, timing=replace(FAST, retry_first=60)).run()
        )
        await fake.news.until(lambda: len(fake.asked) == 3)
        assert [path.rsplit("/")[-1] for _, path, _, _ in fake.asked] == [
            "Token",
            "RefreshIdentityToken",
            "Token",
        ]
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
