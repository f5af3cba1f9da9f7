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

Queue = Annotated[str, QueryParameter(description="Only missed calls that waited in this queue last.")]


class Unreturned(Struct, frozen=True):
    """Callers to call back, longest waiting first, up to frame `position`; `now` is the server's time, UTC epoch s.

    `anonymous` missed calls had no number.
    """

    position: str
    now: float | None
    callers: list[Missed]
    anonymous: int


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
        found = await engine.figures.missed(begin, known, queue, role)
    callers = list(found.callers)
    if not role.phone_numbers:
        callers = [
            replace(one, number=masked(one.number, number=True), name=masked(one.name) if one.name else "")
            for one in callers
        ]
    return Unreturned(str(known.position), engine.clock.now(), callers, found.anonymous)
