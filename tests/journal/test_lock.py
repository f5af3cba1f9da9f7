import os
import platform
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from calltrack.journal.errors import JournalBusy, JournalUnwritable
from calltrack.journal.lock import WriterLock, writer


def test_who_writes_is_known_while_they_do(tmp_path: Path) -> None:
    """And only then, though the file that names them stays."""
    assert "" == writer(tmp_path / "a")
    lock = WriterLock(tmp_path / "a")
    assert f"process {os.getpid()} on {platform.node()}" == writer(tmp_path / "a")
    lock.release()
    assert "" == writer(tmp_path / "a")


def test_asking_hinders_no_one(tmp_path: Path) -> None:
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


def test_a_second_writer_of_the_same_process_is_kept_out(tmp_path: Path) -> None:
    """However often it tries, and with questions in between."""
    lock = WriterLock(tmp_path / "a")
    for _ in range(2):
        with pytest.raises(JournalBusy, match=f"process {os.getpid()} on "):
            WriterLock(tmp_path / "a")
        assert "" != writer(tmp_path / "a")
    lock.release()
    WriterLock(tmp_path / "a").release()


def test_a_writer_that_left_no_name(tmp_path: Path) -> None:
    """Its lock holds all the same."""
    with closing(sqlite3.connect(tmp_path / "a-writer", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "another process" == writer(tmp_path / "a")
        with pytest.raises(JournalBusy, match="another process"):
            WriterLock(tmp_path / "a")


def test_a_file_of_an_earlier_version_is_replaced(tmp_path: Path) -> None:
    """It held a name in JSON, and another kind of lock."""
    (tmp_path / "a-writer").write_text('{"pid": 1, "host": "x"}')
    assert "" == writer(tmp_path / "a")
    lock = WriterLock(tmp_path / "a")
    assert f"process {os.getpid()} on {platform.node()}" == writer(tmp_path / "a")
    lock.release()


def test_a_writer_of_an_earlier_version_is_seen(tmp_path: Path) -> None:
    """It holds the file in another way; when it has gone there is nothing in the way."""
    fcntl = pytest.importorskip("fcntl")
    with (tmp_path / "a-writer").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write('{"pid": 1, "host": "x"}')
        held.flush()
        with pytest.raises(JournalBusy, match="an earlier version of calltrack writes this journal"):
            WriterLock(tmp_path / "a")
        assert '{"pid": 1, "host": "x"}' == (tmp_path / "a-writer").read_text()
    WriterLock(tmp_path / "a").release()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """An error of the journal's, with the reason."""
    with pytest.raises(JournalUnwritable, match="a-writer: No such file"):
        WriterLock(tmp_path / "nowhere" / "a")
