"""The endpoints that push: changes, and what they altered."""

from __future__ import annotations

from litestar import get
from litestar.exceptions import ClientException, ServiceUnavailableException

from calltrack.serve.engine import Engine
from calltrack.serve.lenses import Changes, Updates, Wanted, sse
from calltrack.serve.parameters import After, LastId, Some, TheEngine, TheRole, words
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
    wanted = Wanted(*map(words, (kinds, queue, extension, call, account)))
    lens = Changes(engine.view, role, wanted, sse)
    _room(engine)
    return EventStream(engine.hub.stream(lens, _place(last_id or after)))


@get("/api/updates", media_type="text/event-stream")
async def updates(engine: TheEngine, role: TheRole) -> EventStream:
    """The state, and then the records that alter, as Server-Sent Events: all that a board needs."""
    _room(engine)
    return EventStream(engine.hub.stream(Updates(engine.view, role, sse), None))


def _place(text: str | None) -> Place | None:
    try:
        return None if text is None else Place.read(text)
    except NotAPosition as error:
        raise ClientException(str(error)) from None


def _room(engine: Engine) -> None:
    if engine.hub.clients >= engine.most_clients:
        raise ServiceUnavailableException("all places are taken; try again", headers={"retry-after": "5"})
