"""How often a writer stores a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable


class Cadence:
    """A checkpoint is due after so many `frames`, or so many `seconds` (by `clock`) in which there was any.

    Frames bound how long opening takes, and how long it takes to see a past state; seconds bound it on a quiet day.
    After a restart one is due soon, for it is not known how far the last one is back.
    """

    def __init__(
        self, frames: int = 10_000, seconds: float = 3600.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.frames = frames
        self.seconds = seconds
        self._clock = clock
        self._last = 0
        self._since = clock()

    def due(self, position: int) -> bool:
        """Whether to store one now, after frame `position`; if so, the next is counted from here."""
        frames, now = position - self._last, self._clock()
        if frames < self.frames and (frames <= 0 or now - self._since < self.seconds):
            return False
        self._last, self._since = position, now
        return True
