"""The endpoint that finds calls by the words that people have: an id, a number, a name, an extension, a time."""

from __future__ import annotations

import math
from typing import Annotated

from litestar import get
from litestar.exceptions import ClientException, PermissionDeniedException
from litestar.params import QueryParameter
from msgspec import Struct

from calltrack.core.records import Seconds
from calltrack.serve.api.parameters import At, Limit, Offset, TheEngine, TheVisitor, epoch
from calltrack.serve.api.routes import Page
from calltrack.serve.history.search import MOST, Asked
from calltrack.words.finding import Traits, is_number

_WORDS, _LONGEST = 10, 100

Words = Annotated[
    list[str],
    QueryParameter(description="An id, a number, a name, an extension, a time of day; give it again for another word."),
]


class FoundCall(Struct, frozen=True):
    """A call that was found; times are UTC epoch s, `ended_at` is null while it lives."""

    call_id: str
    started: Seconds | None
    ended_at: Seconds | None
    numbers: list[str]
    names: list[str]
    extensions: list[str]
    queues: list[str]


@get("/api/find")
async def calls_found(
    engine: TheEngine,
    visitor: TheVisitor,
    word: Words,
    since: At = None,
    until: At = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Page[FoundCall]:
    """The calls of the whole journal, live ones too, that match every word; the newest first."""
    known, scope = engine.view.snapshot, visitor.scope
    words = tuple(one.strip() for one in word)
    if not words or len(words) > _WORDS or not all(0 < len(one) <= _LONGEST for one in words):
        raise ClientException(extra=[{"key": "word", "message": f"1 to {_WORDS} words of 1 to {_LONGEST} characters"}])
    interval = epoch(since) if since else -math.inf, epoch(until) if until else math.inf
    with engine.past.ration.one(visitor.name):
        found = await engine.past.find(Asked(words, *interval, limit, offset), known, engine.zone, scope)
    if found.is_cut:
        raise ClientException(f"the first word may name more than {MOST:,} calls: say since and until, or a longer one")
    if not found.total and not scope.phone_numbers and any(map(is_number, words)):
        raise PermissionDeniedException(
            "this role sees no phone numbers and cannot search by one; no id has these digits"
        )
    return Page(str(known.position), engine.clock.now(), found.total, offset, list(map(_call, found.calls)))


def _call(one: Traits) -> FoundCall:
    return FoundCall(
        one.call_id,
        one.started,
        one.ended_at,
        *(sorted(some) for some in (one.numbers, one.names, one.extensions, one.queues)),
    )
