import gzip
import json
import stat
from pathlib import Path
from random import Random

import pytest

from calltrack import Frame, read_recording
from calltrack.core.errors import BadLine
from calltrack.recordings import writer as module
from calltrack.recordings.writer import RecordingFile, RecordingWriter, line_of

SUFFIXES = ["", ".gz", ".zst"]
packed = pytest.mark.parametrize("suffix", SUFFIXES)


class Clock:
    """A monotonic clock that stands where it is put."""

    now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def events(path: Path) -> list[str]:
    """The events' names of a recording that may be cut; what is cut is no frame."""
    bad: list[BadLine] = []
    names = [frame.event for frame in read_recording(path, on_bad=bad.append)]
    assert len(bad) <= 1
    return names


@packed
def test_what_is_written_is_what_is_read(tmp_path: Path, suffix: str) -> None:
    """Event, payload and time of every frame, whatever a peer may send."""
    path = tmp_path / f"day.jsonl{suffix}"
    payloads = [{"reason": "שלום"}, None, [1, "x"], "text", {"n": 1.5, "deep": {"er": [{}]}}, 2**63]
    with RecordingFile(path) as file:
        for number, payload in enumerate(payloads):
            file.write(f"e{number}", payload, 1606908124.318 + number)
        file.write("plain", {}, None)
    file.close()

    expected = [(f"e{n}", payload, 1606908124.318 + n) for n, payload in enumerate(payloads)]
    found = [(frame.event, frame.payload(), frame.at) for frame in read_recording(path, strict=True)]
    assert [*expected, ("plain", {}, None)] == found
    assert (7, path.stat().st_size) == (file.frames, file.size)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("payload", [2**70, "\ud800", {"n": -(2**64)}])
def test_what_the_fast_encoder_refuses_is_recorded_too(tmp_path: Path, payload: object) -> None:
    """Numbers over 64 bits and half characters: one line, valid JSON."""
    path = tmp_path / "day.jsonl"
    with RecordingFile(path) as file:
        file.write("odd", payload, 1.0)

    assert {"at": 1.0, "event": "odd", "data": payload} == json.loads(path.read_bytes())


@packed
def test_cut_at_any_byte_all_that_was_flushed_is_read(tmp_path: Path, suffix: str) -> None:
    """At every length: the frames up to the last flush before it, in order, and at most one line that is none."""
    path, cut = tmp_path / f"day.jsonl{suffix}", tmp_path / f"cut.jsonl{suffix}"
    flushed = [(0, 0)]
    with RecordingFile(path) as file:
        for number in range(12):
            file.write(f"e{number}", {"number": number * 7919, "text": "x" * number}, 1.5)
            if not suffix or number % 3 == 2:
                file.flush()
                flushed.append((path.stat().st_size, number + 1))
    content = path.read_bytes()

    for length in range(len(content) + 1):
        cut.write_bytes(content[:length])
        found = events(cut)
        assert [f"e{number}" for number in range(len(found))] == found
        assert max(frames for size, frames in flushed if size <= length) <= len(found)


