"""`calltrack contacts`."""

import json
from pathlib import Path

from tests.cli.test_commands import run

TRANSFER = "fixtures/scenarios/consult-and-transfer.jsonl"


def test_a_contact_is_a_line() -> None:
    """With who resolved it, and how often it was passed on."""
    result = run("contacts", TRANSFER)
    title, headings, row, *_ = result.stdout.splitlines()

    assert (0, "contacts: 1") == (result.exit_code, title)
    assert headings.split()[:4] == ["began", "direction", "caller", "name"]
    assert "Lois Lane" in row


def test_times_are_on_the_streams_own_clock() -> None:
    """Unless another is asked for."""
    for options in ((), ("--journey",)):
        assert "2026-01-01 09:" in run("contacts", TRANSFER, *options).stdout
        assert "2026-01-01 07:" in run("contacts", TRANSFER, *options, "--tz", "UTC").stdout


def test_its_journey() -> None:
    """Where it was, in order."""
    lines = run("contacts", TRANSFER, "--journey").stdout.splitlines()

    assert ["conversation", "consultation", "consultation", "conversation"] == [
        line.split()[2] for line in lines[2:] if line
    ]


def test_as_json() -> None:
    """One object a contact."""
    (line,) = run("contacts", TRANSFER, "--json").stdout.splitlines()
    contact = json.loads(line)

    assert (1, "Lois Lane", 4) == (contact["transfers"], contact["resolved_by_name"], len(contact["journey"]))


def test_no_contact_at_all(tmp_path: Path) -> None:
    """Only the heading."""
    logins = tmp_path / "logins.jsonl"
    logins.write_text('["loginSuccess", {"servertime": 1767250800, "servertimeoffset": 120, "errorCode": 0}]\n')

    assert "contacts: 0" in run("contacts", str(logins)).stdout
