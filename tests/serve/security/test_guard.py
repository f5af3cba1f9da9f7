from __future__ import annotations

from typing import Any

import pytest
from litestar._parsers import parse_query_string
from yarl import URL

from calltrack.serve.accounts import ManyAccounts
from calltrack.serve.parts import Parts
from calltrack.serve.run import CannotListen, Listen, NeedsTokens, serve
from calltrack.serve.security.access import Access, Visitor
from calltrack.serve.security.scope import EVERYTHING, Scope
from tests.live.harness import scenario
from tests.serve.service import Service, events, service
from tests.serve.stream.test_streams import FRAMES

ALL, DESK, AGENT, OTHER = ("all" * 10, "desk" * 8, "agent" * 6, "other" * 6)
TOKENS = {
    ALL: Visitor("all", EVERYTHING),
    DESK: Visitor("desk", Scope(queues=frozenset({"55"}), phone_numbers=False)),
    AGENT: Visitor("agent", Scope(extensions=frozenset({"SIPSIP2"}))),
    OTHER: Visitor("other", Scope(queues=frozenset({"77"}))),
}
CALL = "2026010109000000000001"
TELLING = ["/api/state", "/api/calls", "/api/extensions", "/api/queues", f"/api/calls/{CALL}", "/metrics", "/schema"]
STREAMS = ["/api/changes?after=0", "/api/updates"]


FOREIGN = (
    *('prefs={"a":1}', "theme", "x=a b", "a[b]=1", "name=José", "x/y=1", "path=/", "expires=never", "(x)=1", "@x=1"),
    *('quoted="', "calltrack_session=other", "calltrack_session", "=", "", "$Version=1"),
)
"""Cookies of other services on the same host."""


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def fed(running: Service) -> None:
    running.source.give(*FRAMES)
    await running.reached(len(FRAMES))


@scenario
async def test_without_a_token_nothing_is_reported() -> None:
    """Not by any endpoint or stream, nor with a wrong token; pages and health are for everybody."""
    async with service(TOKENS) as running:
        await fed(running)
        odd = URL(f"{running.client._base_url}%61pi/state", encoded=True)
        paths: list[str | URL] = [*TELLING, *STREAMS, "/api/session", odd]
        for path in paths:
            for headers in ({}, bearer("wrong" * 6), {"Authorization": f"Basic {ALL}"}):
                status, reported = await running.get(path, headers=headers)
                assert (401, "Unauthorized") == (status, reported["title"])
        for path in ("/", "/health/live", "/health/ready"):
            async with running.client.get(path) as answer:
                assert 200 == answer.status


@scenario
async def test_a_path_is_written_in_one_way() -> None:
    """A proxy's rule for /api/ must not be passed by with another slash, token or not."""
    async with service(TOKENS) as running:
        await fed(running)
        for path in ("/api/state", "api//state", "%2Fapi/state", "/accounts.html", "accounts//x/api/state"):
            url = URL(f"{running.client._base_url}{path}", encoded=True)
            assert 404 == (await running.get(url, headers=bearer(ALL)))[0]
            assert 404 == (await running.get(url))[0]


@scenario
async def test_no_cache_keeps_an_answer_for_another_role() -> None:
    """Every answer says so, refusals too; files of the page are the same for all, and streams are not kept at all."""
    paths = (*TELLING, "/api/wall", "/api/kpis", "/api/missed", "/api/find?word=x", "/api/alerts", "/api/limits")
    more = ("/api/accounts", "/api/session", "/api/webhooks/dead", "/api/nothing", "/nothing", "/health/ready")
    async with service(TOKENS) as running:
        await fed(running)
        for headers in (bearer(ALL), bearer(AGENT), {}):
            for path in (*paths, *more):
                async with running.client.get(path, headers=headers) as answer:
                    kept = answer.headers.getall("cache-control"), answer.headers.getall("vary")
                    assert (["private, no-cache"], ["authorization, cookie"]) == kept, path
        for path, expected in (("/main.js", ["no-cache"]), ("/api/updates", ["no-store"])):
            async with running.client.get(path, headers=bearer(ALL)) as answer:
                assert expected == answer.headers.getall("cache-control")


@scenario
async def test_a_query_is_small() -> None:
    """The framework keeps the last thousand that it has parsed; of who has no token it is given none."""
    async with service(TOKENS) as running:
        await fed(running)
        for token in (ALL, ""):
            headers = bearer(token) if token else {}
            for path, expected in (("x=1&" * 32, 400), ("x=" + "x" * 4096, 414)):
                async with running.client.get(f"/health/live?{path}", headers=headers) as answer:
                    assert expected == answer.status
        before = parse_query_string.cache_info().misses
        for path in ("/", "/health/live", "/api/state"):
            async with running.client.get(f"{path}?a={path}{'&x=1' * 31}") as answer:
                assert (401 if path == "/api/state" else 200) == answer.status
        assert parse_query_string.cache_info().misses - before <= 1  # of none


