"""`record` and `listen` of several accounts in one process: one account's trouble is its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack import read_recording
from calltrack.cli import commands
from tests.cli.accounts import described, secrets, simulated
from tests.cli.test_record import environment, run

NOWHERE = "http://127.0.0.1:1"


async def started(*arguments: str | Path) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "calltrack", *map(str, arguments)),
        stdout=PIPE,
        stderr=PIPE,
        env=environment(**secrets(3)),
    )


def test_listen_names_the_account_of_every_change(tmp_path: Path) -> None:
    """The second account has a wrong login, the third one's API is down, the fourth's secret is missing."""

    async def scene() -> tuple[dict[str, set[str]], str, int | None]:
        async with asyncio.timeout(100), simulated(3) as (well, wrong, well_too):
            wrong.refuse_logins(401)
            file = described(tmp_path, [well.url, wrong.url, NOWHERE, well_too.url])
            text = file.read_text().replace("env:TEST3", "env:TEST9").replace("env:TEST2", "env:TEST0")
            file.write_text(text)
            process = await started("listen", "--json", "--accounts", file)
            assert process.stdout is not None
            assert process.stderr is not None
            heard: dict[str, set[str]] = {}
            while not {"CallStarted", "ExtensionAppeared"} <= heard.get("a0", set()):
                line = json.loads(await process.stdout.readline())
                heard.setdefault(line["account"], set()).add(line["change"]["change"])
            said = b""
            while not all(name in said for name in (b"a1: ", b"a2: ", b"a3: ")):
                said += await process.stderr.readline()
            process.send_signal(signal.SIGINT)
            await process.communicate()
            return heard, said.decode(), process.returncode

    heard, said, code = asyncio.run(scene())
    assert (list(heard), code) == (["a0"], 0)
    assert "a1: login failed: reason='login refused" in said
    assert 'a2: login failed: reason="login did not get through' in said
    assert "a3: login failed: reason='the environment holds no login; set TEST9_TOKEN" in said
    assert "token-of-account" not in said


def test_record_has_a_file_for_each_account(tmp_path: Path) -> None:
    """One that cannot be written, or not be logged in to, hinders no other."""

    async def scene() -> tuple[str, int | None]:
        async with asyncio.timeout(100), simulated(2) as simulators:
            file = described(tmp_path, [*(one.url for one in simulators), NOWHERE])
            for name in ("a0", "a2"):  # a1 has no folder
                (tmp_path / name).mkdir()
            process = await started("record", tmp_path / "{account}" / "day.jsonl", "--accounts", file)
            while not (path := tmp_path / "a0" / "day.jsonl").exists() or path.stat().st_size < 20_000:
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            _, said = await process.communicate()
            return said.decode(), process.returncode

    said, code = asyncio.run(scene())
    assert code == 0
    assert "a1: cannot be written: No such file or directory" in said
    assert "a2: login failed" in said
    frames = list(read_recording(tmp_path / "a0" / "day.jsonl", strict=True))
    assert ["connect", "loginSuccess", "loginStatus", "AllExtensionsStatus"] == [one.event for one in frames[:4]]
    assert f"day.jsonl: 3 accounts, {len(frames)} frames" in said


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("listen", "--accounts", "accounts.toml", "--server", "a.test"), "--accounts says all of each account"),
        (("listen", "--accounts", "no.toml"), "no.toml: cannot be read: No such file or directory"),
        (("record", "day.jsonl", "--accounts", "accounts.toml"), "--accounts and {account} in OUT go together"),
        (("record", "{account}.jsonl"), "--accounts and {account} in OUT go together"),
    ],
)
def test_what_does_not_go_together_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], said: str
) -> None:
    """Nothing is tried."""
    monkeypatch.chdir(tmp_path)
    described(tmp_path, [NOWHERE])
    result = CliRunner().invoke(commands, command, standalone_mode=False)
    assert said in str(result.exception) + result.output


def test_serve_begins_again_in_a_folder_that_is_there(tmp_path: Path) -> None:
    """A file there is refused, and with one account a folder."""
    file = tmp_path / "accounts.toml"
    file.write_text('[[account]]\nname = "a"\ncredentials = "env:A"\n')
    journal = ("--journal", str(tmp_path))

    assert 0 == run("serve", "--accounts", str(file), *journal, "--show-config").exit_code
    assert "is a file" in run("serve", "--accounts", str(file), "--journal", str(file), "--show-config").output
    assert "is a folder" in run("serve", "--simulate", *journal, "--show-config").output
