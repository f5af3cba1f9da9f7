"""What every request passes before it reaches an endpoint, and every answer before it leaves.

1. Without tokens, only who calls us by a name of this machine is let in: a web page whose name was made to point here
   (DNS rebinding) calls us by its own.
2. What a browser says comes from another page is refused, for streams and WebSockets as well.
3. A target that is too long, or has control characters in its path, is refused; and of the page's files only those
   that exist are asked for, so that no path of a stranger reaches the file system. A query without a visitor is left
   out: Litestar keeps the last thousand parsed ones, which bounds on their length and number keep small.
4. Of many accounts a role enters its own; what another one is called it cannot find out.
5. Everything that shows something of calls needs a visitor: a bearer token, or a session's cookie.
6. A role has so many requests under way at once (`budgets`); who goes away is not worked for.
7. What a role was shown, or was refused, stands in the audit log (`audit`).
8. Every answer lets browsers run our own files only, and forbids all framing. Caches keep none for another role.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar.types import ASGIApp, Message, Receive, Send

from calltrack.live.accounts import NAME
from calltrack.serve.accounts import Accounts
from calltrack.serve.leaving import left
from calltrack.serve.security.access import ANYBODY, Access, Visitor, digest
from calltrack.serve.security.audit import Audit
from calltrack.serve.security.budgets import Requests, TooManyRequests
from calltrack.serve.security.connections import PATIENCE
from calltrack.serve.security.oidc import CALLBACK

COOKIE = "calltrack_session"

_GUARDED = ("/api/", "/metrics", "/schema")
_LOGIN = "/api/session"
_STREAMS = frozenset(("/api/changes", "/api/updates", "/api/socket"))
_NAMED = re.compile(rf"/accounts/({NAME})(/.*)?")
_LIST = "/accounts.html"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_PATH, _LONGEST_QUERY = 1024, 4096  # bytes
_FIELDS = 32  # of a query
_HEALTH = "/health/"
_ENDPOINTS = (*_GUARDED, _HEALTH, "/login")
_OWN_NAMES = {"localhost", "127.0.0.1", "::1"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_OF_A_ROLE = [(b"cache-control", b"private, no-cache"), (b"vary", b"authorization, cookie")]
"""Of every answer that does not say itself how it is kept."""


class Guard:
    """The application behind the door that `access` keeps; endpoints find the Visitor in the scope's "visitor".

    They find the Account in its "account": the only one, or that of a path /accounts/NAME/..., of which they get what
    follows the name.

    `files` are the paths of the board's own files, as "/board.css".
    """

    def __init__(self, app: ASGIApp, accounts: Accounts, access: Access, files: frozenset[str], audit: Audit) -> None:
        self._app = app
        self._accounts = accounts
        self._many = "" not in accounts.all
        self._audit = audit
        self._access = access
        self._files = files
        self._requests = Requests()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Let in or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        account = ""
        if self._many and (named := _NAMED.fullmatch(path)):
            account, path = named.groups()
            if not path:
                await _redirect(_with_headers(send), f"/accounts/{account}/")
                return
        elif self._many and path == "/":
            path = _LIST
        scope["path"], scope["account"], scope["visitor"] = path, self._accounts.all.get(account), None
        scope["still"] = _always
        if path.startswith((*_GUARDED, CALLBACK)):
            send = self._noted(scope, send)
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._malformed(scope, path) or self._foreign(path, headers)
        if refusal is None:
            visitor = ANYBODY if self._access.open else self._visitor(scope, headers)
            # How one of many accounts is, and so whether there is such a one, is not for everybody.
            guarded = (*_GUARDED, _HEALTH) if account else _GUARDED
            if visitor is None and path.startswith(guarded) and not _logs_in(scope, path):
                refusal = 401, "a token is needed: send Authorization: Bearer TOKEN, or log in at /api/session"
            if visitor is not None and account and not (scope["account"] and visitor.may_enter(account)):
                refusal = 404, "there is no such account for this role"
            scope["visitor"] = visitor
        if refusal is None:
            if scope["visitor"] is None and path != CALLBACK:
                scope["query_string"] = b""
            refusal = await self._rationed(scope, path, receive, _with_headers(send))
        if refusal is None:
            return
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1][:120]})
        else:
            await _refuse(_with_headers(send), *refusal)

    async def _rationed(self, scope: Any, path: str, receive: Receive, send: Send) -> tuple[int, str] | None:
        """Serve within the budgets; the refusal if there is no place."""
        if path.startswith(_HEALTH) or path in _STREAMS:  # these have places of their own, or need none
            await self._app(scope, receive, send)
            return None
        visitor, begun = scope["visitor"], False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            with self._requests.one("" if visitor is None else visitor.name):
                if visitor is None:
                    async with asyncio.timeout(PATIENCE):
                        await self._app(scope, receive, noting)
                elif scope.get("method") == "GET" and path.startswith("/api/"):
                    await self._while_there(scope, receive, send)
                else:
                    await self._app(scope, receive, send)
        except TooManyRequests:
            return 429, "too many requests of this role are under way; try again"
        except TimeoutError:
            return None if begun else (408, f"a request without a token has {PATIENCE:.0f} s")
        return None

    async def _while_there(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve a request without a body, and stop when the client goes."""
        body = [await receive()]

        async def given() -> Any:
            return body.pop() if body else await asyncio.Future()

        working = asyncio.ensure_future(self._app(scope, given, send))
        leaving = asyncio.ensure_future(left(receive))
        try:
            await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not working.done():
                working.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        with suppress(asyncio.CancelledError):
            await working

    def _noted(self, scope: Any, send: Send) -> Send:
        """Note what is asked for in the audit log as soon as it is answered; a stream when it begins."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._audit.see(scope, scope["visitor"], message["status"])
            elif message["type"] == "websocket.accept":
                self._audit.see(scope, scope["visitor"], 101)
            elif message["type"] == "websocket.close" and message.get("code") == 1008:
                self._audit.see(scope, scope["visitor"], 403)
            await send(message)

        return sending

    def _malformed(self, scope: Any, path: str) -> tuple[int, str] | None:
        query = scope["query_string"]
        if len(scope.get("raw_path") or path) > _LONGEST_PATH or len(query) > _LONGEST_QUERY:
            return 414, f"a path has at most {_LONGEST_PATH} bytes, and a query {_LONGEST_QUERY}"
        if query.count(b"&") >= _FIELDS:
            return 400, f"a query has at most {_FIELDS} parameters"
        if _CONTROL.search(path):
            return 400, "a path must not contain control characters"
        # Endpoints are found by these as well, which would pass by a proxy's rule for a path.
        if "//" in path or (not path.startswith(_ENDPOINTS) and path not in self._files):
            return 404, "there is no such page"
        return None

    def _foreign(self, path: str, headers: dict[bytes, str]) -> tuple[int, str] | None:
        host = headers.get(b"host", "")
        if self._access.open and _name(host) not in _OWN_NAMES:
            return 421, "without tokens this service answers to localhost, 127.0.0.1 and [::1] only"
        origin = headers.get(b"origin")
        if origin is not None and _authority(origin) != host.lower():
            return 403, "pages of other origins may not use this service"
        if path.startswith(_GUARDED) and headers.get(b"sec-fetch-site") in ("cross-site", "same-site"):
            return 403, "pages of other origins may not use this service"
        return None

    def _visitor(self, scope: Any, headers: dict[bytes, str]) -> Visitor | None:
        """Who asks; a stream asks the scope's "still" later whether this still holds."""
        scheme, _, token = headers.get(b"authorization", "").partition(" ")
        if token and scheme.lower() != "bearer":
            return None
        find = self._access.by_token if token else self._access.by_session
        for secret in [token.strip()] if token else cookies_named(COOKIE, headers.get(b"cookie", "")):
            if (visitor := find(secret)) is not None:
                scope["still"] = partial(self._access.holds, digest(secret), visitor)
                return visitor
        return None


def cookies_named(name: str, header: str) -> list[str]:
    """The values of one name among the cookies of a request, which has those of every other service on this host.

    Read by hand: http.cookies gives up at the first that is not of RFC 6265's form.
    """
    pairs = (one.strip().partition("=") for one in header.split(";"))
    return [value for known, _, value in pairs if known == name]


def _always() -> bool:
    return True


def _authority(origin: str) -> str:
    """The host and port of an origin; "" if it has none or is not one."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _logs_in(scope: Any, path: str) -> bool:
    return bool(path == _LOGIN and scope.get("method") == "POST")


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [*message.get("headers", ())]
            kept = [] if any(name == b"cache-control" for name, _ in own) else _OF_A_ROLE
            message["headers"] = [*own, *_HEADERS, *kept]
        await send(message)

    return sending


async def _redirect(send: Send, path: str) -> None:
    headers = [(b"location", path.encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 308, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _refuse(send: Send, status: int, detail: str) -> None:
    body = msgspec.json.encode({"status": status, "title": HTTPStatus(status).phrase, "detail": detail})
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status == 429:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
