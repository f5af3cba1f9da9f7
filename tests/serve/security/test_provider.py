"""A provider whose answers are odd, endless or late: a log-in that fails, in words, and nothing else."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from calltrack.serve.security import oidc
from calltrack.serve.security.access import Visitor
from calltrack.serve.security.oidc import PATIENCE, LoginFailed, Oidc, Person, Provider
from tests.live.harness import scenario

jwt = pytest.importorskip("joserfc.jwt")
jwk = pytest.importorskip("joserfc.jwk")
pytest.importorskip("authlib")
KEY = jwk.ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"})
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Odd:
    """A provider: what `answers` has instead of its own answers, by path, and what `claims` has beside its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        monkeypatch.setenv("OIDC_SECRET", "a-client-secret")
        self.answers: dict[str, Any] = {}
        self.claims: dict[str, Any] = {"groups": ["desk"], "email": "dana@example.org"}
        self.asked: list[str] = []
        self.nonce = ""
        self._settings = settings

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Provider]:
        """The service's side of it."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        async with TestServer(app) as server:
            self.issuer = str(server.make_url("")).rstrip("/")
            role = [Person(name="desk", value="desk")]
            known = {"issuer": self.issuer, "client_id": "calltrack", "url": "http://127.0.0.1:1", "role": role}
            yield Provider(Oidc(**{**known, "client_secret_env": "OIDC_SECRET", **self._settings}))

    async def login(self, provider: Provider) -> Visitor:
        """One as a browser does it."""
        there, state = await provider.begin()
        self.nonce = parse_qs(urlsplit(there).query)["nonce"][0]
        return await provider.finish("code", state, [state])

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        odd = self.answers.get(request.path)
        if callable(odd):
            answer = await odd(request)
            assert isinstance(answer, web.StreamResponse)
            return answer
        if isinstance(odd, int):
            return web.Response(status=odd, headers={"location": "/me"})
        if isinstance(odd, bytes):
            return web.Response(body=odd)
        return web.json_response(self._own(request.path))

    def _own(self, path: str) -> Any:
        names = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/jwks"}
        at = int(time.time())
        own = {"iss": self.issuer, "sub": "u1", "aud": "calltrack", "exp": at + 300, "iat": at, "nonce": self.nonce}
        claims = {name: value for name, value in {**own, **self.claims}.items() if value is not ...}
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                **{name: self.issuer + to for name, to in {**names, "userinfo_endpoint": "/me"}.items()},
            },
            "/token": {
                "access_token": "at",
                "id_token": jwt.encode({"alg": "ES256", "kid": "k1"}, claims, KEY, algorithms=["ES256"]),
            },
            "/jwks": {"keys": [KEY.as_dict(private=False)]},
            "/me": {"sub": "u1", "groups": ["desk"]},
        }[path]


async def endless(request: web.Request) -> web.StreamResponse:
    """Spaces, for as long as they are read."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b" " * 65536)


async def never(request: web.Request) -> web.StreamResponse:
    """No answer, until the other side goes."""
    await asyncio.Future()
    raise AssertionError


@scenario
async def test_a_person_of_a_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the claim of the ID token, or of the user's information where it has none; addresses are asked for once."""
    odd = Odd(monkeypatch)
    async with odd.served() as provider:
        for _ in range(2):
            assert ("desk", "dana@example.org") == ((got := await odd.login(provider)).name, got.who)
        odd.claims["groups"] = ...
        assert "desk" == (await odd.login(provider)).name
    assert 1 == odd.asked.count("/.well-known/openid-configuration")


@scenario
async def test_a_role_is_a_text_or_in_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else of a claim gives one."""
    odd = Odd(monkeypatch)
    async with odd.served() as provider:
        odd.claims["groups"] = "desk"
        assert "desk" == (await odd.login(provider)).name
        for groups in ({"desk": 0}, 5, True, None, [["desk"]], [{"desk": 0}, 5], "", "desks"):
            odd.claims["groups"] = groups
            with pytest.raises(LoginFailed, match="no role here"):
                await odd.login(provider)


@scenario
async def test_odd_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the provider says, it is a failed log-in; none of it is an error of ours."""
    odd = Odd(monkeypatch)
    bodies = [b"[1]", b"null", b"5", b"<html>", b"", b"\xff", b"[" * 10_000, b'{"keys": [null]}', b'{"id_token": 5}']
    async with odd.served() as provider:
        for path in ("/token", "/jwks", "/me"):
            odd.claims["groups"] = ... if path == "/me" else ["desk"]
            for body in (*bodies, 302, 500):
                odd.answers = {path: body}
                with pytest.raises(LoginFailed):
                    await odd.login(provider)
        odd.answers = {}
        odd.claims["groups"] = ["desk"]
        odd_claims: tuple[tuple[str, Any], ...] = (
            *(("exp", "x"), ("exp", 1e308), ("exp", None), ("exp", [])),
            *((name, ...) for name in ("exp", "iat", "sub", "nonce", "iss", "aud")),
            *(("aud", 5), ("aud", {}), ("aud", None), ("aud", ["other"])),
            *((name, 5) for name in ("nonce", "iss", "at_hash", "azp", "nbf")),
            ("iat", 10**400),
            ("nbf", int(time.time()) + 3600),
        )
        for name, value in odd_claims:
            odd.claims = {"groups": ["desk"], name: value}
            try:
                await odd.login(provider)
            except LoginFailed:
                continue
            assert (name, value) in {("nbf", 5), ("exp", 1e308)}  # both are times that hold


