"""Our side: every call of a stream as it was handed out last, and which moments of it no event reported.

What lies between two reported moments of a leg or wait is certain, whatever was lost around it: a gap before the answer
says nothing against the talk that followed. So each figure rests on the moments that it is made of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum, auto

from calltrack.core.changes import (
    Anomaly,
    AnomalyKind,
    CallEnded,
    CallRevised,
    Change,
    ConnectionLost,
    ConnectionRegained,
    LegAnswered,
    LegBlurred,
    LegChange,
    LegCorrected,
    LegEnded,
    LegHeld,
    LegResumed,
    LegRetrieved,
    LegRevised,
    LegStarted,
    QueueChange,
    QueueJoined,
    QueueLeft,
    WaitResumed,
    WaitRevised,
)
from calltrack.core.corrections import ANSWER_LATE, END_LATE, HOLD_LATE, RETRIEVAL_LATE, START_LATE
from calltrack.core.records import Call, Gap, Leg, Seconds, Wait, with_gap
from calltrack.core.snapshot import Snapshot
from calltrack.core.states import State


class Moment(Enum):
    """What an event can report of a leg or wait; HELD is any step between talk and hold.

    SEEN is that it is there from its beginning on; BEGAN is when that was, which any frame says that has its stamp.
    """

    SEEN = auto()
    BEGAN = auto()
    ANSWERED = auto()
    HELD = auto()
    ENDED = auto()


_MOMENTS: dict[type[Change], tuple[Moment, ...]] = {
    LegStarted: (Moment.SEEN, Moment.BEGAN),
    LegAnswered: (Moment.ANSWERED,),
    LegHeld: (Moment.HELD,),
    LegRetrieved: (Moment.HELD,),
    LegBlurred: (Moment.ANSWERED, Moment.HELD),
    LegCorrected: (Moment.ANSWERED, Moment.HELD),
    LegEnded: (Moment.ENDED,),
    LegRevised: tuple(Moment),
    QueueJoined: (Moment.SEEN, Moment.BEGAN),
    QueueLeft: (Moment.ENDED,),
    WaitRevised: (Moment.SEEN, Moment.BEGAN, Moment.ENDED),
}
"""An inferred change → the moments that no event reported."""
_CERTAIN = {LegAnswered: Moment.ANSWERED, LegEnded: Moment.ENDED, QueueLeft: Moment.ENDED}
"""A change that an event reported → the moment that is certain from then on. One hold says nothing of another."""
_SEEN_AGAIN = (LegBlurred, LegCorrected)
"""Nothing of them is against an answer that was reported before."""
_REPORTED_LATE = {
    START_LATE: Moment.BEGAN,
    ANSWER_LATE: Moment.ANSWERED,
    HOLD_LATE: Moment.HELD,
    RETRIEVAL_LATE: Moment.HELD,
    END_LATE: Moment.ENDED,
}
_HEIR = "click2call leg 2 took its place"
HARMLESS = ("", _HEIR, "seen otherwise in hindsight", "the UTC of its times is known")
"""Reasons of changes that leave nothing uncertain."""
_APART_S = 10  # servers' clocks differ by less
_MANY = 0.02  # of all frames: fewer were late
_UNKNOWN = "some of its time is unknown"
Doubts = dict[Moment, str]
"""Moments, each with the reason why it is believed although no event reported it; "" if one did."""


class Tracked:
    """The calls that changes and a last snapshot tell of; memory follows the calls of the recording."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.gaps: tuple[Gap, ...] = ()
        self.first: Seconds | None = None
        self.last: Seconds | None = None
        self.offset_s: Seconds | None = None
        self.names: dict[str, str] = {}
        self.skew_s = 0
        """How far the clocks of the servers that stamp the stream are apart; known at the end."""
        self.steps: list[tuple[Seconds | None, str]] = []
        """When a server's clock was set, and how far."""
        self._doubts: dict[tuple[str, str, float], Doubts] = {}
        self._stamped: Seconds = 0
        self._behind: Counter[int] = Counter()

    def see(self, changes: Iterable[Change], time: Seconds | None, stamp: Seconds | None = None) -> None:
        """Take the changes of one frame, the tracker's time after it, and the frame's stamp."""
        if stamp is not None:
            behind = self._stamped - stamp
            self._behind[round(max(behind, 0))] += 1
            if behind < 0 or behind > _APART_S:  # later, or the clock was set
                self._stamped = stamp
        if time is not None:
            self.first = time if self.first is None else self.first
            self.last = time
        for change in changes:
            if isinstance(change, CallEnded | CallRevised):
                self.calls[change.call_id] = change.call
            elif isinstance(change, LegChange):
                self._see_part(change, change.leg)
            elif isinstance(change, QueueChange):
                self._see_part(change, change.wait)
            elif isinstance(change, ConnectionLost | ConnectionRegained):
                self.gaps = with_gap(self.gaps, change.gap)
            elif isinstance(change, Anomaly) and change.kind is AnomalyKind.CLOCK_STEPPED:
                self.steps.append((change.at, change.detail))

    def _see_part(self, change: LegChange | QueueChange, part: Leg | Wait) -> None:
        known, why, moments = self._doubts.setdefault(_key(part), {}), change.inferred, _MOMENTS.get(type(change), ())
        if isinstance(change, LegResumed | WaitResumed):
            known.pop(Moment.ENDED, None)
        elif why in _REPORTED_LATE:
            known[_REPORTED_LATE[why]] = ""
        elif why not in HARMLESS:
            if isinstance(change, LegStarted) and change.leg.answered:
                moments = (Moment.SEEN, Moment.BEGAN, Moment.ANSWERED, Moment.HELD)  # first seen when it talked
            for moment in moments:
                if not (moment is Moment.ANSWERED and known.get(moment) == "" and isinstance(change, _SEEN_AGAIN)):
                    known[moment] = known.get(moment) or why
        elif why == _HEIR and isinstance(part, Leg) and not part.answered:
            known[Moment.ANSWERED] = why  # leg 2 is dialed when leg 1 was answered
        elif not why and type(change) in _CERTAIN:
            known[_CERTAIN[type(change)]] = ""

    def _skew(self) -> int:
        """So far many frames are behind others."""
        enough, count = max(2, self._behind.total() * _MANY), 0
        for behind in sorted((one for one in self._behind if 0 < one <= _APART_S), reverse=True):
            count += self._behind[behind]
            if count >= enough:
                return behind
        return 0

    def finish(self, snapshot: Snapshot) -> None:
        """Take what still lives at the end, the names, and what the whole stream says of its clocks."""
        for call in snapshot.calls:
            self.calls[call.call_id] = call
        self.offset_s, self.skew_s = snapshot.resume.offset_s, self._skew()
        self.names = {queue.queue_id: queue.name for queue in snapshot.queues if queue.name}

    def doubts(self, part: Leg | Wait) -> Doubts:
        """The moments of a leg or wait that events did not report."""
        found = {moment: why for moment, why in self._doubts.get(_key(part), {}).items() if why}
        if part.stamp and not (isinstance(part, Leg) and part.c2c == 2):  # leg 2 has the stamps of leg 1
            found.pop(Moment.BEGAN, None)
        if part.inferred not in HARMLESS:
            found[Moment.ENDED] = part.inferred
        if isinstance(part, Leg) and part.unknown_s:
            found.setdefault(Moment.HELD, _UNKNOWN)
            answered = part.answered_at
            unknown = [one.since for one in part.spells if one.state is State.UNKNOWN]
            if answered is None or any(since is not None and since < answered for since in unknown):
                found.setdefault(Moment.ANSWERED, _UNKNOWN)
        elif isinstance(part, Wait) and part.wait_s is None and part.left_at is not None:
            found.setdefault(Moment.BEGAN, _UNKNOWN)
        return found

    def doubt(self, part: Leg | Wait) -> str:
        """Why what was tracked of a leg or wait is not certain, "" if events reported all of it."""
        doubts = self.doubts(part)
        first = doubts.get(Moment.ENDED) or part.doubtful
        return first or next((doubts[moment] for moment in Moment if moment in doubts), "")


def _key(part: Leg | Wait) -> tuple[str, str, float]:
    if isinstance(part, Leg):
        return part.call_id, "leg", part.attempt
    return part.call_id, part.queue_id, part.stamp
