"""What endpoints are called with: the engine, who asks, the moment asked for, and parameters that several share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2s
from typing import Annotated, Any, NamedTuple

from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import (
    ClientException,
    NotAuthorizedException,
    NotFoundException,
    ServiceUnavailableException,
)
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, QueryParameter
from litestar.types import Scope as ConnectionScope

from calltrack.core.changes import Change
from calltrack.core.snapshot import Snapshot
from calltrack.serve.accounts import Account, Accounts
from calltrack.serve.alerts.alerting import Alerts
from calltrack.serve.engine import Engine
from calltrack.serve.hooks.webhooks import Webhooks
from calltrack.serve.parts import Parts
from calltrack.serve.security.access import Access, Visitor
from calltrack.serve.security.oidc import Provider
from calltrack.serve.security.scope import Scope
from calltrack.serve.stream.state import Times
from calltrack.serve.stream.subscriptions import Wanted


class Moment(NamedTuple):
    """The state that is asked about, now or past, the fields of Time with it, and a weak ETag for this role."""

    snapshot: Snapshot
    times: Times
    tag: str


TheAccounts = NamedDependency[Accounts]
TheParts = NamedDependency[Parts]
TheEngine = NamedDependency[Engine]
TheAccess = NamedDependency[Access]
TheWebhooks = NamedDependency[Webhooks]
TheAlerts = NamedDependency[Alerts]
TheProvider = NamedDependency[Provider | None]
TheVisitor = NamedDependency[Visitor]
TheRole = NamedDependency[Scope]
TheMoment = NamedDependency[Moment]
TheWanted = NamedDependency[Wanted]

LastId = Annotated[str | None, HeaderParameter(name="Last-Event-ID", description="Go on after this position.")]
After = Annotated[str | None, QueryParameter(description="The same, for who cannot send the header.")]
IfMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", description="The ETag of what is to be replaced: 412 if it is other by now."),
]
Some = Annotated[str, QueryParameter(description="Comma-separated; empty for all.")]
At = Annotated[str | None, QueryParameter(description="A moment: ISO 8601 (UTC unless it says otherwise) or epoch s.")]
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="How many, at most.")]
Offset = Annotated[int, QueryParameter(ge=0, le=10**9, description="How many to leave out first.")]


def dependencies(accounts: Accounts, access: Access, people: Provider | None) -> dict[str, Provide]:
    """How endpoints get what they are called with; the guard has put the account's parts into the scope."""

    def the_accounts() -> Accounts:
        return accounts

    def the_access() -> Access:
        return access

    def the_parts(scope: ConnectionScope) -> Parts:
        account: Account | None = scope["account"]  # type: ignore[typeddict-item]
        if account is None:
            raise NotFoundException("there are many accounts here: name one, /accounts/NAME/api/...; see /api/accounts")
        if account.parts is None:
            raise ServiceUnavailableException(account.trouble, headers={"retry-after": "5"})
        return account.parts

    def the_engine(parts: TheParts) -> Engine:
        return parts.engine

    def the_webhooks(parts: TheParts) -> Webhooks:
        return parts.webhooks

    def the_alerts(parts: TheParts) -> Alerts:
        return parts.alerts

    def the_provider() -> Provider | None:
        return people

    def the_visitor(scope: ConnectionScope) -> Visitor:
        visitor: Visitor | None = scope["visitor"]  # type: ignore[typeddict-item]  # set by the guard
        if visitor is None:
            raise NotAuthorizedException("a token is needed")
        return visitor

    def the_role(visitor: TheVisitor) -> Scope:
        return visitor.scope

    def the_wanted(
        kinds: Some = "", queue: Some = "", extension: Some = "", call: Some = "", account: Some = ""
    ) -> Wanted:
        return Wanted(names("kinds", kinds, KINDS), *map(words, (queue, extension, call, account)))

    async def the_moment(visitor: TheVisitor, engine: TheEngine, at: At = None) -> Moment:
        view, role = engine.view, visitor.scope
        times = view.times() if not at else ()
        if times:
            snapshot = view.snapshot
        else:
            with engine.past.ration.one(visitor.name):
                snapshot = await engine.past.state_at(epoch(at or ""))
            known = snapshot.time is not None and not (snapshot.gaps and snapshot.gaps[-1].until is None)
            times = (str(snapshot.position), snapshot.time, snapshot.time, 0.0, known, "the journal", None)
        rights = role.sees_all, role.phone_numbers, role.recordings
        shape = f"{sorted(role.queues or ())} {sorted(role.extensions or ())} {rights}"
        digest = blake2s(shape.encode(), digest_size=4).hexdigest()
        return Moment(snapshot, times, f'W/"{snapshot.position}-{times[3]:g}-{int(times[4])}-{digest}"')

    given = (
        *(the_accounts, the_access, the_provider, the_parts, the_engine, the_webhooks, the_alerts),
        *(the_visitor, the_role, the_wanted),
    )
    provided = {function.__name__.removeprefix("the_"): Provide(function, sync_to_thread=False) for function in given}
    return {**provided, "moment": Provide(the_moment)}


def only_known(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard of what is under /api/: raises ClientException for a query parameter that the endpoint does not take."""
    if not connection.query_params or not connection.url.path.startswith("/api/"):
        return
    own, provided = handler.parsed_fn_signature.parameters, handler.resolve_dependencies()
    taken = [own, *(provided[name].parsed_fn_signature.parameters for name in own if name in provided)]
    known = {
        name
        for parameters in taken
        for name, one in parameters.items()
        if isinstance(one.kwarg_definition, QueryParameter)
    }
    for name in connection.query_params:
        if name not in known:
            raise _wrong(name, f"there is no such parameter here, but {', '.join(sorted(known)) or 'none at all'}")


def words(text: str) -> frozenset[str]:
    """The parts of a comma-separated list."""
    return frozenset(filter(None, (part.strip() for part in text.split(","))))


def names(parameter: str, text: str, known: Iterable[str]) -> frozenset[str]:
    """As `words`; raises ClientException for one that is not among the `known`."""
    found, known = words(text), frozenset(known)
    for strange in sorted(found - known):
        raise _wrong(parameter, f"there is no {strange[:40]!r}, but {', '.join(sorted(known))}")
    return found


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


def _wrong(parameter: str, message: str) -> ClientException:
    return ClientException(extra=[{"key": parameter, "message": message}])


def _kinds(base: type[Change]) -> Iterator[str]:
    below = base.__subclasses__()
    if not below:
        yield base.__name__
    for one in below:
        yield from _kinds(one)


KINDS = frozenset(_kinds(Change))
"""The names of all changes."""
