"""The audit log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from calltrack.serve.security.access import Visitor
from calltrack.serve.security.audit import Audit, CannotAudit
from calltrack.serve.security.scope import EVERYTHING
from tests.live.harness import scenario
from tests.serve.security.test_guard import bearer
from tests.serve.service import service

TOKEN = "t" * 30


@scenario
async def test_who_looked_at_what(tmp_path: Path) -> None:
    """Each request of a role and each that was refused, once in a while if it is the same; no number, no token."""
    file = tmp_path / "audit.log"
    async with service({TOKEN: Visitor("desk", EVERYTHING)}, audit=Audit(file)) as running:
        for path in (
            "/api/state",
            "/api/state",
            "/api/calls?caller=0501234567",
            "/",
            "/health/live",
            "/api/calls/0501234567",
        ):
            async with running.client.get(path, headers=bearer(TOKEN)) as answer:
                await answer.read()
        async with running.client.get("/api/changes", headers=bearer(TOKEN)):
            pass
        async with running.client.ws_connect("/api/socket", headers=bearer(TOKEN)):
            pass
        await running.get("/api/state", headers=bearer("w" * 30))
        for token in (TOKEN, "w" * 30):
            async with running.client.post("/api/session", json={"token": token}) as answer:
                await answer.read()
        file.rename(tmp_path / "audit.log.1")
        async with running.client.get("/api/wall", headers=bearer(TOKEN)) as answer:
            await answer.read()
    text = (tmp_path / "audit.log.1").read_text()
    said: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]

    assert [
        ("desk", "GET", "/api/state", 200),
        ("desk", "GET", "/api/calls", 200),
        ("desk", "GET", "/api/calls/…67", 404),
        ("desk", "GET", "/api/changes", 200),
        ("desk", "WEBSOCKET", "/api/socket", 101),
        ("", "GET", "/api/state", 401),
        ("desk", "POST", "/api/session", 200),
        ("", "POST", "/api/session", 401),
    ] == [(one["role"], one["method"], one["path"], one["status"]) for one in said]
    assert "caller=…67" == said[1]["query"]
    assert {"127.0.0.1"} == {one["from"] for one in said}
    assert TOKEN not in text and "0501234567" not in text
    assert 0o600 == (tmp_path / "audit.log.1").stat().st_mode & 0o777
    assert "/api/wall" == json.loads(file.read_text())["path"]


@pytest.mark.parametrize(
    ("path", "query", "shown"),
    [
        ("/api/find", "word=SIP00031", "word=SIP00031"),
        ("/api/find", "since=2026-01-01&until=2026-01-01T10:42%2B02", "since=2026-01-01&until=2026-01-01T10:42+02"),
        ("/api/find", "since=1704697260.5&word=1704697260", "since=1704697260.5&word=…60"),
        ("/api/find", "word=202311301129476d30fb50a125f19f53", "word=202311301129476d30fb50a125f19f53"),
        ("/api/calls", "extension=SIP00031,SIP00032&limit=100", "extension=SIP00031,SIP00032&limit=100"),
        ("/api/find", "word=050-123%2B4567&word=%2B972+50+1234567", "word=…67&word=…67"),
        ("/api/find", "0501234567=1&word=%D9%A0%D9%A5%D9%A0%D9%A1%D9%A2%D9%A3", "…67=1&word=…23"),
        ("/api/calls/202311301129476d30fb50a125f19f53", "", ""),
        ("/api/calls/00972-50-123-45-67", "at=0501234567", "at=…67"),
    ],
)  # fmt: skip
def test_numbers_alone_are_hidden(tmp_path: Path, path: str, query: str, shown: str) -> None:
    """Ids, names of extensions and moments say what was looked at."""
    audit = Audit(tmp_path / "audit.log")
    audit.see({"path": path, "query_string": query.encode()}, None, 200)
    audit.close()
    said = json.loads((tmp_path / "audit.log").read_text())

    assert (path.replace("00972-50-123-45-67", "…67"), shown) == (said["path"], said["query"])


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """Is an error at the start."""
    with pytest.raises(CannotAudit, match="cannot be written: Is a directory"):
        Audit(tmp_path)
