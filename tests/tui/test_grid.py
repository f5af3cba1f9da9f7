import asyncio

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from calltrack.tui.grid import Grid
from calltrack.tui.model import Cell, Column, Row, Table

TABLE = Table(
    "Test", (Column("Name", 4, 10), Column("For", 7, 8, right=True), Column("Who", 4, 30)), lambda *_: [], frozenset()
)


class Shown(App[None]):
    """A grid alone."""

    def compose(self) -> ComposeResult:
        """The grid."""
        yield Grid(TABLE, id="grid")


def lines(width: int, rows: list[Row], *, height: int = 5, keys: tuple[str, ...] = ()) -> list[str]:
    """What a grid of this size shows of the rows after some keys."""

    async def main() -> list[str]:
        app = Shown()
        async with app.run_test(size=(width, height)) as pilot:
            grid = app.query_one(Grid)
            grid.show(rows)
            await pilot.pause()
            await pilot.press(*keys)
            await pilot.pause()
            return [grid.render_line(y).text for y in range(height)]

    return asyncio.run(main())


def row(name: str, timer: str, who: str) -> Row:
    return Row(name, (Cell(name, name), Cell(timer, 0), Cell(who, who)))


def test_columns_are_as_wide_as_their_texts() -> None:
    """Up to their limit; times stand to the right."""
    found = lines(40, [row("a" * 12, "0:05", "Lois")])

    assert "Name            For  Who" == found[0].rstrip()
    assert "aaaaaaaaa…     0:05  Lois" == found[1].rstrip()


@pytest.mark.parametrize("width", [60, 30, 24, 20, 5])
def test_lines_are_as_wide_as_the_screen(width: int) -> None:
    """Whatever is in them, wide characters among it; the columns with most to spare give way first."""
    found = lines(width, [row("日本語日本語", "1:00:00", "Clark Kent, 日本"), row("b", "0:01", "")])

    assert {width} == {cell_len(line) for line in found}


def test_only_what_is_in_sight_is_drawn() -> None:
    """The header stays, the cursor takes the view along."""
    rows = [row(f"r{number}", "0:01", "") for number in range(1000)]

    assert ["Name", "r0", "r1", "r2", "r3"] == [line.split()[0] for line in lines(40, rows)]
    assert ["Name", "r996", "r997", "r998", "r999"] == [line.split()[0] for line in lines(40, rows, keys=("end",))]
    assert ["Name", "r4", "r5", "r6", "r7"] == [line.split()[0] for line in lines(40, rows, keys=("down",) * 7)]
    assert "r3" == lines(40, rows, keys=("pagedown", "pageup", "pagedown"))[4].split()[0]
