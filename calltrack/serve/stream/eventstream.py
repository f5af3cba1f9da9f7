"""A hub's stream as an HTTP response: Server-Sent Events, one write for each piece, ended by the client or the hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send

from calltrack.serve.leaving import left

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class EventStream(Response[None]):
    """The pieces of a stream as they come; a write may take `patience` seconds before its client is given up."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], patience: float) -> None:
        super().__init__(None, media_type="text/event-stream")
        self._pieces = pieces
        self._patience = patience

    def to_asgi_response(self, *args: Any, **kwargs: Any) -> ASGIApp:  # type: ignore[override]
        """An application that writes the pieces."""
        return self._run

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        writing = asyncio.ensure_future(self._write(send))
        leaving = asyncio.ensure_future(left(receive))
        try:
            await asyncio.wait((writing, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            writing.cancel()
            await asyncio.gather(writing, leaving, return_exceptions=True)

    async def _write(self, send: Send) -> None:
        try:
            async for piece in self._pieces:
                async with asyncio.timeout(self._patience):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._pieces.aclose()
