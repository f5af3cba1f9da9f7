"""The endpoints that are asked: the state, calls, extensions, queues; now or at a past moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from calltrack.core.records import Call, Extension, Queue
from calltrack.core.states import Outcome
from calltrack.core.table import CALL, EXTENSION, HUNGUP, IDLE
from calltrack.serve.api.callstory import CallStory, lines
from calltrack.serve.api.parameters import (
    Limit,
    Moment,
    Offset,
    Some,
    TheEngine,
    TheMoment,
    TheRole,
    TheVisitor,
    names,
    words,
)
from calltrack.serve.stream.state import State, seen
from calltrack.words.timeline import timeline
from calltrack.words.verdict import verdict

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """Some of the `total` records that match, from number `offset` on, in the state after frame `position`."""

    position: str
    now: float | None
    total: int
    offset: int
    items: Sequence[T]


Asked = Request[Any, Any, Any]


@get("/api/state")
async def state(request: Asked, engine: TheEngine, role: TheRole, moment: TheMoment) -> Response[State]:
    """Everything known: live calls, the last ended ones, extensions, queues, gaps."""
    view = engine.view

    def encoded() -> bytes:
        if moment.snapshot is view.snapshot:
            return view.state_json(role)
        return msgspec.json.encode(seen(moment.snapshot, role, moment.times))

    return tagged(request, moment.tag, encoded)


@get("/api/calls")
async def calls(
    request: Asked,
    role: TheRole,
    moment: TheMoment,
    ended: FromQuery[bool] = False,
    states: Some = "",
    outcomes: Some = "",
    queue: Some = "",
    extension: Some = "",
    caller: FromQuery[str] = "",
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response[Page[Call]]:
    """Live calls, or with `ended` those that ended and are still kept; the newest first."""
    snapshot = moment.snapshot
    wanted = (
        *(names("states", states, (*CALL, HUNGUP)), names("outcomes", outcomes, Outcome)),
        *(words(queue), words(extension)),
    )

    def matching() -> list[Call]:
        found = map(role.shown, filter(role.sees_call, snapshot.ended if ended else snapshot.calls))
        return [call for call in found if _matches(call, *wanted) and caller in (call.caller, "")][::-1]

    return tagged(request, moment.tag, lambda: _page(moment, matching(), limit, offset))


@get("/api/calls/{call_id:str}")
async def one_call(call_id: FromPath[str], engine: TheEngine, visitor: TheVisitor, moment: TheMoment) -> CallStory:
    """One call, live or ended, with its story."""
    call, role = moment.snapshot.call(call_id), visitor.scope
    if call is None or not role.sees_call(call):
        raise NotFoundException("no call has this id, or it is no longer kept")
    position = moment.snapshot.position
    changes = [one for one in engine.stories.of(call_id) if one.position <= position]
    if not (changes and type(changes[0]).__name__ == "CallStarted") and call.started is not None:
        with engine.past.ration.one(visitor.name):
            changes = await engine.past.story(call, position) or changes
    shown = role.shown(call)
    return CallStory(
        moment.times[0],
        moment.times[2],
        shown,
        verdict(shown, moment.snapshot.time, changes=changes),
        lines(changes, role),
        timeline(shown),
        complete=bool(changes) and type(changes[0]).__name__ == "CallStarted",
    )


@get("/api/extensions")
async def extensions(
    request: Asked,
    role: TheRole,
    moment: TheMoment,
    states: Some = "",
    statuses: Some = "",
    account: Some = "",
    limit: Limit = 1000,
    offset: Offset = 0,
) -> Response[Page[Extension]]:
    """Phones, and the agents at them; `statuses` are the numbers of agent statuses."""
    wanted = names("states", states, (*EXTENSION, IDLE)), words(statuses), words(account)

    def matching() -> list[Extension]:
        return [
            role.shown(one)
            for one in moment.snapshot.extensions
            if role.sees_extension(one.exten_user)
            and all(
                not some or str(value) in some
                for some, value in zip(wanted, (one.state, one.agent_status, one.account_id), strict=True)
            )
        ]

    return tagged(request, moment.tag, lambda: _page(moment, matching(), limit, offset))


@get("/api/queues")
async def queues(
    request: Asked, role: TheRole, moment: TheMoment, limit: Limit = 1000, offset: Offset = 0
) -> Response[Page[Queue]]:
    """Queues, who waits in them, and the sums so far."""

    def matching() -> list[Queue]:
        return [role.shown(one) for one in moment.snapshot.queues if role.sees_queue(one.queue_id)]

    return tagged(request, moment.tag, lambda: _page(moment, matching(), limit, offset))


def _matches(
    call: Call, states: frozenset[str], outcomes: frozenset[str], queue: frozenset[str], extension: frozenset[str]
) -> bool:
    legs, waits = (*call.legs, *call.past_legs), (*call.waiting, *call.past_waits)
    return (
        (not states or call.state in states)
        and (not outcomes or call.outcome in outcomes)
        and (not queue or not queue.isdisjoint({leg.queue_id for leg in legs} | {wait.queue_id for wait in waits}))
        and (not extension or not extension.isdisjoint(leg.exten_user for leg in legs))
    )


def _page(moment: Moment, found: Sequence[Any], limit: int, offset: int) -> bytes:
    page = Page(moment.times[0], moment.times[2], len(found), offset, found[offset : offset + limit])
    return msgspec.json.encode(page)


def tagged(request: Asked, tag: str, encode: Callable[[], bytes]) -> Response[Any]:
    """The answer, or 304 to who has it already."""
    headers = {"etag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(None, status_code=304, headers=headers)
    return Response(msgspec.Raw(encode()), media_type="application/json", headers=headers)
