"""The endpoint of figures: today's so far, or those of an interval."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.exceptions import ClientException, ServiceUnavailableException
from litestar.params import QueryParameter
from msgspec import Raw, Struct
from msgspec.structs import replace

from calltrack.figures import Report
from calltrack.serve.api.parameters import At, TheEngine, TheVisitor, epoch
from calltrack.serve.api.routes import Asked, tagged
from calltrack.serve.history.figures import LONGEST

Within = Annotated[float, QueryParameter(ge=0, le=86400, description="y of service level x/y, s.")]
Short = Annotated[float, QueryParameter(ge=0, le=86400, description="Abandons after less than this are short, s.")]


Held = Annotated[
    str, QueryParameter(max_length=64, description="`tag` of the report you have: get what altered since.")
]


class Counted(Struct, frozen=True):
    """The figures, counted up to frame `position`; `now` is the server's time, UTC epoch s.

    Either `report` is null or `altered` is: what alters the report with the tag `held` into the one with this `tag`.
    """

    position: str
    now: float | None
    tag: str
    report: Report | None
    altered: dict[str, Any] | None


class _Encoded(Struct, frozen=True):
    """The same, whose report is JSON already."""

    position: str
    now: float | None
    tag: str
    report: Raw | None
    altered: Raw | None


@get("/api/kpis")
async def kpis(
    request: Asked,
    engine: TheEngine,
    visitor: TheVisitor,
    since: At = None,
    until: At = None,
    service_level_s: Within = 20,
    short_abandon_s: Short = 5,
    held: Held = "",
) -> Response[Counted]:
    """Figures per queue, agent, extension and account, of today so far or from `since` (until `until`)."""
    known = engine.view.snapshot
    if until and not since:
        raise ClientException("until: say since as well")
    interval = (epoch(since), epoch(until) if until else None) if since else None
    if interval is not None:
        end = interval[1] if interval[1] is not None else known.time
        if end is not None and not 0 <= end - interval[0] <= LONGEST:
            raise ClientException(f"since, until: at most {LONGEST // 86400} days, the earlier moment first")
    options = replace(engine.options, service_level_s=service_level_s, short_abandon_s=short_abandon_s)
    if not engine.figures.ready:
        raise ServiceUnavailableException("today's figures are still being counted", headers={"retry-after": "5"})
    own = interval is not None or options not in (engine.options, engine.hour_options)
    with engine.past.ration.one(visitor.name) if own else nullcontext():
        found = await engine.figures.answer(interval, options, known, visitor.scope, held, own=own)
    whole, altered = (None, Raw(found.json)) if found.altered else (Raw(found.json), None)
    encoded = _Encoded(str(found.position), engine.clock.now(), found.tag, whole, altered)
    return tagged(request, f'"{found.tag}"', lambda: msgspec.json.encode(encoded))
