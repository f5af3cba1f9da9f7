"""Rows into a file: JSON lines, CSV, or Parquet (extra `parquet`).

A CSV file is UTF-8 with a byte order mark, which Excel needs to see Hebrew. Text in it that a spreadsheet would take
for a formula (it begins with = + - @, a tab or a line's end) has an apostrophe before it: callers choose their names.
Of numbers as long as a call's id a spreadsheet keeps 15 digits, so import those columns as text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, BinaryIO, Protocol

import msgspec
from msgspec import Struct

from calltrack.export.cells import cell
from calltrack.export.columns import Column, columns, values

_BATCH = 10_000  # rows that Parquet keeps together: a row group


class Writer(Protocol):
    """Takes rows of one table; `close` finishes the file, but leaves it open."""

    def write(self, row: Struct) -> None:
        """Write one row."""

    def close(self) -> None:
        """Write what is left."""


KINDS = {
    "text": ("text, null if there is none", "text", "string"),
    "integer": ("number", "number", "int64"),
    "seconds": ("number", "number", "double"),
    "timestamp": ("ISO 8601, UTC", "ISO 8601, UTC", "timestamp[us, UTC]"),
    "boolean": ("true, false", "1, 0", "bool"),
    "texts": ("list", "JSON", "list of string"),
    "spells": ("list of objects", "JSON", "list of struct: state, since, until"),
}
"""How each kind of column is written in each format."""


def open_writer(form: str, table: str, out: BinaryIO) -> Writer:
    """A writer of one of FORMATS to an open binary file; raises ModuleNotFoundError if its extra is not installed."""
    return FORMATS[form](table, out)


class JsonLines:
    """One object a row."""

    def __init__(self, table: str, out: BinaryIO):
        self._columns, self._out, self._encoder = columns(table), out, msgspec.json.Encoder()

    def write(self, row: Struct) -> None:
        """Write one row."""
        names = (column.name for column in self._columns)
        self._out.write(self._encoder.encode(dict(zip(names, values(row, self._columns), strict=True))) + b"\n")

    def close(self) -> None:
        """Nothing is left."""


class Csv:
    """A header, then a line a row; no cell is a formula."""

    def __init__(self, table: str, out: BinaryIO):
        self._columns = columns(table)
        self._text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
        self._csv = csv.writer(self._text)
        self._csv.writerow([column.name for column in self._columns])

    def write(self, row: Struct) -> None:
        """Write one row."""
        self._csv.writerow([_cell(value) for value in values(row, self._columns)])

    def close(self) -> None:
        """Hand the file back."""
        self._text.flush()
        self._text.detach()


class Parquet:
    """Typed columns, 10,000 rows at a time, compressed with zstd."""

    def __init__(self, table: str, out: BinaryIO):
        import pyarrow
        import pyarrow.parquet

        self._columns = columns(table)
        fields = [
            pyarrow.field(column.name, _arrow_type(pyarrow, column), metadata={"description": column.says})
            for column in self._columns
        ]
        self._pyarrow, self._schema = pyarrow, pyarrow.schema(fields)
        self._file = pyarrow.parquet.ParquetWriter(out, self._schema, compression="zstd")
        self._rows: list[list[Any]] = []

    def write(self, row: Struct) -> None:
        """Keep one row, and write a batch when there is one."""
        self._rows.append(values(row, self._columns))
        if len(self._rows) >= _BATCH:
            self._flush()

    def close(self) -> None:
        """Write the last batch and the footer."""
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        arrays = [
            self._pyarrow.array([row[number] for row in self._rows], field.type)
            for number, field in enumerate(self._schema)
        ]
        self._rows = []
        self._file.write_table(self._pyarrow.table(arrays, schema=self._schema))


FORMATS: dict[str, Callable[[str, BinaryIO], Writer]] = {"jsonl": JsonLines, "csv": Csv, "parquet": Parquet}


def write_rows(rows: Iterable[Struct], writer: Writer) -> int:
    """Write all rows and finish; returns how many they were."""
    count = 0
    for row in rows:
        writer.write(row)
        count += 1
    writer.close()
    return count


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return msgspec.json.encode(value).decode().strip('"')
    if isinstance(value, list):
        return msgspec.json.encode(value).decode() if value else ""
    return cell(value)


def _arrow_type(pyarrow: Any, column: Column) -> Any:
    timestamp = pyarrow.timestamp("us", tz="UTC")
    spell = [("state", pyarrow.string()), ("since", timestamp), ("until", timestamp)]
    return {
        "text": pyarrow.string(),
        "integer": pyarrow.int64(),
        "seconds": pyarrow.float64(),
        "timestamp": timestamp,
        "boolean": pyarrow.bool_(),
        "texts": pyarrow.list_(pyarrow.string()),
        "spells": pyarrow.list_(pyarrow.struct(spell)),
    }[column.kind]