@packed
def test_a_flood_is_flushed_by_size(tmp_path: Path, suffix: str) -> None:
    """Without a flush of ours: no more waits than the bound says."""
    path = tmp_path / f"day.jsonl{suffix}"
    line = 1024
    with RecordingFile(path) as file:
        for number in range(3 * module.FLUSH_BYTES // line):
            file.write("e", f"{number:0{line}}", 1.0)
        assert file.frames - module.FLUSH_BYTES // line <= len(events(path))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_second_is_flushed(tmp_path: Path, suffix: str) -> None:
    """By the next frame after it, or by a call of flush when there is none."""
    path, clock = tmp_path / f"day.jsonl{suffix}", Clock()
    with RecordingWriter(path, clock=clock) as writer:
        writer.write("first", {}, 1.0)
        assert [] == events(path)
        clock.now += module.FLUSH_EVERY
        writer.write("second", {}, 2.0)
        assert ["first", "second"] == events(path)
        writer.write("third", {}, 2.1)
        writer.flush()
        assert ["first", "second", "third"] == events(path)


@packed
def test_rotation_by_time(tmp_path: Path, suffix: str) -> None:
    """Ended files have rising numbers, the newest stay, and in their order they are the whole."""
    path, clock = tmp_path / f"day.jsonl{suffix}", Clock()
    with RecordingWriter(path, rotate_every=60.0, keep=2, clock=clock) as writer:
        for number in range(9):
            writer.write(f"e{number}", {}, float(number))
            clock.now += 30
        assert (9, 5) == (writer.frames, writer.files)

    files = sorted(tmp_path.iterdir())
    names = [f"day.0003.jsonl{suffix}", f"day.0004.jsonl{suffix}", f"day.jsonl{suffix}"]
    assert names == [file.name for file in files]
    assert [["e4", "e5"], ["e6", "e7"], ["e8"]] == [events(file) for file in files]
    whole = tmp_path / "whole"
    whole.write_bytes(b"".join(file.read_bytes() for file in files))
    assert [f"e{number}" for number in range(4, 9)] == events(whole)


@packed
def test_rotation_by_size(tmp_path: Path, suffix: str) -> None:
    """A file ends once it has the size on disk."""
    path = tmp_path / f"day.jsonl{suffix}"
    random = Random(0)
    with RecordingWriter(path, rotate_size=500) as writer:
        for _ in range(40):
            writer.write("e", {"number": random.randbytes(20).hex()}, 1.0)
            writer.flush()
        size = writer.size

    files = sorted(tmp_path.iterdir())
    assert writer.files == len(files) > 2
    assert f"day.0001.jsonl{suffix}" == files[0].name
    assert all(500 <= file.stat().st_size < 700 for file in files[:-1])
    assert 40 == sum(len(events(file)) for file in files)
    assert size <= sum(file.stat().st_size for file in files) == writer.size


def test_an_earlier_recording_is_kept(tmp_path: Path) -> None:
    """Also one that was cut off: it gets the next number; an empty one is nothing to keep."""
    path = tmp_path / "day.jsonl.gz"
    path.write_bytes(gzip.compress(b'["earlier",{}]\n')[:-9])
    (tmp_path / "day.0007.jsonl.gz").touch()
    (tmp_path / "day.12.jsonl.gz").touch()
    RecordingWriter(path).close()
    path.write_bytes(b"")
    RecordingWriter(path).close()

    assert ["day.0007.jsonl.gz", "day.0008.jsonl.gz", "day.12.jsonl.gz", path.name] == sorted(
        file.name for file in tmp_path.iterdir()
    )


def test_what_cannot_be_written_says_so(tmp_path: Path) -> None:
    """At once."""
    with pytest.raises(FileNotFoundError):
        RecordingWriter(tmp_path / "no folder" / "day.jsonl")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'["x",{"b":1.50, "a":"\xd7\x93"}]', b'{"at":7.5,"event":"x","data":{"b":1.50, "a":"\xd7\x93"}}\n'),
        (b'[ "x" ]', b'{"at":7.5,"event":"x","data":null}\n'),
        (b'["x",1,{"a":2}]', b'{"at":7.5,"event":"x","data":[1,{"a":2}]}\n'),
        (b'["x",{\r\n"a":1}]', b'{"at":7.5,"event":"x","data":{  "a":1}}\n'),
        (b'["x",{"a":"\\ud83d"}]', b'{"at":7.5,"event":"x","data":{"a":"\\ud83d"}}\n'),
    ],
)
def test_a_line_has_the_bytes_that_came(text: bytes, line: bytes) -> None:
    """With the time of receipt; one line for each, and nothing of a broken character is lost."""
    frame = Frame("x", Frame.decode(b'["x"]').body, 7.5, text)

    assert line == line_of(frame)
    assert 7.5 == Frame.decode(line_of(frame)).at


def test_the_line_of_a_fact_is_its_own_text() -> None:
    """It has its time already."""
    frame = Frame.of("connect", {"server": "a"}, 7.5)

    assert frame.raw + b"\n" == line_of(frame)
