from contextlib import closing
from pathlib import Path

from calltrack.journal.file import is_clean, open_for_writing


def test_every_commit_is_synced(tmp_path: Path) -> None:
    """SQLite's log, and FULL: at every commit, not only when the log is folded in."""
    for _ in range(2):
        with closing(open_for_writing(tmp_path / "a", 1000)) as database:
            assert ("wal",) == database.execute("PRAGMA journal_mode").fetchone()
            assert (2,) == database.execute("PRAGMA synchronous").fetchone()


def test_clean_is_closed(tmp_path: Path) -> None:
    """While it is open, and after a kill, something stands in the log."""
    with closing(open_for_writing(tmp_path / "a", 1000)):
        assert not is_clean(tmp_path / "a")
    assert is_clean(tmp_path / "a")
