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
    CallRevised,
    CallStarted,
    Change,
    LegChange,
    LegEnded,
    LegResumed,
    LegRevised,
    LegStarted,
    QueueChange,
    QueueJoined,
    QueueLeft,
    WaitRevised,
)
from calltrack.core.machine import Replay
from calltrack.core.observations import (
    AllExtensions,
    AllQueues,
    ExtensionEvent,
    ExtensionSeen,
    Frame,
    ListedCall,
    QueueEvent,
    QueueSeen,
)
from calltrack.core.records import Call, Extension, Leg, Seconds, counted
from calltrack.core.replica import Replica
from calltrack.core.snapshot import Snapshot
from calltrack.core.states import Outcome, State
from calltrack.core.table import AWAITED, AWAITED_AFTER_LOSS, CALL, EXTENSION, IDLE, SPYING, UNKNOWN

_JUDGED_KEPT, _PATHS_KEPT = 10_000, 100_000


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
        self.replica = Replica(history=history)
        self._seen: Counter[type[Change]] = Counter()
        self._odd: set[tuple[str, int]] = set()  # live legs that listened, or whose times ran backwards
        self._ended_twice = self._uneven = self._negative = self._unlike = self._too_long = 0
        self._judged: dict[int, None] = {}
        self._paths: dict[tuple[str, str, int, float], Replay] = {}
        self._refused = 0

    def see(self, changes: Iterable[Change], frame: Frame | None = None) -> None:
        """Count what a frame changed; with the frame, its lists are compared too."""
        late = set[str]()
        for change in changes:
            self._seen[type(change)] += 1
            if isinstance(change, LegEnded):
                known = self.replica.extensions.get(change.exten_user)
                self._ended_twice += known is None or (change.call_id, change.leg.attempt) not in known.legs
            self.replica.apply(change)
            if isinstance(change, LegChange):
                self._leg(change)
                if isinstance(change, LegRevised):
                    late.add(change.exten_user)  # by a frame that came late, if by one of this extension
                else:
                    self._step((change.exten_user, change.call_id, change.leg.attempt, -1.0), change.leg.state)
            elif isinstance(change, WaitRevised):
                late.add(change.queue_id)
            elif isinstance(change, QueueChange):
                self._step((change.queue_id, change.call_id, 0, change.wait.stamp), change.wait.state)
            if isinstance(change, QueueLeft):
                self._negative += _negative(change.wait.wait_s)
            elif isinstance(change, CallEnded | CallRevised):
                call = change.call
                self._negative += _negative(call.wait_s, call.ring_s, call.talk_s, call.hold_s, call.unknown_s)
                self._too_long += _too_long(call)
            elif isinstance(change, Anomaly):
                self.anomalies.setdefault(change.kind.value, change)
                if change.kind is AnomalyKind.LATE_FRAME:
                    late |= {change.exten_user, change.queue_id}
        if frame is not None and (print_ := frame.fingerprint()) not in self._judged:
            self._judged[print_] = None  # what comes again was judged the first time
            if len(self._judged) > _JUDGED_KEPT:
                del self._judged[next(iter(self._judged))]
            self._compare(frame, late)

    def sums(self, snapshot: Snapshot) -> Iterator[Sum]:
        """The laws, against what the last snapshot says is live."""
        seen = self._seen
        opened, closed = seen[LegStarted], seen[LegEnded] - seen[LegResumed]
        live = sum(len(call.legs) for call in snapshot.calls)
        at_extensions = sum(len(known.legs) for known in snapshot.extensions)
        yield Sum("legs opened = closed + live", str(opened), f"{closed} + {live}", opened == closed + live)
        yield Sum("legs of calls = legs at extensions", str(live), str(at_extensions), live == at_extensions)
        yield Sum.none("legs ended more than once", self._ended_twice)
        joined, waiting = seen[QueueJoined], sum(len(queue.waiting) for queue in snapshot.queues)
        sums = [(queue.answered, queue.picked_up, queue.abandoned, queue.lost) for queue in snapshot.queues]
        parts = [sum(column) for column in zip(*sums, strict=True)]
        yield Sum(
            "queued = answered + picked up + abandoned + lost + still waiting",
            str(joined),
            " + ".join(map(str, [*parts, waiting])),
            joined == sum(parts) + waiting,
        )
        started, ended = seen[CallStarted] + seen[CallResumed], seen[CallEnded]
        holds = started == ended + len(snapshot.calls)
        yield Sum("calls started or resumed = ended + live", str(started), f"{ended} + {len(snapshot.calls)}", holds)
        awaited = {call_id for call_id, _ in snapshot.resume.awaited}
        states = sum(call.state is not _state_of_call(call, call.call_id in awaited) for call in snapshot.calls)
        states += sum(known.state is not _state_of_extension(known) for known in snapshot.extensions)
        yield Sum.none("states that are not those of the legs", states)
        yield Sum.none("lists that are not what is tracked", self._unlike)
        yield Sum.none("changes that contradict the ones before", self.replica.faults)
        yield Sum.none("differences between the changes and the snapshot", len(self.differences(snapshot)))
        yield Sum.none("legs whose times don't add up to their length", self._uneven)
        yield Sum.none("durations below 0", self._negative)
        yield Sum.none("calls whose wait, talk, hold and unknown times exceed their life", self._too_long)
        yield Sum.none("steps that no row of the table allows", self._refused)

    def differences(self, snapshot: Snapshot) -> list[str]:
        """By name, what differs between the changes and the snapshot."""
        return self.replica.differences(Replica.of(snapshot))

    def _step(self, key: tuple[str, str, int, float], state: State) -> None:
        """Replay a connection's step through the machine of the table."""
        path = self._paths.get(key)
        if path is None:
            path = self._paths[key] = Replay()
        if state is not path.state:
            self._refused += not path.step(state)
        if state is State.HUNGUP and len(self._paths) > _PATHS_KEPT:
            del self._paths[next(iter(self._paths))]

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
        """Each list of the frame with what the changes made of it; what is in a list twice counts as listed last."""
        body = frame.body
        extensions: list[ExtensionSeen] = []
        queues: list[QueueSeen] = []
        if isinstance(body, ExtensionEvent):
            extensions = [body.extension]
        elif isinstance(body, QueueEvent):
            queues = [body.queue]
        elif isinstance(body, AllExtensions):
            extensions = body.extensions or []
        elif isinstance(body, AllQueues):
            queues = body.queues or []
        for name, seen in {one.exten_user: one for one in extensions}.items():
            if name and name not in late and seen.listed is not None:
                known = self.replica.extensions.get(name)
                once = {(call.call_id, call.c2c or 0, call.started or 0): call for call in seen.listed if call.call_id}
                listed = Counter((call.call_id, _seen_as(call)) for call in once.values())
                self._unlike += known is None or listed != Counter(
                    (leg.call_id, leg.state) for leg in known.legs.values()
                )
        for name, queue in {one.queue_id: one for one in queues}.items():
            if name and name not in late and queue.listed is not None:
                waiting = self.replica.queues[name].waiting if name in self.replica.queues else {}
                # As sets: a list may have the same entry twice.
                places = {wait.call_id for wait in queue.listed if wait.call_id}
                self._unlike += places != {wait.call_id for wait in waiting.values()}


