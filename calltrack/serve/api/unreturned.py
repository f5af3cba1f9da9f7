"""The endpoint of missed callers: who waits for a call back."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

from litestar import get
from litestar.exceptions import ClientException, ServiceUnavailableException
from litestar.params import QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from calltrack.figures.missed import Missed
from calltrack.serve.api.parameters import At, TheEngine, TheVisitor, epoch
from calltrack.serve.history.figures import LONGEST
from calltrack.serve.security.numbers import masked

Queue = Annotated[str, QueryParameter(description="Only callers whose last missed call waited in this queue.")]


class Unreturned(Struct, frozen=True):
    """Callers to call back, longest waiting first, up to frame `position`; `now` is the server's time, UTC epoch s.

    `anonymous` missed calls had no number; a role that sees a part does not get their count.
    """

    position: str
    now: float | None
    callers: list[Missed]
    anonymous: int | None


@get("/api/missed")
async def missed(engine: TheEngine, visitor: TheVisitor, since: At = None, queue: Queue = "") -> Unreturned:
    """Who called today, or from `since` on, was not answered, and has not been spoken to since."""
    known, role = engine.view.snapshot, visitor.scope
    begin = epoch(since) if since else None
    if begin is not None and known.time is not None and not 0 <= known.time - begin <= LONGEST:
        raise ClientException(f"since: at most {LONGEST // 86400} days ago")
    if not engine.figures.ready:
        raise ServiceUnavailableException("today's calls are still being counted", headers={"retry-after": "5"})
    with nullcontext() if begin is None else engine.past.ration.one(visitor.name):
        found = await engine.figures.missed(begin, known)
    callers = [one for one in found.callers if role.sees_queue(one.queue_id) and queue in ("", one.queue_id)]
    if not role.phone_numbers:
        callers = [
            replace(one, number=masked(one.number, number=True), name=masked(one.name) if one.name else "")
            for one in callers
        ]
    return Unreturned(str(known.position), engine.clock.now(), callers, found.anonymous if role.sees_all else None)
