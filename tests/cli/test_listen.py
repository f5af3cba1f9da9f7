"""`calltrack listen` as a user runs it, against a simulated service."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login, and no proxy."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("CALLTRACK_TOKEN", "simulated-account-token")


async def run(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "calltrack", "listen", *arguments), stdout=PIPE, stderr=PIPE
    )


@asynccontextmanager
async def centre(**options: Any) -> Any:
    async with asyncio.timeout(100), Simulator(Plan(agents=20), speed=500.0, **options) as simulator:
        yield simulator


@pytest.mark.parametrize(
    "options", [pytest.param(["--json"], marks=pytest.mark.quick), ["--format", "json"], ["--protocol", "3"]]
)
def test_one_line_per_change_until_ctrl_c(options: list[str]) -> None:
    """JSON or text; exit code 0, and nothing but the changes on standard output."""

    async def scene() -> None:
        async with centre() as simulator:
            process = await run("--login-url", simulator.url, *options)
            lines = [await process.stdout.readline() for _ in range(100)]  # type: ignore[union-attr]
            process.send_signal(signal.SIGINT)
            await process.communicate()
            await simulator.wait_until(0)
        assert process.returncode == 0
        if "3" in options:
            assert b"ExtensionAppeared" in b"".join(lines)
        else:
            assert {"ExtensionAppeared"} <= {json.loads(line)["change"] for line in lines}

    asyncio.run(scene())


def test_a_token_goes_to_a_server_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file, without the login API; a reader that goes away is no crash."""
    monkeypatch.delenv("CALLTRACK_TOKEN")
    path = tmp_path / "login"
    path.write_text("CALLTRACK_TOKEN=simulated-account-token\n")
    path.chmod(0o600)

    async def scene() -> None:
        async with centre(protocol=4) as simulator:
            process = await run("--server", simulator.url, "--protocol", "4", "--credentials", str(path))
            assert process.stdout is not None
            assert process.stderr is not None
            await process.stdout.readline()
            process.stdout._transport.close()  # type: ignore[attr-defined]
            assert b"Traceback" not in await process.stderr.read()
            assert await process.wait() == 0

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--login-url", "URL"], "calltrack: login refused: "),
        (["--credentials", "/no"], "calltrack: /no: cannot be read"),
    ],
)
def test_says_in_a_line_why_it_cannot(options: list[str], says: str) -> None:
    """A refused login, a file that is not there: exit code 2."""

    async def scene() -> None:
        async with centre() as simulator:
            simulator.refuse_logins(401)
            process = await run(*[simulator.url if option == "URL" else option for option in options])
            output, errors = await process.communicate()
        assert (process.returncode, output) == (2, b"")
        assert errors.decode().startswith(says)
        assert len(errors.splitlines()) == 1

    asyncio.run(scene())
