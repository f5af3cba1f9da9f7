"""Many accounts in one service: each under its own address, to its own roles, with its own troubles."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack.cli import commands
from calltrack.serve.config import Config
from calltrack.serve.intake.settings import CdrTable
from calltrack.serve.security.access import Access, TokensError, Visitor
from calltrack.serve.security.scope import EVERYTHING, Scope
from calltrack.serve.security.secrets import ConfigError
from tests.live.harness import scenario
from tests.serve.many import Many, many
from tests.serve.service import TIMEOUT, events
from tests.serve.stream.test_streams import FRAMES

ALL, ACME, PART = "all" * 10, "acme" * 8, "part" * 8
TOKENS = {
    ALL: Visitor("all", EVERYTHING),
    ACME: Visitor("acme", EVERYTHING, accounts=frozenset({"acme"})),
    PART: Visitor("part", Scope(queues=frozenset({"1"})), accounts=frozenset({"acme"})),
}


ENDED = "it ended with an error, and is tried again; the log says why"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_each_account_has_its_own_api_board_and_stream(folder: Path) -> None:
    """What one is fed another does not have; the board is under its name, with a slash at the end."""

    @scenario
    async def scene() -> None:
        async with many(folder, "acme", "globex") as running:
            running.sources["acme"].give(*FRAMES)
            await running.reached("acme", len(FRAMES))
            async with running.client.get("/accounts/acme/api/state") as answer:
                assert (await answer.json())["extensions"]
            async with running.client.get("/accounts/globex/api/state") as answer:
                assert (await answer.json())["extensions"] == []
            async with running.client.get("/accounts/acme/api/updates") as answer:
                state = await anext(events(answer))
                assert (state.event, state.data["position"]) == ("state", str(len(FRAMES)))
                assert state.data["stale_for"] is None
            async with running.client.get("/accounts/acme", allow_redirects=False) as answer:
                assert (answer.status, answer.headers["location"]) == (308, "/accounts/acme/")
            async with running.client.get("/accounts/acme/") as answer:
                assert 'id="agents"' in await answer.text()
            async with running.client.get("/") as answer:
                assert 'src="accounts.js"' in await answer.text()
            async with running.client.get("/api/state") as answer:
                assert answer.status == 404
                assert "name one, /accounts/NAME/api/" in (await answer.json())["detail"]

    scene()


def test_an_account_that_cannot_be_opened_is_in_trouble_alone(folder: Path) -> None:
    """Its API says why, the others answer, and the service as a whole is ready once one of them is."""

    @scenario
    async def scene() -> None:
        async with many(folder, "broken", "acme") as running:
            async with running.client.get("/health/ready") as answer:
                assert answer.status == 503
            running.sources["acme"].give(*FRAMES)
            await running.reached("acme", len(FRAMES))
            async with running.client.get("/health/ready") as answer:
                assert answer.status == 200
            async with running.client.get("/accounts/broken/health/ready") as answer:
                assert answer.status == 503
            async with running.client.get("/accounts/broken/api/state") as answer:
                assert (answer.status, (await answer.json())["detail"]) == (503, ENDED)
            async with running.client.get("/api/accounts") as answer:
                found = {one["account"]: one for one in await answer.json()}
            assert (found["broken"]["ok"], found["broken"]["trouble"]) == (False, ENDED)
            assert (found["acme"]["ok"], found["acme"]["source"]) == (True, "fed by a test")
            assert found["acme"]["position"] == str(len(FRAMES))
            async with running.client.get("/metrics") as answer:
                text = await answer.text()
            assert 'calltrack_account_ok{account="acme"} 1.0' in text
            assert 'calltrack_account_ok{account="broken"} 0.0' in text
            async with running.client.get("/accounts/acme/metrics") as answer:
                assert f"calltrack_frames_total {len(FRAMES)}.0" in await answer.text()

    scene()


def test_an_account_that_ends_is_begun_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what its journal has; nothing of it is lost, and the others never notice."""
    monkeypatch.setattr("calltrack.serve.accounts._FIRST", 0.01)

    @scenario
    async def scene() -> None:
        async with many(folder, "acme", "globex") as running:
            running.sources["acme"].give(*FRAMES)
            await running.reached("acme", len(FRAMES))
            before = running.accounts.all["acme"].parts
            other = running.accounts.all["globex"].parts
            running.sources["acme"].fail(OSError("the cable was cut"))
            async with asyncio.timeout(TIMEOUT):
                while running.accounts.all["acme"].parts in (before, None):
                    await asyncio.sleep(0.01)
            await running.reached("acme", len(FRAMES))
            assert running.accounts.all["globex"].parts is other

    scene()


