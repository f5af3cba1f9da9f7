import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Input, Static

from calltrack import Frame, State
from calltrack.feed.source import OnFrame
from calltrack.feed.wallclock import ServerClock
from calltrack.tui.app import REFRESH, Board
from calltrack.tui.dialogs import Dialog, StoryDialog
from calltrack.tui.grid import Grid
from calltrack.tui.model import BY_TROUBLE
from tests.frames import all_extensions, all_queues, call, extension, queue, waiting
from tests.tui.waiting import screen, until

Scene = Callable[[Board, Pilot[None]], Awaitable[None]]


class Script:
    """A source that gives the frames that a test pushes."""

    stale_for: float | None = None

    speed = 0.0

    def __init__(self, *frames: Frame) -> None:
        self.frames = asyncio.Queue[Frame | Exception]()
        for frame in frames:
            self.frames.put_nowait(frame)

    def status(self) -> str:
        """As a live source says it."""
        return "connected to a test"

    async def run(self, on_frame: OnFrame) -> None:
        """Give what is pushed, without end; an error that is pushed is raised."""
        while True:
            frame = await self.frames.get()
            if isinstance(frame, Exception):
                raise frame
            on_frame(frame)


def play(scene: Scene, *frames: Frame, size: tuple[int, int] = (150, 40), speed: float = 0.0) -> Board:
    """A board that has been fed the frames, and a scene with it."""

    async def main() -> Board:
        board = Board(Script(*frames), ServerClock(speed))
        async with board.run_test(size=size) as pilot:
            await until(pilot, lambda: board.tracker.snapshot().position == len(frames))
            board.draw()
            await pilot.pause()
            await scene(board, pilot)
        return board

    return asyncio.run(main())


def push(board: Board, *frames: Frame | Exception) -> None:
    assert isinstance(board._source, Script)
    for frame in frames:
        board._source.frames.put_nowait(frame)


def grid(board: Board, name: str) -> Grid:
    return board.screen_stack[0].query_one(f"#{name}", Grid)


def keys_of(board: Board, name: str = "agents") -> list[str]:
    return [row.key for row in grid(board, name).rows]


CENTRE = (
    all_extensions(0, SIP1=[], SIP2=[], SIP3=[]),
    all_queues(0, []),
    extension(3, "SIP1", "userStatusUpdate"),
    extension(5, "SIP2", "NEWCALL", call("c2", "Ringing", 5), summery={"representative": "Lois Lane"}),
    extension(9, "SIP2", "ANSWER", call("c2", "Talking", 5, 9), summery={"representative": "Lois Lane"}),
    queue(12, "JOIN", "c9", [waiting("c9", 12)]),
    extension(20, "SIP3", "NEWCALL", call("c3", "Ringing", 20)),
)


def test_it_shows_agents_calls_queues_and_the_connection() -> None:
    """All on one screen if it is wide enough."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        shown = screen(board)
        for expected in ("connected to a test", "2026-01-01 09:00:20 ", "3 agents: 1 talking, 1 ringing, 1 idle"):
            assert expected in shown
        for expected in ("Agents 3", "Lois Lane", "Queues 1", "Support", "Calls 3", "queue Support"):
            assert expected in shown

    play(scene, *CENTRE)


def test_a_narrow_screen_shows_one_table() -> None:
    """The one that was chosen, in full."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        assert (True, False) == ("Agents 3" in screen(board), "Queues 1" in screen(board))
        await pilot.press("3")
        assert (False, True) == ("Agents 3" in screen(board), "Calls 3" in screen(board))
        await pilot.press("2")
        assert "Queues 1" in screen(board)
        assert grid(board, "queues").size.height > 12

    play(scene, *CENTRE, size=(80, 24))


