"""Logging in by an OpenID Connect provider: the authorization code flow with PKCE, state and nonce, by Authlib.

    GET /login ─► the provider ─► GET /login/callback ─► a session of the role that a claim of the person names

What the provider signs is checked: signature by its keys, issuer, audience, expiry, nonce. A person without a role gets
no session. Nothing of what the provider gives is kept but the person's name, for the audit log.

Nothing is kept of a log-in that is under way either, so strangers who begin many take no place from anybody: its nonce
and its verifier are made of its state, which the browser keeps in a cookie, and of a key of this process.
What the provider sends is a stranger's: it is bounded in bytes and in time, and read by its types.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Struct

from calltrack.core.errors import CalltrackError
from calltrack.serve.security.access import Rights, Visitor
from calltrack.serve.security.numbers import masked
from calltrack.serve.security.secrets import secret_of
from calltrack.words.values import safe

T = TypeVar("T")

CALLBACK = "/login/callback"
PATIENCE = 600.0
"""Seconds that a person has at the provider."""

_TIMEOUT = 8.0  # s for all that the provider is asked in one request of a browser, which itself has 10
_PAUSE = 5.0  # s in which a provider that could not be asked for its addresses is not asked again
_LARGEST = 1024 * 1024  # bytes of an answer of the provider
_SAME = 60.0  # s in which the same failure is news once
_FAILURES = 1000  # that are remembered
_LONGEST = 100  # characters of a person's name
_ID = re.compile(r"[0-9A-Za-z]{18,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # longer than a number, or a UUID
_SIGNED = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class LoginFailed(CalltrackError):
    """A person cannot be logged in; says why, without anything that is secret."""


class Person(Rights, frozen=True, kw_only=True):
    """A role of those whose claim has this value; "*" is everybody whom the provider knows."""

    value: str


class Oidc(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The provider, what it knows this service by, and the roles; `url` is this service's, as browsers call it.

    `claim` is the claim that names groups or roles: a text, or a list of them.
    """

    issuer: str
    client_id: str
    url: str
    client_secret_env: str = ""
    client_secret_file: str = ""
    claim: str = "groups"
    scope: str = "openid profile email"
    role: list[Person]

    def secret(self) -> str:
        """The client's secret; raises ConfigError."""
        return secret_of("oidc", "client_secret", self.client_secret_env, self.client_secret_file, 1)

    def faults(self) -> Iterator[str]:
        """What cannot be meant, in words."""
        for name in ("issuer", "url"):
            if fault := _fault(getattr(self, name)):
                yield f"{name}: {fault}"
        if "openid" not in self.scope.split():
            yield "scope: has no openid"
        if not self.role:
            yield "there is no [[oidc.role]], so no one could log in"
        yield from (f"role {one.name}: {fault}" for one in self.role for fault in one.faults())


