"""Rows in files: JSON lines, CSV that no stranger makes a formula of, typed Parquet."""

import csv
import io
import json
from datetime import UTC, datetime

import openpyxl
import pyarrow.parquet
import pytest
from msgspec import Struct
from msgspec.structs import replace

from calltrack.core.states import Outcome, State
from calltrack.export import FORMATS, cell, columns, open_writer
from calltrack.export.cells import plain, titled
from calltrack.export.columns import values
from calltrack.export.writers import KINDS, write_rows
from calltrack.figures import TABLES, AgentStateRow, CallRow, LegRow, QueueEntryRow
from calltrack.figures.rows import Spell
from tests.figures.made import facts, talk

AT = 1_700_000_000
CALL = CallRow("1", 7, "Incoming", "+972501234567", '=HYPERLINK("x")', "", "55", AT, AT + 2, AT + 9.5, related=("0",))
ROWS: dict[str, Struct] = {
    "calls": replace(CALL, answered=True, outcome=Outcome.ANSWERED, talk_s=7.5, legs=1),
    "legs": LegRow(
        *("1", "SIP1", 1, 7, "70", "דנה", "55", "Incoming", False, 0, False, True),
        started=AT,
        spells=(Spell(State.RINGING, AT, AT + 2), Spell(State.TALKING, AT + 2, None)),
    ),
    "queue_entries": QueueEntryRow("55", "1", None, AT, AT + 2, 2, Outcome.PICKED_UP, "-1+cmd", 3),
    "agent_states": AgentStateRow("SIP1", 7, 70, "@x", None, "", AT),
    "contacts": (
        *facts(
            replace(CALL, answered=True, outcome=Outcome.ANSWERED, related=()), talk(AT + 2, AT + 9, call_id="1")
        ).contacts,
    )[0],
}


def written(form: str, table: str, *rows: Struct) -> bytes:
    """The file that the rows become."""
    out = io.BytesIO()
    assert len(rows) == write_rows(rows, open_writer(form, [table], out))
    return out.getvalue()


@pytest.mark.parametrize("table", TABLES)
def test_json_lines(table: str) -> None:
    """One object a row, with every column."""
    (line,) = written("jsonl", table, ROWS[table]).splitlines()

    assert [column.name for column in columns(table)] == list(json.loads(line))


def test_what_json_says_of_a_call() -> None:
    """Times in UTC, ids as text, null where there is nothing."""
    call = json.loads(written("jsonl", "calls", ROWS["calls"]))

    assert ("7", "2023-11-14T22:13:20Z", 7.5, None, ["0"]) == (
        *(call["account_id"], call["started"], call["talk_s"], call["did"], call["related"]),
    )


def test_no_cell_of_a_csv_is_a_formula() -> None:
    """Text that begins as one has an apostrophe before it; a phone number stays what it is, and joins."""
    calls = written("csv", "calls", replace(CALL, talk_s=-1)).decode("utf-8-sig")
    entries = written("csv", "queue_entries", ROWS["queue_entries"]).decode("utf-8-sig")
    states = written("csv", "agent_states", ROWS["agent_states"]).decode("utf-8-sig")

    (call,) = csv.DictReader(io.StringIO(calls))
    assert ("+972501234567", '\'=HYPERLINK("x")', "-1.0") == (call["caller"], call["caller_name"], call["talk_s"])
    assert ["'-1+cmd"] == [row["agent_name"] for row in csv.DictReader(io.StringIO(entries))]
    assert ["'@x"] == [row["agent_name"] for row in csv.DictReader(io.StringIO(states))]


@pytest.mark.parametrize("text", ["+972501234567", "0501234567", "+972 (50) 123-4567", "-5", "*6050", "#1", "דנה"])
def test_what_runs_nothing_is_left_alone(text: str) -> None:
    """Phone numbers and names."""
    assert text == cell(text)


@pytest.mark.parametrize(
    "text",
    [
        "+1+cmd|' /C calc'!A0",
        "-2+3+cmd",
        "@SUM(1)",
        "=1+1",
        "+",
        "-",
        "+972501234567;=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "﹦1",
    ],
)
def test_what_may_run_is_defused(text: str) -> None:
    """It keeps every letter, behind an apostrophe."""
    assert f"'{text}" == cell(text)


