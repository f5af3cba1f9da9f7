"""The live state rebuilt from changes alone: for consumers that receive the changes but not the tracker.

A replica covers exactly what the changes carry, corrections included. They do not carry: since when a call or an
extension is in its state, and the running totals of a live call (both come with `CallEnded`); the names of queues, and
of who owns a phone; that an answering leg is awaited; the order in which callers wait; and the evidence, which changes
with every frame (`confirmed_position`, `confirmed_at`). For those, ask for a snapshot. `Replica.of(snapshot)` takes the
covered part of one, to compare with, or to go on from.
"""

from __future__ import annotations

from typing import Any, Self

from msgspec import Struct
from msgspec.structs import replace

from calltrack.core import changes as ch
from calltrack.core.changes import Change
from calltrack.core.records import Call, Campaign, Gap, Id, Leg, Wait, with_gap
from calltrack.core.snapshot import Snapshot
from calltrack.core.states import Outcome, State
from calltrack.core.table import HUNGUP, UNKNOWN

Identity = tuple[str, str, float]
_LEFT_KEPT = 10_000


class ReplicaCall(Struct):
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


class ReplicaExtension(Struct):
    """An extension; `legs` by call and attempt."""

    state: State = UNKNOWN
    agent_id: Id = None
    agent_name: str = ""
    agent_status: int | None = None
    agent_status_name: str = ""
    legs: dict[tuple[str, int], Leg] = {}


class ReplicaQueue(Struct):
    """A queue in which somebody waits or has waited, and its sums; their order is in a snapshot."""

    queued: int = 0
    answered: int = 0
    picked_up: int = 0
    abandoned: int = 0
    lost: int = 0
    waiting: dict[Identity, Wait] = {}


