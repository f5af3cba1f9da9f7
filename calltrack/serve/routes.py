"""The endpoints that are asked: the state, a call with its story, health."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from calltrack.serve.parameters import TheEngine, TheRole
from calltrack.serve.state import State
from calltrack.serve.telling import Told, lines, timeline


class Health(msgspec.Struct, frozen=True):
    """`ok`, or why not."""

    ok: bool
    reason: str = ""


@get("/api/state")
async def state(request: Request[Any, Any, Any], engine: TheEngine, role: TheRole) -> Response[State]:
    """Everything known now: live calls, the last ended ones, extensions, queues, gaps."""
    view = engine.view
    tag = f'W/"{view.snapshot.position}-{int(view.known)}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(None, status_code=304, headers={"etag": tag})  # type: ignore[arg-type]
    return Response(
        msgspec.Raw(view.state_json(role)),  # type: ignore[arg-type]
        media_type="application/json",
        headers={"etag": tag, "cache-control": "no-cache"},
    )


@get("/api/calls/{call_id:str}")
async def one_call(call_id: FromPath[str], engine: TheEngine, role: TheRole) -> Told:
    """One call, live or ended, with its story."""
    snapshot = engine.view.snapshot
    call = snapshot.call(call_id)
    if call is None or not role.sees_call(call):
        raise NotFoundException("no call has this id, or it is no longer kept")
    changes = engine.stories.of(call_id)
    return Told(
        str(snapshot.position),
        engine.clock.now(),
        role.shown(call),
        lines(changes, role),
        timeline(changes),
        complete=bool(changes) and type(changes[0]).__name__ == "CallStarted",
    )


@get("/health/live")
async def live() -> Health:
    """Whether the process runs."""
    return Health(True)


@get("/health/ready")
async def ready(engine: TheEngine) -> Response[Health]:
    """Whether what is answered is known to be so: 503 before the service is heard of, and while it is not."""
    reason = engine.trouble or ("" if engine.view.known else "the state is unknown: the service is not heard of")
    return Response(Health(not reason, reason), status_code=503 if reason else 200)