def test_zoom_shows_one_table_and_all_again() -> None:
    """On a wide screen."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        await pilot.press("z")
        assert "Queues 1" not in screen(board)
        await pilot.press("z")
        assert "Queues 1" in screen(board)

    play(scene, *CENTRE)


def test_rows_follow_the_stream_and_the_cursor_its_row() -> None:
    """A change shows up by itself; the cursor stays on its agent though the order changes."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        assert ["SIP3", "SIP1", "SIP2"] == keys_of(board)
        await pilot.press("end")
        assert "SIP2" == _current(board)
        ringing = call("c4", "Ringing", 30)
        push(board, extension(30, "SIP9", "NEWCALL", ringing, summery={"representative": "Zoe"}))
        await until(pilot, lambda: len(grid(board, "agents").rows) == 4)
        assert ["SIP3", "SIP9", "SIP1", "SIP2"] == keys_of(board)
        assert "SIP2" == _current(board)
        await pilot.press("home")
        assert "SIP3" == _current(board)

    play(scene, *CENTRE)


def test_timers_run_between_frames() -> None:
    """By the wall clock, without a frame."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        before = grid(board, "agents").rows[0].cells[3].text
        await until(pilot, lambda: grid(board, "agents").rows[0].cells[3].text != before)

    play(scene, *CENTRE, speed=20.0)


def test_a_text_filters_as_it_is_typed() -> None:
    """In all tables; Enter keeps it, Escape takes it away, and the other keys are text meanwhile."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"lois q")
        assert [] == keys_of(board)
        await pilot.press("backspace", "backspace", "enter")
        assert (["SIP2"], ["c2"]) == (keys_of(board), keys_of(board, "calls"))
        assert "Agents 1 of 3 · “lois”" in screen(board)
        assert not isinstance(board.focused, Input)
        await pilot.press("escape")
        assert 3 == len(keys_of(board))

    play(scene, *CENTRE)


def test_phones_without_an_agent_are_hidden() -> None:
    """Unless a key or a text asks for them."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        assert ([], True) == (keys_of(board), "Agents 0 of 2" in screen(board))
        await pilot.press("a")
        assert ["SIP1", "SIP2"] == keys_of(board)
        await pilot.press("a", "slash", *"sip2")
        assert ["SIP2"] == keys_of(board)

    play(scene, all_extensions(0, SIP1=[], SIP2=[]))


def test_a_state_filters() -> None:
    """f is the next, F the one before; Escape shows all."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        await pilot.press("f")
        assert (["SIP2"], ["c2"]) == (keys_of(board), keys_of(board, "calls"))
        await pilot.press("f")
        assert ["SIP3"] == keys_of(board)
        assert "Agents 1 of 3 · Ringing" in screen(board)
        await pilot.press("F", "F")
        assert 3 == len(keys_of(board))
        await pilot.press("f", "escape")
        assert 3 == len(keys_of(board))

    play(scene, *CENTRE)


def test_tables_are_sorted_by_key_and_by_mouse() -> None:
    """Each for itself."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        assert "▲" not in screen(board)
        await pilot.press("s", "s", "r")
        assert ["SIP3", "SIP2", "SIP1"] == keys_of(board)
        assert "Ext ▼" in screen(board)
        await pilot.press("s", "r")
        assert 2 == grid(board, "agents").view.sort
        await pilot.click("#agents", offset=(3, 1))
        assert ["SIP1", "SIP3", "SIP2"] == keys_of(board)
        await pilot.click("#agents", offset=(3, 1))
        assert ["SIP2", "SIP1", "SIP3"] == keys_of(board)
        await pilot.press("S")
        assert ["SIP3", "SIP1", "SIP2"] == keys_of(board)[:: -1 if grid(board, "agents").view.reverse else 1]
        assert BY_TROUBLE == grid(board, "calls").view.sort

    play(scene, *CENTRE)


def test_a_row_opens_its_calls_story() -> None:
    """Which grows while it is open; a row without a call says so."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        await pilot.press("down", "enter")
        assert "There is no call." in {note.message for note in board._notifications}
        await pilot.press("down", "enter")
        assert isinstance(board.screen, StoryDialog)
        for expected in (
            "Call c2",
            "LegAnswered",
            "rang 0:04",
            "09:00:09 ",
            "Still Talking at Lois Lane",
            "SIP2 #1 ░",
        ):
            assert expected in screen(board)
        assert "LegEnded" not in screen(board)
        push(board, extension(40, "SIP2", "HANGUP", call("c2", "Talking", 5, 9)))
        await until(pilot, lambda: "LegEnded" in screen(board))
        await pilot.press("escape")
        assert not isinstance(board.screen, Dialog)
        assert ["c3", "c9"] == sorted(keys_of(board, "calls"))

    play(scene, *CENTRE)


