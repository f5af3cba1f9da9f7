import gzip
import io
import warnings
from pathlib import Path

import pytest

from calltrack import read_recording
from calltrack.core.errors import BadLine, RecordingError
from calltrack.journal.zstd import zstd
from calltrack.recordings.forms import lines

GOOD = b'["loginSuccess",{"servertime":1597930812}]\n'


def written(folder: Path, content: bytes) -> Path:
    path = folder / "events.jsonl"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("packed", [bytes, gzip.compress, zstd.compress, lambda data: gzip.compress(data) * 2])
def test_compression_is_recognised_by_content(tmp_path: Path, packed: type[bytes]) -> None:
    """Plain, gzip (also of several members) and zstd read the same."""
    recording = read_recording(written(tmp_path, packed(GOOD * 3)))

    assert len(list(recording)) in (3, 6)
    assert 0 == recording.bad


def test_a_recording_can_be_read_again() -> None:
    """Every iteration starts anew."""
    recording = read_recording(Path(__file__).parents[2] / "fixtures" / "api-page.jsonl")

    assert list(recording) == list(recording)
    assert (15, 15, 0) == (recording.frames, recording.line, recording.bad)


def test_a_bad_line_is_reported_and_the_rest_read(tmp_path: Path) -> None:
    """With file, line and reason; blank lines and a byte order mark are no fault."""
    reported: list[BadLine] = []
    path = written(tmp_path, b"\xef\xbb\xbf" + GOOD + b"\n" + b"{oops}\n" + GOOD + b'["cut')
    recording = read_recording(path, on_bad=reported.append)

    assert 2 == len(list(recording))
    assert [3, 5] == [bad.line for bad in reported]
    assert str(reported[0]).startswith(f"{path}:3: not JSON")
    assert str(reported[1]).endswith("(the last line is cut off)")
    assert reported == recording.first_bad


@pytest.mark.parametrize(
    "line",
    [
        rb'["AllUsersStatus",{"users":[{"userID":1,"userName":"Dana \ud83d"}]}]',
        rb'{"name":"AllUsersStatus","data":{"users":[{"userID":1,"userName":"Dana \ud83d"}]}}',
        rb'{"at":5.0,"event":"AllUsersStatus","data":{"\ud83d":1}}',
        rb'{"at":5.0,"event":"AllUsersStatus","data":{"users":[]},"\ud83d":"\udc00"}',
        rb'{"at":5.0,"event":"AllUsersStatus","data":"\ud83d"}',
        rb'["\ud83d",{"users":[]}]',
    ],
)
def test_half_a_character_makes_no_line_bad(tmp_path: Path, line: bytes) -> None:
    """Wherever it stands, with a server's time or without; the frame is there, and so is what follows it."""
    recording = read_recording(written(tmp_path, line + b"\n" + GOOD))

    assert [line + b"\n", GOOD] == [frame.raw for frame in recording]
    assert 0 == recording.bad


def test_without_a_handler_bad_lines_warn(tmp_path: Path) -> None:
    """Nothing is skipped silently; the first ten in full, all counted."""
    recording = read_recording(written(tmp_path, b"x\n" * 12 + GOOD))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert 1 == len(list(recording))

    assert (10, 12, 10) == (len(caught), recording.bad, len(recording.first_bad))


def test_strict_raises_at_the_first_bad_line(tmp_path: Path) -> None:
    """BadLine has file, line and reason."""
    with pytest.raises(BadLine, match=r"events\.jsonl:2: not JSON"):
        list(read_recording(written(tmp_path, GOOD + b"x\n"), strict=True))


def test_a_line_without_end_is_skipped_without_being_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line over the limit is one bad line; what follows it is read."""
    monkeypatch.setattr(lines, "LONGEST_LINE", 100)
    reported: list[BadLine] = []
    recording = read_recording(written(tmp_path, GOOD + b"[" * 5_000_000 + b"\n" + GOOD), on_bad=reported.append)

    assert 2 == len(list(recording))
    assert [(2, "not a frame: longer than 0 MiB")] == [(bad.line, bad.reason) for bad in reported]


@pytest.mark.parametrize("packed", [gzip.compress, zstd.compress])
def test_broken_compression_is_a_bad_line(tmp_path: Path, packed: type[bytes]) -> None:
    """What came before the break was read."""
    whole = packed(b"".join(b'["x%d",{}]\n' % i for i in range(50_000)))
    broken = whole[: len(whole) // 2] + b"\0" * 64
    reported: list[BadLine] = []

    count = len(list(read_recording(written(tmp_path, broken), on_bad=reported.append)))

    assert 0 < count < 50_000
    assert any(said in str(reported[-1]) for said in ("the compression is broken here", "the last line is cut off"))


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """At once, not at the first frame."""
    with pytest.raises(RecordingError, match="no such file"):
        read_recording(tmp_path / "missing.jsonl")
    with pytest.raises(RecordingError, match="is a directory"):
        read_recording(tmp_path)


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """ "-" is whatever stands at file descriptor of sys.stdin."""
    with written(tmp_path, GOOD).open("rb") as file, io.TextIOWrapper(file) as text:
        monkeypatch.setattr("sys.stdin", text)
        recording = read_recording("-")
        assert 1 == len(list(recording))
    assert "standard input" == recording.name