@scenario
async def test_a_role_sees_its_part_only() -> None:
    """In every endpoint."""
    async with service(TOKENS) as running:
        await fed(running)
        seen: dict[str, Any] = {}
        for name, token in (("all", ALL), ("desk", DESK), ("agent", AGENT), ("other", OTHER)):
            headers = bearer(token)
            _, state = await running.get("/api/state", headers=headers)
            found, _ = await running.get(f"/api/calls/{CALL}", headers=headers)
            figures, _ = await running.get("/metrics", headers=headers) if name != "all" else (200, None)
            _, lists = await running.get("/api/extensions", headers=headers)
            seen[name] = (
                len(state["ended"]),
                [one["exten_user"] for one in state["extensions"]],
                [one["queue_id"] for one in state["queues"]],
                found,
                lists["total"],
                figures,
            )

    assert (1, ["SIPSIP1", "SIPSIP2"], ["55"], 200, 2, 200) == seen["all"]
    assert (1, [], ["55"], 200, 0, 403) == seen["desk"]
    assert (1, ["SIPSIP2"], [], 200, 1, 403) == seen["agent"]
    assert (0, [], [], 404, 0, 403) == seen["other"]


@scenario
async def test_a_role_without_numbers_is_shown_none() -> None:
    """By no endpoint, no stream and no filter."""
    async with service(TOKENS) as running:
        await fed(running)
        for path in ("/api/state", "/api/calls?ended=true", f"/api/calls/{CALL}", "/api/queues"):
            async with running.client.get(path, headers=bearer(DESK)) as answer:
                reported = await answer.text()
            assert "0501234567" not in reported
            assert '"desk"' not in reported
        _, guessed = await running.get("/api/calls?ended=true&caller=0501234567", headers=bearer(DESK))
        async with running.client.get("/api/changes?after=0", headers=bearer(DESK)) as answer:
            stream = events(answer)
            heard = [await anext(stream)]
            while heard[-1].event != "change" or heard[-1].data["change"] != "CallEnded":
                heard.append(await anext(stream))

    assert 0 == guessed["total"]
    assert "0501234567" not in str(heard)
    assert "…67" in str(heard)


@scenario
async def test_a_browser_logs_in_once() -> None:
    """The cookie is for the browser alone, and streams need nothing more; logging out ends it."""
    async with service(TOKENS) as running:
        await fed(running)
        refused, _ = await running.get("/api/session")
        async with running.client.post("/api/session", json={"token": "wrong" * 6}) as answer:
            wrong = answer.status
        async with running.client.post("/api/session", json={"token": DESK}) as answer:
            cookie, reported = answer.headers["set-cookie"], await answer.json()
        mine = {"Cookie": cookie.partition(";")[0]}
        for foreign in FOREIGN:
            for both in (f"{foreign}; {mine['Cookie']}", f"{mine['Cookie']};{foreign}"):
                assert 200 == (await running.get("/api/session", headers={"Cookie": both}))[0], both
        async with running.client.get("/api/updates", headers=mine) as answer:
            first = await anext(events(answer))
        async with running.client.delete("/api/session", headers=mine) as answer:
            ended = answer.status
        after, _ = await running.get("/api/state", headers=mine)

    assert (401, 401, 204, 401) == (refused, wrong, ended, after)
    sees = {"sees_all": False, "phone_numbers": False, "recordings": False, "queues": ["55"], "extensions": []}
    assert {"name": "desk", **sees} == reported
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert ["55"] == [one["queue_id"] for one in first.data["queues"]]


@scenario
async def test_pages_of_others_are_kept_out() -> None:
    """By their origin, by what the browser says of them, and by the name under which they call us."""
    foreign = [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Host": "localhost.evil.example:80"}, 421),
        ({"Host": "[::1"}, 421),
    ]
    async with service() as running:
        await fed(running)
        address = f"{running.client._base_url}".rstrip("/")
        for headers, status in foreign:
            for path in ("/api/state", "/api/changes"):
                async with running.client.get(path, headers=headers) as answer:
                    assert status == answer.status
        own, _ = await running.get("/api/state", headers={"Origin": address, "Sec-Fetch-Site": "same-origin"})
        async with running.client.get("/") as answer:
            policy = answer.headers

    assert 200 == own
    assert "script-src 'self'" in policy["content-security-policy"]
    assert "unsafe" not in policy["content-security-policy"]
    assert "frame-ancestors 'none'" in policy["content-security-policy"]
    assert "nosniff" == policy["x-content-type-options"]


def nothing() -> ManyAccounts:
    """No account at all."""

    async def opened(name: str) -> Parts:
        raise NotImplementedError

    return ManyAccounts((), opened)


@scenario
async def test_an_address_that_others_reach_needs_tokens() -> None:
    """Else the service does not start."""
    async with service():
        for host in ("0.0.0.0", "::", "192.0.2.1", "board.example"):
            with pytest.raises(NeedsTokens, match="tokens are needed"):
                await serve(nothing(), Access({}), Listen(host, 0), print)


@scenario
async def test_an_address_that_is_taken() -> None:
    """Is said to be, and nothing is left behind."""
    async with service() as running:
        taken = running.client._base_url.port  # type: ignore[union-attr]
        with pytest.raises(CannotListen, match=f"^127.0.0.1:{taken} is taken; choose another with --listen$"):
            await serve(nothing(), Access({}), Listen("127.0.0.1", taken or 0), print)
        with pytest.raises(CannotListen, match=r"^192\.0\.2\.1:0 cannot be listened on: [^(]+$"):
            await serve(nothing(), Access({"t" * 30: Visitor("all", EVERYTHING)}), Listen("192.0.2.1", 0), print)
