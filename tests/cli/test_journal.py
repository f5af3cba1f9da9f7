"""`calltrack journal`, and the commands that read a journal as they read a recording."""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from calltrack import Frame, read_recording
from calltrack.cli import commands
from calltrack.journal import Journal, JournalBusy, JournalError
from tests.journal.stream import simulated, state, written

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
AGAIN = FIXTURES / "scenarios" / "queue-rings-again.jsonl"
CALL = "2026010109000000000001"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    """A journal of the scenario."""
    path = tmp_path / "calls.journal"
    assert 0 == run("journal", "import", AGAIN, path).exit_code
    return path


@pytest.mark.parametrize(
    "command",
    [
        ("replay", "--format", "json"),
        ("replay", "--from", "2026-01-01T07:01:00Z", "--format", "json"),
        ("explain", CALL),
        ("snapshot",),
        ("snapshot", "--json"),
        ("snapshot", "--line", "6", "--json"),
        ("snapshot", "--line", "999", "--json"),
        ("snapshot", "--at", "2026-01-01T07:00:30Z", "--json"),
        ("snapshot", "--at", "2025-01-01", "--json"),
        ("redact", "--key-file", "key"),
    ],
)
def test_a_journal_reads_like_its_recording(
    imported: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Every command prints of it what it prints of the recording that it was made from."""
    monkeypatch.chdir(imported.parent)
    Path("key").write_text("sixteen bytes or more")
    name, *options = command
    call = [options.pop(0)] if name == "explain" else []

    expected, actual = run(name, AGAIN, *call, *options), run(name, imported, *call, *options)

    assert (expected.exit_code, expected.stdout) == (actual.exit_code, actual.stdout)


def test_check_finds_a_journal_sound(imported: Path) -> None:
    """With the same sums as of its recording."""
    expected, actual = run("check", AGAIN), run("check", imported)

    assert 0 == actual.exit_code
    assert expected.stdout.splitlines()[1:] == actual.stdout.splitlines()[1:]


def test_replay_steps_through_a_journal(imported: Path) -> None:
    """Forth and back."""
    result = CliRunner().invoke(commands, ["replay", str(imported), "--step"], input="n 4\nb\nq\n")

    assert "frame 4, " in result.output
    assert "frame 3, " in result.output


def test_a_checkpoint_that_is_passed_over_is_reported_in_words(tmp_path: Path) -> None:
    """And not with our source, as Python shows warnings."""
    path = written(tmp_path / "a")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE checkpoints SET packed = x'00'")
    script = [sys.executable, "-m", "calltrack", "snapshot", str(path)]
    done = subprocess.run(script, capture_output=True, text=True, check=True)

    assert f"calltrack: {path}: the checkpoint at frame " in done.stderr
    assert all(line.startswith("calltrack: ") for line in done.stderr.splitlines())


def test_export_gives_the_recording_back(tmp_path: Path) -> None:
    """Byte for byte, to a file or a pipe; compressed if its name says so."""
    path = written(tmp_path / "a")

    exported = run("journal", "export", path, "-o", tmp_path / "out.jsonl.gz")
    assert (0, f"{len(simulated())} frames in {tmp_path}/out.jsonl.gz\n") == (exported.exit_code, exported.stderr)
    piped = run("journal", "export", path)

    raw = b"".join(frame.raw + b"\n" for frame in simulated())
    assert raw == gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()) == piped.stdout_bytes


def test_export_writes_what_was_received_when(tmp_path: Path) -> None:
    """One line each with its time, though the text had more lines, or none that is JSON."""
    frames = (
        Frame.decode(b'["mystery",\n  {"x": 1}]\n'),
        replace(Frame.decode(b'["mystery",{"x":1}]'), at=5.25),
        Frame.of("", {}, 3.5),
    )
    exported = run("journal", "export", written(tmp_path / "a", frames)).stdout.splitlines()

    assert ["mystery", {"x": 1}] == json.loads(exported[0])
    assert {"at": 5.25, "event": "mystery", "data": {"x": 1}} == json.loads(exported[1])
    assert 3.5 == json.loads(exported[2])["at"]
    assert 3 == len(exported)


def test_import_goes_on_at_the_end(imported: Path) -> None:
    """A second recording's frames follow the first's; the state is that of both."""
    frames = tuple(read_recording(AGAIN))
    result = run("journal", "import", AGAIN, imported)

    assert f"frames {len(frames) + 1} to {2 * len(frames)} added" in result.output
    with Journal.open(imported) as journal:
        assert state(frames * 2) == journal.tracker().snapshot().to_json()
        assert [11, 22] == [stored.position for stored in journal.checkpoints()]


def test_import_keeps_what_is_no_frame(tmp_path: Path) -> None:
    """As a `malformed` frame, in its place; it is reported, and the exit code is 1."""
    source = tmp_path / "events.jsonl"
    source.write_bytes(b'["connect",{}]\n{oops}\n["disconnect",{}]\n')
    result = run("journal", "import", source, tmp_path / "a")

    assert 1 == result.exit_code
    assert "events.jsonl:2: not JSON" in result.stderr
    with Journal.open(tmp_path / "a") as journal:
        frames = [frame for _, frame in journal.frames()]
    assert ["connect", "malformed", "disconnect"] == [frame.event for frame in frames]
    assert frames[1].payload()["error"].startswith(f"{source}:2: not JSON")


def test_info_shows_what_is_in_it(tmp_path: Path) -> None:
    """Positions, times, checkpoints, and whether it was closed; who writes it, while someone does."""
    path = written(tmp_path / "a")
    reported = run("journal", "info", path).output
    assert all(
        said in reported
        for said in (
            "2055: 1 to 2055",
            "4, the last 55 frames",
            "writer            none",
            "closed            yes",
            "2024-01-08 09",
        )
    )
    with Journal.open(path):
        assert f"process {os.getpid()} on" in run("journal", "info", path).output
    with Journal.open(tmp_path / "empty"):
        pass
    assert "frames            none" in run("journal", "info", tmp_path / "empty").output


def test_prune_removes_the_oldest(tmp_path: Path) -> None:
    """By age or size, whichever removes more; what is left is read as before, with its own positions."""
    path = written(tmp_path / "a")
    assert "0 frames removed, 2055 kept" in run("journal", "prune", path, "--keep-size", "1GB").output
    assert "2000 frames removed, 55 kept" in run("journal", "prune", path, "--keep", "30d").output

    last = json.loads(run("replay", path, "--format", "json").stdout.splitlines()[-1])
    assert 2000 < last["position"] <= 2055
    assert state(simulated()) == run("snapshot", path, "--json").stdout.strip()
    assert "say what to keep" in run("journal", "prune", path).output
    with Journal.open(path), pytest.raises(JournalBusy):
        CliRunner().invoke(commands, ["journal", "prune", str(path), "--keep", "1d"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["journal", "prune", "missing", "--keep", "1d"], "no such file"),
        (["journal", "export", "missing"], "no such file"),
        (["journal", "export", str(AGAIN)], "is a recording already"),
        (["journal", "export", "a", "-o", "a"], "is the journal itself"),
        (["journal", "export", "a", "-o", "nowhere/b"], "cannot be written"),
    ],
)
def test_mistakes_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    """And leave every file as it is."""
    monkeypatch.chdir(tmp_path)
    before = written(tmp_path / "a", simulated()[:3]).read_bytes()
    result = run(*arguments)

    assert 2 == result.exit_code
    assert said in result.stderr
    assert before == (tmp_path / "a").read_bytes()
    assert not (tmp_path / "missing").exists()


def test_a_backup_a_repair_and_what_comes_back(tmp_path: Path, imported: Path) -> None:
    """Each is one command that says what it did."""
    copy, name = tmp_path / "copy", imported.name
    frames = list(read_recording(imported))
    assert f"frames up to {len(frames)}" in run("journal", "backup", imported, copy).output
    with imported.open("r+b") as file:
        file.seek(imported.stat().st_size // 2)
        file.write(b"x" * 4096)
    repaired = run("journal", "repair", imported)
    assert repaired.exit_code == 0
    assert f"the damaged file is {name}-damaged-1" in repaired.output
    assert f"the one before is {name}-replaced-1" in run("journal", "restore", copy, imported).output
    assert frames == list(read_recording(imported))
    assert "0 checkpoints made" in run("journal", "rebuild", imported).output
    assert 1 == run("journal", "backup", imported, copy).exit_code


def test_what_is_no_journal_is_reported(tmp_path: Path) -> None:
    """Another database, and a journal where only a recording can be read."""
    path = tmp_path / "other"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE people (name)")
    database.close()
    for command in (["check"], ["journal", "info"]):
        with pytest.raises(JournalError, match="of something else"):
            CliRunner().invoke(commands, [*command, str(path)], catch_exceptions=False)
    with written(tmp_path / "a").open("rb") as given:
        done = subprocess.run([sys.executable, "-m", "calltrack", "check", "-"], stdin=given, capture_output=True)
    assert (2, b"calltrack: standard input: is a journal; give its path instead\n") == (done.returncode, done.stderr)


def test_a_damaged_frame_is_a_bad_line(tmp_path: Path) -> None:
    """Reported with its position, the rest is read, exit code 1."""
    path = written(tmp_path / "a")
    with sqlite3.connect(path) as database:
        database.execute("UPDATE frames SET sum = 0 WHERE position = 7")
    database.close()
    result = run("replay", path)

    assert 1 == result.exit_code
    assert f"{path}:7: not as it was written" in result.stderr
    assert 2054 == len(run("journal", "export", path).stdout.splitlines())
