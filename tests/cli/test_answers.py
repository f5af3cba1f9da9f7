"""Nothing is missed silently, times are on the stream's clock, and a narrow terminal loses nothing."""

import json
from pathlib import Path

import pytest

from calltrack.cli import tables
from calltrack.cli.missing import nearest, no_such
from tests.cli.test_commands import AGAIN, CALL, run

LOST = str(Path(AGAIN).with_name("lost-events.jsonl"))


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("replay", AGAIN, "--extension", "nosuch"), "no extension nosuch in "),
        (("replay", AGAIN, "--extension", "sipsip9"), "the nearest: SIPSIP"),
        (("replay", AGAIN, "--call", "99"), f"no call 99 in {AGAIN}; there are {CALL}"),
        (("replay", AGAIN, "--queue", "5"), "no queue 5 in "),
        (("replay", AGAIN, "--extension", "SIPSIP2", "--until", "2020-01-01"), "matches all that was asked for"),
        (("replay", AGAIN, "--from", "2030-01-01", "--format", "json"), "matches all that was asked for"),
        (("snapshot", AGAIN, "--line", "99999"), "there are 11 lines; this is the state after the last"),
        (("snapshot", AGAIN, "--at", "2030-01-01"), "the recording ends at 2026-01-01 09:01:41+02:00"),
        (("explain", AGAIN, CALL[:-1] + "9"), f"the nearest: {CALL}"),
    ],
)
def test_what_matches_nothing_says_so(command: tuple[str, ...], says: str) -> None:
    """With the nearest that there is, and exit code 1."""
    result = run(*command)

    assert (1, True) == (result.exit_code, says in result.stderr)


@pytest.mark.parametrize(
    "command",
    [("--extension", "SIPSIP2"), ("--call", CALL[:5]), ("--queue", "55"), ("--until", "2026-01-01T09:00:06"), ()],
)
def test_what_matches_something_is_fine(command: tuple[str, ...]) -> None:
    """Exit code 0, nothing on standard error."""
    result = run("replay", AGAIN, *command)

    assert (0, "") == (result.exit_code, result.stderr)


def test_the_nearest() -> None:
    """By what they contain, then by likeness; whatever case."""
    assert ["SIP12", "SIP13"] == nearest("sip1", ["SIP12", "SIP13", "desk"])
    assert ["Clark Kent"] == nearest("clark", ["Lois", "Clark Kent"])
    assert "no call 1 in x, and no other either" == no_such("call", "1", [""], "x")
    assert "none of its 9 is like it, a0 for example" in no_such("call", "zzz", [f"a{n}" for n in range(9)], "x")


@pytest.mark.parametrize(
    ("option", "shown"),
    [
        ((), "2026-01-01 09:00:05+02:00"),
        (("--utc",), "2026-01-01 07:00:05Z"),
        (("--tz", "UTC"), "2026-01-01 07:00:05Z"),
        (("--tz", "America/New_York"), "2026-01-01 02:00:05-05:00"),
    ],
)
@pytest.mark.parametrize("command", [("replay", AGAIN), ("explain", AGAIN, CALL), ("snapshot", AGAIN, "--line", "3")])
def test_times_are_on_the_clock_that_was_asked_for(
    command: tuple[str, ...], option: tuple[str, ...], shown: str
) -> None:
    """The stream's own by default; every command alike."""
    assert shown in run(*command, *option).stdout


def test_a_time_without_an_offset_is_on_the_same_clock() -> None:
    """What is read off the screen can be typed in; standard input needs to say."""
    local = run("snapshot", AGAIN, "--at", "2026-01-01T09:00:07", "--json")
    zoned = run("snapshot", AGAIN, "--at", "2026-01-01T02:00:07", "--tz", "America/New_York", "--json")
    piped = run("snapshot", "-", "--at", "2026-01-01T09:00:07", given=Path(AGAIN).read_bytes())

    assert run("snapshot", AGAIN, "--at", "2026-01-01T07:00:07Z", "--json").stdout == local.stdout == zoned.stdout
    assert (2, True) == (piped.exit_code, "has no offset" in piped.stderr)
    assert (2, True) == ((wrong := run("replay", AGAIN, "--tz", "Mars")).exit_code, "no time zone" in wrong.stderr)


def test_check_as_json() -> None:
    """Verdict, check and what was found, and whether it is sound."""
    found = json.loads(run("check", LOST, "--json").stdout)

    assert (True, 0, {"JSON lines": found["frames"]}) == (found["sound"], found["bad"], found["forms"])
    assert {"ok", "note"} == {check["verdict"] for check in found["checks"]}
    pedantic = run("check", LOST, "--json", "--pedantic")
    assert (1, False) == (pedantic.exit_code, json.loads(pedantic.stdout)["sound"])


@pytest.mark.parametrize("command", [("check", AGAIN), ("snapshot", AGAIN), ("replay", AGAIN), ("report", AGAIN)])
def test_a_pipe_gets_plain_text(command: tuple[str, ...]) -> None:
    """No lines are drawn."""
    assert not set("│─┃━┏┓└┘├┤┬┴┼╇╈") & set(run(*command).stdout)


@pytest.mark.parametrize("columns", [80, 40])
def test_a_narrow_terminal_breaks_no_id_and_no_date(columns: int) -> None:
    """A row that does not fit is a block of lines, each cell whole and under its heading."""
    row = (
        CALL,
        "Ringing",
        "2026-01-01 09:00:05+02:00",
        "a longer text of several words that has to go on below itself",
    )
    shown = tables.lines("Calls", ("call", "state", "since", "why"), [row], columns)

    assert all(len(line) <= columns for line in shown)
    assert all(any(cell in line for line in shown) for cell in row[:3])
    assert row[3].split() == " ".join(shown).split("why")[1].split()
    folded = tables.folded([row[2], CALL], f"since {row[2]} and on", columns).splitlines()
    assert all(len(line) <= columns for line in folded)
    assert 2 == sum(line.count(row[2]) for line in folded)


def test_a_table_that_fits_has_columns() -> None:
    """Aligned, also with characters that take two; control characters are spelled out."""
    shown = tables.lines("T", ("a", "b"), [("電話", "x"), ("\x1b", "y")], None)

    assert ["T", "a     b", "電話  x", "\\x1b  y"] == shown
