"""The commands as a user runs them: what they print, where, and with which exit code."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from calltrack import Snapshot, Tracker, read_recording
from calltrack.cli import COMMANDS, commands, main
from calltrack.words.values import spelled
from tests.frames import call, extension

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
AGAIN = str(FIXTURES / "scenarios" / "queue-rings-again.jsonl")
CALL = "2026010109000000000001"


def run(*arguments: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(commands, arguments, input=given)


def commands_run_as_a_person(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """In a process of its own, with `main` around it."""
    script = [sys.executable, "-m", "calltrack", *arguments]
    return subprocess.run(script, capture_output=True, check=False, timeout=60)


def test_every_command_has_help_with_examples() -> None:
    """--help names all commands, and each shows how it is used."""
    assert all(name in run("--help").output for name in COMMANDS)
    for name in COMMANDS:
        result = run(name, "--help")
        assert (0, True) == (result.exit_code, "calltrack " in result.output.split("Options:")[0])


def groups(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """A command, and those below it."""
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below is not None
            yield from groups(below, f"{path} {name}")


def test_help_fits_and_is_whole() -> None:
    """No line is wider than the 100 columns that it is written for, and no summary is cut."""
    for path, command in groups(commands, "calltrack"):
        with click.Context(command, info_name=path, terminal_width=100, max_content_width=100) as context:
            usage, *lines = command.get_help(context).splitlines()
        assert [] == [line for line in lines if len(line) > 100]
        assert "Commands:" not in lines or not [line for line in lines if line.endswith("...")], usage


def test_a_command_that_is_nearly_right_is_named() -> None:
    """As one below a command is."""
    assert "No such command conect. Did you mean connect or contacts?" in run("conect").output


def options(command: click.Command) -> Iterator[click.Parameter]:
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        yield from options(one)
    yield from command.params


def test_every_number_has_bounds() -> None:
    """No option of a command takes nan, an infinity or a number that no machine can use."""
    context = click.Context(commands)
    found = [commands.get_command(context, name) for name in COMMANDS]
    every = [one for command in found if command is not None for one in options(command)]
    numbers = [one for one in every if isinstance(one.type, click.types.FloatParamType | click.types.IntRange)]

    assert len(numbers) > 20
    for one in numbers:
        for text in ("nan", "inf", "-inf", "1e400", "1" * 400, "1" * 5000):
            with pytest.raises(click.BadParameter):
                one.type_cast_value(context, (text,) if one.multiple else text)


def test_replay_shows_one_line_per_change() -> None:
    """With time, frame, extension, call and what; then the summary."""
    result = run("replay", AGAIN)

    lines = result.output.splitlines()
    assert 0 == result.exit_code
    assert lines[0].startswith("2026-01-01 09:00:05+02:00 #3      CallStarted")
    ended = next(line for line in lines if "LegEnded" in line and "rejected" in line)
    assert ["SIPSIP1", CALL, "rejected", "(Call", "Rejected),", "ring", "0:04"] == ended.split()[4:]
    assert "1 answered" in result.output
    assert "\x1b" not in result.output


def test_replay_as_json_is_the_changes(tmp_path: Path) -> None:
    """JSON lines on standard output alone, twice the same bytes; the summary goes to standard error."""
    first, second = run("replay", AGAIN, "--format", "json"), run("replay", AGAIN, "--format", "json")

    expected = Path(AGAIN).with_suffix(".changes.jsonl").read_text(encoding="utf-8")
    assert expected == first.stdout == second.stdout
    assert "Summary" in first.stderr


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        (["--extension", "SIPSIP2"], {"LegStarted", "LegAnswered", "LegEnded"}),
        (["--queue", "55"], {"QueueJoined", "QueueLeft", "LegStarted", "LegAnswered", "LegEnded"}),
        (["--call", CALL[:-1]], {"CallStarted", "LegStarted", "QueueLeft", "CallEnded"}),
        (["--call", "nine"], set()),
        (["--from", "2026-01-01T07:01:00Z"], {"LegEnded", "CallEnded"}),
        (["--until", "1767250805"], {"CallStarted", "QueueJoined"}),
    ],
)
def test_replay_filters(options: list[str], kinds: set[str]) -> None:
    """By call, extension, queue and time."""
    reported = [json.loads(line) for line in run("replay", AGAIN, "--format", "json", *options).stdout.splitlines()]

    assert kinds <= {change["change"] for change in reported}
    assert bool(kinds) == bool(reported)
    if "--extension" in options:
        assert {"SIPSIP2"} == {change["exten_user"] for change in reported}


def test_replay_steps_forth_and_back() -> None:
    """The keys move, show, and quit; a wrong one shows the help."""
    keys = "n 4\nb\ng 9\nc 2026\ne 2026\ne nine\nt 2026-01-01T07:00:30Z\ns\nf\nx\ng nine\nt never\nn 99\nq\n"
    result = run("replay", AGAIN, "--step", given=keys)

    assert 0 == result.exit_code
    for expected in (
        "frame 4,",
        "frame 3,",
        "frame 9,",
        "Live calls",
        '"extenUser"',
        "quit",
        "is no number",
        "2026010109000000000001: Still ",
        "no call nine is known at this frame",
        "the end",
    ):
        assert expected in result.output


def test_snapshot_is_what_the_tracker_knows() -> None:
    """As JSON: the very snapshot, which a tracker can go on from."""
    tracker = Tracker()
    for frame in read_recording(AGAIN):
        tracker.feed(frame)

    result = run("snapshot", AGAIN, "--json")

    assert tracker.snapshot() == Snapshot.from_json(result.stdout)


@pytest.mark.parametrize("moment", [["--line", "4"], ["--at", "2026-01-01T07:00:07Z"], ["--at", "1767250807"]])
def test_snapshot_at_a_moment(moment: list[str]) -> None:
    """After a line, or at a time."""
    found = json.loads(run("snapshot", AGAIN, "--json", *moment).stdout)

    assert (4, "Ringing") == (found["position"], found["calls"][0]["state"])
    assert "Ringing" in run("snapshot", AGAIN, *moment).output


def test_a_moment_that_is_not_in_the_recording_is_said_so() -> None:
    """Beside the state, which is that of its beginning or its end."""
    last = len(Path(AGAIN).read_text(encoding="utf-8").splitlines())
    early, late = run("snapshot", AGAIN, "--at", "2020-01-01"), run("snapshot", AGAIN, "--line", str(last + 1))

    assert "nothing was recorded up to 2020-01-01 00:00:00+02:00" in early.stderr
    assert f"there are {last} lines; this is the state after the last" in late.stderr
    over = run("snapshot", AGAIN, "--at", "2030-01-01")
    assert "the recording ends at 2026-01-01 09:01:41+02:00; this is the state then" in over.stderr
    assert (1, 1, 1) == (early.exit_code, late.exit_code, over.exit_code)
    for moment in (["--line", str(last)], ["--at", "2026-01-01T07:01:41Z"], []):
        assert ("", 0) == ((found := run("snapshot", AGAIN, *moment)).stderr, found.exit_code)


def test_explain_shows_the_whole_life() -> None:
    """Head, picture, and the frames with what they changed."""
    result = run("explain", AGAIN, CALL)

    assert 0 == result.exit_code
    assert result.output.startswith("Answered by ")
    assert "(Normal hangup), from 09:00:05 to 09:01:40" in result.output.splitlines()[0]
    picture = next(line for line in result.output.splitlines() if "SIPSIP2 #3 |" in line)
    assert "░" in picture
    assert "█" in picture
    assert "line 11: ExtensionEvent HANGUP" in result.output


def test_explain_says_what_was_inferred() -> None:
    """And the anomalies of the call."""
    result = run("explain", str(FIXTURES / "scenarios" / "lost-events.jsonl"), "2026010109000000000003")

    assert "its end was not reported: " in result.output.splitlines()[0]
    assert "event_missed" in result.output


@pytest.mark.parametrize(("what", "says"), [("nine", "none of 3 calls matches nine"), ("2026", "matches 3 calls")])
def test_explain_needs_one_call(what: str, says: str) -> None:
    """Unknown or ambiguous: exit code 1 and why."""
    result = run("explain", str(FIXTURES / "scenarios" / "lost-events.jsonl"), what)

    assert (1, True) == (result.exit_code, says in result.stderr)


@pytest.mark.parametrize("what", [CALL[:-1], "050-123 4567", "+972 50 1234567", "sipsip2", "09:01", "09:00:30"])
def test_explain_takes_what_people_have(what: str) -> None:
    """The start of an id, a number in any notation, a name, an extension, a time on the stream's clock."""
    assert (0, True) == ((result := run("explain", AGAIN, what)).exit_code, CALL in result.output)


