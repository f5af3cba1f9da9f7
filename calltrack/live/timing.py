"""Every duration of the live shell, and the delays between its tries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """All durations, in seconds.

    `connect`: from the first packet of ours until the server has let us in (sdk: 10).
    `close`: how long a polite close may take before the socket is simply dropped.
    `probe`: silence of the transport after which a ping goes out.
    `answer`: how long the answer to a ping may take before the connection is given up.
    `tick`: silence of the stream after which a tick is added to it, again and again.
    `keepalive`: silence after which we ask the server for a sign of life (sdk: 60).
    `deaf`: silence after which the server is given up (sdk: 120).
    `proof`: how long a connection that has delivered events must have lasted to count as a good one.
    `retry_first`, `retry_cap`: the delay before the next try; it doubles from the first to the cap.
    `retry_refused`: the cap while a login that worked once is refused.
    `home`: how long before the first try to return to the preferred server; it doubles up to ten times that.
    `renew_before`: how long before its expiry a token is renewed (sdk: 5).
    `renew_pause`: the least time between two renewals, so that a wrong local clock cannot renew endlessly.
    """

    connect: float = 10.0
    close: float = 2.0
    probe: float = 4.0
    answer: float = 4.0
    tick: float = 10.0
    keepalive: float = 60.0
    deaf: float = 120.0
    proof: float = 5.0
    retry_first: float = 0.5
    retry_cap: float = 30.0
    retry_refused: float = 300.0
    home: float = 60.0
    renew_before: float = 5.0
    renew_pause: float = 30.0


class Backoff:
    """Growing, capped, jittered delays; `random` gives numbers in [0, 1)."""

    def __init__(self, first: float, cap: float, random: Callable[[], float]) -> None:
        self._first = first
        self._cap = cap
        self._random = random
        self._delay = first

    def next(self) -> float:
        """Return the seconds to wait before the next try: between half the present delay and all of it."""
        delay = self._delay
        self._delay = min(self._cap, delay * 2)
        # Jittered, so that the clients of a server that comes back do not come back in step.
        return delay * (1 + self._random()) / 2

    def reset(self) -> None:
        """Begin again with the first delay."""
        self._delay = self._first


class Pace:
    """Turns, in the order in which they are asked for: `rate` a second, and at most two more in any second.

    A process that was held up has but two turns to catch up with: what waits then would go all at once.
    """

    def __init__(self, rate: float) -> None:
        self._pause = 1 / rate
        self._due = 0.0
        self._first = asyncio.Lock()

    async def turn(self) -> None:
        """Wait for the next turn."""
        loop = asyncio.get_running_loop()
        async with self._first:
            await asyncio.sleep(self._due - loop.time())
            self._due = max(self._due, loop.time() - 2 * self._pause) + self._pause
