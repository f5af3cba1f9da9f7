"""`calltrack import`: what it says, what it writes, and its exit codes."""

import gzip
import json
from pathlib import Path

import pytest

from calltrack import Tracker, read_recording
from tests.cli.test_commands import AGAIN, commands_run_as_a_person, run
from tests.recordings.forms import EVENTS, LINES, RECEIVED, TEXTS, har, iso


def capture(folder: Path, text: str, name: str = "capture") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_har_becomes_a_recording(tmp_path: Path) -> None:
    """What was recognised, how many, what was passed over, from when to when; one line a frame in the file."""
    out = tmp_path / "events.jsonl"
    result = run("import", capture(tmp_path, har(2)), "-o", str(out), "--check")

    assert 0 == result.exit_code
    for said in (
        "recognised   11 frames in HAR",
        "passed over  11 sent by the client",
        "passed over  1 handshakes",
        "11 frames, 2026-01-01 09:00:00+02:00 to 2026-01-01 09:00:10+02:00",
        f"written to {out}",
        "sound: every law holds",
    ):
        assert said in result.stdout
    written = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(RECEIVED + i, *event) for i, event in enumerate(EVENTS)] == [
        (one["at"], one["event"], one["data"]) for one in written
    ]
    assert [out.name, "capture"] == sorted((path.name for path in tmp_path.iterdir()), reverse=True)


@pytest.mark.parametrize("form", ["HAR", "CSV with payloads", "grouped by event", "socket.io", "log lines"])
def test_every_command_reads_what_import_reads(form: str, tmp_path: Path) -> None:
    """The changes of a capture are those of the recording that it came from."""
    expected = Path(AGAIN).with_suffix(".changes.jsonl").read_text(encoding="utf-8")

    assert expected == run("replay", capture(tmp_path, TEXTS[form]), "--format", "json").stdout


def test_to_standard_output_goes_nothing_else(tmp_path: Path) -> None:
    """-o - is a filter: the report goes to standard error."""
    result = run("import", capture(tmp_path, TEXTS["pretty-printed objects"]), "-o", "-")

    assert [["loginSuccess"], 11] == [[json.loads(result.stdout.splitlines()[0])[0]], result.stdout.count("\n")]
    assert "11 frames in" in result.stderr


def test_without_an_output_it_only_reports(tmp_path: Path) -> None:
    """And says how to write."""
    result = run("import", AGAIN)

    assert (0, True) == (result.exit_code, "nothing is written; -o events.jsonl writes them" in result.stdout)
    assert "11 frames in JSON lines" in result.stdout


def test_compressed_output(tmp_path: Path) -> None:
    """By the name's ending."""
    out = tmp_path / "events.jsonl.gz"

    assert 0 == run("import", capture(tmp_path, har()), "-o", str(out)).exit_code
    assert 11 == gzip.decompress(out.read_bytes()).count(b"\n")


def test_what_is_left_out_is_named(tmp_path: Path) -> None:
    """With file and line on standard error; exit code 1, and with --strict 2 and no file."""
    path, out = capture(tmp_path, f"{LINES[0]}\nnoise\n{LINES[1]}\n"), tmp_path / "out.jsonl"
    result = run("import", path, "-o", str(out))

    assert (1, 2) == (result.exit_code, out.read_text().count("\n"))
    assert f"{path}:2: not JSON" in result.stderr
    assert "left out     1 that cannot be read as frames" in result.stdout
    strict = commands_run_as_a_person("import", path, "-o", str(tmp_path / "strict.jsonl"), "--strict")
    assert (2, False) == (strict.returncode, (tmp_path / "strict.jsonl").exists())
    assert f"{path}:2: not JSON".encode() in strict.stderr
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_what_is_no_capture_leaves_the_output_alone(tmp_path: Path) -> None:
    """Exit code 1, no file made, and one that is there keeps its content."""
    out = tmp_path / "out.jsonl"
    out.write_text("kept")
    result = run("import", capture(tmp_path, "hello\nworld\n"), "-o", str(out))

    assert (1, "kept") == (result.exit_code, out.read_text())
    assert "no events were recognised" in result.stderr


def test_a_picture_is_refused(tmp_path: Path) -> None:
    """Exit code 2, one line."""
    path = tmp_path / "picture"
    path.write_bytes(b"\x89PNG" + bytes(40))
    done = commands_run_as_a_person("import", str(path))

    assert (2, f"calltrack: {path}: is a picture\n".encode()) == (done.returncode, done.stderr)


def test_the_output_is_none_of_the_inputs(tmp_path: Path) -> None:
    """A usage error; nothing is lost."""
    path = capture(tmp_path, har())
    result = run("import", path, "-o", path)

    assert (2, har()) == (result.exit_code, Path(path).read_text())
    assert "is one of the files to read" in result.stderr


def test_several_files_are_joined_by_time(tmp_path: Path) -> None:
    """If every frame has a time of receipt; of equal times the first file's come first."""
    even = "\n".join(f"{iso(i)} {line}" for i, line in enumerate(LINES) if i % 2 == 0)
    odd = "\n".join(f"{iso(i)} {line}" for i, line in enumerate(LINES) if i % 2)
    out = tmp_path / "out.jsonl"
    result = run("import", capture(tmp_path, odd, "odd"), capture(tmp_path, even, "even"), "-o", str(out))

    assert EVENTS == [(frame.event, frame.payload()) for frame in read_recording(out)]
    assert "11 frames, joined by receive time" in result.stdout


@pytest.mark.parametrize("second", [LINES[5], f"{iso(9)} {LINES[9]}\n{iso(5)} {LINES[5]}"])
def test_else_they_follow_each_other(second: str, tmp_path: Path) -> None:
    """If a frame has no time, or a file goes back in time."""
    out = tmp_path / "out.jsonl"
    first = f"{iso(8)} {LINES[8]}"
    result = run("import", capture(tmp_path, first, "a"), capture(tmp_path, second, "b"), "-o", str(out))

    assert EVENTS[8] == next((frame.event, frame.payload()) for frame in read_recording(out))
    assert "in the order of the files" in result.stdout


def test_check_says_what_is_not_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1 and the law."""
    from calltrack.laws.health import Sum
    from calltrack.laws.trial import Trial

    monkeypatch.setattr(Trial, "broken", lambda self: [Sum("a law", "1", "2", False)])
    result = run("import", AGAIN, "--check")

    assert (1, True) == (result.exit_code, "not sound" in result.stdout and "a law: 1 is not 2" in result.stdout)


def test_what_was_imported_is_the_same_story(tmp_path: Path) -> None:
    """Frame by frame."""
    out = tmp_path / "out.jsonl.zst"
    run("import", capture(tmp_path, TEXTS["CSV of several lines a cell"]), "-o", str(out))
    ours, theirs = Tracker(), Tracker()
    for frame, other in zip(read_recording(out), read_recording(AGAIN), strict=True):
        assert ours.feed(frame) == theirs.feed(other)
