"""The login API: credentials in, tokens and servers out, refusals on demand (field guide §6)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from calltrack.simulate.server.engine import Protocol

VERSIONS: dict[Protocol, str] = {3: "1.3.7", 4: "4.8.1"}
"""socket.io versions that the answer names for each Engine.IO protocol."""

Extensions = frozenset[str] | None
Answer = Callable[[web.Request], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What lets a client in: the account's token or user name, or an agent's `<extension>@agents.example`.

    The password is the account's and every agent's; the token opens a socket also without the login API.
    """

    token: str = "simulated-account-token"
    username: str = "account"
    password: str = "simulated"


class Doorman:
    """Knows who may come in, for how long, and what they may see."""

    def __init__(
        self,
        credentials: Credentials,
        extensions: list[str],
        life: float,
        protocol: Protocol,
        servers: Callable[[], list[str]],
    ) -> None:
        self.refusal: int | str | None = None
        """How to refuse all logins: an HTTP status, or the text of an {"error"}; None refuses none."""
        self._credentials = credentials
        self._users = {f"{exten}@agents.example".lower(): exten for exten in extensions}
        self._life = life
        self._version = VERSIONS[protocol]
        self._servers = servers
        self._issued = 0
        self._tokens: dict[str, tuple[float, Extensions]] = {credentials.token: (float("inf"), None)}
        self._others: dict[str, Extensions] = {}
        """Access and refresh tokens: they open no socket."""

    def expire(self) -> None:
        """No token opens a socket any more, not even the account's own: everybody has to log in again."""
        self._tokens.clear()

    def admits(self, token: str) -> bool:
        """The token opens a socket now."""
        return self._tokens.get(token, (0.0, None))[0] > time.time()

    def sees(self, token: str) -> Extensions:
        """The extensions that a token that is admitted may see; None for all."""
        return self._tokens[token][1]

    def routes(self) -> list[web.RouteDef]:
        """The login API, older and newer stack, under the vendor's paths (sdk)."""
        return [
            web.post("/monitorAPI/Login/{kind}", self._login),
            web.get("/monitorAPI/RefreshIdentityToken", self._refresh),
            web.post("/Auth/Login/Voicenter/Monitor", self._login_newer),
            web.get("/Application/GetSettings", self._settings),
            web.get("/Auth/RefreshToken", self._refresh_newer),
        ]

    async def _login(self, request: web.Request) -> web.Response:
        return await self._admit(request, request.match_info["kind"], self._socket)

    async def _login_newer(self, request: web.Request) -> web.Response:
        return await self._admit(request, "", self._access)

    async def _refresh(self, request: web.Request) -> web.Response:
        return self._on_bearer(request, self._socket)

    async def _refresh_newer(self, request: web.Request) -> web.Response:
        return self._on_bearer(request, self._access)

    async def _settings(self, request: web.Request) -> web.Response:
        return self._on_bearer(request, self._monitors)

    async def _admit(
        self, request: web.Request, kind: str, answer: Callable[[Extensions], dict[str, Any]]
    ) -> web.Response:
        if refused := self._refused():
            return refused
        try:
            said = await request.json()
            kind = (kind or said["identityType"]).lower()
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": "the request is not understood"}, status=400)
        known, extensions = self._recognise(kind, said)
        if not known:
            return web.json_response({"error": "wrong credentials"}, status=401)
        return web.json_response(answer(extensions))

    def _recognise(self, kind: str, said: dict[str, Any]) -> tuple[bool, Extensions]:
        mine = self._credentials
        if kind == "token":
            return said.get("token") == mine.token, None
        password = said.get("pin", said.get("password"))
        if kind == "user":
            exten = self._users.get(str(said.get("email", said.get("username"))).lower())
            return exten is not None and password == mine.password, frozenset({exten or ""})
        return kind == "account" and (said.get("username"), password) == (mine.username, mine.password), None

    def _on_bearer(self, request: web.Request, answer: Callable[[Extensions], dict[str, Any]]) -> web.Response:
        if refused := self._refused():
            return refused
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._others:
            return web.json_response({"error": "unknown token"}, status=401)
        return web.json_response(answer(self._others[token]))

    def _refused(self) -> web.Response | None:
        if self.refusal is None:
            return None
        if isinstance(self.refusal, int):
            return web.Response(status=self.refusal, text="refused")
        return web.json_response({"error": self.refusal})

    def _issue(self, purpose: str) -> str:
        self._issued += 1
        # Characters that a client has to percent-encode in a query.
        return f"simulated+{purpose}/{self._issued}=="

    def _token(self, extensions: Extensions) -> tuple[str, str]:
        token, expires = self._issue("socket"), time.time() + self._life
        self._tokens[token] = (expires, extensions)
        return token, _moment(expires)

    def _renewal(self, extensions: Extensions) -> str:
        token = self._issue("refresh")
        self._others[token] = extensions
        return token

    def _socket(self, extensions: Extensions) -> dict[str, Any]:
        token, expiry = self._token(extensions)
        servers = self._servers()
        socket = {
            "URL": servers[0],
            "URLList": servers,
            "Client": f"{servers[0]}/monitorAPI/GetSocketClient?v={self._version}",
            "Version": self._version,
            "Token": token,
            "TokenExpiry": expiry,
            "RefreshToken": self._renewal(extensions),
            "RefreshTokenExpiry": _moment(time.time() + 30 * self._life),
        }
        return {"StatusCode": 200, "Status": "OK", "Data": {"Socket": socket}}

    def _access(self, extensions: Extensions) -> dict[str, Any]:
        access, refresh = self._renewal(extensions), self._renewal(extensions)
        return {"StatusCode": 200, "Status": "OK", "Data": {"AccessToken": access, "RefreshToken": refresh}}

    def _monitors(self, extensions: Extensions) -> dict[str, Any]:
        token, expiry = self._token(extensions)
        # The highest Priority is the one to take (sdk next); it does not come first.
        domains = [url.partition("://")[2] for url in reversed(self._servers())]
        monitors = [
            {"URLID": number, "Priority": number, "Version": self._version, "Domain": domain}
            for number, domain in enumerate(domains, 1)
        ]
        return {"IdentityCode": token, "IdentityCodeExpiry": expiry, "MonitorList": monitors}


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
