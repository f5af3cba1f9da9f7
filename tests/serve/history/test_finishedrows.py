from __future__ import annotations

import logging
from pathlib import Path

import pytest

from calltrack.figures import Facts, Rows
from calltrack.figures.rows import joined
from calltrack.serve.history.finishedrows import Written
from tests.figures.made import facts, status, talk


def held(at: float) -> Facts:
    """Facts of one ended conversation and one ended status, both over at a moment."""
    return facts(talk(at - 10, at), status(1, at - 10, at), time=at)


def taken(written: Written) -> Rows:
    """All rows that are written."""
    return joined(written.extract.parts())


def test_what_is_taken_is_read_as_it_was(tmp_path: Path) -> None:
    """In its order, from a file that only its owner reads, and the facts hold it no more."""
    written = Written(tmp_path / "rows")
    first, second = held(100), held(200)
    expected = joined((first.checkpoint().done, second.checkpoint().done))
    written.take(first, 0)
    written.take(second, 0)

    assert expected == taken(written)
    assert Rows() == first.checkpoint().done
    assert 0o600 == (tmp_path / "rows").stat().st_mode & 0o777


def test_an_extract_stays_what_it_was(tmp_path: Path) -> None:
    """Rows that are taken while it is read do not change it."""
    written = Written(tmp_path / "rows")
    written.take(held(100), 0)
    extract = written.extract
    before = extract.parts()
    written.take(held(200), 0)

    assert before == extract.parts()


def test_a_disk_that_takes_nothing_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The rows stay in memory, it is said once, and they are written when there is room again."""
    folder = tmp_path / "folder"
    written = Written(folder / "rows")
    with caplog.at_level(logging.WARNING, "calltrack.serve"):
        written.take(held(100), 0)
        written.take(held(200), 0)
    extract = written.extract

    assert ["rows of today stay in memory"] == [record.getMessage().split(":")[0] for record in caplog.records]
    assert (0, 2) == (extract.size, len(joined(extract.parts()).legs))

    folder.mkdir()
    written.take(held(300), 0)

    assert (b"", 3) == (written.extract.rest, len(taken(written).legs))


def test_a_day_is_forgotten_when_the_next_has_begun(tmp_path: Path) -> None:
    """Not what was taken since; and nothing is left of it, nor of an earlier life, on the disk."""
    path = tmp_path / "rows"
    path.write_text("an earlier life's")
    written = Written(path)
    assert not path.exists()

    written.take(held(100), 0)
    written.drop_before(100)
    assert 1 == len(taken(written).legs)

    written.drop_before(101)
    assert (Rows(), False) == (taken(written), path.exists())
