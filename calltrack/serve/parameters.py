"""What endpoints are called with: the engine, who asks, the moment asked for, and parameters that several share."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from hashlib import blake2s
from typing import Annotated, NamedTuple

from litestar.di import NamedDependency, Provide
from litestar.exceptions import ClientException, NotAuthorizedException
from litestar.params import HeaderParameter, QueryParameter
from litestar.types import Scope as ConnectionScope

from calltrack.serve.access import Access, Visitor
from calltrack.serve.engine import Engine
from calltrack.serve.scope import Scope
from calltrack.serve.state import Times
from calltrack.serve.webhooks import Webhooks
from calltrack.snapshot import Snapshot


class Moment(NamedTuple):
    """The state that is asked about, now or past, the fields of Time with it, and a weak ETag for this role."""

    snapshot: Snapshot
    times: Times
    tag: str


TheEngine = NamedDependency[Engine]
TheAccess = NamedDependency[Access]
TheWebhooks = NamedDependency[Webhooks]
TheVisitor = NamedDependency[Visitor]
TheRole = NamedDependency[Scope]
TheMoment = NamedDependency[Moment]

LastId = Annotated[str | None, HeaderParameter(name="Last-Event-ID", description="Go on after this position.")]
After = Annotated[str | None, QueryParameter(description="The same, for who cannot send the header.")]
Some = Annotated[str, QueryParameter(description="Comma-separated; empty for all.")]
At = Annotated[str | None, QueryParameter(description="A moment: ISO 8601 (UTC unless it says otherwise) or epoch s.")]
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="How many, at most.")]
Offset = Annotated[int, QueryParameter(ge=0, le=10**9, description="How many to leave out first.")]


def dependencies(engine: Engine, access: Access, webhooks: Webhooks) -> dict[str, Provide]:
    """How endpoints get what they are called with."""

    def the_engine() -> Engine:
        return engine

    def the_access() -> Access:
        return access

    def the_webhooks() -> Webhooks:
        return webhooks

    def the_visitor(scope: ConnectionScope) -> Visitor:
        visitor: Visitor | None = scope["visitor"]  # type: ignore[typeddict-item]  # set by the guard
        if visitor is None:
            raise NotAuthorizedException("a token is needed")
        return visitor

    def the_role(visitor: TheVisitor) -> Scope:
        return visitor.scope

    async def the_moment(role: TheRole, at: At = None) -> Moment:
        view = engine.view
        times = view.times() if not at else ()
        if times:
            snapshot = view.snapshot
        else:
            snapshot = await engine.past.state_at(epoch(at or ""))
            known = snapshot.time is not None and not (snapshot.gaps and snapshot.gaps[-1].until is None)
            times = (str(snapshot.position), snapshot.time, snapshot.time, 0.0, known, "the journal")
        shape = f"{sorted(role.queues or ())} {sorted(role.extensions or ())} {role.sees_all} {role.phone_numbers}"
        digest = blake2s(shape.encode(), digest_size=4).hexdigest()
        return Moment(snapshot, times, f'W/"{snapshot.position}-{times[3]:g}-{int(times[4])}-{digest}"')

    given = (the_engine, the_access, the_webhooks, the_visitor, the_role)
    provided = {function.__name__.removeprefix("the_"): Provide(function, sync_to_thread=False) for function in given}
    return {**provided, "moment": Provide(the_moment)}


def words(text: str) -> frozenset[str]:
    """The parts of a comma-separated list."""
    return frozenset(filter(None, (part.strip() for part in text.split(","))))


def epoch(text: str) -> float:
    """A moment as UTC epoch s; raises ClientException."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return number
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ClientException(f"{text[:40]!r} is no time; write 2023-11-30T10:00:00Z or epoch seconds") from None