def test_explain_answers_why_a_call_stays(tmp_path: Path) -> None:
    """The agent logs out while the call is listed, and nothing follows: the verdict says so in its first line."""
    talking = call("c1", "Talking", 10, 14)
    frames = (
        extension(10, "SIP1", "NEWCALL", call("c1", "Ringing", 10)),
        extension(14, "SIP1", "ANSWER", talking),
        extension(60, "SIP1", "userStatusUpdate", calls=[talking], onlineUserID=0, representativeStatus=2),
        *(extension(at, "SIP2", "userStatusUpdate") for at in (1185, 1186)),
    )
    path = tmp_path / "stays.jsonl"
    path.write_bytes(b"".join(frame.raw + b"\n" for frame in frames))

    first, *rest = run("explain", str(path), "050-1234567").output.splitlines()

    assert first == (
        "Still Talking, doubtful: last confirmed at 09:01:00 (line 3) by the frame in which its agent logged out; "
        "no end was reported; no frame has confirmed it for 18:46; rang 0:04, talked 0:46, not known for 18:46."
    )
    picture = next(line for line in rest if "SIP1 #1 |" in line)
    assert picture.count("?") > 50 > picture.count("█") > 1


def test_explain_reads_standard_input() -> None:
    """Which cannot be read twice."""
    command = [sys.executable, "-m", "calltrack", "explain", "-", CALL]
    piped = subprocess.run(command, input=Path(AGAIN).read_bytes(), capture_output=True, check=True)

    assert "Answered by" in piped.stdout.decode()
    assert piped.stdout.decode().count("line ") == run("explain", AGAIN, CALL).output.count("line ")


