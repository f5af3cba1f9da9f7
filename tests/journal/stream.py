"""What the journal's tests write: simulated traffic with every fault on, and the state and changes that it makes."""

import random
from functools import cache
from pathlib import Path

from calltrack import Change, Frame, Tracker
from calltrack.core.errors import NotAFrame
from calltrack.journal import Journal, StreamPosition
from calltrack.simulate import Faults, Plan, traffic
from calltrack.simulate.recording import encode

FAULTS = Faults(lose=0.005, repeat=0.01, delay=0.005, reorder=0.005, corrupt=0.005, disconnects=2, restarts=1)


@cache
def simulated(agents: int = 9, hours: float = 8.0, seed: int = 1) -> tuple[Frame, ...]:
    """The frames of a recording, without the lines that are none."""
    garbler, frames = random.Random(seed), []
    for lines, _ in traffic(Plan(agents=agents), seed=seed, hours=hours, faults=FAULTS):
        for line in lines:
            try:
                frames.append(Frame.decode(encode(line, garbler)))
            except NotAFrame:
                continue
    return tuple(frames)


def written(path: Path, frames: tuple[Frame, ...] | None = None, *, every: int = 500, batch: int = 100) -> Path:
    """A journal of these frames (default: `simulated`), with a checkpoint at each multiple of `every`."""
    frames = simulated() if frames is None else frames
    with Journal.open(path) as journal:
        tracker = Tracker()
        for start in range(0, len(frames), batch):
            journal.append(frames[start : start + batch])
            for frame in frames[start : start + batch]:
                tracker.feed(frame)
            if (start + batch) % every == 0 and start + batch <= len(frames):
                journal.checkpoint(tracker)
    return path


def states(frames: tuple[Frame, ...]) -> list[str]:
    """The snapshot after each number of frames, as JSON."""
    tracker = Tracker()
    found = [tracker.snapshot().to_json()]
    for frame in frames:
        tracker.feed(frame)
        found.append(tracker.snapshot().to_json())
    return found


def state(frames: tuple[Frame, ...]) -> str:
    """The snapshot after all of them, as JSON."""
    tracker = Tracker()
    for frame in frames:
        tracker.feed(frame)
    return tracker.snapshot().to_json()


def reported(frames: tuple[Frame, ...]) -> list[tuple[str, Change]]:
    """Every change of one uninterrupted run, with its stream position."""
    tracker = Tracker()
    return [
        (str(StreamPosition(position, number)), change)
        for position, frame in enumerate(frames, 1)
        for number, change in enumerate(tracker.feed(frame), 1)
    ]


def files(path: Path) -> list[Path]:
    """The journal and what SQLite keeps beside it."""
    return [found for suffix in ("", "-wal", "-shm") if (found := path.with_name(path.name + suffix)).exists()]
