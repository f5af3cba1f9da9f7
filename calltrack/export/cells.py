"""What stands in a cell of a CSV file."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> object:
    """The value for a cell: strangers' text that a spreadsheet would take for a formula gets an apostrophe before it.

    Numbers are left as they are, "" stands for what is not known.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