def test_find_lists_calls_by_the_same_words() -> None:
    """Each word narrows them down; none is exit code 1."""
    lost = str(FIXTURES / "scenarios" / "lost-events.jsonl")

    assert 3 == len(run("find", lost, "0501234567").output.splitlines())
    assert "2026010109000000000002" in run("find", lost, "0501234567", "lois").output
    assert 1 == len(run("find", lost, "0501234567", "lois").output.splitlines())
    assert (1, True) == ((none := run("find", lost, "lois", "perry")).exit_code, "none of 3 calls" in none.stderr)
    (line,) = run("find", lost, "0501234567", "lois", "--json", "--tz", "Asia/Kathmandu").output.splitlines()
    assert "2026010109000000000002" == (one := json.loads(line))["call_id"]
    assert one["started"].endswith("+05:45")
    assert "Lois Lane" in one["names"]


def test_check_passes_sound_recordings() -> None:
    """Anomalies are notes, unless asked for more."""
    lost = str(FIXTURES / "scenarios" / "lost-events.jsonl")

    assert 0 == run("check", AGAIN).exit_code
    assert 0 == run("check", lost).exit_code
    assert 1 == run("check", lost, "--pedantic").exit_code
    assert "event_missed" in run("check", lost).output


def test_bad_lines_are_reported_and_counted(tmp_path: Path) -> None:
    """The first ten in full, the rest as a number; exit code 1, and the frames are counted."""
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"oops\n" * 12 + Path(AGAIN).read_bytes())
    result = run("replay", str(path))

    assert 1 == result.exit_code
    assert 10 == result.stderr.count(": not JSON")
    assert "2 more lines are not frames" in result.stderr
    assert "CallEnded" in result.stdout
    assert 1 == run("check", str(path)).exit_code


