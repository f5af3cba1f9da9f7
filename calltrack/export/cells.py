"""What stands in a cell that a spreadsheet opens: no formula of a stranger's, moments on a local clock."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from unicodedata import normalize

import msgspec

_FORMULA = frozenset("=+-@\t\r\n")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 ().-]*")  # a phone number: whatever a spreadsheet makes of it runs nothing


def cell(value: object) -> object:
    """The value for a cell of a CSV file: text that a spreadsheet would take for a formula gets an apostrophe before.

    Numbers are left as they are, phone numbers such as +972501234567 too, "" stands for what is not known.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    text = plain(value)
    begins = normalize("NFKC", text[:1])  # a spreadsheet reads wide and small signs as it reads those of ASCII
    return f"'{text}" if begins in _FORMULA and not _NUMBER.fullmatch(text) else text


def plain(value: object) -> str:
    """Text as it is; lists as JSON, "" if they are empty."""
    if isinstance(value, list):
        return msgspec.json.encode(value).decode() if value else ""
    return str(value)


def wall(at: datetime, zone: tzinfo) -> datetime:
    """A moment as a clock on the wall shows it in a zone: without an offset, for spreadsheets know none."""
    return at.astimezone(zone).replace(tzinfo=None)


def titled(name: str, zone: tzinfo) -> str:
    """The heading of a column of moments, which names the zone."""
    return f"{name} ({zone})"