def test_a_role_enters_its_own_accounts(folder: Path) -> None:
    """Another's name it cannot find out; the list has its own; metrics of all are for those who see all."""

    @scenario
    async def scene() -> None:
        async with many(folder, "acme", "globex", tokens=TOKENS) as running:
            await running.reached("acme", 0)
            await running.reached("globex", 0)
            asked = {
                ("/accounts/acme/api/state", ALL): 200,
                ("/accounts/globex/api/state", ALL): 200,
                ("/accounts/nobody/api/state", ALL): 404,
                ("/accounts/acme/api/state", ACME): 200,
                ("/accounts/globex/api/state", ACME): 404,
                ("/accounts/nobody/api/state", ACME): 404,
                ("/accounts/globex/", ACME): 404,
                ("/metrics", ALL): 200,
                ("/metrics", ACME): 403,
                ("/accounts/acme/metrics", ACME): 200,
                ("/accounts/acme/metrics", PART): 403,
            }
            for (path, token), status in asked.items():
                async with running.client.get(path, headers=bearer(token)) as answer:
                    assert (path, status) == (path, answer.status)
            for path in ("/accounts/acme/api/state", "/accounts/nobody/api/state", "/api/accounts", "/metrics"):
                async with running.client.get(path) as answer:
                    assert (path, 401) == (path, answer.status)
            for path in ("api/state", "health/ready", "health/live", "metrics", "schema", "", "login", "nothing"):
                for token in ("", PART):
                    both = [await said(running, f"/accounts/{name}/{path}", token) for name in ("globex", "nobody")]
                    assert both[0] == both[1], path
            for token, names in ((ALL, ["acme", "globex"]), (ACME, ["acme"]), (PART, ["acme"])):
                async with running.client.get("/api/accounts", headers=bearer(token)) as answer:
                    assert [one["account"] for one in await answer.json()] == names

    scene()


async def said(running: Many, path: str, token: str) -> tuple[int, str]:
    async with running.client.get(path, headers=bearer(token) if token else {}, allow_redirects=False) as answer:
        return answer.status, await answer.text()


def test_a_role_of_accounts_that_are_not_there_is_refused() -> None:
    """At the start: it is a mistake, or of another service."""
    access = Access(TOKENS)
    with pytest.raises(TokensError, match="the role acme is of accounts: there is no account acme"):
        Access({}, people=[TOKENS[ACME]]).check(["globex"])
    access.check(["acme", "globex"])
    typo = Visitor("new", EVERYTHING, accounts=frozenset({"globx"}))
    with pytest.raises(TokensError, match="the role new is of accounts: there is no account globx"):
        access.replace({**TOKENS, "n" * 30: typo})
    assert (None, TOKENS[ACME]) == (access.by_token("n" * 30), access.by_token(ACME))
    with pytest.raises(TokensError, match="the role acme is of accounts: there is no account acme"):
        access.check(["globex"])
    with pytest.raises(TokensError, match="without --accounts there are none"):
        access.check([""])


def test_status_says_how_each_account_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those in trouble first; exit code 1 if one is, 2 if the service cannot be asked."""
    monkeypatch.setenv("NO_PROXY", "*")

    async def asked(*arguments: str, **more: str) -> tuple[int, str, str]:
        result = await asyncio.to_thread(CliRunner().invoke, commands, ["status", *arguments], env=more)
        return result.exit_code, result.stdout, result.stderr

    @scenario
    async def scene() -> None:
        async with many(folder, "acme", "broken", tokens=TOKENS) as running:
            running.sources["acme"].give(*FRAMES)
            await running.reached("acme", len(FRAMES))
            url = ("--url", str(running.client._base_url))
            code, shown, _ = await asked(*url, CALLTRACK_SERVE_TOKEN=ALL)
            assert code == 1
            assert [line.split()[:2] for line in shown.splitlines()] == [
                ["account", "well"],
                ["broken", "no"],
                ["acme", "yes"],
            ]
            assert "it ended with an error" in shown
            assert (await asked("acme", *url, CALLTRACK_SERVE_TOKEN=ALL))[0] == 0
            code, shown, _ = await asked("acme", "--json", *url, CALLTRACK_SERVE_TOKEN=ACME)
            assert (code, '"account":"acme"' in shown) == (0, True)
            code, _, said = await asked("nobody", *url, CALLTRACK_SERVE_TOKEN=ALL)
            assert (code, said) == (1, "calltrack: there is no account nobody\n")
            code, _, said = await asked(*url)
            assert (code, "a token is needed: set CALLTRACK_SERVE_TOKEN" in said) == (2, True)
        code, _, said = await asked("--url", "http://127.0.0.1:1")
        assert (code, said) == (2, "calltrack: http://127.0.0.1:1: Connection refused\n")
        assert (await asked("--url", "nowhere"))[0] == 2

    scene()


def test_the_vendor_posts_to_each_account_with_its_own_secret(folder: Path) -> None:
    """One account's secret opens no other; what is posted is in the account's stream."""
    for name in ("acme", "globex"):
        (folder / f"{name}-cdr").write_text(f"{name}-secret-of-its-own")
    table = CdrTable(secret_file=f"{folder}/{{account}}-cdr")
    record = {"ivruniqueid": "2026010109000000000001", "type": "Incoming Call", "time": 1767250805, "duration": 5}

    @scenario
    async def scene() -> None:
        async with many(folder, "acme", "globex", "broken", config=Config(cdr=table)) as running:
            await running.reached("acme", 0)
            await running.reached("globex", 0)
            statuses = []
            for path in (
                "acme/cdr/acme-secret",
                "globex/cdr/acme-secret",
                "broken/cdr/acme-secret",
                "none/cdr/acme-secret",
            ):
                async with running.client.post(f"/accounts/{path}-of-its-own", json=record) as answer:
                    statuses.append(answer.status)
            await running.reached("acme", 1)
            assert [200, 404, 404, 404] == statuses
            parts = running.accounts.all["globex"].parts
            assert parts is not None
            assert 0 == parts.engine.view.snapshot.position

    scene()


def test_accounts_that_would_share_a_secret_are_refused() -> None:
    """It is said what to write."""
    with pytest.raises(ConfigError, match=r"\[cdr\]: the secret needs \{account\} in secret_file"):
        Config(cdr=CdrTable(secret_env="CDR_SECRET")).check_many()
