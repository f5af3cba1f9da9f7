"""Call detail records as frames: notification bodies, Call Log answers, and tables with their fields as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from msgspec import Raw

from calltrack.cdr.shapes import CallLogRefused, OtherColumns, columns_of, lacking, records_of, row_of
from calltrack.recordings.forms.lines import Lines
from calltrack.recordings.forms.pieces import Piece, Unread, found
from calltrack.recordings.forms.tables import Row, records
from calltrack.voicenter.spellings import CDR

_DELIMITERS = ",;\t|"


def read(fields: Mapping[str, Raw]) -> list[Piece] | None:
    """The records that a JSON object is or has; None if there are none."""
    try:
        items = records_of(fields)
    except CallLogRefused as error:
        return [Unread(str(error))]
    if items is None:
        return None
    form = "Call Log answers" if "CDR_LIST" in fields else "CDR notifications"
    pieces: list[Piece] = [found(CDR, item, None, form) for item in items]
    if lacks := lacking(fields, len(items)):
        pieces.append(Unread(lacks))
    return pieces


def is_table(first: bytes) -> bool:
    """Whether a first line is the heading of a table of records, with columns that are known or not."""
    try:
        return any(columns_of(cells) for _, cells in _headings(first))
    except OtherColumns:
        return True


def rows(lines: Lines, first: bytes) -> Iterator[Row]:
    """Every record of such a table."""
    for delimiter, cells in _headings(first):
        try:
            columns = columns_of(cells)
        except OtherColumns as error:
            yield Row(lines.number, [Unread(str(error))])
            for _ in lines:
                pass
            return
        if columns is None:
            continue
        texts = (line.decode("utf-8", "replace") for line in chain([first], lines))
        for number, record in enumerate(records(texts, delimiter)):
            if number and any(cell.strip() for cell in record):
                yield Row(lines.number, [found(CDR, row_of(record, columns), None, "a table of calls")])
        return


def _headings(first: bytes) -> Iterator[tuple[str, list[str]]]:
    text = first.decode("utf-8-sig", "replace")
    for delimiter in _DELIMITERS:
        cells = next(records(iter([text]), delimiter), [])
        if len(cells) > 1:
            yield delimiter, cells
