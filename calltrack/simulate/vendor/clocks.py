"""The clocks that stamp the frames: wrong, apart, and set while they run (field guide §8, rulings 1 and 2).

One wall clock makes every time in a frame. A step of it changes what it says from then on, and stamps made before stay
as they are. The offset in the frames follows a change of summer time only minutes later. Of several event servers, each
puts its own time on the frames that it sends, some seconds early; the frames leave in their true order all the same.
"""

from bisect import bisect_right
from random import Random

from calltrack.simulate.plan import Plan

_HOUR = 3600
_BACK_AGAIN = 0.5  # chance that the next step puts the clock right


class Clocks:
    """What the vendor's clocks say at a true time (UTC epoch, s), after a seed.

    `steps` and `hours` are how often per hour they are set: by up to 1,000 s, and by the hour of summer time. Times
    asked for may lie in the past.
    """

    def __init__(self, plan: Plan, steps: float = 0.0, hours: float = 0.0, seed: int = 0) -> None:
        self._random = Random(f"clocks {seed}")
        self._steps, self._hours = steps / _HOUR, hours / _HOUR
        self._since, self._ahead = [float("-inf")], [plan.offset * 60]
        self._offset_since, self._offsets = [float("-inf")], [plan.offset]
        self._wrong, self._summer = 0, 0
        self._early = [round(n * plan.skew / max(1, plan.servers - 1)) for n in range(plan.servers)]
        self._next = self._after(plan.start)

    def local(self, at: float) -> int:
        """What the wall clock says."""
        if self._next is None:  # most clocks are right, and this is asked for every stamp of every frame
            return int(at) + self._ahead[0]
        self._run(at)
        return int(at) + self._ahead[bisect_right(self._since, at) - 1]

    def offset(self, at: float) -> int:
        """The `servertimeoffset` that a frame carries, minutes."""
        self._run(at)
        return self._offsets[bisect_right(self._offset_since, at) - 1]

    def early(self) -> int:
        """How far the clock of the server that sends the next frame is behind, s."""
        return self._random.choice(self._early) if len(self._early) > 1 else 0

    def _run(self, at: float) -> None:
        while self._next is not None and self._next <= at:
            self._step(self._next)
            self._next = self._after(self._next)

    def _after(self, at: float) -> float | None:
        rate = self._steps + self._hours
        return at + self._random.expovariate(rate) if rate else None

    def _step(self, at: float) -> None:
        random, base = self._random, self._offsets[0]
        if random.random() * (self._steps + self._hours) < self._hours:
            self._summer = 0 if self._summer else random.choice((60, -60))
            follows = max(at, self._offset_since[-1]) + random.uniform(60.0, 600.0)
            self._offset_since.append(follows)
            self._offsets.append(base + self._summer)
        elif self._wrong and random.random() < _BACK_AGAIN:
            self._wrong = 0
        else:
            self._wrong = random.choice((-1, 1)) * random.choice((1, 2, 5, 30, 120, 300, 600, 890, 1000))
        self._since.append(at)
        self._ahead.append((base + self._summer) * 60 + self._wrong)
