"""The `simulate` command: what it writes, what it says, and how it refuses."""

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack.cli.simulate import simulate
from calltrack.simulate import Faults, Plan, truth_path, write_recording
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


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ("nonsense=1", "there is no setting 'nonsense'"),
        ("captured,servers=many", "servers needs a number, as servers=1"),
        ("servers=0", "at least one server"),
        ("arrivals=inf", "arrivals is too large"),
        ("offset=99999", "an offset at most 14 hours"),
        ("captured,mutes", "mutes needs a number, as mutes=0.01"),
    ],
)
def test_a_plan_that_is_not_understood_is_refused_with_the_choices(tmp_path: Path, plan: str, reason: str) -> None:
    """The text names every setting."""
    code, said = run("record", tmp_path / "day.jsonl", "--plan", plan)
    assert code == 2
    assert "Say orderly, captured, or NAME=VALUE" in said
    assert reason in said


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("orderly", Plan(agents=12, queues=3)),
        ("captured", Plan(agents=12, queues=3).as_captured()),
        (
            "captured,servers=1,shared_desks=0",
            replace(Plan(agents=12, queues=3).as_captured(), servers=1, shared_desks=False),
        ),
        ("mutes=0.5, release=2", Plan(agents=12, queues=3, mutes=0.5, release=2)),
    ],
)
def test_a_plan_is_a_word_and_settings(tmp_path: Path, given: str, expected: Plan) -> None:
    """The recording is that of the plan."""
    said, made = tmp_path / "said.jsonl", tmp_path / "made.jsonl"
    code, _ = run("record", said, "--agents", "12", "--queues", "3", "--hours", "1", "--seed", "4", "--plan", given)
    write_recording(made, expected, seed=4, hours=1)
    assert code == 0
    assert said.read_bytes() == made.read_bytes()
    assert truth_path(said).read_bytes() == truth_path(made).read_bytes()


def test_a_word_of_faults_may_be_changed(tmp_path: Path) -> None:
    """All, but for one."""
    said, made = tmp_path / "said.jsonl", tmp_path / "made.jsonl"
    assert run("record", said, "--hours", "1", "--faults", "all,disconnects=0")[0] == 0
    write_recording(made, Plan(), hours=1, faults=replace(Faults.all(), disconnects=0))
    assert said.read_bytes() == made.read_bytes()


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


def test_serve_with_tls_writes_its_authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And says https, for several servers."""

    async def at_once(simulator: Simulator) -> None:
        return

    monkeypatch.setattr(Simulator, "wait_closed", at_once)
    authority = tmp_path / "ca.pem"
    code, said = run("serve", "--port", "0", "--tls", "--ca-out", authority, "--socket-servers", "2")
    assert code == 0
    assert said.count("https://127.0.0.1:") == 3
    assert authority.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    assert b"PRIVATE" not in authority.read_bytes()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--ca-out", "ca.pem"], "--ca-out needs --tls"),
        (["--tls", "--ca-out", "nowhere/ca.pem"], "nowhere/ca.pem: cannot be written"),
        (["--socket-servers", "2", "--public-url", "https://calls.example"], "only one with a public URL"),
        (["--socket-client", "."], "npm's socket.io-client"),
    ],
)
def test_serve_refuses_options_that_do_not_go_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: list[str], reason: str
) -> None:
    """In words, and without a traceback."""
    monkeypatch.chdir(tmp_path)
    code, said = run("serve", "--port", "0", *options)
    assert code == 2
    assert reason in said


def test_a_port_that_is_taken_is_named() -> None:
    """Without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = run("serve", "--port", str(port))
    assert code == 1
    assert f"cannot serve on 127.0.0.1:{port}" in said
