"""`calltrack serve` as a user runs it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner

from calltrack.cli import commands
from calltrack.journal import Journal
from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator
from tests.journal.stream import simulated, written
from tests.live.harness import scenario
from tests.serve.hooks.test_webhooks import Receiver, receiver
from tests.serve.service import events
from tests.serve.test_engine import until

AGAIN = Path(__file__).parent.parent.parent / "fixtures" / "scenarios" / "queue-rings-again.jsonl"


async def started(*arguments: str) -> tuple[Process, str]:
    """A running service, and its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "calltrack", "serve", "--listen", "127.0.0.1:0", *arguments), stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(100):
        line = (await process.stdout.readline()).decode()
    assert line.startswith("board and API on http://"), (line, await process.communicate())
    return process, line.split()[4].rstrip(";")


async def ended(process: Process, how: signal.Signals) -> tuple[int | None, bytes]:
    """Its exit code and what it complained of; one that is asked to end says that it has."""
    process.send_signal(how)
    async with asyncio.timeout(100):
        said, complaints = await process.communicate()
    assert said.endswith(b"stopped\n") == (process.returncode == 0)
    return process.returncode, complaints


@pytest.mark.quick
@scenario
async def test_one_command_shows_it_all() -> None:
    """No account, no file left: an address, a board there, and an end in order."""
    process, url = await started("--simulate", "--agents", "5", "--speed", "10x")
    async with aiohttp.ClientSession(url) as client:
        async with client.get("/") as answer:
            page = await answer.text()
        async with client.get("/api/updates") as answer:
            reported = events(answer)
            while len((one := await anext(reported)).data.get("extensions", ())) < 5:
                pass
            over = await ended(process, signal.SIGTERM)

    assert (0, b"") == over
    assert "<!doctype html>" in page.lower()
    assert "simulated" in one.data["source"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there are no such signals")
@scenario
async def test_tokens_are_read_again_and_logs_can_be_json(tmp_path: Path) -> None:
    """SIGHUP does not end a service without a terminal; each line of its log is JSON then."""
    tokens = tmp_path / "tokens.toml"

    def write(token: str) -> None:
        tokens.write_text(f'[[token]]\nname = "desk"\ntoken = "{token}"\n')
        tokens.chmod(0o600)

    async def status(client: aiohttp.ClientSession, token: str) -> int:
        async with client.get("/api/state", headers={"authorization": f"Bearer {token}"}) as answer:
            return answer.status

    write("a" * 30)
    process, url = await started("--simulate", "--agents", "2", "--tokens", str(tokens), "--log-format", "json")
    async with aiohttp.ClientSession(url) as client:
        before = [await status(client, one * 30) for one in "ab"]
        for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"GET /\xff\r\n\r\n"):
            reading, writing = await asyncio.open_connection("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))
            writing.write(nonsense)
            await reading.read()
            writing.close()
        write("b" * 30)
        process.send_signal(signal.SIGHUP)
        while (after := [await status(client, one * 30) for one in "ab"]) == before:
            pass
    code, log = await ended(process, signal.SIGTERM)

    assert ([200, 401], [401, 200]) == (before, after)
    assert 0 == code
    said = [json.loads(line) for line in log.splitlines()]
    assert {"other tokens of: desk"} <= {one["message"] for one in said}
    assert {"calltrack.serve"} == {one["logger"] for one in said}
    assert {"at", "level", "logger", "message"} == said[-1].keys()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_start_ends_in_order(tmp_path: Path, number: int) -> None:
    """As the service does, with exit code 0, wherever it stands: here it waits for a file."""
    tokens = tmp_path / "tokens.toml"
    os.mkfifo(tokens, 0o600)
    script = [sys.executable, "-m", "calltrack", "serve", "--simulate", "--tokens", str(tokens)]
    with subprocess.Popen(script, stderr=subprocess.PIPE) as process:
        writing = None
        while writing is None and process.poll() is None:
            with suppress(OSError):  # it does not read yet
                writing = os.open(tokens, os.O_WRONLY | os.O_NONBLOCK)
        process.send_signal(number)
        _, complaints = process.communicate(timeout=60)
        os.close(writing or 0)

    assert (0, b"") == (process.returncode, complaints)


@scenario
async def test_a_killed_simulation_goes_on_from_now(tmp_path: Path) -> None:
    """Its past half hour is there once, known at once, and no frame is of a time before the journal's last."""
    path = tmp_path / "journal"
    simulate = ("--simulate", "--agents", "5", "--journal", str(path))
    process, _ = await started(*simulate)
    await ended(process, signal.SIGKILL)
    with Journal.open(path, read_only=True) as journal:
        first, last = journal.position, journal.tracker().time
    process, url = await started(*simulate)
    async with aiohttp.ClientSession(url) as client, client.get("/api/updates") as answer:
        reported = events(answer)
        while not (one := await anext(reported)).data.get("gaps") or one.data["gaps"][-1]["until"] is None:
            pass
    assert (0, b"") == await ended(process, signal.SIGTERM)
    with Journal.open(path, read_only=True) as journal:
        greeted = sum(frame.event == "loginStatus" for _, frame in journal.frames())
        times = [frame.at for _, frame in journal.frames(first)]

    assert first > 50
    assert 2 == greeted
    assert last is not None
    assert last - 1 <= min(time for time in times if time is not None)
    assert last <= one.data["gaps"][-1]["since"] < one.data["gaps"][-1]["until"]


def test_webhooks_report_nothing_of_a_simulated_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their first delivery is of what happened after the start."""
    monkeypatch.setenv("HOOK_SECRET", "s" * 32)
    config, begin = tmp_path / "webhooks.toml", time.time()

    async def scene() -> Receiver:
        async with receiver() as taking:
            config.write_text(
                f'[[webhook]]\nname = "crm"\nurl = "{taking.url}"\nsecret_env = "HOOK_SECRET"\n'
                'allow_internal = true\nevents = ["screen_pop", "call_ended"]\n'
            )
            process, _ = await started("--simulate", "--speed", "60x", "--config", str(config))
            await until(lambda: len(taking.got) > 5)
            await ended(process, signal.SIGTERM)
            return taking

    assert begin - 60 < min(json.loads(body)["at"] for _, body in asyncio.run(scene()).got)


@scenario
async def test_a_recording_is_gone_on_with(tmp_path: Path) -> None:
    """With a journal a second start does not begin anew, and is not a gap."""
    path = tmp_path / "journal"
    for _ in range(2):
        process, url = await started("--replay", str(AGAIN), "--speed", "max", "--journal", str(path))
        async with aiohttp.ClientSession(url) as client, client.get("/api/changes?after=0") as answer:
            reported = events(answer)
            while (one := await anext(reported)).event != "change" or one.data["change"] != "CallEnded":
                pass
        assert (0, b"") == await ended(process, signal.SIGINT)
    with Journal.open(path, read_only=True) as journal:
        assert len(AGAIN.read_text().splitlines()) == journal.position


@scenario
async def test_what_is_older_or_more_goes(tmp_path: Path) -> None:
    """By age, or by size, as soon as the service starts; up to a checkpoint, and no further than it must."""
    for name, keep, many in (("old", ("--keep-days", "30"), 1), ("big", ("--keep-mb", "1"), 8)):
        path = written(tmp_path / name, simulated() * many)
        end = len(simulated()) * many
        with Journal.open(path, read_only=True) as journal:
            assert (0, end) == (journal.begin, journal.position)
            assert name == "old" or journal.size() > 1_000_000
            process, _ = await started("--replay", str(AGAIN), "--journal", str(path), *keep)
            async with asyncio.timeout(100):
                while journal.begin < 2000 or (name == "big" and journal.size() > 1_000_000):
                    await asyncio.sleep(0.01)
            assert (0, b"") == await ended(process, signal.SIGTERM)
            assert journal.begin < end == journal.position


@scenario
async def test_the_live_service_is_kept(tmp_path: Path) -> None:
    """With a login from a file; and no other process may write the same journal."""
    login, path = tmp_path / "login", tmp_path / "journal"
    login.write_text("CALLTRACK_TOKEN=simulated-account-token\n")
    login.chmod(0o600)
    async with Simulator(Plan(agents=5), speed=100.0) as simulator:
        live = ("--credentials", str(login), "--login-url", simulator.url, "--journal", str(path))
        process, url = await started(*live)
        async with aiohttp.ClientSession(url) as client, client.get("/api/updates") as answer:
            reported = events(answer)
            while not (one := await anext(reported)).data.get("known"):
                pass
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "calltrack", "serve", "--listen", "127.0.0.1:0", *live), stderr=PIPE
        )
        _, complaints = await second.communicate()
        over = await ended(process, signal.SIGTERM)

    assert 0 == over[0]
    assert b"INFO calltrack.live: connected: server=127.0.0.1" in over[1]
    assert b"simulated-account-token" not in over[1]
    assert "connected" in one.data["source"]
    assert 2 == second.returncode
    assert b"is being written by process" in complaints


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--simulate", "--replay", "x.jsonl"], "one source"),
        (["--simulate", "--server", "http://127.0.0.1:1"], "one source"),
        (["--simulate", "--speed", "max"], "has no end"),
        (["--replay", "-", "--journal", "x"], "begins anew"),
        (["--simulate", "--listen", "8078"], "is no address"),
        (["--simulate", "--listen", "127.0.0.1:99999"], "is no address"),
        (["--simulate", "--listen", "127.0.0.1:\u0968\u0968"], "is no address"),
        (["--simulate", "--zone", "Mars/Olympus"], "no time zone"),
        (["--simulate", "--tokens", "missing.toml"], "cannot be read"),
        (["--simulate", "--config", "missing.toml"], "cannot be read"),
        (["--simulate", "--listen", "0.0.0.0:0"], "tokens are needed"),
        (["--replay", "missing.jsonl"], "no such file"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: list[str], reason: str) -> None:
    """Before anything is started, with the reason."""
    found = CliRunner().invoke(commands, ["serve", *arguments])

    assert found.exit_code != 0
    assert reason in found.output + str(found.exception)


def test_without_a_login_no_file_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before the journal is opened."""
    for name in ("TOKEN", "EMAIL", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"CALLTRACK_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(commands, ["serve"])

    assert "CALLTRACK_TOKEN" in found.output + str(found.exception)
    assert [] == list(tmp_path.iterdir())
