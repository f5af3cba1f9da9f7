"""What is closed is counted once: the store has it, whatever happens to the process that writes it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from math import inf
from pathlib import Path
from shutil import copy

import msgspec
import pytest

from calltrack import Tracker
from calltrack.figures import Facts, Options, Report, Rows, report
from calltrack.journal import Journal
from calltrack.serve.history import follower as followed
from calltrack.serve.history.closed import FINAL_S, past_report, whole_report
from calltrack.serve.history.follower import Follower, recount
from calltrack.serve.history.reading import JournalReader
from calltrack.serve.history.store import Store, beside
from calltrack.serve.security.scope import EVERYTHING
from tests.journal.stream import written
from tests.serve.stream.test_streams import simulated

FRAMES = tuple(simulated(4000))
DAY = 1_704_664_800  # before all of them
OPTIONS = Options()


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that there are many."""
    monkeypatch.setattr(followed, "_FRAMES", 300)


@pytest.fixture(autouse=True)
def nothing_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that each position that is asked for is counted."""
    monkeypatch.setattr(followed, "FRESH", 0.0)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("closed") / "journal", FRAMES)


@pytest.fixture
def path(closed: Path, tmp_path: Path) -> Path:
    """A journal for one test."""
    return Path(copy(closed, tmp_path))


@cache
def whole(begin: int = 0, end: int = len(FRAMES)) -> Facts:
    """Facts of one reading."""
    tracker, facts = Tracker(), Facts()
    for frame in FRAMES[begin:end]:
        facts.apply(tracker.feed(frame), tracker.time)
    facts.learn(tracker.snapshot())
    return facts


def today(follower: Follower, position: int = len(FRAMES)) -> Report:
    _, found = follower.report(position, DAY, DAY, OPTIONS, EVERYTHING)
    return msgspec.json.decode(found.json, type=Report)


def report_of(reader: JournalReader, since: float, until: float | None, options: Options, position: int) -> Report:
    return msgspec.json.decode(whole_report(reader, since, until, options, position).json, type=Report)


def parts(path: Path) -> int:
    with closing(sqlite3.connect(beside(path))) as database:
        return int(database.execute("SELECT count(*) FROM parts").fetchone()[0])


def test_a_start_goes_on_from_the_store(path: Path) -> None:
    """However the process before ended; nothing is lost or doubled, and nothing before is read again."""
    expected = report(whole(), DAY, None, OPTIONS)
    for position in (1, 500, 1700, 1701, 3999):
        Follower(path).follow(position, DAY)  # never learns that it ends
    again = Follower(path)

    assert expected == today(again)
    assert again._count is not None
    assert parts(path) > 8
    assert 0o600 == beside(path).stat().st_mode & 0o777


def test_a_closed_interval_is_counted_from_the_store_and_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same figures as of all that is known; the second time nothing is counted."""
    Follower(path).follow(len(FRAMES), DAY)
    facts = whole()
    assert facts.first is not None and facts.time is not None
    since, until = facts.first + 600, facts.time - FINAL_S - 60
    reader = JournalReader(path)
    found = report_of(reader, since, until, OPTIONS, len(FRAMES))
    assert found.total.waits is not None and found.total.waits.offered > 5
    assert report(facts, since, until, OPTIONS) == found

    monkeypatch.setattr("calltrack.serve.history.closed.report", None)
    assert found == report_of(reader, since, until, OPTIONS, len(FRAMES))


def test_an_interval_that_goes_on_is_kept_until_a_frame_comes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it has what came since; the bytes are those of one reading."""
    Follower(path).follow(1000, DAY)
    reader, facts = JournalReader(path), whole(end=1500)
    expected = msgspec.json.encode(report(facts, facts.first, None, OPTIONS))
    assert facts.first is not None
    asked = facts.first, None, OPTIONS

    before = whole_report(reader, *asked, 1400)
    assert before != (expected, 1500) == whole_report(reader, *asked, 1500)
    monkeypatch.setattr("calltrack.serve.history.closed.report", None)
    assert (expected, 1500) == whole_report(JournalReader(path), *asked, 1500)
    assert (expected, 1500) == past_report(reader, *asked, 1500, EVERYTHING)[0]
    with pytest.raises(TypeError):
        whole_report(reader, *asked, 1600)


def test_who_waited_gets_what_the_store_has(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store went on meanwhile: no frame is read again, the answer says how many are in it, and it is kept."""
    Follower(path).follow(1800, DAY)
    facts = whole(end=1800)
    monkeypatch.setattr(JournalReader, "facts", None)
    found = whole_report(JournalReader(path), DAY, None, OPTIONS, 1000)

    assert (msgspec.json.encode(report(facts, DAY, None, OPTIONS)), 1800) == found
    monkeypatch.setattr("calltrack.serve.history.closed.report", None)
    assert found == whole_report(JournalReader(path), DAY, None, OPTIONS, 1000)


