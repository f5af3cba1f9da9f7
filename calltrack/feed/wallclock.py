"""The server's time between two frames: a wall clock anchored to what the last frame said."""

from __future__ import annotations

import time
from collections.abc import Callable

_SLACK = 2.0  # s; the server reports whole seconds and frames come late, so a clock this far ahead of one is right


class ServerClock:
    """Runs on from the last known server time, `speed` times as fast as life (0: it stands still between frames).

    `speed` is 0 from `stop` on. `wall` is a clock in seconds that never goes back.
    """

    def __init__(self, speed: float = 1.0, wall: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._wall = wall
        self._server: float | None = None
        self._heard_at = 0.0

    def hear(self, at: float | None) -> None:
        """Take the server time `at` (UTC epoch s) as now, unless the clock agrees with it well enough."""
        now = self.now()
        if at is not None and (now is None or not at <= now <= at + _SLACK * max(1.0, self.speed)):
            self._server, self._heard_at = at, self._wall()

    def now(self) -> float | None:
        """The server time, UTC epoch s; None before the first frame that has it."""
        if self._server is None:
            return None
        return self._server + (self._wall() - self._heard_at) * self.speed

    def stop(self) -> None:
        """Stand still from now on: no more frames come."""
        self._server, self.speed = self.now(), 0.0
