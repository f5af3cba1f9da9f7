"""Logging in by an OpenID Connect provider: the authorization code flow with PKCE, state and nonce, by Authlib.

    GET /login ─► the provider ─► GET /login/callback ─► a session of the role that a claim of the person names

What the provider signs is checked: signature by its keys, issuer, audience, expiry, nonce. A person without a role gets
no session. Nothing of what the provider gives is kept but the person's name, for the audit log.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

from calltrack.core.errors import CalltrackError
from calltrack.serve.security.access import Rights, Visitor
from calltrack.serve.security.secrets import secret_of

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import AsyncOAuth2Client

CALLBACK = "/login/callback"
PATIENCE = 600.0
"""Seconds that a person has at the provider."""

_UNDER_WAY = 1000
_TIMEOUT = 8.0  # s for each answer of the provider
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
            parts = urlsplit(getattr(self, name))
            if parts.scheme not in ("https", "http") or not parts.hostname:
                yield f"{name}: write https://host"
            elif parts.scheme == "http" and parts.hostname not in _LOOPBACK:
                yield f"{name}: write https; http is for this machine alone"
        if "openid" not in self.scope.split():
            yield "scope: has no openid"
        if not self.role:
            yield "there is no [[oidc.role]], so no one could log in"
        yield from (f"role {one.name}: {fault}" for one in self.role for fault in one.faults())


class _Begun(NamedTuple):
    at: float
    nonce: str
    verifier: str


class Provider:
    """The provider of a configuration; asked for its addresses and keys when somebody logs in."""

    def __init__(self, settings: Oidc) -> None:
        for module in ("authlib.integrations.httpx_client", "joserfc"):
            import_module(module)  # so that a library that is missing ends the start, and not a log-in
        self._settings = settings
        self._secret = settings.secret()
        self._begun: OrderedDict[str, _Begun] = OrderedDict()
        self._known: dict[str, Any] = {}

    @property
    def secure(self) -> bool:
        """Whether browsers call this service by https."""
        return self._settings.url.startswith("https:")

    async def begin(self) -> tuple[str, str]:
        """Where to send a browser, and the state that it has to bring back; raises LoginFailed."""
        from authlib.common.security import generate_token

        async with self._client() as client:
            about = await self._about(client)
            begun = _Begun(time.monotonic(), generate_token(32), generate_token(64))
            url, state = client.create_authorization_url(
                about["authorization_endpoint"], code_verifier=begun.verifier, nonce=begun.nonce
            )
        self._begun[state] = begun
        if len(self._begun) > _UNDER_WAY:
            self._begun.popitem(last=False)
        return str(url), str(state)

    async def finish(self, code: str, state: str, cookie: str) -> Visitor:
        """Whose session it is, after the provider sent the browser back; raises LoginFailed."""
        begun = self._begun.pop(state, None) if hmac.compare_digest(state.encode(), cookie.encode()) else None
        if not state or begun is None or time.monotonic() - begun.at > PATIENCE:
            raise LoginFailed("this log-in was not begun here, or too long ago; begin again")
        claims = await self._claims(code, begun)
        mine = claims.get(self._settings.claim)
        values = {mine} if isinstance(mine, str) else {one for one in mine or () if isinstance(one, str)}
        who = str(claims.get("email") or claims.get("preferred_username") or claims["sub"])
        for role in self._settings.role:
            if role.value in values or role.value == "*":
                return role.visitor(who)
        raise LoginFailed(f"no role here is for any {self._settings.claim} of {who}")

    async def _claims(self, code: str, begun: _Begun) -> dict[str, Any]:
        """What the provider says of the person, checked."""
        import httpx
        from authlib.common.errors import AuthlibBaseError
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        async with self._client() as client:
            about = await self._about(client)
            try:
                token = await client.fetch_token(about["token_endpoint"], code=code, code_verifier=begun.verifier)
                keys = KeySet.import_key_set(
                    (await client.request("GET", about["jwks_uri"], withhold_token=True)).json()
                )
                signed = jwt.decode(str(token["id_token"]), keys, algorithms=_SIGNED)
                issuer = {"iss": {"essential": True, "value": about["issuer"]}}
                said = CodeIDToken(
                    signed.claims,
                    signed.header,
                    issuer,
                    {
                        "nonce": begun.nonce,
                        "client_id": self._settings.client_id,
                        "access_token": token["access_token"],
                    },
                )
                said.validate(leeway=60)
                claims = dict(said)
                if self._settings.claim not in claims and "userinfo_endpoint" in about:
                    more = (await client.get(about["userinfo_endpoint"])).json()
                    if more.get("sub") == claims["sub"]:
                        claims = {**more, **claims}
                return claims
            except (AuthlibBaseError, JoseError, httpx.HTTPError, KeyError, ValueError, TypeError) as error:
                raise LoginFailed(f"the provider's answer was not taken: {type(error).__name__}") from error

    async def _about(self, client: AsyncOAuth2Client) -> dict[str, Any]:
        """The provider's addresses."""
        import httpx

        if not self._known:
            issuer = self._settings.issuer.rstrip("/")
            try:
                answer = await client.request("GET", f"{issuer}/.well-known/openid-configuration", withhold_token=True)
                known = answer.raise_for_status().json()
                if known["issuer"].rstrip("/") != issuer:
                    raise LoginFailed("the provider has another name than the configured issuer")
                _ = known["authorization_endpoint"], known["token_endpoint"], known["jwks_uri"]
            except (httpx.HTTPError, KeyError, ValueError, AttributeError, TypeError) as error:
                raise LoginFailed(f"the provider cannot be asked: {type(error).__name__}") from error
            self._known = known
        return self._known

    def _client(self) -> AsyncOAuth2Client:
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        settings = self._settings
        return AsyncOAuth2Client(
            settings.client_id,
            self._secret,
            scope=settings.scope,
            redirect_uri=settings.url.rstrip("/") + CALLBACK,
            code_challenge_method="S256",
            timeout=_TIMEOUT,
        )
