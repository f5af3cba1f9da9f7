"""The endpoint of figures: today's so far, or those of an interval."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

from litestar import get
from litestar.exceptions import ClientException, ServiceUnavailableException
from litestar.params import QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from calltrack.figures import Figures, Options, Report
from calltrack.serve.api.parameters import At, TheEngine, TheVisitor, epoch
from calltrack.serve.history.figures import LONGEST
from calltrack.serve.security.scope import Scope

Within = Annotated[float, QueryParameter(ge=0, le=86400, description="y of service level x/y, s.")]
Short = Annotated[float, QueryParameter(ge=0, le=86400, description="Abandons after less than this are short, s.")]


class Counted(Struct, frozen=True):
    """The figures, counted up to frame `position`; `now` is the server's time, UTC epoch s."""

    position: str
    now: float | None
    report: Report


@get("/api/kpis")
async def kpis(
    engine: TheEngine,
    visitor: TheVisitor,
    since: At = None,
    until: At = None,
    service_level_s: Within = 20,
    short_abandon_s: Short = 5,
) -> Counted:
    """Figures per queue, agent, extension and account, of today so far or from `since` (until `until`)."""
    known = engine.view.snapshot
    if until and not since:
        raise ClientException("until: say since as well")
    interval = (epoch(since), epoch(until) if until else None) if since else None
    if interval is not None:
        end = interval[1] if interval[1] is not None else known.time
        if end is not None and not 0 <= end - interval[0] <= LONGEST:
            raise ClientException(f"since, until: at most {LONGEST // 86400} days, the earlier moment first")
    options = Options(service_level_s=service_level_s, short_abandon_s=short_abandon_s)
    if not engine.figures.ready:
        raise ServiceUnavailableException("today's figures are still being counted", headers={"retry-after": "5"})
    with nullcontext() if interval is None else engine.past.ration.one(visitor.name):
        found = await engine.figures.report(interval, options, known)
    return Counted(str(known.position), engine.clock.now(), _seen(found, visitor.scope))


def _seen(whole: Report, role: Scope) -> Report:
    """What a role may see of a report; sums are of all, so they are for those who see all."""
    whole = role.shown(whole)
    if role.sees_all:
        return whole
    total = whole.total
    nothing = Figures(total.key, total.name, total.since, total.until, total.observed_s, total.coverage)
    return replace(
        whole,
        total=nothing,
        queues=tuple(one for one in whole.queues if role.sees_queue(one.key)),
        agents=(),
        extensions=tuple(one for one in whole.extensions if role.sees_extension(one.key)),
        accounts=(),
        parts=(),
    )
