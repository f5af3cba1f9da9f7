"""Waiting for what a board shows, without sleeping."""

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot

from calltrack.tui.app import Board


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Go on when the condition holds; TimeoutError after 100 s, which only what never happens takes."""
    async with asyncio.timeout(100):
        while not condition():
            await pilot.pause()


def screen(board: Board) -> str:
    """The text of everything on the screen."""
    return "\n".join("".join(segment.text for segment in line) for line in board.screen._compositor.render_strips())
