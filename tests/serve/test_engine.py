from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from calltrack import Frame, Tracker
from calltrack.feed.source import SILENCE_S
from calltrack.journal import Journal, JournalUnwritable
from calltrack.serve.engine import Engine
from calltrack.serve.stream.hub import Gone
from tests.frames import call, extension
from tests.journal.test_salvage import garble
from tests.live.harness import scenario
from tests.serve.service import TIMEOUT, Event, Fed, events, service
from tests.serve.stream.test_streams import FRAMES, expected


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(TIMEOUT):
        while not condition():
            await asyncio.sleep(0.01)


async def lived(path: Path, frames: list[Frame], *, anew: bool = True) -> Engine:
    """A whole life of an engine over a journal."""
    source, begin = Fed(), 0
    engine = Engine(source, Journal.open(path), anew=anew)
    begin = engine.tracker.snapshot().position + engine.backlog
    running = asyncio.create_task(engine.run())
    source.give(*frames)
    await until(lambda: engine.tracker.snapshot().position == begin + len(frames))
    running.cancel()
    await asyncio.wait([running])
    await engine.close()
    return engine


def test_it_goes_on_where_it_ended(tmp_path: Path) -> None:
    """Two lives, the second one's source going on with the first one's, give the state of one."""

    async def scene() -> Engine:
        await lived(tmp_path / "journal", FRAMES[:5], anew=False)
        return await lived(tmp_path / "journal", FRAMES[5:], anew=False)

    tracker = Tracker()
    for frame in FRAMES:
        tracker.feed(frame)
    engine = asyncio.run(scene())

    assert tracker.snapshot() == engine.tracker.snapshot()
    assert engine.stories.of("2026010109000000000001")[0].position == 3


def test_a_journal_that_is_damaged_is_repaired_while_it_is_written(tmp_path: Path) -> None:
    """The damaged file stays, everything that reads is in the new one, and the state is the one that was known."""
    path = tmp_path / "journal"
    asyncio.run(lived(path, FRAMES[:5], anew=False))
    with closing(sqlite3.connect(path)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'checkpoints'").fetchone()
    garble(path, page - 1)
    engine = asyncio.run(lived(path, FRAMES[5:], anew=False))
    tracker = Tracker()
    for frame in FRAMES:
        tracker.feed(frame)

    assert tracker.snapshot() == engine.tracker.snapshot()
    assert (tmp_path / "journal-damaged-1").exists()
    with Journal.open(path, read_only=True) as journal:
        assert list(enumerate(FRAMES, 1)) == list(journal.frames())
        assert [len(FRAMES)] == [one.position for one in journal.checkpoints()]


def test_a_reader_of_the_past_leaves_nothing_open(tmp_path: Path) -> None:
    """After the end everything is in the one file, to be copied."""

    async def scene() -> None:
        engine = Engine(Fed(), Journal.open(tmp_path / "journal"))
        with pytest.raises(Gone):
            await engine.past.state_at(0)
        await engine.close()

    asyncio.run(scene())

    assert not list(tmp_path.glob("journal-wal"))


def test_what_happened_while_it_was_away_is_unknown(tmp_path: Path) -> None:
    """A start anew begins with a gap, which is closed by the first frame."""

    async def scene() -> tuple[Engine, Engine]:
        await lived(tmp_path / "journal", FRAMES[:5])
        away = await lived(tmp_path / "journal", [])
        return away, await lived(tmp_path / "journal", FRAMES[5:])

    away, back = asyncio.run(scene())

    assert ["calltrack was restarted"] == [gap.reason for gap in away.tracker.snapshot().gaps]
    assert not away.view.known
    assert back.view.known
    assert len(FRAMES) + 1 == back.tracker.snapshot().position


async def first(stream: AsyncIterator[Event], kind: str) -> Event:
    """The next event of a kind."""
    return await anext(one async for one in stream if one.event == kind)


@scenario
async def test_a_source_that_is_silent_for_long_is_unknown() -> None:
    """On boards, in the API and for those who follow changes; once it is heard of again all is as it was."""
    async with service() as running:
        running.source.give(extension(3, "SIP1", "ANSWER", call("c1", "Talking", answered_at=2)))
        await running.reached(1)
        async with (
            running.client.get("/api/changes") as following,
            running.client.get("/api/updates") as board,
            asyncio.timeout(TIMEOUT),
        ):
            changes, updates = events(following), events(board)
            before = (await anext(updates)).data
            running.source.stale_for = SILENCE_S + 1
            lost, gone = await first(changes, "reset"), await first(updates, "update")
            ready, _ = await running.get("/health/ready")
            running.source.stale_for = 1.0
            back = await first(changes, "reset")
            again, _ = await running.get("/health/ready")
            state = (await running.get("/api/state"))[1]

    assert (503, 200) == (ready, again)
    assert not gone.data["known"] and gone.data["gaps"][-1]["until"] is None
    assert (before["known"], before["extensions"]) == (state["known"], state["extensions"])
    for reset, known in ((lost, False), (back, True)):
        assert ("1", False) == (reset.id, reset.data["missed"])
        assert known == reset.data["state"]["known"]
        assert ({"Unknown"} == {one["state"] for one in reset.data["state"]["extensions"]}) != known


@scenario
async def test_a_refusing_disk_holds_everything_back() -> None:
    """Nothing is sent while frames cannot be kept, readiness says so, and all of it comes when they can."""
    async with service() as running:
        running.source.give(*FRAMES[:3])
        await running.reached(3)
        path, soft = running.engine._journal.path, resource.getrlimit(resource.RLIMIT_FSIZE)
        full = Path(f"{path}-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, soft[1]))
        try:
            running.source.give(*FRAMES[3:])
            await until(lambda: running.engine.trouble)
            ready, reported = await running.get("/health/ready")
            _, state = await running.get("/api/state")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, soft)
        await running.reached(len(FRAMES))
        again, _ = await running.get("/health/ready")
        async with running.client.get("/api/changes?after=0") as answer:
            stream, whole = events(answer), expected()
            heard = [await anext(stream) for _ in whole]

    assert (503, "3", 200) == (ready, state["position"], again)
    assert "cannot be stored" in reported["reason"]
    assert whole == [(one.id, one.data) for one in heard]


def test_too_much_waiting_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the disk's error: a service that cannot keep anything must not look alive."""

    async def scene() -> None:
        source = Fed()
        engine = Engine(source, Journal.open(tmp_path / "journal"))
        monkeypatch.setattr("calltrack.serve.engine._MOST", 5)
        soft = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (Path(f"{tmp_path / 'journal'}-wal").stat().st_size, soft[1]))
        try:
            source.give(*FRAMES * 100)
            with pytest.raises(JournalUnwritable):
                await engine.run()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, soft)
            await engine.close()

    asyncio.run(scene())
