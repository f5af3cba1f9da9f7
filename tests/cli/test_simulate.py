"""The `simulate` command: what it writes, what it says, and how it refuses."""

import asyncio
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack.cli.simulate import simulate
from calltrack.simulate.server import Simulator


def run(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and output."""
    result = CliRunner().invoke(simulate, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_record_writes_a_recording_and_its_truth(tmp_path: Path) -> None:
    """And says how much."""
    out = tmp_path / "day.jsonl"
    code, said = run("record", out, "--agents", "12", "--hours", "1", "--seed", "4", "--faults", "all")
    assert code == 0
    assert f"{out}: {len(out.read_bytes().splitlines())} lines" in said
    assert (tmp_path / "day.truth.jsonl").exists()


def test_record_writes_arrays_without_truth(tmp_path: Path) -> None:
    """As the vendor's examples are written."""
    out = tmp_path / "day.jsonl"
    assert run("record", out, "--hours", "0.5", "--array", "--no-truth")[0] == 0
    assert out.read_bytes().startswith(b'["loginSuccess",{')
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ("lose", "lose needs a number, as lose=0.01"),
        ("lose=much", "lose needs a number"),
        ("lose=0.1=2", "lose needs a number"),
        ("nonsense=1", "there is no fault 'nonsense'"),
        ("lose=2", "add up to more than 1"),
    ],
)
def test_faults_that_are_not_understood_are_refused_with_the_choices(tmp_path: Path, faults: str, reason: str) -> None:
    """The text names what is wrong and what can be said."""
    code, said = run("record", tmp_path / "day.jsonl", "--faults", faults)
    assert code == 2
    assert "Say none, all, or NAME=RATE" in said
    assert reason in said


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Without a traceback."""
    code, said = run("record", tmp_path / "nowhere" / "day.jsonl")
    assert code == 2
    assert f"{tmp_path}/nowhere/day.jsonl: cannot be written: No such file or directory" in said


@pytest.mark.parametrize("command", ["record", "serve"])
def test_help_has_examples(command: str) -> None:
    """To copy."""
    code, said = run(command, "--help")
    assert code == 0
    assert f"calltrack simulate {command}" in said


def test_serve_says_where_it_is_and_how_to_get_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And writes the truth while it runs."""

    async def ten_looks(simulator: Simulator) -> None:
        while simulator.sent < 100:
            await asyncio.sleep(0)

    monkeypatch.setattr(Simulator, "wait_closed", ten_looks)
    truth = tmp_path / "truth.jsonl"
    code, said = run("serve", "--port", "0", "--protocol", "4", "--speed", "50000", "--truth", truth)
    assert code == 0
    assert all(word in said for word in ("http://127.0.0.1:", "Engine.IO 4", "simulated-account-token", "login API"))
    assert len(truth.read_bytes().splitlines()) >= 100


def test_a_port_that_is_taken_is_named() -> None:
    """Without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = run("serve", "--port", str(port))
    assert code == 1
    assert f"cannot serve on 127.0.0.1:{port}" in said
