"""Our side: every call of a stream as it was handed out last, and what of it was inferred."""

from __future__ import annotations

from collections.abc import Iterable

from calltrack.core.changes import (
    CallEnded,
    CallRevised,
    Change,
    ConnectionLost,
    ConnectionRegained,
    LegChange,
    LegResumed,
    QueueChange,
)
from calltrack.core.records import Call, Gap, Leg, Seconds, Wait, with_gap
from calltrack.core.snapshot import Snapshot


class Tracked:
    """The calls that changes and a last snapshot tell of; memory follows the calls of the recording."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.gaps: tuple[Gap, ...] = ()
        self.first: Seconds | None = None
        self.last: Seconds | None = None
        self.offset_s: Seconds | None = None
        self.names: dict[str, str] = {}
        self._inferred: dict[tuple[str, str, float], str] = {}

    def see(self, changes: Iterable[Change], time: Seconds | None) -> None:
        """Take the changes of one frame, and the tracker's time after it."""
        if time is not None:
            self.first = time if self.first is None else self.first
            self.last = time
        for change in changes:
            if isinstance(change, CallEnded | CallRevised):
                self.calls[change.call_id] = change.call
            elif isinstance(change, LegChange):
                if change.inferred and not isinstance(change, LegResumed):
                    self._inferred[change.call_id, "leg", change.leg.attempt] = change.inferred
            elif isinstance(change, QueueChange):
                if change.inferred:
                    self._inferred[change.call_id, change.queue_id, change.wait.stamp] = change.inferred
            elif isinstance(change, ConnectionLost | ConnectionRegained):
                self.gaps = with_gap(self.gaps, change.gap)

    def finish(self, snapshot: Snapshot) -> None:
        """Take what still lives at the end, and the names."""
        for call in snapshot.calls:
            self.calls[call.call_id] = call
        self.offset_s = snapshot.resume.offset_s
        self.names = {queue.queue_id: queue.name for queue in snapshot.queues if queue.name}

    def doubt(self, part: Leg | Wait) -> str:
        """Why what was tracked of a leg or wait is not certain, "" if events reported all of it."""
        if isinstance(part, Leg):
            known = self._inferred.get((part.call_id, "leg", part.attempt), "")
            if known in HARMLESS:
                known = ""
        else:
            known = self._inferred.get((part.call_id, part.queue_id, part.stamp), "")
        if part.inferred in HARMLESS:
            return known or ("some of its time is unknown" if part.unknown_s else "")
        return part.inferred or part.doubtful or known or ("some of its time is unknown" if part.unknown_s else "")


HARMLESS = ("", "click2call leg 2 took its place", "seen otherwise in hindsight", "the UTC of its times is known")
"""Reasons of changes that leave nothing uncertain."""
