"""Live calls and extensions as the ledger holds them: changed in place, and handed out as values.

Only the ledger sees these. A change touches few fields, so changing in place costs a third of replacing a value; what
leaves the tracker (changes, snapshots) is always an immutable record, made by `value()` when someone wants it.
"""

from __future__ import annotations

from msgspec.structs import replace

from calltrack.records import PAST_KEPT, Call, Extension, Leg, Seconds, Wait, counted, spent, stronger
from calltrack.states import Outcome, State
from calltrack.table import (
    AWAITED,
    AWAITED_AFTER_LOSS,
    CALL,
    DIALING,
    EXTENSION,
    HOLD,
    HUNGUP,
    IDLE,
    RINGING,
    TALKING,
    UNKNOWN,
)


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
        "final",
        "hold_s",
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
        self.final: Call | None = None
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
        held.final = call if call.state is HUNGUP else None
        return held

    def value(self) -> Call:
        """The call as it is now."""
        return self.final or self._value(None, "")

    def end(self, when: Seconds | None, inferred: str) -> Call:
        """The call as it ended; how long it was in its last state is unknown if nothing told of the end."""
        if inferred:
            self.state = UNKNOWN
        self.enter(HUNGUP, when)
        self.final = final = self._value(when, inferred)
        return final

    def _value(self, ended_at: Seconds | None, inferred: str) -> Call:
        return Call(
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

    def derived(self) -> State:
        """The first state of the table's order that a leg or wait is in; alive while its winner is awaited."""
        legs = self.legs
        if self.waiting:
            states = [wait.state for wait in self.waiting]
            states += [counted(leg) for leg in legs]
        elif not legs:
            if self.awaited_since is None:
                return HUNGUP
            lost = self.past_waits and self.past_waits[-1].outcome is Outcome.LOST
            return AWAITED_AFTER_LOSS if lost else AWAITED
        elif len(legs) == 1:
            return counted(legs[0])
        else:
            states = [counted(leg) for leg in legs]
        return next(state for state in CALL if state in states)

    def enter(self, state: State, when: Seconds | None) -> None:
        """Be in a state from a moment on; what was spent in the last one goes to its total."""
        since = self.since
        if when is not None and since is not None and when < since:
            when = since
        before = self.state
        if before is TALKING:
            self.talk_s = spent(self.talk_s, since, when)
        elif before is RINGING or before is DIALING:
            self.ring_s = spent(self.ring_s, since, when)
        elif before is HOLD:
            self.hold_s = spent(self.hold_s, since, when)
        elif before is UNKNOWN:
            self.unknown_s = spent(self.unknown_s, since, when)
        self.state = state
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
        if len(self.legs) == 1:
            self.legs = ()
        else:
            self.legs = tuple([leg for leg in self.legs if leg.attempt != before.attempt])
        past = self.past_legs
        self.past_legs = (*past, after) if len(past) < PAST_KEPT else (*past[1:], after)
        outcome = stronger(self.outcome, after)
        if outcome is not None:
            self.outcome, self.cause = outcome, after.cause

    def leave(self, before: Wait, after: Wait) -> None:
        """A wait has ended as `after`."""
        self.ending = after.inferred
        self.waiting = tuple([wait for wait in self.waiting if wait != before])
        past = self.past_waits
        self.past_waits = (*past, after) if len(past) < PAST_KEPT else (*past[1:], after)
        self.outcome = stronger(self.outcome, after) or self.outcome


class HeldExtension:
    """An extension: its agent, and what its phone does."""

    __slots__ = ("agent", "heard_at", "legs", "since", "state", "told_of_agent", "unknown")

    def __init__(self, agent: Extension):
        self.agent = agent
        self.told_of_agent: tuple[object, ...] = ()
        self.state = agent.state
        self.since = agent.since
        self.unknown = agent.unknown
        self.heard_at = agent.heard_at
        self.legs = agent.legs

    def value(self) -> Extension:
        """The extension as it is now."""
        return replace(self.agent, state=self.state, since=self.since, heard_at=self.heard_at, legs=self.legs)

    def derived(self) -> State:
        """The first state of the table's order that a leg is in, else Idle; Unknown after a lost connection."""
        legs = self.legs
        if self.unknown:
            return UNKNOWN
        if not legs:
            return IDLE
        if len(legs) == 1:
            return counted(legs[0])
        states = [counted(leg) for leg in legs]
        return next(state for state in EXTENSION if state in states)
