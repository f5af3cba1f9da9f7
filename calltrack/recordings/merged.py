"""Several recordings as one stream: joined by receive time where every frame has one, else one after the other."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from calltrack.recordings.recording import Recording
from calltrack.voicenter.frames import Frame


class Surveyed(NamedTuple):
    """What a first reading found: how many frames, whether each has a receive time, and whether the times ascend."""

    frames: int
    timed: bool
    ordered: bool


def survey(path: str) -> Surveyed:
    """Read a recording once for the times of its frames; what is bad is left for the second reading."""
    count, timed, ordered = 0, True, True
    last = float("-inf")
    for frame in Recording(path, on_bad=lambda _: None):
        count += 1
        if frame.at is None:
            timed = False
            break
        ordered &= frame.at >= last
        last = frame.at
    return Surveyed(count, timed, ordered)


def can_merge(paths: Sequence[str]) -> bool:
    """Whether every frame of every file has a receive time, and no file goes back in time; standard input cannot."""
    if "-" in paths:
        return False
    return all(found.timed and found.ordered for found in map(survey, paths))


def merged(readers: Sequence[Iterable[Frame]], by_time: bool) -> Iterator[Frame]:
    """The frames of all; of equal times those of the earlier reader first."""
    if not by_time:
        for reader in readers:
            yield from reader
        return
    at: Callable[[Frame], float] = lambda frame: frame.at or 0.0  # noqa: E731
    yield from heapq.merge(*readers, key=at)
