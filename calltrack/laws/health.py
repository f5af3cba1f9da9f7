"""The laws that hold for every stream, lawful or not: what the tracker reports adds up, and agrees with the lists.

`calltrack check` prints them, `calltrack.testing` and the project's own tests assert them. They are judged from the
frames and the changes alone; nothing here asks the tracker how it came to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self

from calltrack.core.changes import (
    Anomaly,
    AnomalyKind,
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
from calltrack.core.machine import seen_as
from calltrack.core.records import Call, Extension, Leg, Seconds, counted
from calltrack.core.replica import View
from calltrack.core.snapshot import Snapshot
from calltrack.core.states import Outcome, State
from calltrack.core.table import AWAITED, AWAITED_AFTER_LOSS, CALL, EXTENSION, IDLE, SPYING, UNKNOWN
from calltrack.voicenter.events import (
    AllExtensionsStatus,
    CallInfo,
    ExtensionEvent,
    LoginStatus,
    QueueEvent,
    call_id_of,
    text,
)
from calltrack.voicenter.frames import Frame


class Sum(NamedTuple):
    """One law: both sides spelled out, and whether they are equal."""

    check: str
    left: str
    right: str
    holds: bool

    @classmethod
    def none(cls, check: str, count: int) -> Self:
        """The law that something never is."""
        return cls(check, str(count), "0", not count)


class Health:
    """Sees frames and what they changed; memory follows what lives.

    history: how many ended calls the tracker keeps.
    """

    def __init__(self, *, history: int = 1000) -> None:
        self.anomalies: dict[str, Anomaly] = {}
        self.view = View(history=history)
        self._seen: Counter[type[Change]] = Counter()
        self._left: Counter[Outcome | None] = Counter()
        self._odd: set[tuple[str, int]] = set()  # live legs that listened, or whose times ran backwards
        self._ended_twice = self._uneven = self._negative = self._unlike = 0
        self._last = b""

    def see(self, changes: Iterable[Change], frame: Frame | None = None) -> None:
        """Count what a frame changed; with the frame, its lists are compared too."""
        late = set[str]()
        for change in changes:
            self._seen[type(change)] += 1
            if isinstance(change, LegEnded):
                known = self.view.extensions.get(change.exten_user)
                self._ended_twice += known is None or (change.call_id, change.leg.attempt) not in known.legs
            self.view.apply(change)
            if isinstance(change, LegChange):
                self._leg(change)
            elif isinstance(change, QueueLeft):
                self._left[change.wait.outcome] += 1
                self._negative += _negative(change.wait.wait_s)
            elif isinstance(change, CallEnded):
                call = change.call
                self._negative += _negative(call.wait_s, call.ring_s, call.talk_s, call.hold_s, call.unknown_s)
            elif isinstance(change, Anomaly):
                self.anomalies.setdefault(change.kind.value, change)
                if change.kind is AnomalyKind.LATE_FRAME:
                    late |= {change.exten_user, change.queue_id}
        if frame is not None and frame.raw != self._last:  # what comes twice was judged the first time
            self._last = frame.raw
            self._compare(frame, late)

    def sums(self, snapshot: Snapshot) -> Iterator[Sum]:
        """The laws, against what the last snapshot says is live."""
        seen, left = self._seen, self._left
        opened, closed = seen[LegStarted], seen[LegEnded]
        live = sum(len(call.legs) for call in snapshot.calls)
        at_extensions = sum(len(known.legs) for known in snapshot.extensions)
        yield Sum("legs opened = closed + live", str(opened), f"{closed} + {live}", opened == closed + live)
        yield Sum("legs of calls = legs at extensions", str(live), str(at_extensions), live == at_extensions)
        yield Sum.none("legs ended more than once", self._ended_twice)
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
        states = sum(call.state is not _state_of_call(call) for call in snapshot.calls)
        states += sum(known.state is not _state_of_extension(known) for known in snapshot.extensions)
        yield Sum.none("states that are not those of the legs", states)
        yield Sum.none("lists that are not what is tracked", self._unlike)
        yield Sum.none("changes that contradict the ones before", self.view.faults)
        yield Sum.none("things that the changes tell otherwise than the snapshot", len(self.differences(snapshot)))
        yield Sum.none("legs whose times don't add up to their length", self._uneven)
        yield Sum.none("durations below 0", self._negative)

    def differences(self, snapshot: Snapshot) -> list[str]:
        """By name, what the changes tell otherwise than the snapshot."""
        return self.view.differences(View.of(snapshot))

    def _leg(self, change: LegChange) -> None:
        leg = change.leg
        key = leg.call_id, leg.attempt
        self._negative += _negative(leg.ring_s, leg.talk_s, leg.hold_s, leg.unknown_s)
        if leg.state is SPYING or (leg.since is not None and leg.started is not None and leg.since < leg.started):
            self._odd.add(key)
        if isinstance(change, LegEnded):
            self._uneven += key not in self._odd and not _even(leg)
            self._odd.discard(key)

    def _compare(self, frame: Frame, late: set[str]) -> None:
        """Each list of the frame with what the changes have made of it; who is in there twice is as told last."""
        body = frame.body
        extensions = body.extensions if isinstance(body, AllExtensionsStatus) else None
        queues = body.queues if isinstance(body, LoginStatus) else None
        if isinstance(body, ExtensionEvent) and body.data:
            extensions = [body.data]
        elif isinstance(body, QueueEvent) and body.data:
            queues = [body.data]
        for name, extension in {extension.extenUser: extension for extension in extensions or ()}.items():
            if name and name not in late:
                known = self.view.extensions.get(name)
                listed = Counter(_seen(info) for info in extension.calls or () if call_id_of(info))
                self._unlike += known is None or listed != Counter(
                    (leg.call_id, leg.state) for leg in known.legs.values()
                )
        for name, queue in {text(queue.QueueID): queue for queue in queues or ()}.items():
            if name and name not in late:
                waiting = self.view.queues[name].waiting if name in self.view.queues else {}
                # As sets: a list may have the same entry twice.
                places = {(call_id_of(info), info.JoinTimeStamp or 0) for info in queue.Calls or () if call_id_of(info)}
                self._unlike += places != {(wait.call_id, wait.stamp) for wait in waiting.values()}


def _seen(info: CallInfo) -> tuple[str, State]:
    return call_id_of(info), seen_as(info.callstatus, info.c2cdirection, info.answered)


def _state_of_call(call: Call) -> State:
    found: set[State] = {counted(leg) for leg in call.legs} | {wait.state for wait in call.waiting}
    if not found and call.awaited_since is not None:
        lost = call.past_waits and call.past_waits[-1].outcome is Outcome.LOST
        return AWAITED_AFTER_LOSS if lost else AWAITED
    return next((state for state in CALL if state in found), State.HUNGUP)


def _state_of_extension(known: Extension) -> State:
    found = {counted(leg) for leg in known.legs}
    return UNKNOWN if known.unknown else next((state for state in EXTENSION if state in found), IDLE)


def _negative(*durations: Seconds | None) -> bool:
    return any(duration is not None and duration < 0 for duration in durations)


def _even(leg: Leg) -> bool:
    """Whether a leg's ring, talk, hold and unknown times are its whole life; what is unknown is not judged."""
    parts = (leg.ring_s, leg.talk_s, leg.hold_s, leg.unknown_s)
    if leg.started is None or leg.ended_at is None or None in parts:
        return True
    total = sum(part for part in parts if part is not None)
    return total == leg.ended_at - leg.started
