import os
import socket
import threading
from contextlib import closing
from pathlib import Path

from calltrack.journal.file import WriterLock, is_clean, open_for_writing, writer


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


def test_who_writes_is_known_while_they_do(tmp_path: Path) -> None:
    """And only then, though the file that names them stays."""
    assert "" == writer(tmp_path / "a")
    lock = WriterLock(tmp_path / "a")
    assert f"process {os.getpid()} on {socket.gethostname()}" == writer(tmp_path / "a")
    lock.release()
    assert "" == writer(tmp_path / "a")


def test_asking_hinders_nobody(tmp_path: Path) -> None:
    """Who asks holds the lock for an instant, which must not look like a second writer."""
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            writer(tmp_path / "a")

    thread = threading.Thread(target=ask)
    WriterLock(tmp_path / "a").release()
    thread.start()
    try:
        for _ in range(200):
            WriterLock(tmp_path / "a").release()
    finally:
        over.set()
        thread.join(10)