@pytest.mark.parametrize("command", [["replay"], ["snapshot"], ["check"], ["explain", CALL]])
def test_what_cannot_be_read_says_why(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing, a directory, strict: exit code 2 and one line; empty: exit code 1 and one line."""
    bad, empty = tmp_path / "bad.jsonl", tmp_path / "empty.jsonl"
    bad.write_text("oops\n")
    empty.write_text("")

    def exit_code(path: Path, *more: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["calltrack", command[0], str(path), *command[1:], *more])
        with pytest.raises(SystemExit) as left:
            main()
        return left.value.code, capsys.readouterr().err

    assert (2, f"calltrack: {tmp_path}/no: no such file\n") == exit_code(tmp_path / "no")
    assert (2, f"calltrack: {tmp_path}: is a directory, not a recording\n") == exit_code(tmp_path)
    code, said = exit_code(bad, "--strict")
    assert (2, True) == (code, said.startswith(f"calltrack: {bad}:1: not JSON"))
    code, said = exit_code(empty)
    assert (1, True) == (code, "contains no frames" in said or "no call" in said)


def test_standard_input_is_a_recording() -> None:
    """ "-" reads it, packed or not."""
    script = [sys.executable, "-m", "calltrack", "replay", "-", "--format", "json"]
    packed = gzip.compress(Path(AGAIN).read_bytes())
    done = subprocess.run(script, input=packed, capture_output=True, check=True)

    assert Path(AGAIN).with_suffix(".changes.jsonl").read_bytes() == done.stdout


@pytest.mark.parametrize(
    "command",
    [
        *(
            ["snapshot", "--json"],
            ["contacts", "--json"],
            ["missed", "--json"],
            ["check", "--json"],
            ["report", "--json"],
        ),
        *(["report", "--csv"], ["replay", "--format", "json"], ["find", "Eve", "--json"]),
        *(["export", "--table", "calls", "--format", name] for name in ("csv", "jsonl")),
        *(["import", "-o", "-"], ["redact", "--key-file", __file__]),
    ],
)
def test_text_for_programs_commands_no_terminal(tmp_path: Path, command: list[str]) -> None:
    """There it says the same, with what a terminal obeys spelled as in JSON; elsewhere it is exact."""
    path = tmp_path / "evil.jsonl"
    text = Path(AGAIN).read_text().replace('"Caller"', '"Eve \x9b2J\x7f\u202e\U000e0041"').replace("Lois", "\\u001b[2J")
    path.write_text(text)
    called = [sys.executable, "-m", "calltrack", command[0], str(path), *command[1:]]
    exact = subprocess.run(called, capture_output=True).stdout.decode("utf-8-sig").replace("\r\n", "\n")
    master, slave = os.openpty()
    with subprocess.Popen(called, stdout=slave, stderr=subprocess.DEVNULL) as running:
        os.close(slave)
        found = b"".join(iter(partial(_read, master), b"")).decode().replace("\r\n", "\n")
    os.close(master)

    assert running.returncode in (0, 1)
    assert exact
    assert not [char for char in found if not char.isprintable() and char != "\n"]
    assert spelled(exact) == found


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def test_a_stranger_cannot_command_the_terminal(tmp_path: Path) -> None:
    """Control and direction characters of names are spelled out in every output for people."""
    evil = (
        Path(AGAIN)
        .read_text()
        .replace('"Caller"', '"\\u001b]0;owned\\u0007\\u202egnp.exe"')
        .replace("Lois", "\\u001b[2J[red]")
    )
    path = tmp_path / "evil.jsonl"
    path.write_text(evil)

    for command in (["replay"], ["snapshot"], ["snapshot", "--line", "8"], ["explain", CALL], ["check"]):
        output = run(command[0], str(path), *command[1:]).output
        assert not {"\x1b", "\x07", "\u202e"} & set(output)
    assert "[red]" in run("snapshot", str(path)).output


def test_diagram_prints_mermaid() -> None:
    """All of them, or one."""
    assert "stateDiagram-v2" in run("diagram").output
    assert "stateDiagram-v2" not in run("diagram", "--of", "call").output


def test_times_and_speeds_are_checked() -> None:
    """A wrong value is a usage error with the right form in it."""
    assert "write 2023-11-30T10:00:00Z or epoch seconds" in run("replay", AGAIN, "--from", "noon").stderr
    assert "write max, real, or a factor" in run("replay", AGAIN, "--speed", "fast").stderr
    assert 0 == run("replay", AGAIN, "--speed", "100000x").exit_code
    assert 2 == run("snapshot", AGAIN, "--line", "1", "--at", "5").exit_code


def test_a_narrow_terminal_gets_names_for_what_it_lacks() -> None:
    """No traceback where a character cannot be printed."""
    script = [sys.executable, "-m", "calltrack", "replay", AGAIN]
    done = subprocess.run(script, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=True)

    assert rb"Queued \u2192 Ringing" in done.stdout


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    """`| head` ends the command quietly, with exit code 0."""
    path = tmp_path / "long.jsonl"
    path.write_bytes(Path(AGAIN).read_bytes() * 200)
    script = f'"{sys.executable}" -m calltrack replay "{path}" | head -n 1; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)

    assert (1, b"") == (done.stdout.count(b"\n"), done.stderr)
