"""Going through a recording frame by frame, forth and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from calltrack.core.changes import Change
from calltrack.core.clock import PlainClock
from calltrack.core.observations import times_of
from calltrack.core.records import Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.voicenter.frames import Frame

_CHECKPOINTS = 64  # kept at most; the distance between two doubles when there are more


def until(frames: Iterable[Frame], at: Seconds, offset_s: Seconds | None = None) -> Iterator[Frame]:
    """The frames whose server time is not after `at` (UTC epoch s), up to the first one that is.

    offset_s: the server's offset before the first of them, if it is known.
    """
    clock = PlainClock()
    clock.offset_s = offset_s
    for frame in frames:
        clock.tell(*times_of(frame.body))
        if clock.at is not None and clock.at > at:
            return
        yield frame


class Player:
    """A tracker that can be moved to any frame of a recording; 0 is before the first.

    Going back restores the nearest checkpoint and feeds the frames since, so `frames` must be iterable again and again.
    """

    def __init__(self, frames: Iterable[Frame]):
        self._frames = frames
        self._every = 256
        self._checkpoints: dict[int, Snapshot] = {0: Tracker().snapshot()}
        self._reading = iter(frames)
        self.tracker = Tracker()
        self.position = 0
        self.frame: Frame | None = None
        self.changes: tuple[Change, ...] = ()

    def next(self) -> bool:
        """Feed one more frame; False at the end."""
        frame = next(self._reading, None)
        if frame is None:
            return False
        self.frame = frame
        self.changes = self.tracker.feed(frame)
        self.position += 1
        if self.position % self._every == 0 and self.position not in self._checkpoints:
            self._checkpoints[self.position] = self.tracker.snapshot()
            if len(self._checkpoints) > _CHECKPOINTS:
                self._every *= 2
                self._checkpoints = {at: kept for at, kept in self._checkpoints.items() if at % self._every == 0}
        return True

    def go_to(self, position: int) -> bool:
        """Move to after that many frames; False if the recording ends before, and then stay at its end."""
        position = max(0, position)
        if position <= self.position:
            start = max(at for at in self._checkpoints if at < max(1, position))
            self.tracker = Tracker.restore(self._checkpoints[start])
            self._reading = iter(self._frames)
            for _ in range(start):
                next(self._reading)
            self.position, self.frame, self.changes = start, None, ()
        while self.position < position:
            if not self.next():
                return False
        return True

    def find_time(self, at: Seconds) -> bool:
        """Move on to the first frame at or after a server time, from the start if it is behind; False if none is."""
        if self.tracker.time is not None and self.tracker.time >= at:
            self.go_to(0)
        while self.next():
            if self.tracker.time is not None and self.tracker.time >= at:
                return True
        return False

    def find_call(self, call_id: str) -> bool:
        """Move on to the next frame that changes a call (the start of its id is enough); False if none does."""
        while self.next():
            if any(getattr(change, "call_id", "").startswith(call_id) for change in self.changes):
                return True
        return False
