"""The vendor's login API: it takes credentials, and gives a token and the servers that accept it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

import aiohttp

from calltrack.live.credentials import Account, Credentials, Token, User, secrets_of
from calltrack.live.errors import LoginFailed, LoginRefused, described, redacted
from calltrack.live.network import FAILURES, Network, checked_url

Protocol: TypeAlias = Literal[3, 4]

DEFAULT_SERVERS = (
    "https://monitor1.voicenter.co",
    "https://monitor3.voicenter.co.il",
    "https://monitor4.voicenter.co.il",
    "https://monitor11.voicenter.co",
    "https://monitor5.voicenter.co.il",
)
"""The servers to try when the login answer names none, in order of preference (sdk)."""

# doc and sdk count 500 as a refusal too; but it is what the API answers while it restarts, and to end the run for
# that was measured to cost the rest of the day.
_REFUSALS = frozenset({400, 401, 403})
_LONGEST_WAIT = 3600.0  # s; a Retry-After beyond that is taken for a mistake


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of one login API; with `settings` it is the newer stack, which asks there for the servers.

    Raises ValueError for an address without scheme or host.
    """

    login: str
    refresh: str
    settings: str | None = None

    def __post_init__(self) -> None:
        for url in (self.login, self.refresh, self.settings):
            if url is not None:
                checked_url(url)

    @classmethod
    def older(cls, base: str = "https://loginapi.voicenter.co.il") -> Endpoints:
        """Return the addresses of the stack in service (doc, sdk) at this host."""
        base = checked_url(base)
        return cls(f"{base}/monitorAPI/Login", f"{base}/monitorAPI/RefreshIdentityToken")

    @classmethod
    def newer(cls, base: str) -> Endpoints:
        """Return the addresses of the newer stack (sdk) at this host."""
        base = checked_url(base)
        return cls(
            f"{base}/Auth/Login/Voicenter/Monitor",
            f"{base}/Auth/RefreshToken",
            f"{base}/Application/GetSettings",
        )


@dataclass(frozen=True, slots=True)
class Session:
    """What a login gave.

    `expires_at` is in UTC epoch seconds, None if the token does not expire; `servers` are base URLs in order
    of preference, never empty; `protocol` is the Engine.IO age that they speak.
    """

    token: str = field(repr=False)
    expires_at: float | None
    refresh_token: str | None = field(repr=False)
    servers: tuple[str, ...]
    protocol: Protocol


