"""Logging in by name, with a real provider on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from yarl import URL

from calltrack.serve.config import Config, tables
from calltrack.serve.security.access import Access
from calltrack.serve.security.audit import Audit
from calltrack.serve.security.oidc import Oidc, Person
from calltrack.serve.security.secrets import ConfigError
from tests.live.harness import scenario
from tests.serve.service import Service, service

provider = pytest.importorskip("oidc_provider_mock", reason="the oldest libraries have none that fits")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # in the provider, which is another's
SERVICE = "http://127.0.0.1:1"  # browsers would come back there; the test does in their place
PEOPLE = [
    provider.User(sub="dana", claims={"groups": ["desk", "others"], "email": "dana@example.org"}),
    provider.User(sub="eve", claims={"groups": ["visitors"]}),
]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider."""
    with provider.run_server_in_thread(user_claims=PEOPLE, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


def settings(issuer: str, **other: Any) -> Oidc:
    role = Person(name="support desk", value="desk", queues=frozenset({"55"}), phone_numbers=False)
    known = {"issuer": issuer, "client_id": "calltrack", "url": SERVICE, "client_secret_env": "OIDC_SECRET"}
    return Oidc(**{**known, "role": [role], **other})


@asynccontextmanager
async def served(oidc: Oidc, audit: Audit | None = None) -> AsyncIterator[tuple[Service, aiohttp.ClientSession]]:
    """A service, and a browser."""
    async with (
        service(
            config=Config(oidc=oidc), doors=Access({}, people=[one.visitor() for one in oidc.role]), audit=audit
        ) as running,
        aiohttp.ClientSession(running.client._base_url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
    ):
        yield running, browser


async def sent_back(browser: aiohttp.ClientSession, who: str) -> str:
    """Begin at the service, log in at the provider; the path and query that it sends the browser back to."""
    async with browser.get("/login", allow_redirects=False) as answer:
        assert 302 == answer.status
        there = answer.headers["location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    assert {"S256", "code"} == {asked["code_challenge_method"], asked["response_type"]}
    assert asked["nonce"] and asked["state"] and f"{SERVICE}/login/callback" == asked["redirect_uri"]
    async with (
        aiohttp.ClientSession() as elsewhere,
        elsewhere.post(there, data={"sub": who}, allow_redirects=False) as answer,
    ):
        back = URL(answer.headers["location"], encoded=True)
    return back.raw_path_qs


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's."""
    monkeypatch.setenv("OIDC_SECRET", "a-client-secret")


def test_a_person_has_the_role_of_a_group(issuer: str, tmp_path: Path) -> None:
    """With a session as a token gives; who it is stands in the audit log, and no code does."""

    @scenario
    async def scene() -> None:
        file = tmp_path / "audit.log"
        async with served(settings(issuer), Audit(file)) as (_, browser):
            async with browser.get("/api/state") as answer:
                assert 401 == answer.status
            async with browser.get("/login/offered") as answer:
                assert {"offered": True} == await answer.json()
            back = await sent_back(browser, "dana")
            async with browser.get(back, allow_redirects=False) as answer:
                assert (302, "/") == (answer.status, answer.headers["location"]), await answer.text()
                assert "HttpOnly" in str(answer.headers.getall("set-cookie"))
            async with browser.get("/api/session") as answer:
                assert ("support desk", ["55"]) == ((reported := await answer.json())["name"], reported["queues"])
            async with browser.get(back, allow_redirects=False) as answer:
                assert 401 == answer.status  # once is all that an answer of the provider is good for
        said = [json.loads(line) for line in file.read_text().splitlines()]
        assert ("support desk", "/api/session") in {(one["role"], one["path"]) for one in said if one["who"]}
        assert "code=" not in file.read_text()

    scene()


def test_who_has_no_role_does_not_get_in(issuer: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does who brings another's answer (a forged log-in), or no answer at all."""

    @scenario
    async def scene() -> None:
        async with served(settings(issuer)) as (running, browser):
            async with browser.get(await sent_back(browser, "eve"), allow_redirects=False) as answer:
                assert 401 == answer.status
                assert "no role here" in (await answer.json())["detail"]
            back = await sent_back(browser, "dana")
            async with running.client.get(back, allow_redirects=False) as answer:
                assert 401 == answer.status  # another browser's cookie is missing
            for query in ("", "?code=x&state=y", "?error=access_denied", "?state=%00&code=%ff"):
                async with browser.get(f"/login/callback{query}", allow_redirects=False) as answer:
                    assert 401 == answer.status
            wrong = re.sub("code=[^&]+", "code=forged", await sent_back(browser, "dana"))
            async with browser.get(wrong, allow_redirects=False) as answer:
                assert 401 == answer.status
            async with browser.get("/api/state") as answer:
                assert 401 == answer.status

    scene()
    said = [text for text in caplog.messages if text.startswith("a log-in failed")]
    assert len(said) == len(set(said)) == 4  # the same is said once, so that strangers do not fill the log


@scenario
async def test_a_provider_that_is_away() -> None:
    """Is an answer in words, and tokens still work; without a provider there is no such page."""
    async with served(settings("http://127.0.0.1:9")) as (_, browser), browser.get("/login") as answer:
        assert 401 == answer.status
        assert "cannot be asked" in (await answer.json())["detail"]
    async with service() as running:
        assert (404, 404) == tuple([(await running.get(path))[0] for path in ("/login", "/login/callback")])
        assert (200, {"offered": False}) == await running.get("/login/offered")


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"issuer": "http://login.example"}, "issuer: write https; http is for this machine alone"),
        ({"url": "board.example"}, "url: write https://host"),
        ({"scope": "profile"}, "scope: has no openid"),
        ({"role": []}, "no one could log in"),
        ({"client_secret_env": ""}, "give client_secret_env or client_secret_file"),
        ({"role": [{"name": "x", "value": "y", "queues": ["5"], "limits": True}]}, "role x: cannot set limits"),
        ({"role": [{"name": "x"}]}, "missing required field `value`"),
    ],
)
def test_what_cannot_be_meant(other: dict[str, Any], reason: str) -> None:
    """Refused at the start."""
    table = {
        "issuer": "https://login.example",
        "client_id": "c",
        "url": "https://board.example",
        "client_secret_env": "OIDC_SECRET",
        "role": [{"name": "all", "value": "*"}],
        **other,
    }
    with pytest.raises(ConfigError, match=reason):
        tables({"oidc": table}, Path("serve.toml"))
