"""Whatever stands in an index: the state that is reached is the one that a full replay reaches."""

import gzip
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from calltrack import CalltrackError, Recording, Tracker
from calltrack.core.errors import BadLine, NotAnIndex, RecordingError
from calltrack.core.tracker import HISTORY
from calltrack.recordings.index import index_of, nearest, write_index
from calltrack.recordings.player import until
from calltrack.simulate import Faults, Plan
from calltrack.simulate.recording import write_recording

FAULTS = Faults(lose=0.01, repeat=0.01, delay=0.01, reorder=0.01, corrupt=0.02, disconnects=2, restarts=1, outage=60)
CLOSEST = 10_000


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A recording of an hour in which everything goes wrong, a byte order mark and broken lines among it."""
    path = tmp_path_factory.mktemp("simulated") / "events.jsonl"
    write_recording(path, Plan(agents=5, queues=2), seed=5, hours=1, faults=FAULTS, truth=False)
    return b"\xef\xbb\xbf\n{oops}\n" + path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, simulated: bytes) -> str:
    """The same in a file of its own, with its index."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(simulated)
    assert write_index(quiet(str(path)), closest=CLOSEST) >= 10
    return str(path)


def quiet(path: str, reported: list[BadLine] | None = None) -> Recording:
    return Recording(path, on_bad=(reported if reported is not None else []).append)


def state(path: str, *, line: int | None = None, at: float | None = None, index: bool) -> tuple[str, list[str], int]:
    """The snapshot at a moment, the bad lines that were reported, and how many frames were read."""
    reported: list[BadLine] = []
    recording, tracker, offset_s = quiet(path, reported), Tracker(), None
    checkpoint = nearest(path, line=line, at=at) if index else None
    if checkpoint is not None:
        recording.start, offset_s = checkpoint.place, checkpoint.offset_s
        tracker = Tracker.restore(checkpoint.snapshot)
    for frame in recording if at is None else until(recording, at, offset_s):
        if line is not None and recording.line > line:
            break
        tracker.feed(frame)
    return tracker.snapshot().to_json(), [str(bad) for bad in reported], recording.frames


