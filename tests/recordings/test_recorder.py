"""A recording on a disk that is full for a while; the disk is a real one, of some kilobytes."""

from pathlib import Path

import pytest

from calltrack import Frame, read_recording
from calltrack.recordings.recorder import Recorder
from calltrack.recordings.writer import RecordingWriter, line_of
from tests.journal.test_faults import disk

LONG = "x" * 500


class Asked:
    """Counts how often the snapshots are asked for."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        """Once more."""
        self.times += 1


def event(number: int) -> Frame:
    return Frame.of("ExtensionEvent", {"number": number, "text": LONG}, float(number))


def recorded(*paths: Path) -> list[Frame]:
    return [frame for path in paths for frame in read_recording(path, strict=True)]


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize("rotate_size", [None, 4000])
def test_waits_for_room_and_loses_nothing(tmp_path: Path, suffix: str, rotate_size: int | None) -> None:
    """What fits into memory is written late, in its order, and no gap is reported."""
    with disk(tmp_path / "disk", "64k") as folder:
        ballast, path, asked = folder / "ballast", folder / f"day.jsonl{suffix}", Asked()
        with RecordingWriter(path, rotate_size=rotate_size) as writer:
            recorder = Recorder(writer, line_of, asked)
            recorder.take(Frame.of("connect", {"server": "a"}, 0.0))
            recorder.flush()
            with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
                while True:
                    file.write(bytes(100))
            number = 0
            while not recorder.trouble:
                number += 1
                recorder.take(event(number))
                recorder.flush()
            for _ in range(50):
                number += 1
                recorder.take(event(number))
            assert "No space left on device" == recorder.trouble
            ballast.unlink()
            recorder.flush()
            assert "" == recorder.trouble
            recorder.take(event(number + 1))
        ended = sorted(folder.glob(f"day.0*.jsonl{suffix}"))
        frames = recorded(*ended, path)
    assert [0.0, *range(1, number + 2)] == [frame.at for frame in frames]
    assert (0, 0) == (recorder.missing, asked.times)


@pytest.mark.parametrize("connected", [True, False])
def test_says_what_is_missing(tmp_path: Path, connected: bool) -> None:
    """Beyond what memory may hold, a gap is in the recording, and the snapshots are asked for."""
    with disk(tmp_path / "disk", "64k") as folder:
        ballast, path, asked = folder / "ballast", folder / "day.jsonl", Asked()
        with RecordingWriter(path) as writer:
            recorder = Recorder(writer, line_of, asked, most=5000)
            recorder.take(Frame.of("connect", {"server": "a"}, 0.0))
            with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
                while True:
                    file.write(bytes(100))
            for number in range(1, 101):
                recorder.take(event(number))
            if not connected:
                recorder.take(Frame.of("disconnect", {"reason": "x"}, 101.0))
            ballast.unlink()
            recorder.flush()
            recorder.take(event(200))
        frames = recorded(path)
    kept = [frame.at for frame in frames if frame.event == "ExtensionEvent"]
    missing = 100 - (len(kept) - 1) + (not connected)
    gap = next(frame for frame in frames if frame.event == "disconnect")
    assert {"reason": f"the disk was full: {missing} frames are not recorded"} == gap.payload()
    assert (float(len(kept)), missing, 1) == (gap.at, recorder.missing, asked.times)
    after = [(frame.event, frame.at) for frame in frames][frames.index(gap) + 1 :]
    assert ([("connect", 100.0)] if connected else []) + [("ExtensionEvent", 200.0)] == after


def test_another_error_is_raised(tmp_path: Path) -> None:
    """Only room comes back by waiting."""
    with RecordingWriter(tmp_path / "day.jsonl", rotate_size=1) as writer:
        recorder = Recorder(writer, line_of, Asked())
        recorder.take(event(1))
        (tmp_path / "day.jsonl").unlink()
        tmp_path.rename(tmp_path.with_name("elsewhere"))
        with pytest.raises(FileNotFoundError):
            recorder.take(event(2))
        tmp_path.with_name("elsewhere").rename(tmp_path)
