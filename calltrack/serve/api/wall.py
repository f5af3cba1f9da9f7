"""The endpoints of the boards: the day in ranges, the last hour as lines, and the limits that both are held against."""

from __future__ import annotations

import logging

import msgspec
from litestar import Response, get, put
from litestar.exceptions import (
    ClientException,
    HTTPException,
    PermissionDeniedException,
    ServiceUnavailableException,
)
from litestar.params import JSONBody
from msgspec import Struct
from msgspec.structs import replace

from calltrack.figures.hour import Hour
from calltrack.serve.api.parameters import IfMatch, Some, TheEngine, TheVisitor, words
from calltrack.serve.api.routes import Asked, tagged
from calltrack.serve.history.closed import tag_of
from calltrack.serve.limits import Limits
from calltrack.serve.security.scope import Scope

_log = logging.getLogger("calltrack.serve")


class Wall(Struct, frozen=True):
    """What a board shows beside the records; `hour` is null while today is still being counted.

    `now` is the server's time, UTC epoch s. The last value of each line is the present one.
    """

    position: str
    now: float | None
    may_set_limits: bool
    limits: Limits
    hour: Hour | None
    status_names: dict[int, str] = {}
    """What the account calls its agent statuses, by number: [account] of the configuration."""


class TheLimits(Struct, frozen=True):
    """The limits that hold, and whether this role may set others."""

    may_set: bool
    limits: Limits


@get("/api/wall")
async def wall(request: Asked, engine: TheEngine, visitor: TheVisitor, queues: Some = "") -> Response[Wall]:
    """Today's shares and the last hour of the queues and agents of this role, or of some queues alone."""
    known, scope, asked = engine.view.snapshot, visitor.scope, words(queues)
    limits = engine.limits.limits
    mine = _queues(scope, asked & {one.queue_id for one in known.queues} if asked else None)
    hour = None
    if engine.figures.ready:
        hour = await engine.figures.hour(known, engine.hour_options, mine, _extensions(scope), own=bool(asked))
    names = dict(engine.options.status_names)
    found = Wall(str(known.position), engine.clock.now(), visitor.may_set_limits, limits.seen(scope), hour, names)
    tag = tag_of(msgspec.json.encode(replace(found, position="", now=None)))
    return tagged(request, f'"{tag}"', lambda: msgspec.json.encode(found))


@get("/api/limits")
async def limits(request: Asked, engine: TheEngine, visitor: TheVisitor) -> Response[TheLimits]:
    """The account's limits, as far as they concern what this role sees; the ETag is for If-Match of PUT."""
    found = TheLimits(visitor.may_set_limits, engine.limits.limits.seen(visitor.scope))
    json = msgspec.json.encode(found)
    return tagged(request, _tag(json), lambda: json)


@put("/api/limits")
async def set_limits(
    engine: TheEngine, visitor: TheVisitor, data: JSONBody[Limits], if_match: IfMatch = None
) -> Response[TheLimits]:
    """Set all limits for everybody, with If-Match only if they are still those; takes a role that may."""
    if not visitor.may_set_limits:
        raise PermissionDeniedException("this role may not set limits")
    if faults := list(data.faults()):
        raise ClientException(extra=[{"key": fault.split(":")[0], "message": fault} for fault in faults])
    # From here to the end nothing is awaited, so that no other request comes between.
    if if_match is not None and not _names(if_match, _tag(msgspec.json.encode(TheLimits(True, engine.limits.limits)))):
        raise HTTPException("other limits hold by now: read them again", status_code=412)
    try:
        engine.limits.set(data)
    except OSError as error:
        raise ServiceUnavailableException(f"the limits cannot be kept: {error.strerror}") from None
    _log.info("%s set the limits", visitor.name)
    found = TheLimits(True, data)
    return Response(found, headers={"etag": _tag(msgspec.json.encode(found))})


def _tag(json: bytes) -> str:
    return f'"{tag_of(json)}"'


def _names(if_match: str, tag: str) -> bool:
    """Whether a header names a tag, or any. A proxy that compresses makes a tag weak, which is as good here."""
    return any(one.strip().removeprefix("W/") in ("*", tag) for one in if_match.split(","))


def _queues(scope: Scope, asked: frozenset[str] | None) -> frozenset[str] | None:
    """The queues that are counted, None for all: an id that a role may not see is as one that does not exist."""
    if scope.sees_all:
        return asked
    seen = scope.queues or frozenset()
    return seen if asked is None else seen & asked


def _extensions(scope: Scope) -> frozenset[str] | None:
    return None if scope.sees_all else scope.extensions or frozenset()
