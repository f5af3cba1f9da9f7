"""Traces for OpenTelemetry: a span for each request, sent by its SDK to where the standard variables say.

Its instrumentation of ASGI is not used: that records paths with the ids in them, query strings and addresses, and a
span for each write of a stream.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from litestar.types import ASGIApp, Message, Receive, Send

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_WHERE = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_PARENT = {b"traceparent", b"tracestate"}


def provider() -> TracerProvider | None:
    """What sends spans; None if no variable says where. Raises ModuleNotFoundError without the extra `traces`."""
    if not any(os.environ.get(name) for name in _WHERE) or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = Resource({"service.name": "calltrack"}).merge(OTELResourceDetector().detect())
    made = TracerProvider(resource=named, shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made


class Traced:
    """An application with a span for each request: its method, its route (never its path), the status."""

    def __init__(self, app: ASGIApp, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._app = app
        self._tracer = provider.get_tracer("calltrack.serve")
        self._parent = TraceContextTextMapPropagator()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve, and tell of it when it is over."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, StatusCode

        method = scope.get("method", "GET")  # which a WebSocket begins with
        method = method if method in _METHODS else "HTTP"
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _PARENT}
        # An exception's words may have numbers in them; ours are in the log, without.
        with self._tracer.start_as_current_span(
            method,
            self._parent.extract(headers),
            SpanKind.SERVER,
            {"http.request.method": method},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:

            async def sending(message: Message) -> None:
                status = 101 if message["type"] == "websocket.accept" else message.get("status")
                if isinstance(status, int):
                    span.set_attribute("http.response.status_code", status)
                    if status >= 500:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            try:
                await self._app(scope, receive, sending)
            finally:
                if route := scope.get("path_template"):
                    span.set_attribute("http.route", route)
                    span.update_name(f"{method} {route}")
