from __future__ import annotations

import asyncio
import os
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from calltrack.figures import Options, report
from calltrack.journal import NoSuchPosition, repair
from calltrack.serve.history.figures import report_of_today
from calltrack.serve.history.finishedrows import Written
from calltrack.serve.history.past import MOST_QUERIES, Ration, TooMany
from calltrack.serve.history.reading import JournalReader, Reader
from calltrack.serve.history.worker import Worker
from tests.figures.made import ABANDONED, facts, status, talk, wait
from tests.journal.stream import simulated, state, written
from tests.live.harness import scenario
from tests.serve.test_engine import until


def number(_: Reader) -> int:
    return os.getpid()


def wait_for_ever(_: Reader, started: Path) -> None:
    started.touch()
    time.sleep(10**6)


def fail(_: Reader) -> None:
    raise NoSuchPosition("none of these")


@scenario
async def test_the_report_is_that_of_all_rows(tmp_path: Path) -> None:
    """Of those that are written and of those that are held, made in another process."""
    rows = [talk(10, 60, hold=5), wait(5, 10, ABANDONED), status(1, 0, 70), status(3, 70)]
    known, options = facts(*rows, talk(100, None)), Options(short_abandon_s=6)
    expected = report(known, 0, None, options)
    rest = Written(tmp_path / "rows")
    rest.take(known, 0)
    worker = Worker(partial(JournalReader, tmp_path / "journal"), idle=0)

    assert expected == await worker.ask(report_of_today, known.checkpoint(), rest.extract, 0, None, options)
    assert expected != report(known, 0, None, options)
    await until(lambda: worker._process is None)


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
    worker.close()


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