class LoginApi:
    """Asks one login API on behalf of one login.

    `servers` is the fallback list; `protocol` overrides what the answer says; `timeout` is in seconds, for
    each request; `network` is the way out. Raises ValueError for an account login on the newer stack, which has
    none (sdk), and for a server's address without host.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        endpoints: Endpoints | None = None,
        servers: Sequence[str] = DEFAULT_SERVERS,
        protocol: Protocol | None = None,
        timeout: float = 10.0,
        network: Network | None = None,
    ) -> None:
        self.network = network or Network()
        self._credentials = credentials
        self._endpoints = endpoints or Endpoints.older()
        if self._endpoints.settings and isinstance(credentials, Account):
            raise ValueError("the newer stack has no account login; use a user or a token")
        if not servers:
            raise ValueError("at least one fallback server is needed")
        self._servers = tuple(checked_url(_base_url(server)) for server in servers)
        self._protocol = protocol
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def login(self) -> Session:
        """Log in and return the session.

        Raises LoginRefused on 400, 401, 403 and an answer with `error` (doc, sdk), and LoginFailed for anything
        that another try may mend: 5xx, 429, an HTML page of whatever stands between, names, certificates.
        """
        if isinstance(self._credentials, Token) and not self._credentials.use_login_api:
            return Session(self._credentials.token, None, None, self._servers, self._protocol or 3)
        url, body = _login_request(self._credentials, self._endpoints)
        return await self._session("POST", url, body, None)

    async def refresh(self, session: Session) -> Session:
        """Return a session with a new token for one that nears its end; raises as `login` does.

        A session without refresh token is replaced by a new login.
        """
        if session.refresh_token is None:
            return await self.login()
        return await self._session("GET", self._endpoints.refresh, None, session.refresh_token)

    async def _session(self, method: str, url: str, body: dict[str, object] | None, bearer: str | None) -> Session:
        data = _part(await self._ask(method, url, body, bearer), "data")
        if self._endpoints.settings is None:
            return self._read(_part(data, "socket"))
        access = _text(_field(data, "AccessToken"))
        if access is None:
            raise LoginFailed("the login answer has no AccessToken")
        settings = await self._ask("GET", self._endpoints.settings, None, access)
        return self._read({**data, **(_part(settings, "data") or settings)})

    async def _ask(self, method: str, url: str, body: dict[str, object] | None, bearer: str | None) -> dict[str, Any]:
        secrets = (*secrets_of(self._credentials), bearer or "")
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        failure: str | None = None
        try:
            async with (
                self.network.session(url, self._timeout) as http,
                # A redirect would carry the password to wherever it points.
                http.request(method, url, json=body, headers=headers, allow_redirects=False) as answer,
            ):
                status, text = answer.status, await answer.text(errors="replace")
                wait = _retry_after(answer.headers.get("Retry-After", ""))
        except aiohttp.ClientConnectorCertificateError as error:
            failure = f"{described(error, secrets)} (a certificate authority of your own: --ca FILE)"
        except FAILURES as error:
            failure = described(error, secrets)
        if failure is not None:
            # Raised out here: inside, the error would carry the request, password and all, as its context.
            raise LoginFailed(f"login did not get through to {urlsplit(url).hostname}: {failure}")
        return _checked(status, text, wait, secrets)

    def _read(self, found: Mapping[str, Any]) -> Session:
        token = _text(_field(found, "Token")) or _text(_field(found, "IdentityCode"))
        if token is None:
            raise LoginFailed("the login answer has no token")
        servers, version = _servers(found)
        return Session(
            token,
            _epoch(_field(found, "TokenExpiry") or _field(found, "IdentityCodeExpiry")),
            _text(_field(found, "RefreshToken")),
            servers or self._servers,
            self._protocol or _protocol(_text(_field(found, "Client")), version),
        )


def _login_request(credentials: Credentials, endpoints: Endpoints) -> tuple[str, dict[str, object]]:
    if endpoints.settings is not None:
        if isinstance(credentials, Token):
            return endpoints.login, {"identityType": "Token", "token": credentials.token}
        name = credentials.email if isinstance(credentials, User) else credentials.username
        return endpoints.login, {"identityType": "User", "username": name, "password": credentials.password}
    match credentials:
        case Token():
            return f"{endpoints.login}/Token", {"token": credentials.token}
        case User():
            return f"{endpoints.login}/User", {"email": credentials.email, "pin": credentials.password}
        case Account():
            return f"{endpoints.login}/Account", {
                "username": credentials.username,
                "password": credentials.password,
            }


def _checked(status: int, text: str, wait: float, secrets: Iterable[str]) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    found = answer if isinstance(answer, dict) else {}
    said = _field(found, "error")
    # The API also sends its status inside a 200 (sdk: StatusCode, Status, Data).
    code = _field(found, "StatusCode") if status == 200 else status
    reason = said or _field(found, "Status")
    shown = redacted(" ".join(str(reason).split()), secrets) if reason else f"HTTP {code}"
    # A page is from something on the way (a firewall, a hotel's network), which knows nothing about the login; nor
    # does a gateway's 502, whatever its body is.
    if (code in _REFUSALS or (said and code in (None, 200))) and not text.lstrip().startswith("<"):
        raise LoginRefused(f"login refused: {shown}")
    if status != 200 or said or (isinstance(code, int) and code >= 400):
        more = f": {shown}" if reason else ""
        raise LoginFailed(f"the login API answered HTTP {code}{more}", retry_after=wait)
    if not isinstance(answer, dict):
        raise LoginFailed("the login API answered something that is not a JSON object")
    return found


def _servers(found: Mapping[str, Any]) -> tuple[tuple[str, ...], str | None]:
    """Return the named servers in order of preference, and the socket.io version named beside them."""
    version = _text(_field(found, "Version"))
    names: list[str | None] = []
    monitors = _field(found, "MonitorList")
    if isinstance(monitors, list):
        entries = [entry for entry in monitors if isinstance(entry, dict)]
        # Highest first, as sdk next does; no other branch of it reads this list.
        entries.sort(key=lambda entry: -_number(_field(entry, "Priority")))
        names = [_text(_field(entry, "Domain")) for entry in entries]
        version = version or next((_text(_field(entry, "Version")) for entry in entries), None)
    listed = _field(found, "URLList")
    names += [_text(_field(found, "URL")), *(map(_text, listed) if isinstance(listed, list) else ())]
    return tuple(dict.fromkeys(url for name in names if name and (url := _usable(name)))), version


def _protocol(client: str | None, version: str | None) -> Protocol:
    """Return 4 from socket.io 3 on, else 3, also by default: the vendor runs 1.3.7 and 2.4.0 (sdk)."""
    for text, pattern in ((client, r"v=v?(\d+)"), (version, r"v?(\d+)")):
        if text and (match := re.search(pattern, text)):
            return 4 if int(match[1]) >= 3 else 3
    return 3


def _base_url(name: str) -> str:
    name = name.strip()
    return name if "://" in name else f"https://{name}"


def _usable(name: str) -> str | None:
    """Return the base URL of a server that an answer names, None if no address can be made of it."""
    try:
        return checked_url(_base_url(name))
    except ValueError:
        return None


def _retry_after(text: str) -> float:
    """Return the seconds of a Retry-After header, which has seconds or a date; 0 if it says nothing usable."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return 0.0
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - time.time()
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else 0.0


def _field(found: Mapping[str, Any], name: str) -> Any:
    """Return the field of this name in any case: `URL` in doc is `Url` in sdk."""
    if name in found:
        return found[name]
    return next((value for key, value in found.items() if key.lower() == name.lower()), None)


def _part(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = _field(found, name)
    return part if isinstance(part, dict) else {}


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int | float) and str(value) else None


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0


def _epoch(value: object) -> float | None:
    """Return UTC epoch seconds for what JavaScript's Date takes: ISO text or milliseconds (sdk)."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        # Seconds would be a moment before 1973 if they were milliseconds.
        return value / 1000 if value > 1e11 else float(value)
    return None
