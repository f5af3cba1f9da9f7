"""A page that is damaged costs its frames and no more; a repair, a backup and what is restored of it are sound."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from calltrack import read_recording
from calltrack.core.errors import BadLine
from calltrack.journal import (
    Journal,
    JournalBusy,
    JournalDamaged,
    JournalError,
    JournalUnwritable,
    NotAJournal,
    open_repaired,
    repair,
    restore,
)
from calltrack.journal.pages import rows
from tests.journal.stream import simulated, state, written

FRAMES = simulated()
PAGE = 4096
COUNT = 750  # frames: enough for a page of every kind
MOST = 100  # frames on a page, at most, with those of its overflow


def garble(path: Path, page: int, seed: int = 1) -> None:
    """Overwrite a page, from 0, with noise."""
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(random.Random(seed).randbytes(PAGE))


def is_gap(event: str) -> bool:
    return event in ("disconnect", "malformed")


def differing(journal: Journal) -> list[int]:
    """Positions of frames that are not as they were written; each has to be a gap."""
    found = []
    for position, frame in journal.frames(gaps=True):
        if position > len(FRAMES) or frame != FRAMES[position - 1]:
            assert is_gap(frame.event)
            found.append(position)
    return found


def pages(path: Path) -> int:
    return path.stat().st_size // PAGE


def test_all_rows_of_a_sound_file_are_found(tmp_path: Path) -> None:
    """By its pages alone, those with overflow as well."""
    path = written(tmp_path / "a")
    with closing(sqlite3.connect(path)) as database:
        expected = dict(database.execute("SELECT position, sum FROM frames").fetchall())
        (largest,) = database.execute("SELECT max(length(packed)) FROM frames").fetchone()

    assert expected == {number: values[-1] for number, values in rows(path) if len(values) == 7}
    assert largest > PAGE // 4 or pages(path) > 20


@pytest.mark.parametrize("share", range(4))
def test_whichever_page_is_damaged(tmp_path: Path, share: int) -> None:
    """The journal opens again, what reads is as it was written, and it goes on at the position at which it was."""
    good = written(tmp_path / "good", FRAMES[:COUNT], every=COUNT // 3).read_bytes()
    count = len(good) // PAGE
    for page in range(share, count, 4):
        path = tmp_path / f"{page}"
        path.write_bytes(good)
        garble(path, page, page)
        reported: list[str] = []
        with open_repaired(path, reported.append) as journal:
            journal.on_notice = reported.append
            assert COUNT <= journal.position <= COUNT + 2 * 128
            lost = differing(journal)
            assert len([position for position in lost if position <= COUNT]) <= MOST
            tracker = journal.tracker()
            assert journal.position == tracker.snapshot().position
            assert journal.position + 1 == journal.append(FRAMES[COUNT : COUNT + 1])
            assert (journal.position, FRAMES[COUNT]) == next(journal.frames(journal.position - 1))
        if lost:
            assert reported or differing_is_reported(path)


def differing_is_reported(path: Path) -> bool:
    """Whether the commands on recordings name the damage, for a journal that was not repaired."""
    bad: list[BadLine] = []
    recording = read_recording(path, on_bad=bad.append)
    return len(list(recording)) + len(bad) == COUNT + 1 and bool(bad)


def test_states_after_the_next_checkpoint_are_as_they_were(tmp_path: Path) -> None:
    """In between the lost connection is a gap in the state."""
    path = written(tmp_path / "a")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DELETE FROM frames WHERE position BETWEEN 700 AND 702")
    found = repair(path)

    assert ((700, 702),) == found.lost
    assert len(FRAMES) - 3 == found.frames
    with Journal.open(path, read_only=True) as journal:
        assert state(FRAMES) == journal.tracker().snapshot().to_json()
        assert ["disconnect", "malformed", "malformed"] == [frame.event for _, frame in journal.frames(699, 702)]
        gaps = journal.tracker(702).snapshot().gaps
        assert "frame 700 of the journal is damaged" == gaps[-1].reason
        assert [700, 701, 702] == differing(journal)


def test_the_damaged_file_stays(tmp_path: Path) -> None:
    """Under another name, and each repair's under its own."""
    path = written(tmp_path / "a")
    before = path.read_bytes()
    assert "a-damaged-1" == repair(path).damaged.name
    assert "a-damaged-2" == repair(path).damaged.name
    assert before == (tmp_path / "a-damaged-1").read_bytes()
    with Journal.open(path, read_only=True) as journal:
        assert state(FRAMES) == journal.tracker().snapshot().to_json()


