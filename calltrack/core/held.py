"""Live calls, extensions and queues as the ledger holds them: changed in place, and handed out as values.

Only the ledger sees these. A change touches few fields, so changing in place costs a third of replacing a value; what
leaves the tracker (changes, snapshots) is always an immutable record, made by `value()` when someone wants it and kept
in `known` until the next change.
"""

from __future__ import annotations

from calltrack.core.records import PAST_KEPT, Call, Extension, Leg, Queue, Seconds, Wait, counted, stronger
from calltrack.core.states import Outcome, State
from calltrack.core.table import (
    AWAITED,
    AWAITED_AFTER_LOSS,
    CALL,
    DIALING,
    EXTENSION,
    HOLD,
    HUNGUP,
    IDLE,
    LOST,
    RINGING,
    TALKING,
    UNKNOWN,
)

_CALL = {state: rank for rank, state in enumerate(CALL)}
_EXTENSION = {state: rank for rank, state in enumerate(EXTENSION)}


class HeldCall:
    """A call that lives, or that has ended and may be seen again; see `records.Call` for the fields."""

    __slots__ = (
        "account_id",
        "answered",
        "answered_at",
        "attempts",
        "awaited_since",
        "call_id",
        "caller",
        "caller_name",
        "cause",
        "did",
        "direction",
        "ending",
        "hold_s",
        "known",
        "legs",
        "outcome",
        "past_legs",
        "past_waits",
        "related",
        "ring_s",
        "since",
        "started",
        "state",
        "talk_s",
        "touched",
        "transferred_by",
        "unknown_s",
        "wait_s",
        "waiting",
        "when",
    )

    def __init__(
        self, call_id: str, state: State, direction: str, caller: str, caller_name: str, started: Seconds | None
    ):
        self.call_id = call_id
        self.state = state
        self.direction = direction
        self.caller = caller
        self.caller_name = caller_name
        self.started = self.since = self.when = started
        self.account_id: int | str | None = None
        self.did = self.cause = self.transferred_by = ""
        self.ending = ""  # why its last leg or wait ended, if that was inferred
        self.attempts = 0
        self.answered = False
        self.answered_at: Seconds | None = None
        self.awaited_since: Seconds | None = None
        self.wait_s: Seconds | None = 0
        self.ring_s: Seconds | None = 0
        self.talk_s: Seconds | None = 0
        self.hold_s: Seconds | None = 0
        self.unknown_s: Seconds | None = 0
        self.outcome: Outcome | None = None
        self.known: Call | None = None
        self.touched = False  # by the frame that is being applied
        self.related: tuple[str, ...] = ()
        self.legs: tuple[Leg, ...] = ()
        self.past_legs: tuple[Leg, ...] = ()
        self.waiting: tuple[Wait, ...] = ()
        self.past_waits: tuple[Wait, ...] = ()

    @classmethod
    def of(cls, call: Call) -> HeldCall:
        """A call from a snapshot or from the history, to go on with."""
        held = cls(call.call_id, call.state, call.direction, call.caller, call.caller_name, call.started)
        for name in Call.__struct_fields__:
            if name not in ("ended_at", "inferred"):
                setattr(held, name, getattr(call, name))
        held.known = call
        return held

    def value(self) -> Call:
        """The call as it is now."""
        return self.known or self._known(None, "")

    def answered_since(self, moment: Seconds | None) -> bool:
        """Whether an agent has the call, or one answered it at that moment or later (None: ever) and has gone since."""
        return self.answered and any(
            leg.state is not HUNGUP or moment is None or leg.answered_at is None or leg.answered_at >= moment
            for leg in (*self.legs, *self.past_legs)
            if leg.answered and leg.c2c != 1
        )

    def end(self, when: Seconds | None, inferred: str) -> Call:
        """The call as it ended; how long it was in its last state is unknown if nothing told of the end."""
        if inferred:
            self.state = UNKNOWN
        self.enter(HUNGUP, when)
        return self._known(when, inferred)

    def _known(self, ended_at: Seconds | None, inferred: str) -> Call:
        self.known = known = Call(
            self.call_id,
            self.state,
            self.direction,
            self.account_id,
            self.caller,
            self.caller_name,
            self.did,
            self.started,
            self.since,
            self.attempts,
            self.answered,
            self.answered_at,
            ended_at,
            self.wait_s,
            self.ring_s,
            self.talk_s,
            self.hold_s,
            self.unknown_s,
            self.outcome,
            self.cause,
            inferred,
            self.related,
            self.transferred_by,
            self.awaited_since,
            self.legs,
            self.past_legs,
            self.waiting,
            self.past_waits,
        )
        return known

    def derived(self) -> State:
        """The first state of the table's order that a leg or wait is in; alive while its winner is awaited."""
        legs, waiting = self.legs, self.waiting
        if len(legs) + len(waiting) == 1:
            return counted(legs[0]) if legs else waiting[0].state
        if not legs and not waiting:
            if self.awaited_since is None:
                return HUNGUP
            lost = self.past_waits and self.past_waits[-1].outcome is LOST
            return AWAITED_AFTER_LOSS if lost else AWAITED
        return min([*map(counted, legs), *[wait.state for wait in waiting]], key=_CALL.__getitem__)

    def enter(self, state: State, when: Seconds | None) -> None:
        """Be in a state from a moment on; what was spent in the last one goes to its total."""
        before, since = self.state, self.since
        more = None if since is None or when is None else when - since if when > since else 0
        if before is TALKING:
            self.talk_s = None if self.talk_s is None or more is None else self.talk_s + more
        elif before is RINGING or before is DIALING:
            self.ring_s = None if self.ring_s is None or more is None else self.ring_s + more
        elif before is HOLD:
            self.hold_s = None if self.hold_s is None or more is None else self.hold_s + more
        elif before is UNKNOWN:
            self.unknown_s = None if self.unknown_s is None or more is None else self.unknown_s + more
        self.state = state
        if more != 0:  # not earlier than the last step
            self.since = when

    def put(self, before: Leg, after: Leg) -> None:
        """A live leg's new value."""
        if len(self.legs) == 1:
            self.legs = (after,)
        else:
            self.legs = tuple([after if leg.attempt == before.attempt else leg for leg in self.legs])

    def drop(self, before: Leg, after: Leg) -> None:
        """A live leg has ended as `after`."""
        self.ending = after.inferred
        legs, past = self.legs, self.past_legs
        self.legs = () if len(legs) == 1 else tuple([leg for leg in legs if leg.attempt != before.attempt])
        self.past_legs = (past if len(past) < PAST_KEPT else past[1:]) + (after,) if past else (after,)
        outcome = stronger(self.outcome, after)
        if outcome is not None:
            self.outcome, self.cause = outcome, after.cause

    def leave(self, before: Wait, after: Wait) -> None:
        """A wait has ended as `after`."""
        self.ending = after.inferred
        waiting = self.waiting
        self.waiting = () if len(waiting) == 1 else tuple([wait for wait in waiting if wait != before])
        past = self.past_waits
        self.past_waits = (past if len(past) < PAST_KEPT else past[1:]) + (after,) if past else (after,)
        self.outcome = stronger(self.outcome, after) or self.outcome


