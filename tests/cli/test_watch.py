"""`calltrack watch` as a user runs it: on a terminal, and where there is none."""

import asyncio
import os
import pty
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack.cli import commands
from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator

AGAIN = str(Path(__file__).parent.parent.parent / "fixtures" / "scenarios" / "queue-rings-again.jsonl")


async def on_a_terminal(*arguments: str, type_after: str = "", keys: bytes = b"", **environ: str) -> tuple[int, str]:
    """Run the command on a terminal and type the keys once it shows a text; its exit code, and what it drew."""
    master, slave = pty.openpty()
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLUMNS": "150", "LINES": "40", **environ}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "calltrack", "watch", *arguments), stdin=slave, stdout=slave, stderr=slave, env=environ
    )
    os.close(slave)
    drawn = bytearray()
    left = asyncio.Event()

    def read() -> None:
        try:
            drawn.extend(os.read(master, 65536))
        except OSError:  # how Linux says that no one has the other end open any more
            asyncio.get_running_loop().remove_reader(master)
            left.set()
        if keys and type_after.encode() in drawn:
            os.write(master, keys)

    asyncio.get_running_loop().add_reader(master, read)
    try:
        async with asyncio.timeout(100):
            await left.wait()
            return await process.wait(), drawn.decode(errors="replace")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(master)


@pytest.mark.quick
def test_a_recording_is_watched_until_a_key() -> None:
    """It is drawn, and q leaves with exit code 0."""
    code, drawn = asyncio.run(
        on_a_terminal(AGAIN, "--speed", "max", type_after="queue-rings-again.jsonl has ended", keys=b"q")
    )

    assert 0 == code
    assert "Agents" in drawn


def test_the_live_service_is_watched() -> None:
    """With the login from the environment; the socket is gone afterwards."""

    async def scene() -> None:
        async with Simulator(Plan(agents=7)) as simulator:
            account = simulator.credentials
            code, drawn = await on_a_terminal(
                *("--login-url", simulator.url),
                type_after="7 agents",
                keys=b"q",
                CALLTRACK_USERNAME=account.username,
                CALLTRACK_PASSWORD=account.password,
            )
            await asyncio.wait_for(simulator.wait_until(0), 100)
        assert 0 == code
        assert f"connected to {simulator.url.removeprefix('http://')}" in drawn
        assert account.password not in drawn

    asyncio.run(scene())


def test_a_refused_login_ends_it() -> None:
    """Exit code 2, why, and no secret."""

    async def scene() -> None:
        async with Simulator(Plan(agents=1)) as simulator:
            code, drawn = await on_a_terminal("--login-url", simulator.url, CALLTRACK_TOKEN="sesame-open")
        assert (2, True) == (code, "calltrack: login refused: " in drawn)
        assert "Traceback" not in drawn
        assert "sesame-open" not in drawn

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--replay", "nowhere.jsonl"], "nowhere.jsonl: no such file"),
        (["--credentials", "nowhere"], "nowhere: cannot be read"),
        ([], "the environment holds no login; set CALLTRACK_TOKEN"),
    ],
)
def test_what_is_missing_is_said(arguments: list[str], says: str) -> None:
    """In one line, with exit code 2, before anything is drawn."""
    code, drawn = asyncio.run(on_a_terminal(*arguments))

    assert (2, True) == (code, says in drawn)
    assert "\x1b" not in drawn


def test_without_a_terminal_it_says_so() -> None:
    """Exit code 2, and what to use instead."""
    result = CliRunner().invoke(commands, ["watch", "--replay", AGAIN])

    assert (2, "") == (result.exit_code, result.stdout)
    assert "watch draws on a terminal, and standard output is none; calltrack replay writes lines" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([AGAIN, "--protocol", "3"], "a recording needs no login"),
        (["-"], "a recording has to be a file"),
        ([AGAIN, "--replay", AGAIN], "one recording"),
        (["--speed", "fast"], "write max, real, or a factor"),
    ],
)
def test_wrong_options_are_usage_errors(arguments: list[str], says: str) -> None:
    """Exit code 2, and what is wrong with them."""
    result = CliRunner().invoke(commands, ["watch", *arguments])

    assert (2, True) == (result.exit_code, says in result.stderr)
