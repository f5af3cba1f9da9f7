"""Recordings: one seed, the same bytes; the truth beside; memory does not grow with their length."""

import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calltrack.simulate import Faults, Notation, Plan, truth_path, write_recording


def lines_of(path: Path) -> list[Any]:
    """Every line's JSON."""
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    """With every fault, and the truth too."""
    for name in ("a.jsonl", "b.jsonl"):
        write_recording(tmp_path / name, Plan(agents=15), seed=3, hours=3, faults=Faults.all())
    for name in ("{}.jsonl", "{}.truth.jsonl"):
        assert (tmp_path / name.format("a")).read_bytes() == (tmp_path / name.format("b")).read_bytes()


def test_a_recording_line_says_when_it_was_received(tmp_path: Path) -> None:
    """UTC seconds a moment after the server's time."""
    path = tmp_path / "day.jsonl"
    written = write_recording(path, Plan(), hours=2)
    lines = lines_of(path)
    assert (written.lines, written.size) == (len(lines), path.stat().st_size)
    assert all(list(line) == ["at", "event", "data"] for line in lines)
    assert all(0 <= line["at"] + 7200 - line["data"]["servertime"] < 2 for line in lines)


def test_the_array_notation_is_the_plain_socket_io_array(tmp_path: Path) -> None:
    """The same frames without the receive time."""
    for notation in ("array", "recording"):
        said: Notation = "array" if notation == "array" else "recording"
        write_recording(tmp_path / f"{notation}.jsonl", Plan(), hours=2, notation=said, truth=False)
    arrays = lines_of(tmp_path / "array.jsonl")
    assert arrays == [[line["event"], line["data"]] for line in lines_of(tmp_path / "recording.jsonl")]
    assert not truth_path(tmp_path / "array.jsonl").exists()


def test_a_lost_connection_is_a_line_of_its_own(tmp_path: Path) -> None:
    """With the time and the reason."""
    path = tmp_path / "day.jsonl"
    write_recording(path, Plan(), hours=4, faults=Faults(disconnects=4))
    lost = [line for line in lines_of(path) if line["event"] == "disconnect"]
    assert lost
    assert all(line["data"] == {"reason": "transport close"} and line["at"] > 1.7e9 for line in lost)


def test_the_truth_of_line_n_carries_its_number(tmp_path: Path) -> None:
    """The last record has seen every line."""
    path = tmp_path / "day.jsonl"
    written = write_recording(path, Plan(agents=20), hours=4, faults=Faults.all())
    numbers = [record["n"] for record in lines_of(truth_path(path))]
    assert numbers == sorted(numbers)
    assert numbers[-1] == written.lines


def test_progress_is_reported(tmp_path: Path) -> None:
    """Simulated hours and lines, rising."""
    reported: list[tuple[float, int]] = []
    write_recording(tmp_path / "a.jsonl", Plan(agents=60), hours=6, progress=lambda *args: reported.append(args))
    assert reported == sorted(reported)
    assert len(reported) > 2


@pytest.mark.parametrize("hours", [1, pytest.param(12, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_length(tmp_path: Path, hours: int) -> None:
    """An hour and twelve hours stay under the same 4 MB."""
    plan = Plan(agents=20)
    write_recording(tmp_path / "warm.jsonl", plan, hours=0.1)
    tracemalloc.start()
    try:
        write_recording(tmp_path / "day.jsonl", plan, hours=hours)
        assert tracemalloc.get_traced_memory()[1] < 4e6
    finally:
        tracemalloc.stop()
