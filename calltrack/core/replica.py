"""The live state rebuilt from changes alone: for whoever receives the changes but not the tracker.

A view covers exactly what the changes carry. They do not carry: since when a call or an extension is in its state, and
the running totals of a live call (both come with `CallEnded`); the names of queues, and of who owns a phone; that a
winner is awaited, or a queue heard of again; the order in which callers wait. For those, ask for a snapshot.
`View.of(snapshot)` takes the covered part of one, to compare with, or to go on from.
"""

from __future__ import annotations

from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from calltrack.core import changes as ch
from calltrack.core.changes import Change
from calltrack.core.records import Call, Gap, Leg, Wait, with_gap
from calltrack.core.snapshot import Snapshot
from calltrack.core.states import Outcome, State
from calltrack.core.table import QUEUED, UNKNOWN

Identity = tuple[str, str, float]


class ViewedCall(Struct):
    """A live call; `legs` by attempt, `waiting` by what identifies a wait: queue, call and stamp."""

    state: State
    direction: str
    caller: str
    caller_name: str
    did: str
    attempts: int = 0
    related: tuple[str, ...] = ()
    transferred_by: str = ""
    legs: dict[int, Leg] = {}
    waiting: dict[Identity, Wait] = {}


class ViewedExtension(Struct):
    """An extension; `legs` by call and attempt."""

    state: State = UNKNOWN
    agent_id: int | str | None = None
    agent_status: int | None = None
    agent_status_name: str = ""
    legs: dict[tuple[str, int], Leg] = {}


class ViewedQueue(Struct):
    """A queue in which somebody waits or has waited, and its sums; in what order they wait, a snapshot tells."""

    queued: int = 0
    answered: int = 0
    picked_up: int = 0
    abandoned: int = 0
    lost: int = 0
    waiting: dict[Identity, Wait] = {}


