"""Logging in by name: to the identity provider, and back with a session."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.datastructures import Cookie
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from calltrack.serve.api.parameters import TheAccess, TheProvider
from calltrack.serve.api.session import session_cookie
from calltrack.serve.security.guard import cookies_named
from calltrack.serve.security.oidc import PATIENCE, LoginFailed, Provider

_COOKIE = "calltrack_login"
_log = logging.getLogger("calltrack.serve")

Text = Annotated[str, QueryParameter(max_length=4096)]


class Offered(Struct, frozen=True):
    """Whether one can log in by name."""

    offered: bool


@get("/login/offered")
async def offered(provider: TheProvider) -> Offered:
    """Whether one can log in by name."""
    return Offered(provider is not None)


@get("/login", include_in_schema=False)
async def begin(provider: TheProvider) -> Response[None]:
    """Go to the provider."""
    known = _there(provider)
    try:
        url, state = await known.begin()
    except LoginFailed as error:
        raise _failed(known, error) from None
    cookie = Cookie(
        _COOKIE, value=state, path="/login", max_age=int(PATIENCE), httponly=True, secure=known.secure, samesite="lax"
    )
    return Response(None, status_code=302, headers={"location": url}, cookies=[cookie])


@get("/login/callback", include_in_schema=False)
async def finish(
    request: Request[Any, Any, Any],
    provider: TheProvider,
    access: TheAccess,
    code: Text = "",
    brought: Annotated[str, QueryParameter(name="state", max_length=4096)] = "",
    error: FromQuery[str] = "",
) -> Response[None]:
    """Come back from the provider, and go to the board."""
    known = _there(provider)
    try:
        if error:
            raise LoginFailed("the provider refused")
        visitor = await known.finish(code, brought, cookies_named(_COOKIE, request.headers.get("cookie", "")))
    except LoginFailed as failed:
        raise _failed(known, failed) from None
    request.scope["visitor"] = visitor  # type: ignore[typeddict-unknown-key]  # for the audit log
    cookies = [session_cookie(access, visitor, known.secure), Cookie(_COOKIE, value="", path="/login", max_age=0)]
    return Response(None, status_code=302, headers={"location": "/"}, cookies=cookies)


def _there(provider: Provider | None) -> Provider:
    if provider is None:
        raise NotFoundException("there is no such page")
    return provider


def _failed(provider: Provider, error: LoginFailed) -> NotAuthorizedException:
    if provider.is_news(str(error)):
        _log.warning("a log-in failed: %s", error)
    return NotAuthorizedException(str(error))
