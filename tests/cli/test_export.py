"""`calltrack export` as a user runs it: to standard output, to files, and many recordings to a folder."""

import csv
import io
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow.dataset
import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from calltrack.cli import commands
from calltrack.cli.folder import names_of
from calltrack.figures import TABLES
from calltrack.simulate import Plan, write_recording

SCENARIOS = Path(__file__).parent.parent.parent / "fixtures" / "scenarios"
AGAIN = str(SCENARIOS / "queue-rings-again.jsonl")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, arguments)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two simulated hours before and after midnight in Israel."""
    path = tmp_path_factory.mktemp("export") / "simulated.jsonl"
    write_recording(path, Plan(agents=6, queues=2, start=1_704_747_600.0), seed=3, hours=2, truth=False)
    return str(path)


@pytest.mark.parametrize("table", ["calls", "legs", "queue_entries", "agent_states"])
def test_export_to_standard_output_and_to_files(recording: str, table: str, tmp_path: Path) -> None:
    """The same rows in each format; the ending of the file's name is the format."""
    lines = run("export", recording, "--table", table).stdout.splitlines()
    for ending in ("csv", "parquet", "jsonl"):
        out = tmp_path / f"rows.{ending}"
        result = run("export", recording, "--table", table, "-o", str(out))
        assert (0, "") == (result.exit_code, result.stdout)
        assert f"{len(lines)} rows of {table}" in result.stderr
    in_csv = list(csv.DictReader(io.StringIO((tmp_path / "rows.csv").read_text("utf-8-sig"), newline="")))
    assert len(lines) == len(in_csv) == pyarrow.parquet.read_table(tmp_path / "rows.parquet").num_rows
    assert lines == (tmp_path / "rows.jsonl").read_text().splitlines()


@pytest.mark.parametrize("name", ["calls.xls", "calls.csv.gz", "calls.json"])
def test_a_file_whose_ending_is_no_format_is_not_written(tmp_path: Path, name: str) -> None:
    """JSON lines under such a name would surprise its reader; --format says that they are meant."""
    out = tmp_path / name
    result = run("export", AGAIN, "--table", "calls", "-o", str(out))
    assert (2, True) == (result.exit_code, f"{out}: its ending is not one of these formats" in result.stderr)
    assert not out.exists()

    assert 0 == run("export", AGAIN, "--table", "calls", "--format", "jsonl", "-o", str(out)).exit_code


@pytest.mark.parametrize("form", ["parquet", "xlsx"])
def test_what_is_not_text_needs_a_file(form: str) -> None:
    """Standard output would be garbage on a terminal."""
    result = run("export", AGAIN, "--table", "calls", "--format", form)

    assert (2, True) == (result.exit_code, "write it to a file with -o" in result.output)


def test_a_workbook_has_all_tables(recording: str, tmp_path: Path) -> None:
    """A sheet each, local times of the zone that the heading names; an id and a phone number are text."""
    out = tmp_path / "day.xlsx"
    assert 0 == run("export", recording, "-o", str(out), "--tz", "Asia/Jerusalem").exit_code

    book = openpyxl.load_workbook(out)
    assert list(TABLES) == book.sheetnames
    for table in TABLES:
        lines = run("export", recording, "--table", table).stdout.splitlines()
        assert len(lines) == book[table].max_row - 1 > 0
    headings, *rows = book["calls"].values
    calls = [dict(zip(headings, row, strict=True)) for row in rows]
    ended = [call["ended_at (Asia/Jerusalem)"] for call in calls if call["ended_at (Asia/Jerusalem)"]]
    assert all(isinstance(at, datetime) for at in ended)
    assert {23, 0} == {at.hour for at in ended}  # the recording begins at 21:00 UTC
    assert any(call["caller"].startswith("0") for call in calls)
    assert all(isinstance(call["call_id"], str) for call in calls)


def test_without_a_zone_times_are_those_of_the_stream(recording: str) -> None:
    """Its offset is known with the first frames; --utc is there for who wants none."""
    local = run("export", recording, "--table", "calls", "--format", "csv").stdout.splitlines()
    utc = run("export", recording, "--table", "calls", "--format", "csv", "--utc").stdout.splitlines()

    assert "started (UTC+02:00)" in local[0] and "started (UTC)" in utc[0]
    assert local[1:] != utc[1:]


@pytest.mark.slow
def test_many_recordings_in_a_folder(recording: str, tmp_path: Path) -> None:
    """Every row once, by account and local day; exporting one again replaces its own files and no others."""
    out = tmp_path / "tables"
    names = [recording, AGAIN, str(SCENARIOS / "incoming-answered.jsonl")]
    assert 0 == run("export", *names, "-o", str(out), "--jobs", "2").exit_code

    def rows() -> dict[str, int]:
        return {
            table: pyarrow.dataset.dataset(out / table, format="parquet", partitioning="hive").count_rows()
            for table in TABLES
        }

    expected = {
        table: sum(len(run("export", name, "--table", table).stdout.splitlines()) for name in names) for table in TABLES
    }
    assert expected == rows()
    assert {"day=2024-01-08", "day=2024-01-09"} <= {path.name for path in out.glob("calls/account=*/day=*")}
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")}
    result = run("export", AGAIN, "-o", str(out))
    assert (0, True) == (result.exit_code, "1 of 1:" in result.stderr)
    assert expected == rows()
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")}
    assert {"queue-rings-again"} == {path.name.rsplit("-", 2)[0] for path in before if before[path] != kept[path]}


def test_a_recording_that_cannot_be_read_does_not_keep_the_others(tmp_path: Path) -> None:
    """It is named, and the exit code is 1."""
    result = run("export", str(tmp_path / "nothing.jsonl"), AGAIN, "-o", str(tmp_path / "tables"))

    assert 1 == result.exit_code
    assert "nothing.jsonl: no such file" in result.stderr
    assert list((tmp_path / "tables").rglob("queue-rings-again-*.parquet"))


def test_names_of_files() -> None:
    """What two recordings share is distinguished by their folders, or refused."""
    assert ["a", "b"] == names_of(["x/a.jsonl", "x/b.jsonl.zst"])
    assert ["x-a.1", "y-a.1"] == names_of(["x/a.1.jsonl", "y/a.1.json.gz"])
    with pytest.raises(Exception, match="two recordings"):
        names_of(["x/a.jsonl", "x/a.json"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([AGAIN, AGAIN, "-o", "calls.csv"], "several recordings go to a folder"),
        ([AGAIN, "--table", "calls", "-o", "tables"], "leave --table out"),
        ([AGAIN], "add --table"),
        ([AGAIN, "--table", "calls", "--jobs", "2"], "--jobs is for a folder"),
    ],
)
def test_what_does_not_go_together(arguments: list[str], said: str) -> None:
    """Is refused with what to do instead."""
    result = run("export", *arguments)

    assert (2, True) == (result.exit_code, said in " ".join(result.stderr.split()))