@scenario
async def test_an_answer_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is read up to a limit, and waited for up to one: for all that one request of a browser asks together."""
    odd = Odd(monkeypatch)
    async with odd.served() as provider:
        odd.answers = {"/token": endless}
        with pytest.raises(LoginFailed, match="larger than 1 MiB"):
            await odd.login(provider)
        monkeypatch.setattr(oidc, "_TIMEOUT", 0.05)
        odd.answers = {"/jwks": never}
        with pytest.raises(LoginFailed, match="takes too long"):
            await odd.login(provider)


@scenario
async def test_addresses_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many that begin meanwhile wait for one question, and the next comes after a pause."""
    odd = Odd(monkeypatch)
    path = "/.well-known/openid-configuration"
    about = {
        "issuer": "x",
        "authorization_endpoint": "https://a",
        "token_endpoint": "https://a",
        "jwks_uri": "https://a",
    }
    async with odd.served() as provider:
        about["issuer"] = odd.issuer
        monkeypatch.setattr(oidc, "_PAUSE", 0.0)
        for answer in (
            *(b"<html>", b"[1]", b"{}", json.dumps({**about, "issuer": "https://other"}).encode()),
            *(
                json.dumps({**about, "authorization_endpoint": one}).encode()
                for one in ("javascript:alert(1)", "http://elsewhere/", "https://a/\r\nx: y", "https://[", 5)
            ),
        ):
            odd.answers = {path: answer}
            with pytest.raises(LoginFailed):
                await provider.begin()
        monkeypatch.setattr(oidc, "_PAUSE", 3600.0)
        monkeypatch.setattr(oidc, "_TIMEOUT", 0.2)
        odd.answers, odd.asked = {path: never}, []
        found = await asyncio.gather(*(provider.begin() for _ in range(20)), return_exceptions=True)
        assert {"the provider cannot be asked: it takes too long"} == {str(one) for one in found}
        assert [path] == odd.asked


@scenario
async def test_strangers_who_begin_take_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of log-ins may be under way: none is kept here, and none is good for another browser or too late."""
    odd = Odd(monkeypatch)
    async with odd.served() as provider:
        there, state = await provider.begin()
        for _ in range(1100):
            await provider.begin()
        odd.nonce = parse_qs(urlsplit(there).query)["nonce"][0]
        late = f"{int(time.time() - PATIENCE) - 1}.x"
        for brought, cookies in ((state, []), (state, ["x"]), ("", [""]), (late, [late]), ("\udcff", ["\udcff"])):
            with pytest.raises(LoginFailed, match="not begun here"):
                await provider.finish("code", brought, cookies)
        made_up = f"{int(time.time())}.x"
        with pytest.raises(LoginFailed, match="not taken"):
            await provider.finish("code", made_up, [made_up])
        assert "desk" == (await provider.finish("code", state, ["foreign", state])).name
    assert 1 == odd.asked.count("/.well-known/openid-configuration")


@scenario
async def test_a_name_is_short_and_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a phone number; the first claim that is a text names the person."""
    odd = Odd(monkeypatch)
    ids = ("112233445566778899001", "8d7e4b12-1234-5678-9abc-0501234567aa")
    async with odd.served() as provider:
        for email, who in (
            ("x\n2026-11-26 ERROR \x1b[31m", "x\\n…26 ERROR \\x1b[31m"),
            ("A" * 5000, "A" * 100),
            ("0501234567@example.org", "…67@example.org"),
            *((one, one) for one in ids),
            ({"a": 1}, "u1"),
        ):
            odd.claims["email"] = email
            assert who == (await odd.login(provider)).who
