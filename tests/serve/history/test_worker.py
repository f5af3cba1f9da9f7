from __future__ import annotations

import asyncio
import logging
import os
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from calltrack.journal import NoSuchPosition, repair
from calltrack.serve.history.past import MOST_QUERIES, Ration, TooMany
from calltrack.serve.history.reading import JournalReader
from calltrack.serve.history.worker import Worker
from tests.journal.stream import simulated, state, written
from tests.live.harness import scenario
from tests.serve.history.jobs import fail, note, number, slow, unmade, wait_for_ever, warn
from tests.serve.test_engine import until


@scenario
async def test_what_a_worker_says_is_a_line_of_the_services_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """It has the form of all others (--log-format), and does not go past it to standard error."""
    worker = Worker(partial(JournalReader, tmp_path / "journal"))
    assert os.getpid() != await worker.ask(warn)
    await worker.close()
    assert [("calltrack.serve", logging.WARNING, "not used: none of these")] == caplog.record_tuples
    assert "not used" not in capfd.readouterr().err


@scenario
async def test_a_worker_ends_when_it_is_not_asked(tmp_path: Path) -> None:
    """Its memory goes back."""
    worker = Worker(partial(JournalReader, tmp_path / "journal"), idle=0)
    assert os.getpid() != await worker.ask(number)
    await until(lambda: worker._process is None)


@scenario
async def test_what_cannot_be_made_is_an_answer(tmp_path: Path) -> None:
    """The process lives on, and makes it when that is possible: else each question would start another."""
    worker = Worker(partial(unmade, tmp_path / "made"), idle=None)
    with pytest.raises(NoSuchPosition, match="not yet"):
        await worker.ask(number)
    process = worker._process
    (tmp_path / "made").touch()

    assert process is not None and process.pid == await worker.ask(number)
    await worker.close()


@scenario
async def test_one_that_follows_lives_on(tmp_path: Path) -> None:
    """Who stops waiting ends nothing: its work is finished, and the next question is answered by the same process."""
    worker = Worker(partial(JournalReader, tmp_path / "journal"), idle=None)
    first = await worker.ask(number)
    asked = asyncio.create_task(worker.ask(slow, tmp_path / "started", tmp_path / "go"))
    await until((tmp_path / "started").exists)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    (tmp_path / "go").touch()

    assert first == await worker.ask(number)
    await worker.close()


@scenario
async def test_one_that_follows_does_not_begin_what_is_no_longer_asked(tmp_path: Path) -> None:
    """Who stops waiting before its turn is worked for no more."""
    worker = Worker(partial(JournalReader, tmp_path / "journal"), idle=None)
    first = asyncio.create_task(worker.ask(slow, tmp_path / "started", tmp_path / "go"))
    await until((tmp_path / "started").exists)
    left = asyncio.create_task(worker.ask(note, tmp_path / "noted"))
    await asyncio.sleep(0)
    left.cancel()
    (tmp_path / "go").touch()

    assert await first == await worker.ask(number)
    assert left.cancelled()
    assert not (tmp_path / "noted").exists()
    await worker.close()


@scenario
async def test_who_stops_waiting_stops_the_work(tmp_path: Path) -> None:
    """The next question is answered by another process."""
    worker = Worker(partial(JournalReader, tmp_path / "journal"))
    first = await worker.ask(number)
    assert first == await worker.ask(number)
    asked = asyncio.create_task(worker.ask(wait_for_ever, tmp_path / "started"))
    await until((tmp_path / "started").exists)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert first != await worker.ask(number) != os.getpid()
    with pytest.raises(NoSuchPosition, match="none of these"):
        await worker.ask(fail)
    await worker.close()


def test_chunks_are_the_changes_of_the_stream(tmp_path: Path) -> None:
    """Wherever reading begins, and after another file took the journal's place."""
    frames = simulated()[:900]
    path = written(tmp_path / "a", frames)
    reader, whole = JournalReader(path), JournalReader(path)
    expected = [one for begin in range(0, 900, 200) for one in whole.chunk(begin).changes]
    assert [(200, 400), (800, 900)] == [reader.chunk(at)[:2] for at in (333, 899)]
    repair(path)
    for begin in (600, 0, 400, 200, 800):
        chunk = reader.chunk(begin)
        assert [one for one in expected if begin < one[0].frame <= chunk.end] == chunk.changes
    assert reader.state_at(10**12).to_json() == state(frames)


def test_a_role_has_a_ration_of_the_past() -> None:
    """Its own: another role's is not touched."""
    ration = Ration()
    with ExitStack() as stack:
        for _ in range(MOST_QUERIES):
            stack.enter_context(ration.one("few"))
        with pytest.raises(TooMany), ration.one("few"):
            pass
        with ration.one("all"):
            pass
    with ration.one("few"):
        pass
