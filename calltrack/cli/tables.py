"""Tables on a terminal and in a pipe: columns where they fit, else a block of lines for each row.

A cell is never cut, and an id or a date never broken. A pipe gets plain text in columns, however wide.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Sequence

import click

from calltrack.words.values import safe

_GAP = "  "
_WORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*|\S+")  # a date and its time are one
_LEAST = 20  # columns, below which no terminal is usable anyway


def width() -> int | None:
    """The columns of the terminal on standard output; None for a pipe or file."""
    return max(_LEAST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else None


def show(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]], *, err: bool = False) -> None:
    """Print a table; all texts are made safe. An empty one has only its headings."""
    for line in lines(title, headings, rows, width()):
        click.echo(line, err=err)
    click.echo(err=err)


def lines(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]], columns: int | None) -> list[str]:
    """The lines of a table for a terminal of that many columns, or for a pipe (None)."""
    from rich.cells import cell_len

    cells = [[safe(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(headings, *cells, strict=True)]
    if columns is not None and sum(widths) + len(_GAP) * (len(widths) - 1) > columns:
        if not any(headings) and len(widths) == 2:
            return [safe(title), *(line for row in cells for line in _hanging(row[0], row[1], widths[0], columns))]
        return [safe(title), *(line for row in cells for line in _block(headings, row, columns))]
    shown = [list(headings), *cells] if any(headings) else cells
    return [
        safe(title),
        *(
            _GAP.join(cell + " " * (size - cell_len(cell)) for cell, size in zip(row, widths, strict=True)).rstrip()
            for row in shown
        ),
    ]


def folded(parts: Sequence[str], rest: str, columns: int, indent: str = "    ") -> str:
    """Texts joined by spaces, over several lines if they must; none of `parts`, no word and no date is broken."""
    found, line = [], ""
    for part in (*(part for part in parts if part.strip()), *_WORD.findall(rest)):
        if line and len(click.unstyle(line)) + 1 + len(click.unstyle(part)) > columns:
            found.append(line)
            line = f"{indent}{part}"
        else:
            line = f"{line} {part}" if line else part
    return "\n".join([*found, line])


def _hanging(label: str, text: str, indent: int, columns: int) -> list[str]:
    """A short label and a text that goes on below itself."""
    margin = " " * (indent + len(_GAP)) if indent < columns // 2 else "    "
    first = f"{label:<{indent}}{_GAP}"
    found = folded([], text, columns - len(margin), "").split("\n")
    head = [f"{first}{found[0]}"] if len(margin) >= len(first) else [label, f"{margin}{found[0]}"]
    return [*head, *(f"{margin}{line}" for line in found[1:])]


def _block(headings: Sequence[str], row: Sequence[str], columns: int) -> list[str]:
    """A row as lines: the first cell, and below it each other one that is not empty, with its heading."""
    label = max(map(len, headings[1:]), default=0)
    found = [row[0]]
    for heading, cell in zip(headings[1:], row[1:], strict=True):
        if not cell:
            continue
        line = f"  {heading:<{label}}{_GAP}{cell}" if label else f"  {cell}"
        if len(line) <= columns:
            found.append(line)
            continue
        found += [f"  {heading}"] if heading else []
        found += [f"    {part}" for part in folded([], cell, columns - 4, "").split("\n")]
    return found