def test_every_moment_is_the_same_with_the_index(path: str) -> None:
    """Snapshot, bad lines and counts, at lines and at times, byte for byte."""
    last = len(Path(path).read_bytes().splitlines())
    for line in range(0, last + 2, last // 40):
        assert state(path, line=line, index=False) == state(path, line=line, index=True)
    times = [frame.at for frame in quiet(path) if frame.at is not None]
    for at in range(int(times[0]) - 60, int(times[-1]) + 60, 97):
        assert state(path, at=at, index=False) == state(path, at=at, index=True)


def test_little_is_left_to_read(path: str) -> None:
    """From the checkpoint on no more than the distance between two."""
    last = len(Path(path).read_bytes().splitlines())
    for line in range(last // 5, last, last // 20):
        checkpoint = nearest(path, line=line)
        assert checkpoint is not None
        assert checkpoint.place.line <= line
        between = Path(path).read_bytes()[checkpoint.place.offset :].splitlines()[: line - checkpoint.place.line]
        longest_frame = 20_000
        assert sum(map(len, between)) <= CLOSEST + longest_frame


def test_a_recording_may_grow_under_its_index(path: str, simulated: bytes) -> None:
    """What it covers is still what it was."""
    with Path(path).open("ab") as file:
        file.write(simulated[simulated.index(b"\n", len(simulated) // 2) + 1 :])
    last = len(Path(path).read_bytes().splitlines())
    for line in (last // 3, last // 2, last):
        assert nearest(path, line=line) is not None
        assert state(path, line=line, index=False) == state(path, line=line, index=True)


def test_a_last_line_without_its_end_is_no_checkpoint(tmp_path: Path) -> None:
    """It may be the start of a longer one."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'["x",{}]\n' * 3 + b'["y",{}]')

    assert 3 == write_index(quiet(str(path)), closest=1)


@pytest.mark.parametrize("change", [lambda data: b" " + data[1:], lambda data: data[:-1], lambda data: data[: 1 << 10]])
def test_an_index_of_other_bytes_is_refused(path: str, change: "type[bytes]") -> None:
    """One byte of what was before the checkpoint is enough; what comes after it does not matter."""
    whole = Path(path).read_bytes()
    checkpoint = nearest(path, line=10**9)
    assert checkpoint is not None
    covered = checkpoint.place.offset
    Path(path).write_bytes(change(whole[:covered]) + whole[covered + (1 << 20) :])

    with pytest.raises(NotAnIndex, match=r"events\.jsonl\.index: is of another recording, or .* has been changed"):
        nearest(path, line=10**9)


def test_an_index_of_other_code_is_refused(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version may make another state of the same frames."""
    monkeypatch.setattr("calltrack.recordings.index._code", lambda: "another")

    with pytest.raises(NotAnIndex, match="another version"):
        nearest(path, line=10**9)


@pytest.mark.slow
def test_a_damaged_index_never_gives_another_state(path: str) -> None:
    """Wherever it is cut or overwritten: it is refused, or what it says is what it said."""
    index = index_of(path)
    whole = index.read_bytes()
    right = nearest(path, line=10**9)
    refused = 0
    damaged = [whole[:end] for end in range(0, len(whole), len(whole) // 50)]
    damaged += [
        whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        for place in [*range(0, len(whole), len(whole) // 100), *range(len(whole) - 1500, len(whole), 4)]
    ]
    for data in damaged:
        index.write_bytes(data)
        try:
            assert right == nearest(path, line=10**9)
        except NotAnIndex as error:
            assert str(error).startswith(f"{index}: ")
            refused += 1
    assert refused > len(damaged) // 3


def test_without_an_index_there_is_no_checkpoint(path: str) -> None:
    """Nor before the first one; a directory in its place is said to be no index."""
    assert nearest(path, line=1) is None
    index_of(path).unlink()
    assert nearest(path, line=10**9) is None
    index_of(path).mkdir()
    with pytest.raises(NotAnIndex, match="cannot be read"):
        nearest(path, line=10**9)
    with pytest.raises(RecordingError, match=r"index: cannot be written"):
        write_index(quiet(path))
    assert ["events.jsonl", "events.jsonl.index"] == sorted(found.name for found in Path(path).parent.iterdir())


def test_what_has_no_middle_is_refused(tmp_path: Path) -> None:
    """A compressed recording, standard input and devices can be read from their start only."""
    packed = tmp_path / "events.jsonl.gz"
    packed.write_bytes(gzip.compress(b'["x",{}]\n'))

    with pytest.raises(RecordingError, match="is compressed"):
        write_index(Recording(packed))
    for name in ("-", os.devnull):
        with pytest.raises(RecordingError, match="is not a file"):
            write_index(Recording(name))


def test_a_full_disk_leaves_the_index_as_it_was(path: str) -> None:
    """And no half of a new one beside it; the message says what could not be written."""
    before = index_of(path).read_bytes()
    result = subprocess.run(
        [sys.executable, "-m", "calltrack", "index", path],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (2, before) == (result.returncode, index_of(path).read_bytes())
    assert f"calltrack: {path}.index: cannot be written: File too large" in result.stderr
    assert ["events.jsonl", "events.jsonl.index"] == sorted(found.name for found in Path(path).parent.iterdir())


def test_strict_stops_before_an_index_is_written(path: str) -> None:
    """The bad line is the error; the index that was there stays."""
    before = index_of(path).read_bytes()

    with pytest.raises(CalltrackError, match=r"events\.jsonl:2: not JSON"):
        write_index(Recording(path, strict=True))
    assert before == index_of(path).read_bytes()


def test_strict_meets_a_bad_line_before_the_checkpoint(path: str) -> None:
    """Beginning in the middle does not pass over what a whole reading stops at."""
    checkpoint = nearest(path, line=10**9)
    assert checkpoint is not None
    recording = Recording(path, strict=True)
    recording.start = checkpoint.place

    with pytest.raises(BadLine, match=r"events\.jsonl:2: not JSON"):
        next(iter(recording))


def test_checkpoints_keep_the_history_of_a_new_tracker(path: str) -> None:
    """Else the state would not be that of a replay."""
    checkpoint = nearest(path, line=10**9)
    assert checkpoint is not None

    assert (HISTORY, False) == (checkpoint.snapshot.resume.history, checkpoint.snapshot.resume.strict)


def test_a_settled_recording_is_not_hashed_again(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has written to it, so its bytes are what they were; after any writing they are hashed."""
    os.utime(path, (1, 1))
    monkeypatch.setattr("calltrack.recordings.index._SETTLED_NS", 0)
    write_index(quiet(path), closest=CLOSEST)
    hashed: list[int] = []
    monkeypatch.setattr("calltrack.recordings.index._hash", lambda file, digest, count: hashed.append(count))

    assert nearest(path, line=10**9) is not None
    assert [] == hashed
    os.utime(path, (1, 1))
    with pytest.raises(NotAnIndex):
        nearest(path, line=10**9)
    assert 1 == len(hashed)