class View:
    """Live calls, extensions and queues, the ended calls and the gaps; `faults` counts changes that contradict it.

    history: how many ended calls are kept, as the tracker's.
    """

    def __init__(self, *, history: int = 1000):
        self.history = history
        self.calls: dict[str, ViewedCall] = {}
        self.extensions: dict[str, ViewedExtension] = {}
        self.queues: dict[str, ViewedQueue] = {}
        self.ended: dict[str, Call] = {}
        self.gaps: tuple[Gap, ...] = ()
        self.faults = 0

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """What changes would have told of this snapshot."""
        view = cls(history=snapshot.resume.history)
        for call in snapshot.calls:
            found = _call(call)
            found.legs = {leg.attempt: leg for leg in call.legs}
            found.waiting = _waiting(call.waiting)
            view.calls[call.call_id] = found
        for known in snapshot.extensions:
            legs = {(leg.call_id, leg.attempt): leg for leg in known.legs}
            view.extensions[known.exten_user] = ViewedExtension(
                known.state, known.agent_id, known.agent_status, known.agent_status_name, legs
            )
        for queue in snapshot.queues:
            if queue.queued:
                sums = (queue.queued, queue.answered, queue.picked_up, queue.abandoned, queue.lost)
                view.queues[queue.queue_id] = ViewedQueue(*sums, _waiting(queue.waiting))
        view.ended = {call.call_id: call for call in snapshot.ended}
        view.gaps = snapshot.gaps
        return view

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and not self.differences(other)

    __hash__ = None  # type: ignore[assignment]

    def differences(self, other: View) -> list[str]:
        """What is not the same in both, by name: `call 123`, `extension SIP1`, `queue 55`, `ended 123`, `gaps`."""
        found = [
            f"{what} {name}"
            for what, mine, theirs in (
                ("call", self.calls, other.calls),
                ("extension", self.extensions, other.extensions),
                ("queue", self.queues, other.queues),
                ("ended", self.ended, other.ended),
            )
            for name in {**mine, **theirs}
            if mine.get(name) != theirs.get(name)
        ]
        return found + ["gaps"] * (self.gaps != other.gaps)

    def apply(self, change: Change) -> None:
        """Take over one change."""
        if isinstance(change, ch.LegChange):
            self._leg(change)
        elif isinstance(change, ch.CallChange):
            self._call(change)
        elif isinstance(change, ch.ExtensionChange):
            self._extension(change)
        elif isinstance(change, ch.QueueChange):
            self._queue(change)
        elif isinstance(change, ch.ConnectionLost | ch.ConnectionRegained):
            self.gaps = with_gap(self.gaps, change.gap)

    def _leg(self, change: ch.LegChange) -> None:
        leg = change.leg
        call, extension = self.calls.get(leg.call_id), self.extensions.get(leg.exten_user)
        if call is None or extension is None:
            self.faults += 1
            return
        key = leg.call_id, leg.attempt
        if (key in extension.legs) == isinstance(change, ch.LegStarted):
            self.faults += 1
        if isinstance(change, ch.LegEnded):
            call.legs.pop(leg.attempt, None)
            extension.legs.pop(key, None)
            return
        if isinstance(change, ch.LegStarted):
            if not call.attempts:  # so far it only waited in a queue
                call.did, call.direction = leg.did, leg.direction
                call.caller = call.caller or leg.caller
                call.caller_name = call.caller_name or leg.caller_name
            call.attempts = leg.attempt
        call.legs[leg.attempt] = extension.legs[key] = leg

    def _call(self, change: ch.CallChange) -> None:
        name = change.call_id
        if isinstance(change, ch.CallStarted):
            self.faults += name in self.calls
            who = (change.direction, change.caller, change.caller_name, change.did)
            self.calls[name] = ViewedCall(change.state, *who)
        elif isinstance(change, ch.CallResumed):
            past = self.ended.pop(name, None)
            if past is None:
                self.faults += 1
            else:
                self.calls[name] = _call(past)
        elif (call := self.calls.get(name)) is None:
            self.faults += 1
        elif isinstance(change, ch.CallStateChanged):
            self.faults += call.state != change.old
            call.state = change.new
        elif isinstance(change, ch.CallLinked):
            call.related, call.transferred_by = change.related, change.transferred_by
        elif isinstance(change, ch.CallEnded):  # pragma: no branch (there is no other)
            self.faults += bool(call.legs or call.waiting)
            del self.calls[name]
            self.ended[name] = change.call
            if len(self.ended) > self.history:
                del self.ended[next(iter(self.ended))]

    def _extension(self, change: ch.ExtensionChange) -> None:
        name = change.exten_user
        if isinstance(change, ch.ExtensionAppeared):
            self.faults += name in self.extensions
            known = change.extension
            self.extensions[name] = ViewedExtension(
                known.state, known.agent_id, known.agent_status, known.agent_status_name
            )
        elif (extension := self.extensions.get(name)) is None:
            self.faults += 1
        elif isinstance(change, ch.ExtensionRemoved):
            self.faults += bool(extension.legs)
            del self.extensions[name]
        elif isinstance(change, ch.ExtensionStateChanged):
            self.faults += extension.state != change.old
            extension.state = change.new
        elif isinstance(change, ch.AgentLoggedOn):
            extension.agent_id = change.agent_id
        elif isinstance(change, ch.AgentLoggedOff):
            extension.agent_id = None
        elif isinstance(change, ch.AgentStatusChanged):  # pragma: no branch (there is no other)
            extension.agent_status, extension.agent_status_name = change.new, change.name

    def _queue(self, change: ch.QueueChange) -> None:
        wait, call = change.wait, self.calls.get(change.call_id)
        if call is None:
            self.faults += 1
            return
        queue = self.queues.setdefault(change.queue_id, ViewedQueue())
        identity = _identity(wait)
        if isinstance(change, ch.QueueJoined):
            queue.queued += 1
            queue.waiting[identity] = call.waiting[identity] = wait
            return
        self.faults += queue.waiting.pop(identity, None) is None
        call.waiting.pop(identity, None)
        queue.answered += wait.outcome is Outcome.ANSWERED
        queue.picked_up += wait.outcome is Outcome.PICKED_UP
        queue.abandoned += wait.outcome is Outcome.ABANDONED
        queue.lost += wait.outcome is Outcome.LOST


def _call(call: Call) -> ViewedCall:
    who = (call.direction, call.caller, call.caller_name, call.did)
    return ViewedCall(call.state, *who, call.attempts, call.related, call.transferred_by)


def _waiting(waits: tuple[Wait, ...]) -> dict[Identity, Wait]:
    return {_identity(wait): replace(wait, state=QUEUED) for wait in waits}


def _identity(wait: Wait) -> Identity:
    return wait.queue_id, wait.call_id, wait.stamp
