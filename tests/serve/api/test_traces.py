from __future__ import annotations

import asyncio
import sys

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from calltrack.cli import main
from calltrack.serve.api import traces
from calltrack.serve.security.access import Visitor
from calltrack.serve.security.scope import EVERYTHING
from tests.serve.service import service
from tests.serve.stream.test_streams import FRAMES

TOKEN, NUMBER, CALL = "t" * 30, "0501234567", "2026010109000000000001"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def reported(span: Span) -> tuple[str, str, int]:
    """Its name, its route and its status."""
    values = {one.key: one.value for one in span.attributes}
    assert {"http.request.method", "http.response.status_code"} <= values.keys()
    route = values["http.route"].string_value if "http.route" in values else ""
    return span.name, route, values["http.response.status_code"].int_value


def test_requests_are_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """By route, as part of the caller's trace, to a collector on this machine; without ids, numbers and tokens."""
    got: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        got.append(await request.read())
        return web.Response()

    async def scene() -> None:
        app = web.Application()
        app.add_routes([web.post("/v1/traces", take)])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{runner.addresses[0][1]}")
        async with service({TOKEN: Visitor("all", EVERYTHING)}) as running:
            running.source.give(*FRAMES)
            await running.reached(len(FRAMES))
            headers = {"Authorization": f"Bearer {TOKEN}", "traceparent": PARENT}
            await running.get(f"/api/calls/{CALL}?number={NUMBER}", headers=headers)
            await running.get(f"/api/calls/{NUMBER}", headers=headers)
            await running.get("/api/state")
            async with running.client.ws_connect("/api/socket", headers=headers):
                pass
        await runner.cleanup()

    asyncio.run(scene())
    resources = [one for body in got for one in ExportTraceServiceRequest.FromString(body).resource_spans]
    spans = [span for one in resources for scope in one.scope_spans for span in scope.spans]

    assert [
        ("GET /api/calls/{call_id}", "/api/calls/{call_id}", 400),  # there is no such filter
        ("GET /api/calls/{call_id}", "/api/calls/{call_id}", 404),
        ("GET", "", 401),
        ("GET /api/socket", "/api/socket", 101),
    ] == [reported(span) for span in spans]
    assert PARENT.split("-")[1] == spans[0].trace_id.hex()
    assert "calltrack" in {one.value.string_value for one in resources[0].resource.attributes}
    assert not [secret for secret in (TOKEN, NUMBER, CALL, "127.0.0.1") if secret.encode() in b"".join(got)]


def test_without_the_variable_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor if they say that traces are not wanted."""
    assert traces.provider() is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert traces.provider() is None


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With the command that installs it, before anything is served."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    for name in [*(one for one in sys.modules if one.startswith("opentelemetry")), "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "argv", ["calltrack", "serve", "--simulate", "--listen", "127.0.0.1:0"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert 2 == ended.value.code
    assert "pip install 'calltrack-voicenter[traces]'" in capsys.readouterr().err