@pytest.mark.parametrize("table", TABLES)
def test_excel_reads_back_what_was_written(table: str) -> None:
    """Text as text, whatever it looks like; numbers, moments and truth as such."""
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", table, ROWS[table])))
    (sheet,) = book.worksheets
    headings, row = sheet.values

    assert [titled(one.name, UTC) if one.kind == "timestamp" else one.name for one in columns(table)] == list(headings)
    for column, found, value in zip(columns(table), row, values(ROWS[table], columns(table)), strict=True):
        if isinstance(value, datetime):
            assert value.replace(tzinfo=None) == found
        elif isinstance(value, list):
            assert (plain(value) or None) == found
        else:
            assert (column.name, value) == (column.name, found)
    kinds = {cell.data_type for line in sheet.iter_rows() for cell in line}
    assert "f" not in kinds


def test_excel_takes_what_no_person_types() -> None:
    """Control characters, text that is too long for a cell, and more rows than a sheet has."""
    long = AgentStateRow("SIP1", 7, 70, "x" * 40_000, None, "\x00\x1b[31m=1", AT)
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", "agent_states", long)))

    row = list(book["agent_states"].values)[1]
    assert (32_767, "…") == (len(row[3]), row[3][-1])
    assert "[31m=1" in row[5]


def test_a_sheet_that_is_full_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its heading."""
    monkeypatch.setattr("calltrack.export.excel._ROWS", 4)
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", "calls", *[ROWS["calls"]] * 7)))

    assert [("calls", 4), ("calls 2", 4), ("calls 3", 2)] == [(sheet.title, sheet.max_row) for sheet in book]


@pytest.mark.parametrize("name", ["\t=1", "\r=1", "\n=1"])
def test_nor_behind_blanks(name: str) -> None:
    """Spreadsheets skip them."""
    (state,) = csv.DictReader(
        io.StringIO(
            written("csv", "agent_states", AgentStateRow("SIP1", 7, 70, name, None, "", AT)).decode("utf-8-sig"),
            newline="",
        )
    )

    assert "'" + name == state["agent_name"]


def test_a_csv_that_excel_reads() -> None:
    """A byte order mark, then the header; the file is left open."""
    out = io.BytesIO()
    write_rows([ROWS["legs"]], open_writer("csv", ["legs"], out))

    assert out.getvalue().startswith(b"\xef\xbb\xbfcall_id,exten_user,")
    assert "דנה" in out.getvalue().decode()
    assert not out.closed


@pytest.mark.parametrize("table", TABLES)
def test_parquet_is_typed(table: str) -> None:
    """Read back it is what was written, and the schema is that of the catalogue, rows or not."""
    for rows in ([], [ROWS[table]], [ROWS[table]] * 10_001):
        found = pyarrow.parquet.read_table(io.BytesIO(written("parquet", table, *rows)))
        assert len(rows) == found.num_rows
        assert [column.name for column in columns(table)] == found.schema.names
    for column in columns(table):
        kind = str(found.schema.field(column.name).type)
        assert KINDS[column.kind][3].split()[0].replace("timestamp[us,", "timestamp[us, tz=UTC]").startswith(kind[:4])


def test_parquet_keeps_moments_and_spells() -> None:
    """As timestamps of UTC, to the microsecond, and as a list of structs."""
    (call,) = pyarrow.parquet.read_table(io.BytesIO(written("parquet", "calls", ROWS["calls"]))).to_pylist()
    (leg,) = pyarrow.parquet.read_table(io.BytesIO(written("parquet", "legs", ROWS["legs"]))).to_pylist()

    assert datetime(2023, 11, 14, 22, 13, 29, 500_000, UTC) == call["ended_at"]
    assert ["Ringing", "Talking"] == [spell["state"] for spell in leg["spells"]]
    assert leg["spells"][1]["until"] is None


def test_every_column_says_what_it_is() -> None:
    """In the catalogue, docs/tables.md."""
    assert [] == [(table, column.name) for table in TABLES for column in columns(table) if not column.says]


def test_the_formats() -> None:
    """Those of the command."""
    from calltrack.cli.export import _FORMATS, _TABLES

    assert (list(FORMATS), list(TABLES)) == (_FORMATS, _TABLES)
