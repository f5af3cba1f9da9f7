"""`calltrack index`, and what `calltrack snapshot` makes of it."""

import gzip
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from calltrack.cli import commands
from calltrack.cli import snapshot as snapshot_command
from calltrack.core.errors import RecordingError
from calltrack.recordings.index import index_of
from calltrack.simulate import Plan
from calltrack.simulate.recording import write_recording

LINE = b'["ExtensionEvent",{"data":{"extenUser":"SIP%d","calls":[],"representativeStatus":1}}]\n'


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """3 MB with a checkpoint for each, and a line that is no frame before them."""
    monkeypatch.setattr("calltrack.recordings.index._CLOSEST", 1 << 20)
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{oops}\n" + b"".join(LINE % (i % 50) for i in range(36_000)))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def test_the_index_is_used_and_changes_nothing(recording: Path) -> None:
    """The same state, the same bad lines, the same exit code; the index says how many checkpoints it has."""
    before = run("snapshot", recording, "--line", 30_000, "--json")
    indexed = run("index", recording)
    after = run("snapshot", recording, "--line", 30_000, "--json")

    assert (1, f"{recording}.index: 3 checkpoints\n") == (indexed.exit_code, indexed.stdout)
    assert (before.stdout, before.stderr, before.exit_code) == (after.stdout, after.stderr, after.exit_code)
    assert f"{recording}:1: not JSON" in after.stderr


def test_an_index_that_does_not_fit_is_said_and_not_used(recording: Path) -> None:
    """The answer is that of the recording as it is now."""
    run("index", recording)
    recording.write_bytes(recording.read_bytes().replace(b"SIP7", b"SIPx"))
    result = run("snapshot", recording, "--line", 30_000, "--json")

    assert f"{recording}.index: is of another recording, or {recording} has been changed; reading" in result.stderr
    assert ("SIPx" in result.stdout, "SIP7" in result.stdout) == (True, False)


def test_a_long_recording_without_index_says_how_to_get_one(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once there is one, it is quiet."""
    monkeypatch.setattr(snapshot_command, "_LONG", 1_000_000)

    assert f"after calltrack index {recording} it goes faster" in run("snapshot", recording, "--line", 9).stderr
    run("index", recording)
    assert "goes faster" not in run("snapshot", recording, "--line", 9).stderr


def test_a_compressed_recording_has_no_index(recording: Path) -> None:
    """It says why."""
    packed = recording.with_suffix(".gz")
    packed.write_bytes(gzip.compress(recording.read_bytes()))
    result = run("index", packed)

    assert isinstance(result.exception, RecordingError)
    assert f"{packed}: is compressed, and only a plain file can be read from its middle" == str(result.exception)


def test_a_journal_has_no_index(tmp_path: Path) -> None:
    """It has checkpoints of its own."""
    from calltrack.journal import Journal

    path = tmp_path / "events.journal"
    with Journal.open(path):
        pass

    assert "is a journal, which has checkpoints of its own" in str(run("index", path).exception)


def test_find_and_explain_write_an_index_and_use_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first time of a long recording; the second time, and after it has grown, the answers are the same."""
    monkeypatch.setattr("calltrack.recordings.index._CLOSEST", 50_000)
    monkeypatch.setattr("calltrack.cli.found._WORTH", 100_000)
    path = tmp_path / "events.jsonl"
    write_recording(path, Plan(agents=5, queues=2), seed=5, hours=1, truth=False)
    whole = path.read_bytes()
    cut = whole.index(b"\n", len(whole) * 3 // 4) + 1
    calls = [line.split()[0] for line in run("find", path, "SIP00001").stdout.splitlines()]
    plain = {call: run("explain", path, call).stdout for call in calls}
    index_of(str(path)).unlink()
    path.write_bytes(whole[:cut])
    first = run("find", path, calls[0])
    path.write_bytes(whole)

    assert len(calls) > 5
    assert f"{path}.index: written, for the next time" in first.stderr
    assert plain == {call: run("explain", path, call).stdout for call in calls}
    assert calls == [line.split()[0] for line in run("find", path, "SIP00001").stdout.splitlines()]
