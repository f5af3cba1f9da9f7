"""`calltrack reconcile`: verdict, lists, totals, exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack.cli import commands
from calltrack.simulate import Plan, write_recording
from calltrack.simulate.posting import CdrFaults


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two hours of a small centre, and its records."""
    path = tmp_path_factory.mktemp("sides") / "day.jsonl"
    write_recording(path, Plan(agents=6), hours=2, cdrs=CdrFaults(), truth=False)
    return path, path.with_name("day.cdr.jsonl")


def test_complete_sides(sides: tuple[Path, Path]) -> None:
    """The verdict comes first; what differs by definition is no failure."""
    result = CliRunner().invoke(commands, ["reconcile", *map(str, sides)])

    assert result.exit_code == 0, result.output
    assert "calls agree" in result.output.splitlines()[0]
    assert "by queue: tracked / records" in result.output


def test_a_lost_record(sides: tuple[Path, Path], tmp_path: Path) -> None:
    """It is named, and the exit code says so."""
    events, cdrs = sides
    lines = cdrs.read_text().splitlines()
    n = next(n for n, line in enumerate(lines) if n > 5 and '"Queue"' in line)
    lost = json.loads(lines.pop(n))["ivruniqueid"]
    fewer = tmp_path / "fewer.jsonl"
    fewer.write_text("\n".join(lines))
    result = CliRunner().invoke(commands, ["reconcile", str(events), str(fewer), "--json"])
    found = json.loads(result.stdout)
    bad = [one for call in found["calls"] for one in call["differences"] if one["call_id"] == lost]

    assert result.exit_code == 1
    assert "without an explanation" in found["verdict"]
    assert "no record of it was received" in [one["reason"] for one in bad]


def test_popups_among_events_are_no_records(sides: tuple[Path, Path], tmp_path: Path) -> None:
    """They are neither tracked nor compared."""
    body = {"ivrid": "7", "extenUser": "A", "status": "Ringing", "direction": "Incoming", "callStarted": 1704700000}
    events = tmp_path / "events.jsonl"
    events.write_bytes(sides[0].read_bytes() + json.dumps({"at": 1e10, "event": "popup", "data": body}).encode())
    first, second = (
        CliRunner().invoke(commands, ["reconcile", str(path), str(sides[1])]) for path in (sides[0], events)
    )

    assert first.stdout == second.stdout


def test_a_page(sides: tuple[Path, Path], tmp_path: Path) -> None:
    """It has the verdict, and no script."""
    out = tmp_path / "out.html"
    result = CliRunner().invoke(commands, ["reconcile", *map(str, sides), "--html", str(out)])
    text = out.read_text(encoding="utf-8")

    assert result.output.splitlines()[0] in text
    assert "<script" not in text and "&lt;" not in text
    assert text.count("<h2>By ") == 3 == text.count("</section>") - text.count(" calls</h2>")


def test_other_columns(sides: tuple[Path, Path], tmp_path: Path) -> None:
    """The message says what is missing, and the exit code that nothing was compared."""
    table = tmp_path / "panel.csv"
    table.write_text("Call ID,Dial Status,Caller Number\n1,ANSWER,050\n")
    result = CliRunner().invoke(commands, ["reconcile", str(sides[0]), str(table)])

    assert result.exit_code == 1
    assert "without a start and a duration" in result.output
    table.write_text("Call,Begin,Agent\n1,2024-01-08 09:00:00,Dana\n")
    result = CliRunner().invoke(commands, ["reconcile", str(sides[0]), str(table)])
    assert "if they are a table, it needs the columns ivruniqueid" in result.output


def test_records_alone_give_a_report(sides: tuple[Path, Path]) -> None:
    """Without any frame of a socket; the zone says the offset of the account's clock."""
    result = CliRunner().invoke(commands, ["report", str(sides[1]), "--tz", "Asia/Jerusalem", "--json"])
    found = json.loads(result.stdout)

    assert result.exit_code == 0
    assert found["total"]["waits"]["answered"] > 10
    assert found["unplaced"] == 0


def test_what_no_record_states_is_said(sides: tuple[Path, Path], tmp_path: Path) -> None:
    """A table of few columns is compared in these, and nothing else is a difference."""
    events, cdrs = sides
    rows = [json.loads(line) for line in cdrs.read_text().splitlines()]
    names = ("ivruniqueid", "type", "status", "time", "duration")
    table = tmp_path / "few.csv"
    table.write_text("\n".join([",".join(names), *(",".join(str(row[name]) for name in names) for row in rows)]))
    result = CliRunner().invoke(commands, ["reconcile", str(events), str(table)])

    assert result.exit_code == 0, result.output
    assert "none states talk, ring, wait, extension, agent, queue, number" in result.output.splitlines()[1]


def test_records_alone_are_no_stream(sides: tuple[Path, Path]) -> None:
    """There is nothing to compare them with."""
    result = CliRunner().invoke(commands, ["reconcile", str(sides[1]), str(sides[1])])

    assert result.exit_code == 2
    assert "has no events of the stream" in result.output


def test_a_line_that_cannot_be_read(sides: tuple[Path, Path], tmp_path: Path) -> None:
    """It may have been a record: the exit code says so."""
    events, cdrs = sides
    cut = tmp_path / "cut.jsonl"
    cut.write_text(cdrs.read_text() + '{"ivruniqueid": "1", "ty')
    result = CliRunner().invoke(commands, ["reconcile", str(events), str(cut)])

    assert result.exit_code == 1
    assert "1 line could not be read" in result.output
