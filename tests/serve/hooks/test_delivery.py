from __future__ import annotations

import asyncio
import logging

import pytest

from calltrack.journal import JournalUnwritable
from calltrack.serve.hooks import delivery
from calltrack.serve.hooks.delivery import _seconds, _Turns, keep


async def taken(turns: _Turns, most: int) -> int:
    """How many turns there are at once."""
    waiting = [asyncio.ensure_future(turns.wait()) for _ in range(most + 1)]
    for _ in range(3):
        await asyncio.sleep(0)
    done = [one for one in waiting if one.done()]
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    turns._under_way -= len(done)
    return len(done)


def test_turns_follow_how_the_receiver_does() -> None:
    """Half after a failure, one more after a success, within what is allowed."""

    async def scene() -> None:
        turns = _Turns(8)
        counts = [await taken(turns, 8)]
        for troubled in (True, True, False, False, *[False] * 9):
            await turns.wait()
            turns.over(troubled)
            counts.append(await taken(turns, 8))
        assert [8, 4, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 8] == counts

    asyncio.run(scene())


def test_a_receiver_that_takes_nothing_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each failure for twice as long; those who wait get their turn when it is over."""
    rests: list[float] = []

    async def scene() -> None:
        loop = asyncio.get_running_loop()

        def later(after: float, call: object, *arguments: object) -> asyncio.TimerHandle:
            rests.append(after)
            return loop.call_at(loop.time(), call, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(loop, "call_later", later)
        turns = _Turns(1)
        for _ in range(7):
            await turns.wait()
            turns.over(True)
            assert 0 == turns._places
        await turns.wait()
        turns.over(False)
        assert 1 == turns._places

    asyncio.run(scene())
    assert [1, 2, 4, 8, 16, delivery._LONGEST_REST, delivery._LONGEST_REST] == rests


@pytest.mark.parametrize(("header", "seconds"), [("", 0), ("7", 7), ("99999", 600), ("x", 0), ("-1", 0), ("٣", 0)])
def test_how_long_a_receiver_wants_to_rest(header: str, seconds: float) -> None:
    """In seconds, and not for ever."""
    assert seconds == _seconds(header)


def test_a_full_disk_is_one_line_of_the_log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Lines of it would be written to that disk; another reason is another line, and so is the end of it."""
    monkeypatch.setattr(delivery, "PAUSES", (0.0,))
    refusals = ["full", "full", "read-only", "full", "full"]

    async def write() -> None:
        if refusals:
            raise JournalUnwritable(refusals.pop())

    with caplog.at_level(logging.INFO):
        asyncio.run(keep(write, "crm"))
    said = ["webhook crm waits: full", "webhook crm waits: read-only", "webhook crm waits: full", "webhook crm goes on"]
    assert said == caplog.messages