class Replica:
    """Live calls, extensions and queues, the ended calls and the gaps; `faults` counts changes that contradict it.

    history: how many ended calls are kept, as the tracker's.
    """

    def __init__(self, *, history: int = 1000):
        self.history = history
        self.calls: dict[str, ReplicaCall] = {}
        self.extensions: dict[str, ReplicaExtension] = {}
        self.queues: dict[str, ReplicaQueue] = {}
        self.ended: dict[str, Call] = {}
        self.campaigns: dict[str, Campaign] = {}
        self.gaps: tuple[Gap, ...] = ()
        self.faults = 0
        self._left: dict[Identity, Outcome | None] = {}  # of waits that may still be corrected

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """What the changes that lead to this snapshot would have reported."""
        replica = cls(history=snapshot.resume.history)
        for call in snapshot.calls:
            found = _call(call)
            found.legs = {leg.attempt: bare(leg) for leg in call.legs}
            found.waiting = _waiting(call.waiting)
            replica.calls[call.call_id] = found
        for known in snapshot.extensions:
            legs = {(leg.call_id, leg.attempt): bare(leg) for leg in known.legs}
            replica.extensions[known.exten_user] = ReplicaExtension(
                known.state, known.agent_id, known.agent_name, known.agent_status, known.agent_status_name, legs
            )
        for queue in snapshot.queues:
            if queue.queued:
                sums = (queue.queued, queue.answered, queue.picked_up, queue.abandoned, queue.lost)
                replica.queues[queue.queue_id] = ReplicaQueue(*sums, _waiting(queue.waiting))
        replica.ended = {call.call_id: without_evidence(call) for call in snapshot.ended}
        replica.campaigns = {campaign.campaign_id: campaign for campaign in snapshot.campaigns}
        replica.gaps = snapshot.gaps
        for call in (*snapshot.calls, *snapshot.ended):
            replica._left |= {_identity(wait): wait.outcome for wait in call.past_waits}
        return replica

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Replica) and not self.differences(other)

    __hash__ = None  # type: ignore[assignment]

    def differences(self, other: Replica) -> list[str]:
        """What is not the same in both, by name: `call 123`, `extension SIP1`, `queue 55`, `ended 123`, `gaps`."""
        found = [
            f"{what} {name}"
            for what, mine, theirs in (
                ("call", self.calls, other.calls),
                ("extension", self.extensions, other.extensions),
                ("queue", self.queues, other.queues),
                ("ended", self.ended, other.ended),
                ("campaign", self.campaigns, other.campaigns),
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
        elif isinstance(change, ch.CampaignChange):
            self._campaign(change)
        elif isinstance(change, ch.ConnectionLost | ch.ConnectionRegained):
            self.gaps = with_gap(self.gaps, change.gap)

    def _leg(self, change: ch.LegChange) -> None:
        leg = bare(change.leg)
        key = leg.call_id, leg.attempt
        call, extension = self.calls.get(leg.call_id), self.extensions.get(leg.exten_user)
        if isinstance(change, ch.LegRevised) and leg.state is HUNGUP:
            return  # an ended leg is seen in its call only: CallRevised follows if that has ended too
        if call is None or extension is None:
            self.faults += 1
            return
        begins = isinstance(change, ch.LegStarted | ch.LegResumed)
        if (key in extension.legs) == begins:
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
            self.calls[name] = ReplicaCall(change.state, *who)
        elif isinstance(change, ch.CallResumed):
            past = self.ended.pop(name, None)
            if past is None:
                self.faults += 1
            else:
                self.calls[name] = _call(past)
        elif isinstance(change, ch.CallRevised):
            if name in self.ended:
                self.ended[name] = without_evidence(change.call)
        elif isinstance(change, ch.CallLinked) and name in self.ended:
            pass  # CallRevised follows
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
            self.ended[name] = without_evidence(change.call)
            if len(self.ended) > self.history:
                gone = self.ended.pop(next(iter(self.ended)))
                for wait in gone.past_waits:  # seen again, the same wait is another one
                    self._left.pop(_identity(wait), None)

    def _extension(self, change: ch.ExtensionChange) -> None:
        name = change.exten_user
        if isinstance(change, ch.ExtensionAppeared):
            self.faults += name in self.extensions
            known = change.extension
            self.extensions[name] = ReplicaExtension(
                known.state, known.agent_id, known.agent_name, known.agent_status, known.agent_status_name
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
            extension.agent_id, extension.agent_name = change.agent_id, change.agent_name
        elif isinstance(change, ch.AgentLoggedOff):
            extension.agent_id, extension.agent_name = None, ""
        elif isinstance(change, ch.AgentRenamed):
            extension.agent_name = change.agent_name
        elif isinstance(change, ch.AgentStatusChanged):
            extension.agent_status, extension.agent_status_name = change.new, change.name

    def _queue(self, change: ch.QueueChange) -> None:
        wait = bare(change.wait)
        call, queue = self.calls.get(change.call_id), self.queues.setdefault(change.queue_id, ReplicaQueue())
        identity = _identity(wait)
        if isinstance(change, ch.WaitRevised) and wait.state is HUNGUP:
            self._count(queue, self._left.pop(identity, self._left.pop((*identity[:2], 0), None)), -1)
            self._leave(queue, wait)
            return
        if call is None:
            self.faults += 1
            return
        if isinstance(change, ch.QueueLeft):
            self.faults += queue.waiting.pop(identity, None) is None
            call.waiting.pop(identity, None)
            self._leave(queue, wait)
            return
        if isinstance(change, ch.QueueJoined):
            queue.queued += 1
            call.caller, call.caller_name = call.caller or wait.caller, call.caller_name or wait.caller_name
        elif isinstance(change, ch.WaitResumed):
            self._count(queue, self._left.pop(identity, None), -1)
        queue.waiting[identity] = call.waiting[identity] = wait

    def _leave(self, queue: ReplicaQueue, wait: Wait) -> None:
        self._count(queue, wait.outcome, 1)
        self._left[_identity(wait)] = wait.outcome
        if len(self._left) > _LEFT_KEPT:
            del self._left[next(iter(self._left))]

    @staticmethod
    def _count(queue: ReplicaQueue, outcome: Outcome | None, by: int) -> None:
        queue.answered += by * (outcome is Outcome.ANSWERED)
        queue.picked_up += by * (outcome is Outcome.PICKED_UP)
        queue.abandoned += by * (outcome is Outcome.ABANDONED)
        queue.lost += by * (outcome is Outcome.LOST)

    def _campaign(self, change: ch.CampaignChange) -> None:
        if isinstance(change, ch.CampaignAppeared | ch.CampaignChanged):
            self.campaigns[change.campaign_id] = change.campaign
        else:
            self.faults += self.campaigns.pop(change.campaign_id, None) is None


def bare(record: Leg | Wait) -> Any:
    """Without the evidence, which changes with every frame."""
    return replace(record, confirmed_position=0, confirmed_at=None)


def without_evidence(call: Call) -> Call:
    """A call as the changes report it: without what only its evidence, and that of its legs and waits, says."""
    return replace(
        call,
        legs=tuple(map(bare, call.legs)),
        past_legs=tuple(map(bare, call.past_legs)),
        waiting=tuple(map(bare, call.waiting)),
        past_waits=tuple(map(bare, call.past_waits)),
    )


def _call(call: Call) -> ReplicaCall:
    who = (call.direction, call.caller, call.caller_name, call.did)
    return ReplicaCall(call.state, *who, call.attempts, call.related, call.transferred_by)


def _waiting(waits: tuple[Wait, ...]) -> dict[Identity, Wait]:
    return {_identity(wait): bare(wait) for wait in waits}


def _identity(wait: Wait) -> Identity:
    return wait.queue_id, wait.call_id, wait.stamp
