"""What opens over the board: the story of one call, and the help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from calltrack.core.changes import Change
from calltrack.words.sentences import COLOURS, what, where
from calltrack.words.values import clock, safe

HELP = """\
1, 2, 3      the agents, the queues, the calls      Tab      the next table
z            only this table, and all again
/            show only rows with a text             Esc      show all again
f, F         show only one state: the next, the one before
a            show phones without an agent, hide them again
s, S         sort by the next column, the one before (or click a title)
r            sort the other way round
↑ ↓ Home …   move                                   Enter    the story of the row's call
h, ?         this help                              q        quit

Times run by the server's clock. "?" is what is not known; while the connection is lost
everything is Unknown until the server reports it again."""


class Dialog(ModalScreen[None]):
    """A box over the board that Esc, Enter or q closes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss", "Close")]
    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > VerticalScroll {
        width: 90%; max-width: 130; height: auto; max-height: 85%;
        background: $surface; border: round $primary; padding: 1 2;
    }
    Dialog Static { height: auto; }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        """A box that scrolls, and what is in it."""
        box = VerticalScroll(Static(self.content(), markup=False))
        box.border_title = Text(self._title).markup  # a title is markup, so that the text is to be escaped
        box.border_subtitle = "Esc closes"
        yield box

    def content(self) -> Text | Group:
        """The text in the box."""
        return Text(HELP)


class StoryDialog(Dialog):
    """One call: the verdict, its timeline, its changes so far; all are asked again whenever the board is drawn."""

    def __init__(
        self,
        call_id: str,
        changes: Callable[[], Sequence[Change]],
        life: Callable[[], list[str]],
        zone: Callable[[], tzinfo],
    ) -> None:
        super().__init__(f"Call {safe(call_id)}")
        self._zone = zone
        self._changes = changes
        self._life = life
        self._shown: Sequence[Change] = ()

    def content(self) -> Text | Group:
        """The verdict, the timeline, and the changes one below the other."""
        self._shown = self._changes()
        if not self._shown:
            return Text("Nothing has happened to this call since the board was opened.", "dim")
        table = Table.grid(padding=(0, 2, 0, 0))
        for style in ("dim", "", ""):
            table.add_column(no_wrap=True, style=style)
        table.add_column(overflow="fold")
        zone = self._zone()
        for change in self._shown:
            kind = type(change).__name__
            texts = (clock(change.at, zone), Text(kind, COLOURS.get(kind, "")), where(change), Text(what(change, zone)))
            table.add_row(*(Text(text) if isinstance(text, str) else text for text in texts))
        said, *rows = self._life() or [""]
        return Group(Text(said, "bold"), *map(Text, rows), Text(), table)

    def update(self) -> None:
        """Draw what has been added, and stay at the end if that is what is looked at."""
        if list(self._changes()) != list(self._shown):
            box = self.query_one(VerticalScroll)
            at_end = box.scroll_offset.y >= box.max_scroll_y
            self.query_one(Static).update(self.content())
            if at_end:
                box.scroll_end(animate=False)
