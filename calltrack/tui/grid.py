"""A table that draws only the lines in sight, from rows that are replaced as a whole: fluid with any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from calltrack.tui.model import BY_TROUBLE, Column, Row, Table, View


class Grid(ScrollView, can_focus=True):
    """The rows of one table, with a header that stays and a cursor that stays on its row, wherever that goes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--header", "grid--cursor"}
    DEFAULT_CSS = """
    Grid { height: 1fr; overflow-x: hidden; }
    Grid > .grid--header { text-style: bold; color: $text-muted; }
    Grid > .grid--cursor { background: $surface-lighten-2; }
    Grid:focus > .grid--cursor { background: $primary-darken-2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Story"),
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
    ]

    class Opened(Message):
        """A row was chosen, by key or mouse."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    class SortAsked(Message):
        """A column's title was clicked."""

        def __init__(self, grid: Grid, column: int) -> None:
            super().__init__()
            self.grid = grid
            self.column = column

    def __init__(self, table: Table, *, id: str) -> None:
        super().__init__(id=id)
        self.table = table
        self.view = View()
        self.rows: list[Row] = []
        self.cursor = 0
        self._key = ""
        # Columns never get narrower: they would jump about as texts come and go.
        self._needed = [cell_len(column.title) + 2 for column in table.columns]

    def show(self, rows: Sequence[Row]) -> None:
        """Draw these rows from now on."""
        self.rows = list(rows)
        for row in self.rows:
            for index, cell in enumerate(row.cells):
                if (width := cell_len(cell.text)) > self._needed[index]:
                    self._needed[index] = width
        self.cursor = next((index for index, row in enumerate(self.rows) if row.key == self._key), self.cursor)
        self._point_at(self.cursor)
        self.virtual_size = Size(self.size.width, len(self.rows) + 1)
        self.refresh()

    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.rows else None

    def render_line(self, y: int) -> Strip:
        """The header, or the row that is scrolled to this line."""
        width, index = self.size.width, y - 1 + self.scroll_offset.y
        base = self.rich_style
        if y == 0:
            texts, styles = self._titles(), [Style()] * len(self.table.columns)
            base += self.get_component_rich_style("grid--header", partial=True)
        elif index < len(self.rows):
            cells = self.rows[index].cells
            texts, styles = [cell.text for cell in cells], [Style.parse(cell.style) for cell in cells]
            if index == self.cursor:
                base += self.get_component_rich_style("grid--cursor", partial=True)
        else:
            return Strip.blank(width, base)
        columns = zip(self.table.columns, self._widths(width), texts, styles, strict=True)
        segments = [
            Segment(_fitted(text, size, column.right) + "  ", base + style) for column, size, text, style in columns
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def action_move(self, by: int) -> None:
        """Move the cursor by so many rows."""
        self._point_at(self.cursor + by)
        height = self.size.height - 1
        if self.cursor < self.scroll_offset.y:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= self.scroll_offset.y + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)
        self.refresh()

    def action_page(self, by: int) -> None:
        """Move the cursor by so many screens."""
        self.action_move(by * max(1, self.size.height - 2))

    def action_open(self) -> None:
        """Open what is under the cursor."""
        row = self.current()
        if row is not None:
            self.post_message(self.Opened(row))

    def on_click(self, event: events.Click) -> None:
        """Sort by the title that was hit, or move to the row; a second click opens it."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y > 0:
            index = offset.y - 1 + self.scroll_offset.y
            if index < len(self.rows):
                self._point_at(index)
                self.refresh()
                if event.chain == 2:
                    self.action_open()
            return
        left = 0
        for column, size in enumerate(self._widths(self.size.width)):
            left += size + 2
            if offset.x < left:
                self.post_message(self.SortAsked(self, column))
                return

    def _point_at(self, index: int) -> None:
        self.cursor = max(0, min(index, len(self.rows) - 1))
        self._key = self.rows[self.cursor].key if self.rows else self._key

    def _titles(self) -> list[str]:
        titles = [column.title for column in self.table.columns]
        if self.view.sort != BY_TROUBLE:
            titles[self.view.sort] += " ▼" if self.view.reverse else " ▲"
        return titles

    def _widths(self, room: int) -> list[int]:
        """Each column's width in cells: what it needs, less where there is too little room for all."""
        columns: tuple[Column, ...] = self.table.columns
        widths = [max(column.least, min(need, column.most)) for column, need in zip(columns, self._needed, strict=True)]
        over = sum(widths) + 2 * len(widths) - room
        while over > 0:
            spare, index = max((widths[index] - column.least, index) for index, column in enumerate(columns))
            if spare <= 0:
                break
            widths[index] -= 1
            over -= 1
        return widths


def _fitted(text: str, width: int, right: bool) -> str:
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - length) + text if right else text + " " * (width - length)
