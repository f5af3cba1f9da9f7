"""Rows into an Excel workbook, a sheet a table: text stays text, moments are local times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, BinaryIO

from msgspec import Struct

from calltrack.export.cells import plain, titled, wall
from calltrack.export.columns import Column, columns, table_of, values

_ROWS = 1_048_576  # of a sheet; Excel opens no more
_LETTERS = 32_767  # of a cell
_WIDTHS = {
    "text": 18,
    "integer": 9,
    "seconds": 10,
    "timestamp": 26,
    "boolean": 10,
    "texts": 18,
    "spells": 30,
    "steps": 30,
}


class Excel:
    """A workbook with a sheet a table; a table of more rows than a sheet holds goes on in the next."""

    def __init__(self, tables: Sequence[str], out: BinaryIO, zone: tzinfo = UTC):
        import xlsxwriter

        # Memory does not follow the rows, and nothing that a stranger wrote becomes a formula, a link or a number.
        plainly = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = xlsxwriter.Workbook(out, {"constant_memory": True, **plainly})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"})
        self._bold = self._book.add_format({"bold": True})
        self._zone = zone
        self._sheets = {table: _Sheet(self, table) for table in tables}

    def write(self, row: Struct) -> None:
        """Write one row."""
        self._sheets[table_of(row)].write(row)

    def close(self) -> None:
        """Write the file."""
        self._book.close()

    def add(self, name: str, found: Sequence[Column]) -> Any:
        """A new sheet with its heading, which stays in view."""
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        for number, column in enumerate(found):
            sheet.set_column(number, number, max(_WIDTHS[column.kind], len(column.name) + 3))
        for number, column in enumerate(found):
            title = titled(column.name, self._zone) if column.kind == "timestamp" else column.name
            sheet.write_string(0, number, title, self._bold)
        return sheet

    def put(self, sheet: Any, place: int, number: int, value: object) -> None:
        """Write a cell; what is not known is an empty one."""
        if value is None:
            return
        if isinstance(value, bool):
            sheet.write_boolean(place, number, value)
        elif isinstance(value, int | float):
            sheet.write_number(place, number, value)
        elif isinstance(value, datetime):
            sheet.write_datetime(place, number, wall(value, self._zone), self._moment)
        elif text := plain(value):
            sheet.write_string(place, number, text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…")


class _Sheet:
    """The sheets of one table."""

    def __init__(self, book: Excel, table: str):
        self._book, self._table, self._columns = book, table, columns(table)
        self._count, self._place = 1, 0
        self._sheet = book.add(table, self._columns)

    def write(self, row: Struct) -> None:
        self._place += 1
        if self._place == _ROWS:
            self._count, self._place = self._count + 1, 1
            self._sheet = self._book.add(f"{self._table} {self._count}", self._columns)
        for number, value in enumerate(values(row, self._columns)):
            self._book.put(self._sheet, self._place, number, value)