class HeldExtension:
    """An extension: its agent, and what its phone does; see `records.Extension` for the fields."""

    __slots__ = (
        "account_id",
        "agent_id",
        "agent_name",
        "agent_since",
        "agent_status",
        "agent_status_name",
        "agent_status_since",
        "exten_user",
        "heard_at",
        "known",
        "legs",
        "number",
        "since",
        "state",
        "status_stamp",
        "unknown",
        "unknown_since",
        "user_id",
        "user_name",
    )

    def __init__(self, extension: Extension):
        self.exten_user = extension.exten_user
        self.state = extension.state
        self.since = extension.since
        self.agent_status = extension.agent_status
        self.agent_status_name = extension.agent_status_name
        self.agent_status_since = extension.agent_status_since
        self.agent_id = extension.agent_id
        self.agent_name = extension.agent_name
        self.agent_since = extension.agent_since
        self.user_id = extension.user_id
        self.user_name = extension.user_name
        self.number = extension.number
        self.account_id = extension.account_id
        self.unknown_since = extension.unknown_since
        self.unknown = extension.unknown
        self.status_stamp = extension.status_stamp
        self.heard_at = extension.heard_at
        self.legs = extension.legs
        self.known: Extension | None = extension

    def value(self) -> Extension:
        """The extension as it is now; ask `known` first."""
        self.known = Extension(
            self.exten_user,
            self.state,
            self.since,
            self.agent_status,
            self.agent_status_name,
            self.agent_status_since,
            self.agent_id,
            self.agent_name,
            self.agent_since,
            self.user_id,
            self.user_name,
            self.number,
            self.account_id,
            self.unknown_since,
            self.unknown,
            self.status_stamp,
            self.heard_at,
            self.legs,
        )
        return self.known

    def derived(self) -> State:
        """The first state of the table's order that a leg is in, else Idle; Unknown after a lost connection."""
        return UNKNOWN if self.unknown else min(map(counted, self.legs), key=_EXTENSION.__getitem__, default=IDLE)


class HeldQueue:
    """A queue: who waits in it, and the sums; see `records.Queue` for the fields."""

    __slots__ = (
        "abandoned",
        "answered",
        "heard_at",
        "known",
        "lost",
        "name",
        "picked_up",
        "queue_id",
        "queued",
        "unknown",
        "unknown_since",
        "waiting",
    )

    def __init__(self, queue: Queue):
        self.queue_id = queue.queue_id
        self.name = queue.name
        self.queued = queue.queued
        self.answered = queue.answered
        self.picked_up = queue.picked_up
        self.abandoned = queue.abandoned
        self.lost = queue.lost
        self.unknown_since = queue.unknown_since
        self.unknown = queue.unknown
        self.heard_at = queue.heard_at
        self.waiting = list(queue.waiting)
        self.known: Queue | None = queue

    def value(self) -> Queue:
        """The queue as it is now."""
        if self.known is None:
            self.known = Queue(
                self.queue_id,
                self.name,
                self.queued,
                self.answered,
                self.picked_up,
                self.abandoned,
                self.lost,
                self.unknown_since,
                self.unknown,
                self.heard_at,
                tuple(self.waiting),
            )
        return self.known