def test_before_the_store_the_journal_is_counted(path: Path) -> None:
    """It began in the middle: figures of before come from the frames, and then from a store of them all."""
    facts = whole()
    assert facts.first is not None and facts.time is not None
    middle = (facts.first + facts.time) / 2
    follower, reader = Follower(path), JournalReader(path)
    assert not follower.follow(len(FRAMES), middle)
    until = middle + 60
    counted = report_of(reader, facts.first, until, OPTIONS, len(FRAMES))
    recount(reader, 3000)
    follower.adopt(len(FRAMES), middle)

    assert follower.follow(len(FRAMES), middle)
    with closing(Store(beside(path))) as store:
        assert -inf == store.covered
    kept = report_of(reader, facts.first, until, OPTIONS, len(FRAMES))
    expected = report(facts, facts.first, until, OPTIONS)
    # What is not certain, and who works there, may be learned long after: of that only what was known is compared.
    assert (expected.total.waits, expected.total.work) == (kept.total.waits, kept.total.work)
    assert [one.waits for one in expected.queues] == [one.waits for one in kept.queues]
    assert counted.total.calls[0].calls == kept.total.calls[0].calls > 5


def test_of_another_journal_or_other_code_nothing_is_used(path: Path, tmp_path: Path) -> None:
    """It is made anew."""
    Follower(path).follow(len(FRAMES), DAY)
    with closing(sqlite3.connect(beside(path), isolation_level=None)) as database:
        database.execute("UPDATE made SET code = 'other'")
    with closing(Store(beside(path))) as store, Journal.open(path, read_only=True) as journal:
        assert (inf, None, []) == (store.covered, store.held(journal), store.rows(0, inf))
    assert report(whole(), DAY, None, OPTIONS) == today(Follower(path))

    path.unlink()
    written(path, FRAMES[100:2000])
    found = today(Follower(path), 1900)
    assert report(whole(100, 2000), DAY, None, OPTIONS) == found


def test_a_store_that_is_damaged_is_made_anew(path: Path) -> None:
    """It holds nothing that the journal does not."""
    beside(path).write_bytes(b"no database" * 1000)

    assert report(whole(end=1500), DAY, None, OPTIONS) == today(Follower(path), 1500)
    expected = whole_report(JournalReader(path), DAY, None, OPTIONS, 1500).json
    with closing(sqlite3.connect(beside(path), isolation_level=None)) as database:
        for table, column in (("answers", "answer"), ("parts", "rows")):
            garbled = f"substr({column}, 1, 500) || x'00' || substr({column}, 502)"
            assert database.execute(f"UPDATE {table} SET {column} = CAST({garbled} AS BLOB)").rowcount > 0
    assert (expected, 1500) == whole_report(JournalReader(path), DAY, None, OPTIONS, 1500)
    assert msgspec.json.decode(expected, type=Report) == today(Follower(path), 1500)


def test_what_retention_removes_goes_from_the_store(path: Path) -> None:
    """Rows of frames that are gone are gone too, and the figures say that the time before was not observed."""
    follower = Follower(path)
    follower.follow(3500, DAY)
    before = parts(path)
    with Journal.open(path) as journal:
        journal.checkpoint(journal.tracker(2000))
        journal.checkpoint(journal.tracker(len(FRAMES)))  # the last one stays whatever is asked
        assert journal.prune(keep_bytes=0) >= 2000
    follower.follow(len(FRAMES), DAY)

    with closing(Store(beside(path))) as store:
        assert parts(path) < before
        assert store.covered > DAY
        left = store.rows(-inf, inf)
    assert left and all(rows != Rows() for rows in left)
    assert today(follower).total.observed_s < report(whole(), DAY, None, OPTIONS).total.observed_s
