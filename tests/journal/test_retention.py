from pathlib import Path

import pytest
from msgspec.structs import replace

from calltrack.journal import Journal, PositionPruned, StreamPosition
from tests.journal.stream import reported, simulated, states, written

FRAMES = simulated()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal of 2,000 simulated frames with checkpoints at each 500."""
    return Journal.open(written(tmp_path / "a"))


def test_prune_removes_what_is_older(journal: Journal) -> None:
    """Up to the last checkpoint of which everything before is; every state after it is as before."""
    now = FRAMES[1100].at
    assert now is not None
    with journal:
        assert 1000 == journal.prune(keep_s=0, now=now)
        assert (1000, len(FRAMES)) == (journal.begin, journal.position)
        assert list(enumerate(FRAMES, 1))[1000:] == list(journal.frames())
        expected = states(FRAMES)
        for position in (1000, 1001, 1499, len(FRAMES)):
            assert expected[position] == journal.tracker(position).snapshot().to_json()
        assert [one for one in reported(FRAMES) if StreamPosition.parse(one[0]).frame > 1000] == list(journal.changes())
        assert 0 == journal.prune(keep_s=0, now=now)


def test_says_what_is_not_there_any_more(journal: Journal) -> None:
    """Instead of a part of it."""
    with journal:
        journal.prune(keep_s=0, now=FRAMES[1100].at)
        for ask in (
            lambda: journal.tracker(999),
            lambda: journal.frames(0),
            lambda: journal.changes("1000.0"),
            lambda: journal.position_at(FRAMES[10].at or 0),
        ):
            with pytest.raises(PositionPruned):
                ask()


def test_a_reader_in_the_middle_is_informed(journal: Journal) -> None:
    """Frames that are removed while someone reads them are not left out in silence."""
    with journal, Journal.open(journal.path, read_only=True) as reader:
        frames = reader.frames()
        next(frames)
        journal.prune(keep_s=0, now=FRAMES[1100].at)
        with pytest.raises(PositionPruned):
            list(frames)


def test_keeps_to_a_size(journal: Journal) -> None:
    """The file gets smaller; what came after the last checkpoint stays whatever it takes."""
    with journal:
        before = journal.size()
        assert 0 < journal.prune(keep_bytes=before - 1) < 1001
        assert journal.size() < before
        assert 2000 == journal.prune(keep_bytes=0) + 500
        assert (2000, len(FRAMES)) == (journal.begin, journal.position)
    assert journal.path.stat().st_size < before / 2


def test_a_clock_that_was_set_back_costs_nothing(tmp_path: Path) -> None:
    """New frames that look old are kept as long as those before them are."""
    frames = tuple(replace(frame, at=1e9 + number - 500 * (number > 7)) for number, frame in enumerate(FRAMES[:20]))
    with Journal.open(written(tmp_path / "b", frames, every=4, batch=4)) as journal:
        assert 4 == journal.prune(keep_s=0, now=1e9 + 5)
        assert 0 == journal.prune(keep_s=0, now=1e9 + 7)


def test_a_clock_that_was_set_ahead_costs_nothing(tmp_path: Path) -> None:
    """Ours, while frames come: their server times say how old they are. That of the server: their receipt does."""
    ahead = tuple(replace(frame, at=(frame.at or 0) + 1e8 * (number > 15)) for number, frame in enumerate(FRAMES[:20]))
    span = (FRAMES[19].at or 0) - (FRAMES[3].at or 0)
    with Journal.open(written(tmp_path / "ours", ahead, every=4, batch=4)) as journal:
        assert 0 == journal.prune(keep_s=span + 10, now=ahead[-1].at)
        assert 4 == journal.prune(keep_s=span - 10, now=ahead[-1].at)
    theirs = (*FRAMES[:20], replace(FRAMES[-1], at=FRAMES[19].at))
    with Journal.open(written(tmp_path / "theirs", theirs, every=4, batch=4)) as journal:
        assert 0 == journal.prune(keep_s=span + 10, now=FRAMES[19].at)
        assert 4 == journal.prune(keep_s=span - 10, now=FRAMES[19].at)


def test_the_next_run_counts_on(journal: Journal) -> None:
    """Positions are never given twice."""
    with journal:
        journal.prune(keep_bytes=0)
    with Journal.open(journal.path) as again:
        assert len(FRAMES) + 1 == again.append(FRAMES[:1])
