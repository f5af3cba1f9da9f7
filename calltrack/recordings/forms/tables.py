"""CSV with the frame, or its payload, in one column, as databases and log services export it."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from calltrack.recordings.forms.envelopes import read_text
from calltrack.recordings.forms.lines import Lines
from calltrack.recordings.forms.pieces import Found, Piece, Unread, is_event
from calltrack.recordings.forms.times import epoch

_TIMES = frozenset(
    {"at", "time", "timestamp", "ts", "received", "receivedat", "received_at", "@timestamp", "date", "datetime"}
)
_DELIMITERS = ",;\t|"


class Row(NamedTuple):
    """A record of the table: the line on which it ends, and its frames."""

    line: int
    pieces: list[Piece]


def delimiter_of(first: bytes, second: bytes) -> str | None:
    """What separates the columns, if a column of these first records holds a frame; else None."""
    for delimiter in _DELIMITERS:
        head, body = (next(records(iter([line.decode("utf-8", "replace")]), delimiter), []) for line in (first, second))
        if _begins(head):
            if len(head) > 1 and _holds(first, head, None, delimiter):
                return delimiter
        elif (
            (len(head) > 1 or second.startswith(b'"'))
            and second[:1] not in (b"[", b"{")  # else it is a line of JSON, whatever stands before it
            and (len(head) == len(body) or (len(head) >= len(body) and _is_open(second, delimiter)))
            and not any(char in cell for cell in head for char in "[{")
            and _holds(second, body, [name.strip().lower() for name in head], delimiter)
        ):
            return delimiter
    return None


def _holds(line: bytes, record: list[str], heading: list[str] | None, delimiter: str) -> bool:
    """Whether a record has a frame, or a cell in which one may begin that goes on in the next line."""
    if _is_open(line, delimiter):
        return _begins(record)
    return any(isinstance(piece, Found) for piece in _read(record, heading))


def _is_open(line: bytes, delimiter: str) -> bool:
    """Whether a quoted cell with JSON in it goes on in the next line."""
    quoted = any(delimiter.encode() + opening in b"%b%b" % (delimiter.encode(), line) for opening in (b'"{', b'"['))
    return quoted and line.count(b'"') % 2 == 1


def rows(lines: Lines, first: bytes, delimiter: str) -> Iterator[Row]:
    """Every record that follows, `first` among them, which may be the heading."""
    heading: list[str] | None = None
    texts = (line.decode("utf-8", "replace") for line in chain([first], lines))
    for number, record in enumerate(records(texts, delimiter)):
        if number == 0 and not _begins(record):
            heading = [name.strip().lower() for name in record]
            continue
        yield Row(lines.number, _read(record, heading))


def _read(record: list[str], heading: list[str] | None) -> list[Piece]:
    name = next((cell.strip() for cell in record if is_event(cell.strip())), "")
    at: float | None = None
    for number, cell in enumerate(record):
        titled = heading is not None and number < len(heading) and heading[number] in _TIMES
        if at is None and (titled or (heading is None and "-" in cell[:11])):
            at = epoch(cell)
    refused: list[Piece] = []
    for cell in record:
        if cell.lstrip()[:1] in ("{", "[") or cell[:1].isdigit():
            pieces = read_text(cell, at, name)
            if pieces and any(isinstance(piece, Found) for piece in pieces):
                return [piece._replace(form="CSV") if isinstance(piece, Found) else piece for piece in pieces]
            if pieces is None and cell.lstrip()[:1] in ("{", "["):
                pieces = [Unread("not JSON: the column of the frames holds something else, or is cut off")]
            refused += pieces or []
    return refused or [Unread("not a frame: no column holds one")]


def _begins(record: list[str]) -> bool:
    """Whether a cell begins as JSON or a packet does."""
    return any(cell.lstrip().startswith(("{", '["', "[{", "42[", "42/")) for cell in record)


def records(texts: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    """The cells of each record; a broken record has none."""
    csv.field_size_limit(min(sys.maxsize, 1 << 30))  # process-wide; a list of 10,000 extensions has 8 MB
    reader = csv.reader(texts, delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield []
