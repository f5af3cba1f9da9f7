"""The endpoints that push: changes, and what they altered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from litestar import Request, WebSocket, get, websocket
from litestar.connection import ASGIConnection
from litestar.exceptions import ClientException, ServiceUnavailableException, WebSocketDisconnect

from calltrack.journal import NoSuchPosition, StreamPosition
from calltrack.serve.api.parameters import After, LastId, TheEngine, TheVisitor, TheWanted
from calltrack.serve.stream.client import SocketClient
from calltrack.serve.stream.eventstream import EventStream
from calltrack.serve.stream.subscriptions import Changes, Updates, messages, sse

Asked = Request[Any, Any, Any]
_GOING_AWAY, _TRY_AGAIN = 1001, 1013  # close codes of RFC 6455


@get("/api/changes", media_type="text/event-stream")
async def changes(
    request: Asked,
    engine: TheEngine,
    visitor: TheVisitor,
    wanted: TheWanted,
    last_id: LastId = None,
    after: After = None,
) -> EventStream:
    """Every change, as Server-Sent Events; ids are positions, from which a client goes on without loss."""
    lens = Changes(engine.view, visitor.scope, wanted, sse)
    place = _place(last_id or after)
    if engine.hub.is_full(visitor.name):
        raise _full()
    return EventStream(partial(engine.hub.stream, lens, place, visitor.name, still=_still(request)), engine.patience)


@get("/api/updates", media_type="text/event-stream")
async def updates(request: Asked, engine: TheEngine, visitor: TheVisitor) -> EventStream:
    """The state, and then the records that alter, as Server-Sent Events: all that a board needs."""
    if engine.hub.is_full(visitor.name):
        raise _full()
    lens = Updates(engine.view, visitor.scope)
    return EventStream(partial(engine.hub.stream, lens, None, visitor.name, still=_still(request)), engine.patience)


@websocket("/api/socket")
async def socket_of_changes(
    socket: WebSocket[Any, Any, Any],
    engine: TheEngine,
    visitor: TheVisitor,
    wanted: TheWanted,
    after: After = None,
) -> None:
    """The same over a WebSocket: each message is a JSON array of {"id", "event", "data"}."""
    place = _place(after)
    try:
        await socket.accept()
        if engine.hub.is_full(visitor.name):
            await socket.close(_TRY_AGAIN, "all places are taken")
            return
        client = SocketClient(socket.scope, engine.patience)
        lens = Changes(engine.view, visitor.scope, wanted, messages)
        chunks = engine.hub.stream(lens, place, visitor.name, client, _still(socket))
        sending, leaving = asyncio.create_task(client.send(chunks)), asyncio.create_task(_left(socket))
        done, _ = await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)
        await chunks.aclose()
        if leaving not in done and not client.gone.done():
            await socket.close(_GOING_AWAY, "the service ends")
    finally:
        del socket.receive, socket.send  # they are Litestar's own, and refer to it


async def _left(socket: WebSocket[Any, Any, Any]) -> None:
    """Return when the client is gone; what it says is not listened to."""
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_data("text")


def _still(connection: ASGIConnection[Any, Any, Any, Any]) -> Callable[[], bool]:
    """Whether the token or session of a request still holds."""
    still: Callable[[], bool] = connection.scope["still"]  # type: ignore[typeddict-item]  # set by the guard
    return still


def _place(text: str | None) -> StreamPosition | None:
    try:
        return None if text is None else StreamPosition.parse(text)
    except NoSuchPosition as error:
        raise ClientException(str(error)) from None


def _full() -> ServiceUnavailableException:
    return ServiceUnavailableException("all places are taken; try again", headers={"retry-after": "5"})