def _seen_as(call: ListedCall) -> State:
    return UNKNOWN if call.state is None else call.state


def _state_of_call(call: Call, awaited: bool) -> State:
    found: set[State] = {counted(leg) for leg in call.legs} | {wait.state for wait in call.waiting}
    if not found:  # live with nothing: its answering leg must be awaited
        if not awaited:
            return State.HUNGUP
        lost = call.past_waits and call.past_waits[-1].outcome is Outcome.LOST
        return AWAITED_AFTER_LOSS if lost else AWAITED
    return next(state for state in CALL if state in found)


def _state_of_extension(known: Extension) -> State:
    found = {counted(leg) for leg in known.legs}
    return UNKNOWN if known.unknown else next((state for state in EXTENSION if state in found), IDLE)


def _negative(*durations: Seconds | None) -> bool:
    return any(duration is not None and duration < 0 for duration in durations)


def _too_long(call: Call) -> bool:
    """Whether a call's moments count more than once (ruling 13)."""
    if call.started is None or call.ended_at is None:
        return False
    return call.wait_s + call.talk_s + call.hold_s + call.unknown_s > call.ended_at - call.started


def _even(leg: Leg) -> bool:
    """Whether a leg's ring, talk, hold and unknown times are its whole life; what is unknown is not judged."""
    if leg.started is None or leg.ended_at is None:
        return True
    return leg.ring_s + leg.talk_s + leg.hold_s + leg.unknown_s == leg.ended_at - leg.started
