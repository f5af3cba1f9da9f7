"""Whether what the tracker reported adds up, counted from its changes alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from calltrack.changes import (
    Anomaly,
    CallEnded,
    CallResumed,
    CallStarted,
    Change,
    LegChange,
    LegEnded,
    LegStarted,
    QueueJoined,
    QueueLeft,
)
from calltrack.records import Leg
from calltrack.snapshot import Snapshot
from calltrack.states import Outcome, State


class Sum(NamedTuple):
    """One conservation law: both sides spelled out, and whether they are equal."""

    check: str
    left: str
    right: str
    holds: bool


class Health:
    """Counts changes; memory follows live legs."""

    def __init__(self) -> None:
        self.anomalies: dict[str, Anomaly] = {}
        self._seen: Counter[type[Change]] = Counter()
        self._left: Counter[Outcome | None] = Counter()
        self._live: dict[tuple[str, int], bool] = {}  # and whether it listened, which is no time of its own
        self._ended_twice = 0
        self._uneven = 0

    def see(self, changes: Iterable[Change]) -> None:
        """Count what a frame changed."""
        for change in changes:
            self._seen[type(change)] += 1
            if isinstance(change, LegChange):
                key = change.call_id, change.leg.attempt
                if isinstance(change, LegEnded):
                    self._ended_twice += key not in self._live
                    listened = self._live.pop(key, False)
                    self._uneven += not (listened or _even(change.leg))
                elif isinstance(change, LegStarted) or change.leg.state is State.SPYING:
                    self._live[key] = change.leg.state is State.SPYING
            elif isinstance(change, QueueLeft):
                self._left[change.wait.outcome] += 1
            elif isinstance(change, Anomaly):
                self.anomalies.setdefault(change.kind.value, change)

    def sums(self, snapshot: Snapshot) -> Iterator[Sum]:
        """The conservation laws, against what the last snapshot says is live."""
        seen, left = self._seen, self._left
        opened, closed = seen[LegStarted], seen[LegEnded]
        live = sum(len(call.legs) for call in snapshot.calls)
        at_extensions = sum(len(known.legs) for known in snapshot.extensions)
        yield Sum("legs opened = closed + live", str(opened), f"{closed} + {live}", opened == closed + live)
        yield Sum("legs of calls = legs at extensions", str(live), str(at_extensions), live == at_extensions)
        yield Sum("legs ended more than once", str(self._ended_twice), "0", not self._ended_twice)
        yield Sum("legs whose times don't add up to their length", str(self._uneven), "0", not self._uneven)
        joined, waiting = seen[QueueJoined], sum(len(queue.waiting) for queue in snapshot.queues)
        parts = [left[outcome] for outcome in (Outcome.ANSWERED, Outcome.PICKED_UP, Outcome.ABANDONED, Outcome.LOST)]
        yield Sum(
            "queued = answered + picked up + abandoned + lost + still waiting",
            str(joined),
            " + ".join(map(str, [*parts, waiting])),
            joined == sum(parts) + waiting,
        )
        started, ended = seen[CallStarted] + seen[CallResumed], seen[CallEnded]
        holds = started == ended + len(snapshot.calls)
        yield Sum("calls started or resumed = ended + live", str(started), f"{ended} + {len(snapshot.calls)}", holds)


def _even(leg: Leg) -> bool:
    """Whether a leg's ring, talk, hold and unknown times are its whole life; unknown ones are not judged."""
    parts = (leg.ring_s, leg.talk_s, leg.hold_s, leg.unknown_s)
    if leg.started is None or leg.ended_at is None or None in parts:
        return True
    total = sum(part for part in parts if part is not None)
    return total == leg.ended_at - leg.started
