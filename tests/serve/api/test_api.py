"""The description of the API, and what happens to requests that no client would make."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from calltrack import Frame
from tests.live.harness import scenario
from tests.serve.service import service
from tests.serve.stream.test_streams import FRAMES

EXAMPLES = 5
"""For each endpoint; more: `st run http://127.0.0.1:8078/schema/openapi.json` as docs/api.md says."""


@pytest.mark.slow
@scenario
async def test_no_request_makes_it_fail() -> None:
    """Schemathesis makes them from the description: every answer is one that is described, and none is a 500."""
    async with service() as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        url = f"{running.client._base_url}schema/openapi.json"
        options = f"--max-examples {EXAMPLES} --phases coverage,fuzzing --no-shrink --no-color --seed 1".split()
        checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
        fuzzing = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).parent / "schemathesis"), "run", url, *options, "--checks", checks),
            *("--exclude-path-regex", "/api/(changes|updates)", "--generation-database", "none"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        reported, _ = await fuzzing.communicate()

    assert 0 == fuzzing.returncode, reported.decode()


@scenario
async def test_the_reference_needs_nothing_from_elsewhere() -> None:
    """A page without scripts that has every endpoint of the description."""
    async with service() as running:
        async with running.client.get("/schema") as answer:
            page = await answer.text()
        _, described = await running.get("/schema/openapi.json")

    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert {"/api/state", "/api/changes", "/api/kpis", "/metrics"} <= described["paths"].keys()
    assert all(f"<code>GET {path}</code>" in page for path, item in described["paths"].items() if "get" in item)


@scenario
async def test_metrics_name_no_call_and_no_number() -> None:
    """Their labels are of sets that strangers cannot widen."""
    async with service() as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        async with running.client.get("/metrics") as answer:
            text = await answer.text()

    assert 'calltrack_changes_total{kind="CallEnded"} 1.0' in text
    assert f"calltrack_frames_total {len(FRAMES)}.0" in text
    assert "calltrack_journal_ok 1.0" in text
    assert {"Queued", "Ringing", "Dialing", "Talking", "Hold", "Spying", "Unknown"} == states("calls", text)
    assert {"Idle", "Ringing", "Dialing", "Talking", "Hold", "Spying", "Unknown"} == states("extensions", text)
    for secret in ("0501234567", "2026010109000000000001", "SIPSIP1", "Clark"):
        assert secret not in text


def states(what: str, text: str) -> set[str]:
    """The states that metrics have a series for."""
    return set(re.findall(rf'^calltrack_{what}{{state="(\w+)"}} ', text, re.MULTILINE))


@scenario
async def test_past_states_and_lists() -> None:
    """The state at a moment, and lists by what is in them, a page at a time."""
    async with service() as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        _, ringing = await running.get("/api/calls?at=2026-01-01T07:00:08Z")
        _, nothing = await running.get("/api/calls?at=2026-01-01T07:00:08Z&states=Talking")
        _, ended = await running.get("/api/calls?ended=true&queue=55&extension=SIPSIP2&outcomes=answered")
        _, second = await running.get("/api/extensions?limit=1&offset=1&states=Idle,Talking")
        _, reported = await running.get("/api/calls/2026010109000000000001?at=2026-01-01T07:00:08Z")

    assert ["Ringing"] == [call["state"] for call in ringing["items"]]
    assert 0 == nothing["total"]
    assert ["2026010109000000000001"] == [call["call_id"] for call in ended["items"]]
    assert (2, ["SIPSIP2"]) == (second["total"], [one["exten_user"] for one in second["items"]])
    assert None is reported["call"]["outcome"]
    assert ["CallStarted", "QueueJoined", "LegStarted", "CallStateChanged"] == [
        one["change"] for one in reported["story"]
    ]


@scenario
async def test_a_moment_before_the_journal_is_gone() -> None:
    """Whether nothing is kept yet, or what is begins later."""
    async with service() as running:
        empty = await running.get("/api/state?at=2020-01-01T00:00:00Z")
        running.source.give(Frame.of("connect", {"server": "here"}, 1.0), *FRAMES)
        await running.reached(len(FRAMES) + 1)
        early = [await running.get(f"/api/{what}?at=2020-01-01T00:00:00Z") for what in ("state", "calls", "calls/1")]
        late, _ = await running.get("/api/state?at=2026-01-01T07:00:08Z")

    assert {410} == {status for status, _ in (empty, *early)}
    assert {"the journal has nothing of this moment: it begins later"} == {
        reported["detail"] for _, reported in (empty, *early)
    }
    assert 200 == late


@pytest.mark.parametrize(
    ("path", "parameter", "says"),
    [
        ("calls?states=Talking,Bogus", "states", "there is no 'Bogus', but Dialing, Hold, Hungup, Queued, "),
        ("calls?states=Idle", "states", "there is no 'Idle', but Dialing"),
        ("calls?outcomes=Bogus", "outcomes", "there is no 'Bogus', but abandoned, answered, "),
        ("extensions?states=Queued", "states", "there is no 'Queued', but Dialing, Hold, Idle, "),
        ("changes?kinds=Bogus", "kinds", "there is no 'Bogus', but AgentLoggedOff, "),
        ("state?foo=1", "foo", "there is no such parameter here, but at"),
        ("calls/1?foo=1", "foo", "there is no such parameter here, but at"),
        ("updates?foo=1", "foo", "there is no such parameter here, but none at all"),
        ("queues?state=Talking", "state", "there is no such parameter here, but at, limit, offset"),
        ("session?foo=1", "foo", "there is no such parameter here, but none at all"),
    ],
)
def test_what_is_misspelled_is_refused(path: str, parameter: str, says: str) -> None:
    """With the names that there are."""

    @scenario
    async def scene() -> None:
        async with service() as running:
            status, reported = await running.get(f"/api/{path}")
        assert 400 == status
        assert {parameter} == reported["parameters"].keys()
        assert reported["parameters"][parameter].startswith(says)

    scene()


@scenario
async def test_what_is_no_part_of_the_api_may_be_asked_with_anything() -> None:
    """A scraper or a probe adds parameters of its own."""
    async with service() as running:
        for path in ("/metrics?foo=1", "/health/live?foo=1", "/?foo=1"):
            async with running.client.get(path) as answer:
                assert 200 == answer.status
