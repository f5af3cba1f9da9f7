"""The endpoints that push: changes, and what they altered."""

from __future__ import annotations

from litestar import get
from litestar.exceptions import ClientException

from calltrack.serve.lenses import Changes, Updates, Wanted, sse
from calltrack.serve.parameters import After, LastId, Some, TheEngine, TheRole
from calltrack.serve.positions import NotAPosition, Place
from calltrack.serve.streaming import EventStream


@get("/api/changes", media_type="text/event-stream")
async def changes(
    engine: TheEngine,
    role: TheRole,
    last_id: LastId = None,
    after: After = None,
    kinds: Some = "",
    queue: Some = "",
    extension: Some = "",
    call: Some = "",
    account: Some = "",
) -> EventStream:
    """Every change, as Server-Sent Events; ids are positions, from which a client goes on without loss."""
    wanted = Wanted(*map(_split, (kinds, queue, extension, call, account)))
    lens = Changes(engine.view, role, wanted, sse)
    return EventStream(engine.hub.stream(lens, _place(last_id or after)))


@get("/api/updates", media_type="text/event-stream")
async def updates(engine: TheEngine, role: TheRole) -> EventStream:
    """The state, and then the records that alter, as Server-Sent Events: all that a board needs."""
    return EventStream(engine.hub.stream(Updates(engine.view, role, sse), None))


def _split(text: str) -> frozenset[str]:
    return frozenset(filter(None, (part.strip() for part in text.split(","))))


def _place(text: str | None) -> Place | None:
    try:
        return None if text is None else Place.read(text)
    except NotAPosition as error:
        raise ClientException(str(error)) from None
