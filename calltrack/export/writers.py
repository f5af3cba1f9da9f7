"""Rows into a file: JSON lines, CSV, Excel (extra `excel`), or Parquet (extra `parquet`).

JSON lines and Parquet are for programs: moments are UTC. CSV and Excel are for people: moments are local times, and the
headings name the zone; in the hour that the clocks repeat in autumn two moments look the same there.

A CSV file is UTF-8 with a byte order mark, which Excel needs to see Hebrew. Text in it that a spreadsheet would take
for a formula (it begins with = + - @, wide ones too, a tab or a line's end) has an apostrophe before it, unless it is a
phone number: callers choose their names. A spreadsheet that opens a CSV file makes numbers of text that looks like
one: it drops leading zeros and a +, and keeps 15 digits of a call's id. In an .xlsx file text is text, whatever it
looks like.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import BinaryIO, Protocol

import msgspec
from msgspec import Struct

from calltrack.export.cells import cell, titled, wall
from calltrack.export.columns import columns, values
from calltrack.export.excel import Excel
from calltrack.export.parquet import Parquet


class Writer(Protocol):
    """Takes rows of its tables; `close` finishes the file, but leaves it open."""

    def write(self, row: Struct) -> None:
        """Write one row."""

    def close(self) -> None:
        """Write what is left."""


KINDS = {
    "text": ("text, null if there is none", "text", "text", "string"),
    "integer": ("number", "number", "number", "int64"),
    "seconds": ("number", "number", "number", "double"),
    "timestamp": ("ISO 8601, UTC", "local time", "local time", "timestamp[us, UTC]"),
    "boolean": ("true, false", "1, 0", "TRUE, FALSE", "bool"),
    "texts": ("list", "JSON", "JSON", "list of string"),
    "spells": ("list of objects", "JSON, UTC", "JSON, UTC", "list of struct: state, since, until"),
    "steps": ("list of objects", "JSON, UTC", "JSON, UTC", "list of struct: the fields of calltrack.figures.Step"),
}
"""How each kind of column is written in each format."""


class JsonLines:
    """One object a row."""

    def __init__(self, tables: Sequence[str], out: BinaryIO, zone: tzinfo = UTC):
        (table,) = tables
        self._columns, self._out, self._encoder = columns(table), out, msgspec.json.Encoder()

    def write(self, row: Struct) -> None:
        """Write one row."""
        names = (column.name for column in self._columns)
        self._out.write(self._encoder.encode(dict(zip(names, values(row, self._columns), strict=True))) + b"\n")

    def close(self) -> None:
        """Nothing is left."""


class Csv:
    """A header, then a line a row; no cell is a formula."""

    def __init__(self, tables: Sequence[str], out: BinaryIO, zone: tzinfo = UTC):
        (table,) = tables
        self._columns, self._zone = columns(table), zone
        self._text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
        self._csv = csv.writer(self._text)
        self._csv.writerow(
            titled(column.name, zone) if column.kind == "timestamp" else column.name for column in self._columns
        )

    def write(self, row: Struct) -> None:
        """Write one row."""
        self._csv.writerow(
            wall(value, self._zone) if isinstance(value, datetime) else cell(value)
            for value in values(row, self._columns)
        )

    def close(self) -> None:
        """Hand the file back."""
        self._text.flush()
        self._text.detach()


FORMATS: dict[str, Callable[[Sequence[str], BinaryIO, tzinfo], Writer]] = {
    "jsonl": JsonLines,
    "csv": Csv,
    "xlsx": Excel,
    "parquet": Parquet,
}


def open_writer(form: str, tables: Sequence[str], out: BinaryIO, zone: tzinfo = UTC) -> Writer:
    """A writer of one of FORMATS to an open binary file; raises ModuleNotFoundError if its extra is not installed.

    An .xlsx file takes several tables, the others one. `zone` is that of local times.
    """
    return FORMATS[form](tables, out, zone)


def write_rows(rows: Iterable[Struct], writer: Writer) -> int:
    """Write all rows and finish; returns how many they were."""
    count = 0
    for row in rows:
        writer.write(row)
        count += 1
    writer.close()
    return count
