"""Errors as problem+json (RFC 9457): what is wrong with a request, in words; of our own faults nothing but that."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from calltrack.serve.history.past import TooMany
from calltrack.serve.stream.hub import Gone

_CLEARER = {
    "'data'": "the body is missing",
    "Input data was truncated": "the body is not JSON: it ends too early, or has half of a surrogate pair",
}
"""What the framework and its decoder say, in words that say what is wrong."""

_log = logging.getLogger("calltrack.serve")


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong; `parameters` names those of the request that are, each with why."""

    status: int
    title: str
    detail: str
    parameters: dict[str, str] = {}


def problem(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The answer for an error of an endpoint, or of the request itself."""
    headers: dict[str, str] = {}
    parameters: dict[str, str] = {}
    if isinstance(error, HTTPException):
        status, detail = error.status_code, error.detail
        headers = dict(error.headers or {})
        if isinstance(error.extra, list):
            parameters = {str(one.get("key", "")): _clearer(str(one.get("message", ""))) for one in error.extra}
            detail = "a parameter is not of its form" if parameters else detail
        detail = _clearer(detail)
    elif isinstance(error, Gone):
        status, detail = 410, str(error)
    elif isinstance(error, TooMany):
        status, detail, headers = 429, str(error), {"retry-after": "1"}
    elif isinstance(error, RecursionError):  # of the body's decoder
        status, detail = 400, "the body is nested too deeply"
    elif isinstance(error, UnicodeDecodeError):  # of the same
        status, detail = 400, "the body is not UTF-8"
    else:
        _log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
        status, detail = 500, "a fault of ours; the log has it"
    return Response(
        Problem(status, HTTPStatus(status).phrase, detail, parameters),
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


def _clearer(text: str) -> str:
    return _CLEARER.get(text, text)


HANDLERS: dict[int | type[Exception], Any] = {HTTPException: problem, Exception: problem}
