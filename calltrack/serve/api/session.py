"""Logging in with a browser: a token once, then a cookie that no script can read."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import NotAuthorizedException
from litestar.params import JSONBody
from msgspec import Struct

from calltrack.serve.api.parameters import TheAccess, TheProvider, TheVisitor
from calltrack.serve.security.access import SESSION_LIFE, Access, Visitor
from calltrack.serve.security.guard import COOKIE, cookies_named


class Login(Struct, forbid_unknown_fields=True):
    """What one logs in with."""

    token: str


class Whoami(Struct, frozen=True):
    """Who one is, and what one may see; `queues` and `extensions` are null for all of them."""

    name: str
    sees_all: bool
    phone_numbers: bool
    recordings: bool
    queues: list[str] | None
    extensions: list[str] | None


@post("/api/session", status_code=200)
async def log_in(
    data: JSONBody[Login], request: Request[Any, Any, Any], access: TheAccess, provider: TheProvider
) -> Response[Whoami]:
    """Exchange a token for a session: the answer sets a cookie."""
    visitor = access.by_token(data.token)
    if visitor is None:
        raise NotAuthorizedException("no role has this token", headers={"www-authenticate": "Bearer"})
    request.scope["visitor"] = visitor  # type: ignore[typeddict-unknown-key]  # for the audit log
    secure = request.scope.get("scheme") == "https" or (provider is not None and provider.secure)
    return Response(_whoami(visitor), cookies=[session_cookie(access, visitor, secure)])


def session_cookie(access: Access, visitor: Visitor, secure: bool) -> Cookie:
    """The cookie of a new session."""
    return Cookie(
        COOKIE,
        value=access.log_in(visitor),
        max_age=int(SESSION_LIFE),
        httponly=True,
        secure=secure,
        samesite="strict",
    )


@get("/api/session")
async def who_am_i(visitor: TheVisitor) -> Whoami:
    """Who one is, and what one may see."""
    return _whoami(visitor)


@delete("/api/session", status_code=204)
async def log_out(request: Request[Any, Any, Any], access: TheAccess) -> Response[None]:
    """End the session."""
    for secret in cookies_named(COOKIE, request.headers.get("cookie", "")):
        access.log_out(secret)
    return Response(None, status_code=204, cookies=[Cookie(COOKIE, value="", max_age=0, httponly=True)])


def _whoami(visitor: Visitor) -> Whoami:
    scope = visitor.scope
    if scope.sees_all:
        return Whoami(visitor.name, True, scope.phone_numbers, scope.recordings, None, None)
    queues, extensions = sorted(scope.queues or ()), sorted(scope.extensions or ())
    return Whoami(visitor.name, False, scope.phone_numbers, scope.recordings, queues, extensions)