def test_a_writer_repairs_its_own(tmp_path: Path) -> None:
    """It knows where it ended, so no position is left out, and readers of before read the file of before."""
    path = written(tmp_path / "a")
    with Journal.open(path) as journal, Journal.open(path, read_only=True) as reader:
        found = journal.repair()
        assert (len(FRAMES), ()) == (found.frames, found.lost)
        assert len(FRAMES) + 1 == journal.append(FRAMES[:1])
        assert len(FRAMES) == reader.position


def test_what_was_lost_at_the_end_is_left_out(tmp_path: Path) -> None:
    """Its positions were sent to clients, so none of them is given to another frame."""
    path = written(tmp_path / "a", FRAMES[:600])
    pages_of = [number for number, values in rows(path) if len(values) == 7]
    assert 600 == max(pages_of)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE frames SET packed = x'00' WHERE position > 590")
    with pytest.raises(JournalDamaged, match="frame 600: not as it was written"):
        Journal.open(path)

    assert ((591, 590 + 128),) == repair(path).lost
    with Journal.open(path) as journal:
        assert 590 + 129 == journal.append(FRAMES[:1])


def test_nothing_else_is_repaired(tmp_path: Path) -> None:
    """Another file, another database, a newer format: each is left as it is."""
    (tmp_path / "text").write_text("not a journal\n" * 1000)
    with closing(sqlite3.connect(tmp_path / "other")) as database, database:
        database.execute("CREATE TABLE frames (name)")
        database.execute("INSERT INTO frames VALUES ('Lois')")
    newer = written(tmp_path / "newer")
    with closing(sqlite3.connect(newer)) as database:
        database.execute("PRAGMA user_version = 2")
    notes: list[str] = []
    for name in ("text", "other", "newer"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(NotAJournal):
            open_repaired(tmp_path / name, notes.append)
        assert before == (tmp_path / name).read_bytes()
        for refused in (Journal.open, repair):
            with pytest.raises(NotAJournal):
                refused(tmp_path / name)
        assert not list(tmp_path.glob(f"{name}-repair*"))
    assert {"text", "other", "newer", "newer-writer"} == {path.name for path in tmp_path.iterdir()}


def test_a_backup_is_one_moment(tmp_path: Path) -> None:
    """Made while the journal is written; restored, it is the journal of that moment."""
    path = written(tmp_path / "a", FRAMES[:600])
    with Journal.open(path) as journal:
        with Journal.open(path, read_only=True) as reader:
            assert 600 == reader.backup(tmp_path / "backup")
            with pytest.raises(JournalUnwritable, match="File exists"):
                reader.backup(tmp_path / "backup")
        journal.append(FRAMES[600:700])
        with pytest.raises(JournalBusy):
            restore(tmp_path / "backup", path)
    assert 0o600 == (tmp_path / "backup").stat().st_mode & 0o777

    assert path.with_name("a-replaced-1") == restore(tmp_path / "backup", path)
    with Journal.open(path) as journal:
        assert 600 == journal.position
        assert state(FRAMES[:600]) == journal.tracker().snapshot().to_json()
        assert 601 == journal.append(FRAMES[600:601])
    with Journal.open(tmp_path / "a-replaced-1", read_only=True) as before:
        assert 700 == before.position
    assert None is restore(tmp_path / "backup", tmp_path / "new")
    assert len(list(read_recording(tmp_path / "new"))) == 600


def test_a_damaged_backup_is_not_restored(tmp_path: Path) -> None:
    """The journal stays as it is."""
    path, backup = written(tmp_path / "a", FRAMES[:600]), written(tmp_path / "backup", FRAMES[:600])
    garble(backup, pages(backup) // 2)
    before = path.read_bytes()
    for to in (path, tmp_path / "new"):
        with pytest.raises(JournalError):
            restore(backup, to)
    assert before == path.read_bytes()
    assert not list(tmp_path.glob("new*"))
