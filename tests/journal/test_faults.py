"""What faults do to a journal; they are made, not mocked: full and read-only disks, torn and garbled files."""

import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from calltrack import Tracker, read_recording
from calltrack.core.errors import BadLine
from calltrack.journal import (
    Journal,
    JournalBusy,
    JournalDamaged,
    JournalError,
    JournalUnwritable,
    NotAJournal,
    StreamPosition,
    repair,
)
from calltrack.journal.code import stamp
from calltrack.journal.packing import Packer
from calltrack.journal.rows import sum_of
from tests.journal.stream import reported, simulated, state, written

FRAMES = simulated()
HOLD = """
import sys
from calltrack.journal import Journal
from tests.journal.stream import simulated, state
with Journal.open(sys.argv[1]) as journal:
    journal.append(simulated()[:10])
    print("open", flush=True)
    sys.stdin.read()
"""


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of that size, mounted for the time of the test; skips the test where that is not permitted."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if done.returncode:
        pytest.skip("mounting a disk is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def mount_read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)


@contextmanager
def writing(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has the journal open, with ten frames in it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent.parent,
    )
    with process:
        assert process.stdout is not None
        assert b"open\n" == process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def append_until_full(journal: Journal, frames: int) -> JournalUnwritable:
    """Append in batches of 20; returns the error."""
    for start in range(journal.position, frames, 20):
        try:
            journal.append(FRAMES[start : start + 20])
        except JournalUnwritable as error:
            return error
    pytest.fail("the disk was not full")


def assert_whole(journal: Journal) -> None:
    """The journal has the first frames, as many as it says, and their state."""
    position = journal.position
    assert list(enumerate(FRAMES[:position], 1)) == list(journal.frames())
    assert state(FRAMES[:position]) == journal.tracker().snapshot().to_json()


class TestFullDisk:
    """ENOSPC, from a disk that is full; EFBIG, from a limit on files, where no disk can be mounted."""

    def test_nothing_acknowledged_is_lost(self, tmp_path: Path) -> None:
        """The batch that did not fit is refused as a whole; with room again, the same journal goes on."""
        with disk(tmp_path / "disk", "400k") as folder:
            ballast = folder / "ballast"
            ballast.write_bytes(b"x" * 150_000)
            with Journal.open(folder / "a") as journal:
                error = append_until_full(journal, len(FRAMES))
                assert "the disk is full" in str(error)
                full = journal.position
                assert full > 0
                assert_whole(journal)
                with Journal.open(folder / "a", read_only=True) as reader:
                    assert full == reader.position

                ballast.unlink()
                assert full + 20 == journal.append(FRAMES[full : full + 20])
                assert_whole(journal)
            with Journal.open(folder / "a") as journal:
                assert full + 20 == journal.position
                assert_whole(journal)

    def test_a_kill_on_a_full_disk_loses_nothing(self, tmp_path: Path) -> None:
        """What was acknowledged is there, also while there is no room to write anything."""
        with disk(tmp_path / "disk", "400k") as folder:
            with writing(folder / "a"):
                pass
            (folder / "ballast").write_bytes(b"x" * (shutil.disk_usage(folder).free - 4096))
            with Journal.open(folder / "a") as journal:
                assert 10 == journal.position
                assert_whole(journal)
                append_until_full(journal, len(FRAMES))
                assert_whole(journal)

    def test_no_room_for_a_journal_at_all(self, tmp_path: Path) -> None:
        """It says so, and leaves nothing that would hinder the next try."""
        with disk(tmp_path / "disk", "64k") as folder:
            ballast = folder / "ballast"
            ballast.write_bytes(b"x" * 60_000)
            with pytest.raises(JournalUnwritable):
                Journal.open(folder / "a")
            ballast.unlink()
            with Journal.open(folder / "a") as journal:
                assert 0 == journal.position

    def test_a_limit_on_files(self, tmp_path: Path) -> None:
        """The same, where the system refuses a file to grow."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        with Journal.open(tmp_path / "a") as journal:
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
            try:
                append_until_full(journal, len(FRAMES))
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
            refused = journal.position
            assert_whole(journal)
            assert refused + 20 == journal.append(FRAMES[refused : refused + 20])
            assert_whole(journal)


class TestReadOnlyDisk:
    """A disk, or a folder, that cannot be written."""

    def test_can_be_read(self, tmp_path: Path) -> None:
        """A journal that was closed; to write it is refused."""
        with disk(tmp_path / "disk", "10m") as folder:
            written(folder / "a")
            mount_read_only(folder)
            with Journal.open(folder / "a", read_only=True) as journal:
                assert_whole(journal)
            assert len(FRAMES) == len(list(read_recording(folder / "a")))
            with pytest.raises(JournalUnwritable, match="Read-only file system"):
                Journal.open(folder / "a")

    def test_one_that_was_not_closed_says_what_to_do(self, tmp_path: Path) -> None:
        """SQLite cannot read a -wal without a place for its index; a copy elsewhere can be read."""
        with disk(tmp_path / "disk", "10m") as folder:
            with writing(folder / "a"):
                pass
            (folder / "a-shm").unlink()
            mount_read_only(folder)
            with pytest.raises(JournalUnwritable, match="copy it together with a-wal"):
                Journal.open(folder / "a", read_only=True)
            shutil.copy(folder / "a", tmp_path)
            shutil.copy(folder / "a-wal", tmp_path)
        with Journal.open(tmp_path / "a", read_only=True) as journal:
            assert 10 == journal.position
            assert_whole(journal)

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        """To write, or to read."""
        with pytest.raises(JournalUnwritable, match="No such file or directory"):
            Journal.open(tmp_path / "nowhere" / "a")
        with pytest.raises(JournalError, match="no such file"):
            Journal.open(tmp_path / "nowhere" / "a", read_only=True)
        with pytest.raises(JournalError, match="is a directory"):
            Journal.open(tmp_path, read_only=True)


class TestTornWrites:
    """A file that is not whole: what a power cut, a broken disk or a bad copy leave."""

    def test_any_length_of_the_log_is_a_whole_beginning(self, tmp_path: Path) -> None:
        """Cut SQLite's -wal anywhere: the batches before the cut are there, in full, and none in part."""
        journal = Journal.open(tmp_path / "a")
        ends = {0} | {journal.append(FRAMES[start : start + 7]) for start in range(0, 210, 7)}
        log = (tmp_path / "a-wal").read_bytes()
        chance, last = random.Random(1), 0
        for length in sorted({0, 31, 32, len(log) - 1, len(log), *(chance.randrange(len(log)) for _ in range(40))}):
            copy = tmp_path / "copy"
            shutil.copy(tmp_path / "a", copy)
            copy.with_name("copy-wal").write_bytes(log[:length])
            with Journal.open(copy) as torn:
                assert torn.position in ends
                assert last <= torn.position
                last = torn.position
                assert_whole(torn)
                torn.append(FRAMES[last : last + 1])
                assert_whole(torn)
            copy.unlink()
        assert 210 == last
        journal.close()

    def test_a_garbled_log_is_cut_there(self, tmp_path: Path) -> None:
        """SQLite's log has checksums: from the first wrong byte on it is as if it had not been written."""
        journal = Journal.open(tmp_path / "a")
        ends = {0} | {journal.append(FRAMES[start : start + 7]) for start in range(0, 210, 7)}
        log = (tmp_path / "a-wal").read_bytes()
        chance = random.Random(2)
        for _ in range(20):
            garbled = bytearray(log)
            garbled[chance.randrange(len(log))] ^= 1 << chance.randrange(8)
            copy = tmp_path / "copy"
            shutil.copy(tmp_path / "a", copy)
            copy.with_name("copy-wal").write_bytes(garbled)
            with Journal.open(copy) as torn:
                assert torn.position in ends
                assert_whole(torn)
            copy.unlink()
        journal.close()

    @pytest.mark.slow
    def test_a_garbled_file_shows_no_lies(self, tmp_path: Path) -> None:
        """Whatever is wrong with it: what reads, reads as it was written; everything else is a JournalError."""
        good = written(tmp_path / "a").read_bytes()
        expected, end = list(enumerate(FRAMES, 1)), state(FRAMES)
        chance, copy = random.Random(3), tmp_path / "copy"
        damaged = 0
        for _ in range(50):
            garbled = bytearray(good)
            start = chance.randrange(len(good))
            if chance.random() < 0.2:
                del garbled[start:]
            else:
                size = chance.choice((1, 16, 4096))
                garbled[start : start + size] = chance.randbytes(size)
            copy.write_bytes(garbled)
            notices: list[str] = []
            try:
                with Journal.open(copy, read_only=True) as journal:
                    journal.on_notice = notices.append
                    assert expected[: journal.position] == list(journal.frames())
                    if journal.position == len(FRAMES):
                        assert end == journal.tracker().snapshot().to_json()
            except JournalError:
                damaged += 1
        assert 0 < damaged < 50

    def test_a_damaged_frame_is_named_and_the_rest_is_read(self, tmp_path: Path) -> None:
        """As a line of a recording that is no frame."""
        path = written(tmp_path / "a")
        with sqlite3.connect(path) as database:
            database.execute("UPDATE frames SET packed = zeroblob(100) WHERE position = 7")
            database.execute("DELETE FROM frames WHERE position IN (9, 10)")
        database.close()
        with Journal.open(path, read_only=True) as journal:
            with pytest.raises(JournalDamaged, match="frame 7: not as it was written"):
                list(journal.frames())
            # The states after the next checkpoint are as they were.
            assert state(FRAMES) == journal.tracker().snapshot().to_json()
            # Those before it have a gap.
            assert "frame 9 of the journal is damaged" == journal.tracker(10).snapshot().gaps[-1].reason

        reported: list[BadLine] = []
        recording = read_recording(path, on_bad=reported.append)
        assert len(FRAMES) - 3 == len(list(recording))
        assert [(7, 0), (9, 0), (10, 0)] == [(bad.line, recording.bad - 3) for bad in reported]


class TestOneWriter:
    """Two processes on one journal."""

    def test_the_second_writer_is_refused(self, tmp_path: Path) -> None:
        """With the process and host of the first; readers are not."""
        with writing(tmp_path / "a") as process:
            with pytest.raises(JournalBusy, match=f"process {process.pid} on {os.uname().nodename}"):
                Journal.open(tmp_path / "a")
            with Journal.open(tmp_path / "a", read_only=True) as reader:
                assert 10 == reader.position
                assert_whole(reader)

    def test_a_killed_writer_hinders_no_one(self, tmp_path: Path) -> None:
        """The next one goes on, with no file to remove by hand."""
        with writing(tmp_path / "a"):
            pass
        with Journal.open(tmp_path / "a") as journal:
            assert 11 == journal.append(FRAMES[10:11])
            assert_whole(journal)

    def test_the_same_process_neither(self, tmp_path: Path) -> None:
        """Nor twice in one; after a close it may."""
        with Journal.open(tmp_path / "a"), pytest.raises(JournalBusy, match=f"process {os.getpid()}"):
            Journal.open(tmp_path / "a")
        with Journal.open(tmp_path / "a"):
            pass

    def test_a_link_is_the_same_journal(self, tmp_path: Path) -> None:
        """There is one writer of a file, by whatever name."""
        (tmp_path / "link").symlink_to(tmp_path / "a")
        with Journal.open(tmp_path / "a"), pytest.raises(JournalBusy):
            Journal.open(tmp_path / "link")
        with Journal.open(tmp_path / "link") as journal:
            journal.append(FRAMES[:1])
        with Journal.open(tmp_path / "a") as journal:
            assert 1 == journal.position


class TestOtherFiles:
    """What is no journal, or not one of this version."""

    @pytest.mark.parametrize("read_only", [True, False])
    def test_links_in_a_circle_are_refused(self, tmp_path: Path, read_only: bool) -> None:
        """To read and to write."""
        path = tmp_path / "a"
        path.symlink_to(path)

        with pytest.raises(JournalError):
            Journal.open(path, read_only=read_only)

    @pytest.mark.parametrize("content", [b"x", b"\0" * 5000, b"SQLite format 3\0" + b"\xff" * 5000])
    def test_another_file_is_refused_and_left_as_it_is(self, tmp_path: Path, content: bytes) -> None:
        """To read it, and above all to write it."""
        path = tmp_path / "a"
        path.write_bytes(content)
        for read_only in (True, False):
            with pytest.raises(JournalError):
                Journal.open(path, read_only=read_only)
        assert content == path.read_bytes()

    def test_another_database_too(self, tmp_path: Path) -> None:
        """It is SQLite's, but not ours."""
        path = tmp_path / "a"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE people (name)")
        database.close()
        content = path.read_bytes()
        for read_only in (True, False):
            with pytest.raises(NotAJournal, match="a SQLite database of something else"):
                Journal.open(path, read_only=read_only)
        with pytest.raises(NotAJournal):
            read_recording(path)
        assert content == path.read_bytes()

    def test_an_empty_file_is_a_new_journal(self, tmp_path: Path) -> None:
        """It is what a kill in the first moment leaves."""
        (tmp_path / "a").touch()
        with Journal.open(tmp_path / "a") as journal:
            assert 1 == journal.append(FRAMES[:1])

    def test_a_newer_format_is_refused(self, tmp_path: Path) -> None:
        """Rather than half understood."""
        path = written(tmp_path / "a")
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 2")
        database.close()
        for read_only in (True, False):
            with pytest.raises(NotAJournal, match="of format 2, this version of calltrack reads 1"):
                Journal.open(path, read_only=read_only)


class TestCheckpointsOfOtherCode:
    """Other code may make another state of the same frames, or one that this code cannot read."""

    def test_are_not_used_but_made_anew(self, tmp_path: Path) -> None:
        """Whatever they say: here that there was never a frame."""
        path = written(tmp_path / "a")
        wrong = replace(Tracker().snapshot(), position=2000)
        with sqlite3.connect(path) as database:
            other_code(database, wrong.to_json().encode(), 1)
            database.execute("UPDATE checkpoints SET version = 'x' WHERE position = 1000")
        database.close()
        notices: list[str] = []
        with Journal.open(path) as journal:
            journal.on_notice = notices.append
            assert state(FRAMES) == journal.tracker().snapshot().to_json()
            assert "1 checkpoints were made by other code" in notices[0]
            assert [500, 1000, 1500, 2000] == [one.position for one in journal.checkpoints()]
            assert 2 == journal.rebuild()
            assert {stamp()} == {one.version for one in journal.checkpoints()}
            assert 0 == journal.rebuild()
        with Journal.open(path, read_only=True) as journal:
            journal.on_notice = pytest.fail
            assert state(FRAMES) == journal.tracker().snapshot().to_json()

    def test_the_one_at_the_beginning_is_used(self, tmp_path: Path) -> None:
        """For the frames that it was made of are gone."""
        path = written(tmp_path / "a")
        with Journal.open(path) as journal:
            journal.prune(keep_bytes=0)
            begin = journal.begin
        with sqlite3.connect(path) as database:
            (packed,) = database.execute("SELECT packed FROM checkpoints WHERE position = ?", (begin,)).fetchone()
            database.execute(
                "UPDATE checkpoints SET version = 'x', sum = ? WHERE position = ?",
                (sum_of(begin, "x", data=packed), begin),
            )
        database.close()
        assert begin
        with Journal.open(path) as journal:
            assert 0 == journal.rebuild()
            assert state(FRAMES) == journal.tracker().snapshot().to_json()

    @pytest.mark.parametrize("repaired", [False, True])
    def test_one_of_another_format_at_the_beginning_is_unknown(self, tmp_path: Path, repaired: bool) -> None:
        """Its frames are gone, those that are kept can be read: before them nothing is known."""
        path = written(tmp_path / "a")
        with Journal.open(path) as journal:
            journal.prune(keep_bytes=0)
            begin = journal.begin
            snapshot = journal.tracker(begin).snapshot()
        with sqlite3.connect(path) as database:
            other_code(database, snapshot.to_json().replace(f'"format":{snapshot.format}', '"format":1').encode(), 9)
            if repaired:
                database.execute("UPDATE checkpoints SET sum = 0 WHERE position = ?", (begin,))
        database.close()
        if repaired:
            repair(path)
        notices: list[str] = []
        with Journal.open(path) as journal:
            journal.on_notice = notices.append
            assert (begin, ()) == ((first := journal.tracker(begin).snapshot()).position, first.extensions)
            assert len(FRAMES) == journal.tracker().snapshot().position
            assert begin < StreamPosition.parse(next(iter(journal.changes()))[0]).frame
        assert repaired or f"it begins after frame {begin} with nothing known of the frames before" in notices[0]


def other_code(database: sqlite3.Connection, snapshot: bytes, count: int) -> None:
    """Have the last checkpoints be this snapshot, by another version."""
    database.create_function("sum_of", 3, lambda *made: sum_of(*made[:2], data=made[2]))
    database.execute(
        "UPDATE checkpoints SET version = '0.0.9', packed = ?, sum = sum_of(position, '0.0.9', ?1) "
        "WHERE position IN (SELECT position FROM checkpoints ORDER BY position DESC LIMIT ?)",
        (Packer().pack(snapshot), count),
    )


class TestUnreadableCheckpoints:
    """Damaged, or by this code and yet not to be read."""

    @pytest.mark.parametrize("unreadable", [1, 3, 4])
    def test_an_earlier_one_is_used_or_the_frames(self, tmp_path: Path, unreadable: int) -> None:
        """The state is the same; each that cannot be used is named."""
        path = written(tmp_path / "a")
        with sqlite3.connect(path) as database:
            database.execute(
                "UPDATE checkpoints SET packed = x'00' "
                "WHERE position IN (SELECT position FROM checkpoints ORDER BY position DESC LIMIT ?)",
                (unreadable,),
            )
        database.close()
        notices: list[str] = []
        with Journal.open(path, read_only=True) as journal:
            journal.on_notice = notices.append
            assert state(FRAMES) == journal.tracker().snapshot().to_json()
            assert unreadable == len(notices)
            assert f"the checkpoint at frame 2000, by calltrack {stamp()}, cannot be used" in notices[0]
            assert reported(FRAMES)[-1:] == list(journal.changes())[-1:]

    def test_is_never_what_retention_leaves(self, tmp_path: Path) -> None:
        """Frames before it stay, for without them nothing could be restored."""
        path = written(tmp_path / "a")
        with sqlite3.connect(path) as database:
            database.execute("UPDATE checkpoints SET packed = x'00' WHERE position > 500")
        database.close()
        with Journal.open(path) as journal:
            journal.on_notice = lambda text: None
            assert 500 == journal.prune(keep_bytes=0)
            assert state(FRAMES) == journal.tracker().snapshot().to_json()
            with sqlite3.connect(path) as database:
                database.execute("UPDATE checkpoints SET packed = x'00'")
            database.close()
            with pytest.raises(JournalDamaged, match="no checkpoint before frame 501"):
                journal.tracker()
            assert len(FRAMES) - 500 == len(list(journal.frames()))