def test_a_double_click_opens_a_row() -> None:
    """As Enter does."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        await pilot.click("#agents", offset=(10, 4), times=2)
        await until(pilot, lambda: isinstance(board.screen, StoryDialog))

    play(scene, *CENTRE)


def test_help_names_every_key() -> None:
    """And closes again."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        await pilot.press("h")
        shown = screen(board)
        assert all(word in shown for word in ("the agents, the queues, the calls", "sort the other way", "quit"))
        await pilot.press("q")
        assert not isinstance(board.screen, Dialog)

    play(scene, *CENTRE)


def test_a_lost_connection_is_seen() -> None:
    """Since when, and every agent is Unknown."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        push(board, Frame.of("disconnect", {"reason": "cable [bold]cut"}))
        await until(pilot, lambda: "unknown since 2026-01-01 09:00:20+02:00: cable [bold]cut" in screen(board))
        assert {State.UNKNOWN} == {row.state for row in grid(board, "agents").rows}

    play(scene, *CENTRE)


def test_a_stranger_commands_neither_the_terminal_nor_the_markup() -> None:
    """In tables, titles and stories."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        assert "[red]Eve\\x1b" in screen(board)
        await pilot.press("slash", *"[red]", "enter")
        await pilot.press("enter")
        assert isinstance(board.screen, StoryDialog)
        assert "Call [bold]c\\x071" in screen(board)
        assert "[red]Eve" in screen(board)
        assert "“[red]”" in screen(board)

    evil = call("[bold]c\x071", "Ringing", 5, callername="[red]Eve\x1b[2J", callerphone="")
    play(scene, all_extensions(0, SIP1=[]), extension(5, "SIP1", "NEWCALL", evil))


def test_a_failing_source_ends_the_board() -> None:
    """And the failure is there for its caller."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        push(board, RuntimeError("no more"))
        await until(pilot, lambda: board.failure is not None)

    assert "no more" == str(play(scene, *CENTRE).failure)


@pytest.mark.parametrize("keys", [["q"], ["ctrl+c"], ["slash", "ctrl+c"], ["h", "ctrl+c"]])
def test_a_key_quits(keys: list[str]) -> None:
    """Without a failure, and without a task left."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        await pilot.press(*keys)

    board = play(scene, *CENTRE)
    assert board.failure is None
    assert board._feeding is not None
    assert board._feeding.done()


def test_nothing_is_drawn_that_is_on_the_screen_already() -> None:
    """While no frame comes and no second passes, the tables stay as they are."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        rows = grid(board, "agents").rows
        board.draw()
        assert rows is grid(board, "agents").rows
        assert "connected" in str(board.query_one("#status", Static).content)

    play(scene, *CENTRE)


def test_two_hundred_agents_are_no_burden() -> None:
    """A refresh takes the processor less than half of the time between two; the best of five."""

    async def scene(board: Board, pilot: Pilot[None]) -> None:
        times = []
        for _ in range(5):
            board._drawn = None
            begin = time.process_time()
            board.draw()
            for shown in board.grids():
                shown.render_lines(Region(0, 0, *shown.size))
            times.append(time.process_time() - begin)
        assert min(times) < REFRESH / 2

    calls = {f"SIP{number}": [call(f"c{number}", "Ringing")] for number in range(200)}
    play(scene, all_extensions(0, **calls), size=(200, 60))


def _current(board: Board) -> str:
    row = grid(board, "agents").current()
    return row.key if row else ""


@pytest.mark.slow
def test_the_fixtures_can_be_watched() -> None:
    """Every recording that the project has, to its end."""
    from calltrack import read_recording
    from calltrack.feed.source import Replay

    async def main(path: Path) -> None:
        board = Board(Replay(read_recording(path, on_bad=lambda bad: None), 0.0))
        async with board.run_test() as pilot:
            await until(pilot, lambda: "has ended" in screen(board))
        assert board.failure is None

    fixtures = Path(__file__).parent.parent.parent / "fixtures"
    for path in sorted(path for path in fixtures.rglob("*.jsonl") if path.suffixes == [".jsonl"]):
        asyncio.run(main(path))
