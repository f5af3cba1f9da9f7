"""The board itself: it feeds a tracker from a source, and draws what the tracker knows at most four times a second."""

from __future__ import annotations

import asyncio
from datetime import UTC, tzinfo
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Footer, Input, Static

from calltrack.core.states import State
from calltrack.core.tracker import Tracker
from calltrack.feed.source import Source
from calltrack.feed.wallclock import ServerClock
from calltrack.figures.days import zone_of
from calltrack.tui.dialogs import Dialog, StoryDialog
from calltrack.tui.grid import Grid
from calltrack.tui.model import BY_TROUBLE, STATES, TABLES, lost_since, seen, totals
from calltrack.voicenter.frames import Frame
from calltrack.words.recent import Stories
from calltrack.words.statuses import Names, named_snapshot
from calltrack.words.timeline import drawn, timeline
from calltrack.words.values import moment, safe
from calltrack.words.verdict import verdict

REFRESH = 0.25
"""Seconds between two drawings."""

_TIMELINE = 60  # columns of a call's timeline
_HISTORY = 100  # ended calls: the board shows none, but a call may come back under its id


class Board(App[None]):
    """The screen over one source; `failure` is what ended the source, if it did not end by itself.

    names: the account's own names of agent statuses. zone: on whose clock times are shown; None: the stream's own.
    """

    TITLE = "calltrack"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
    CSS = """
    #top { height: 1; background: $panel; padding: 0 1; }
    #status { width: 1fr; height: 1; }
    #time { width: auto; height: 1; }
    #totals { height: 1; padding: 0 1; }
    #tables { height: 1fr; }
    #agents { width: 4fr; }
    #side { width: 3fr; }
    #queues { height: auto; max-height: 40%; min-height: 4; }
    #calls { height: 1fr; }
    Grid { border: round $panel-lighten-2; border-title-color: $text-muted; padding: 0 1; }
    Grid:focus { border: round $primary; border-title-color: $text; }
    .-narrow Grid, .one Grid { display: none; }
    .-narrow Grid.chosen, .one Grid.chosen { display: block; }
    .-narrow #queues.chosen, .one #queues.chosen { height: 1fr; max-height: 100%; }
    .-narrow #agents, .-narrow #side, .one #agents, .one #side { width: 1fr; }
    .-narrow #side.away, .one #side.away { display: none; }
    #filter { height: 1; border: none; padding: 0 1; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "table('agents')", "Agents"),
        Binding("2", "table('queues')", "Queues"),
        Binding("3", "table('calls')", "Calls"),
        Binding("slash", "filter", "Find", key_display="/"),
        Binding("f", "state(1)", "State"),
        Binding("F", "state(-1)", show=False),
        Binding("s", "sort(1)", "Sort"),
        Binding("S", "sort(-1)", show=False),
        Binding("r", "reverse", "Reverse", show=False),
        Binding("a", "everyone", "Logged out"),
        Binding("z", "zoom", "Zoom"),
        Binding("escape", "all", "Show all", show=False),
        Binding("h,question_mark", "help", "Help", key_display="h"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", show=False, priority=True),  # while a text is typed, too
    ]

    def __init__(
        self,
        source: Source,
        clock: ServerClock | None = None,
        *,
        names: Names | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        super().__init__()
        self._names = names or {}
        self._asked_zone = zone
        self.zone: tzinfo = UTC
        self.failure: BaseException | None = None
        self.tracker = Tracker(history=_HISTORY)
        self._source = source
        self._clock = clock or ServerClock(source.speed)
        self._stories = Stories()
        self._frames = 0
        self._text = ""
        self._state: State | None = None
        self._drawn: object = None
        self._feeding: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """Totals, status, the three tables, the filter, the keys."""
        yield Static(id="totals", markup=False)
        with Horizontal(id="top"):
            yield Static(id="status", markup=False)
            yield Static(id="time", markup=False)
        grids = {name: Grid(table, id=name) for name, table in TABLES.items()}
        with Horizontal(id="tables"):
            yield grids["agents"]
            with Vertical(id="side"):
                yield grids["queues"]
                yield grids["calls"]
        yield Input(placeholder="/ finds a text: Enter keeps the filter, Esc shows all", id="filter")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Begin to listen and to draw."""
        self.action_table("agents")
        self._feeding = asyncio.create_task(self._feed())
        self.set_interval(REFRESH, self.draw)

    async def on_unmount(self) -> None:
        """Leave no connection behind."""
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.gather(self._feeding, return_exceptions=True)

    async def _feed(self) -> None:
        try:
            await self._source.run(self._on_frame)
            self._clock.stop()
        except Exception as error:
            # Not left to Textual, which would print it with the values of all variables, secrets among them.
            self.failure = error
            self.exit()

    def _on_frame(self, frame: Frame) -> None:
        self._frames += 1
        self._stories.see(self.tracker.feed(frame))
        self._clock.hear(self.tracker.time)

    def draw(self) -> None:
        """Draw what is known now, unless it is what the screen shows."""
        if not self.is_running:
            return  # a last tick, while the widgets are being taken away
        now = self._clock.now()
        status = self._source.status()
        views = tuple(grid.view for grid in self.grids())
        stamp = (self._frames, status, None if now is None else int(now), views)
        if stamp == self._drawn:
            return
        self._drawn = stamp
        snapshot = named_snapshot(self.tracker.snapshot(), self._names)
        self.zone = self._asked_zone or zone_of(snapshot.resume.offset_s)
        lost = lost_since(snapshot, self.zone)
        base = self.screen_stack[0]
        light = "red" if lost else "yellow" if now is None else "green"
        text = Text.assemble(("● ", light), (f"{lost}  " if lost else "", "bold red"), status)
        base.query_one("#status", Static).update(text)
        base.query_one("#time", Static).update(moment(now, self.zone)[:19] if now is not None else "")
        base.query_one("#totals", Static).update(totals(snapshot, now))
        for grid in self.grids():
            rows = grid.table.rows(snapshot, now)
            found = seen(rows, grid.table, grid.view)
            grid.show(found)
            grid.border_title = self._title(grid, len(found), len(rows))
        if isinstance(self.screen, StoryDialog):
            self.screen.update()

    def grids(self) -> list[Grid]:
        """The three tables."""
        return list(self.screen_stack[0].query(Grid))

    def chosen(self) -> Grid:
        """The table that the keys are for."""
        return next(grid for grid in self.grids() if grid.has_class("chosen"))

    def on_descendant_focus(self) -> None:
        """Whichever table has the focus, by Tab or mouse, is the one that the keys are for."""
        if isinstance(self.focused, Grid):
            self._choose(self.focused)

    def on_grid_opened(self, message: Grid.Opened) -> None:
        """Open the story of the row's call."""
        call_id = message.row.call_id
        if call_id:
            changes, life = partial(self._stories.of, call_id), partial(self._life, call_id)
            self.push_screen(StoryDialog(call_id, changes, life, lambda: self.zone))
        else:
            self.notify("There is no call.", timeout=2)

    def on_grid_sort_asked(self, message: Grid.SortAsked) -> None:
        """Sort by the column, or the other way round if it is sorted by it already."""
        grid, view = message.grid, message.grid.view
        same = view.sort == message.column
        grid.view = view._replace(sort=message.column, reverse=not view.reverse if same else False)
        self.draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        self._text = event.value
        self._filter()

    def on_input_submitted(self) -> None:
        """Keep the filter and go back to the table."""
        self._focus(self.chosen())

    def action_table(self, name: str) -> None:
        """Go to a table."""
        grid = self.query_one(f"#{name}", Grid)
        self._choose(grid)
        self._focus(grid)

    def action_filter(self) -> None:
        """Ask for a text."""
        self._focus(self.query_one("#filter", Input))

    def action_all(self) -> None:
        """Filter nothing."""
        self.query_one("#filter", Input).value = self._text = ""
        self._state = None
        self._filter()
        self._focus(self.chosen())

    def action_state(self, by: int) -> None:
        """Show only the next state, or the one before."""
        choices: list[State | None] = [None, *STATES]
        self._state = choices[(choices.index(self._state) + by) % len(choices)]
        self._filter()

    def action_sort(self, by: int) -> None:
        """Sort the table by its next column, or the one before; before the first it is sorted by trouble."""
        grid = self.chosen()
        choices = [BY_TROUBLE, *range(len(grid.table.columns))]
        grid.view = grid.view._replace(sort=choices[(grid.view.sort + 1 + by) % len(choices)])
        self.draw()

    def action_reverse(self) -> None:
        """Sort the table the other way round."""
        grid = self.chosen()
        grid.view = grid.view._replace(reverse=not grid.view.reverse)
        self.draw()

    def action_everyone(self) -> None:
        """Show phones without an agent, too, or hide them again."""
        for grid in self.grids():
            grid.view = grid.view._replace(everyone=not grid.view.everyone)
        self.draw()

    def action_zoom(self) -> None:
        """Show only the chosen table, or all again."""
        self.screen.toggle_class("one")

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(Dialog("Keys"))

    def _life(self, call_id: str) -> list[str]:
        """The verdict on a call and its timeline, as far as they are known here."""
        snapshot = self.tracker.snapshot()
        call = snapshot.call(call_id)
        if call is None:
            return []
        rows = drawn(timeline(call), snapshot.time, _TIMELINE)
        width = max(map(len, rows), default=0)
        said = verdict(call, snapshot.time, changes=self._stories.of(call_id), zone=self.zone)
        return [safe(said), *(f"{safe(name):<{width}} {row}" for name, row in rows.items())]

    def _focus(self, widget: Widget) -> None:
        # At once: `Widget.focus` waits its turn, and keys typed fast would still go to where the focus was.
        self.screen.set_focus(widget)

    def _choose(self, chosen: Grid) -> None:
        for grid in self.grids():
            grid.set_class(grid is chosen, "chosen")
        self.query_one("#side").set_class(chosen.id == "agents", "away")

    def _filter(self) -> None:
        for grid in self.grids():
            grid.view = grid.view._replace(text=self._text, state=self._state)
        self.draw()

    def _title(self, grid: Grid, found: int, of: int) -> str:
        title = f"{grid.table.title} {found}" + (f" of {of}" if found != of else "")
        if grid.view.state in grid.table.states:
            title += f" · {grid.view.state}"
        # A title is markup: text from outside must be escaped.
        return title + (Text(f" · “{grid.view.text}”").markup if grid.view.text else "")