class _About(Struct):
    """The provider's addresses."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""

    def __post_init__(self) -> None:
        for address in (self.authorization_endpoint, self.token_endpoint, self.jwks_uri, self.userinfo_endpoint):
            if address and (fault := _fault(address)):
                raise ValueError(fault)


class _Token(Struct):
    """What the provider gives for a code."""

    access_token: str
    id_token: str


class Provider:
    """The provider of a configuration; asked for its addresses and keys when somebody logs in."""

    def __init__(self, settings: Oidc) -> None:
        for module in ("authlib.oidc.core", "joserfc"):
            import_module(module)  # so that a library that is missing ends the start, and not a log-in
        self._settings = settings
        self._secret = settings.secret()
        self._key = secrets.token_bytes(32)
        self._back = settings.url.rstrip("/") + CALLBACK
        self._known: _About | None = None
        self._asking = asyncio.Lock()
        self._again_at, self._failure = 0.0, ""
        self._failures: dict[str, float] = {}

    @property
    def secure(self) -> bool:
        """Whether browsers call this service by https."""
        return self._settings.url.startswith("https:")

    def is_news(self, failure: str) -> bool:
        """Whether a failure is to be logged: each once a minute, for strangers can fail as often as they like."""
        now = time.monotonic()
        if now < self._failures.get(failure, 0.0):
            return False
        if len(self._failures) >= _FAILURES:
            self._failures.clear()
        self._failures[failure] = now + _SAME
        return True

    async def begin(self) -> tuple[str, str]:
        """Where to send a browser, and the state that it has to bring back; raises LoginFailed."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        about = await self._about()
        state = f"{int(time.time())}.{secrets.token_urlsafe(32)}"
        url = prepare_grant_uri(
            about.authorization_endpoint,
            self._settings.client_id,
            "code",
            self._back,
            self._settings.scope,
            state,
            nonce=self._made("nonce", state),
            code_challenge=create_s256_code_challenge(self._made("verifier", state)),
            code_challenge_method="S256",
        )
        return str(url), state

    async def finish(self, code: str, state: str, cookies: list[str]) -> Visitor:
        """Whose session it is, after the provider sent the browser back with `cookies`; raises LoginFailed.

        A state that was not made here leads to a verifier and a nonce that the provider does not know.
        """
        brought = any(hmac.compare_digest(_bytes(state), _bytes(one)) for one in cookies)
        at = state.partition(".")[0]
        if not brought or not re.fullmatch("[0-9]{1,12}", at) or not 0 <= time.time() - int(at) <= PATIENCE:
            raise LoginFailed("this log-in was not begun here, or too long ago; begin again")
        claims = await self._claims(code, state)
        mine = claims.get(self._settings.claim)
        values = [mine] if isinstance(mine, str) else mine if isinstance(mine, list) else []
        who = next(filter(None, map(_named, map(claims.get, ("email", "preferred_username", "sub")))), "")
        for role in self._settings.role:
            if role.value in values or role.value == "*":
                return role.visitor(who)
        raise LoginFailed(f"no role here is for any {self._settings.claim} of {who}")

    async def _claims(self, code: str, state: str) -> dict[str, Any]:
        """What the provider says of the person, checked."""
        from authlib.oauth2.auth import ClientAuth
        from authlib.oauth2.rfc6749.parameters import prepare_token_request
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.jwk import KeySet

        about = await self._about()
        async with _asking("the provider's answer was not taken") as client:
            asked = prepare_token_request(
                "authorization_code",
                redirect_uri=self._back,
                code=code,
                code_verifier=self._made("verifier", state),
            )
            headers = {"content-type": "application/x-www-form-urlencoded"}
            url, headers, asked = ClientAuth(self._settings.client_id, self._secret).prepare(
                "POST", about.token_endpoint, headers, asked
            )
            token = await _answer(client, "POST", url, _Token, data=asked, headers=headers)
            keys = KeySet.import_key_set(await _answer(client, "GET", about.jwks_uri, dict[str, Any]))  # type: ignore[arg-type]
            signed = jwt.decode(token.id_token, keys, algorithms=_SIGNED)
            issuer = {"iss": {"essential": True, "value": about.issuer}}
            expected = {
                "nonce": self._made("nonce", state),
                "client_id": self._settings.client_id,
                "access_token": token.access_token,
            }
            said = CodeIDToken(signed.claims, signed.header, issuer, expected)
            said.validate(leeway=60)
            claims = dict(said)
            if self._settings.claim not in claims and about.userinfo_endpoint:
                bearer = {"authorization": f"Bearer {token.access_token}"}
                more = await _answer(client, "GET", about.userinfo_endpoint, dict[str, Any], headers=bearer)
                if more.get("sub") == claims["sub"]:
                    claims = {**more, **claims}
            return claims

    async def _about(self) -> _About:
        """The provider's addresses: asked for once, by one at a time, and not at once again if that fails."""
        async with self._asking:
            if self._known is not None:
                return self._known
            if time.monotonic() < self._again_at:
                raise LoginFailed(self._failure)
            try:
                issuer = self._settings.issuer.rstrip("/")
                async with _asking("the provider cannot be asked") as client:
                    known = await _answer(client, "GET", f"{issuer}/.well-known/openid-configuration", _About)
                if known.issuer.rstrip("/") != issuer:
                    raise LoginFailed("the provider has another name than the configured issuer")
            except LoginFailed as error:
                self._again_at, self._failure = time.monotonic() + _PAUSE, str(error)
                raise
            self._known = known
            return known

    def _made(self, what: str, state: str) -> str:
        """The nonce or the verifier of a log-in."""
        return hmac.digest(self._key, f"{what} {state}".encode(), "sha256").hex()


@asynccontextmanager
async def _asking(failure: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client for the provider; whatever comes of its answers is a LoginFailed that begins with `failure`."""
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError

    odd = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)  # what claims lead to
    try:
        async with asyncio.timeout(_TIMEOUT), aiohttp.ClientSession(trust_env=True) as client:
            yield client
    except TimeoutError as error:
        raise LoginFailed(f"{failure}: it takes too long") from error
    except (AuthlibBaseError, JoseError, aiohttp.ClientError, OSError, *odd) as error:
        raise LoginFailed(f"{failure}: {type(error).__name__}") from error


async def _answer(client: aiohttp.ClientSession, method: str, url: str, kind: type[T], **request: Any) -> T:
    """An answer of the provider; raises LoginFailed, and what `_asking` takes."""
    async with client.request(method, url, allow_redirects=False, **request) as answer:
        if answer.status != 200:
            raise LoginFailed(f"the provider answers with HTTP {answer.status} at {safe(answer.url.path)[:_LONGEST]}")
        body = b""
        async for piece in answer.content.iter_any():
            body += piece
            if len(body) > _LARGEST:
                raise LoginFailed("an answer of the provider is larger than 1 MiB")
    return msgspec.json.decode(body, type=kind)


def _fault(address: str) -> str:
    """What is wrong with an address of this service or of the provider, in words."""
    parts = urlsplit(address)
    if parts.scheme not in ("https", "http") or not parts.hostname or not re.fullmatch("[!-~]+", address):
        return "write https://host"
    if any(sign in address for sign in "@?#"):
        return "it must not contain a user name, a password or a query"
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        return "write https; http is for this machine alone"
    return ""


def _named(claim: object) -> str:
    """A person's name for logs: short, of one line, without a phone number; ids stay. "" if it is none."""
    text = safe(claim)[:_LONGEST] if isinstance(claim, str) else ""
    return text if _ID.fullmatch(text) else masked(text)


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
