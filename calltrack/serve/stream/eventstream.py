"""A hub's stream as an HTTP response: Server-Sent Events, ended by the client or the hub.

Its head goes out as any response's does. From then on chunks that all clients share are written to the connection as
they are: framed, and compressed where the client takes gzip, once for all.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send

from calltrack.serve.stream.channel import GZIP_HEADER, Chunk, Sink, framed
from calltrack.serve.stream.client import Client

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"vary", b"accept-encoding"),
    (b"x-accel-buffering", b"no"),
]
_PACKED = [(b"content-encoding", b"gzip")]


class EventStream(Response[None]):
    """What `stream` makes for a client's connection; that may take no more for `patience` s before it is given up."""

    def __init__(self, stream: Callable[[Sink], AsyncGenerator[Chunk, None]], patience: float) -> None:
        super().__init__(None, media_type="text/event-stream")
        self._stream = stream
        self._patience = patience

    def to_asgi_response(self, *args: Any, **kwargs: Any) -> ASGIApp:  # type: ignore[override]
        """An application that writes the stream."""
        return self._run

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = StreamClient(scope, self._patience)
        headers = [*_HEADERS, *_PACKED] if client.packed else _HEADERS
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        client.begin()
        chunks = self._stream(client)
        try:
            await client.send(chunks)
        finally:
            await chunks.aclose()
        if not client.gone.done():
            await send({"type": "http.response.body", "body": b"", "more_body": False})


class StreamClient(Client):
    """The connection of a request, of which the server has sent the head, and will send the end."""

    most_waiting = 1024

    def __init__(self, scope: Scope, patience: float) -> None:
        super().__init__(scope, patience)
        self._framed = scope["http_version"] == "1.1"
        self.packed = self._framed and takes_gzip(scope["headers"])

    def begin(self) -> None:
        """Write what stands before the first chunk."""
        if self.packed:
            self.transport.write(framed(GZIP_HEADER))

    def form(self, chunk: Chunk) -> bytes:
        """As the client reads it."""
        return chunk.packed if self.packed else chunk.framed if self._framed else chunk.plain


def takes_gzip(headers: Any) -> bool:
    """Whether a client says that it takes gzip."""
    accepted = b",".join(value for name, value in headers if name == b"accept-encoding").decode("latin-1").lower()
    for one in accepted.split(","):
        coding, _, weight = one.replace(" ", "").partition(";q=")
        if coding == "gzip":
            return weight.strip("0.") != "" or not weight
    return False
