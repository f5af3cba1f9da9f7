"""What the tracker holds, and every way in which it changes; each change is written down as it is made.

The tracker decides what a frame means; the ledger carries it out. While a frame is being applied, `position`, `at`
(server time) and `when` (the moment at the switch) are that frame's. Calls are settled once, at its end: a click2call's
leg 1 leaves in the very frame that brings leg 2, and the call must not end in between.
"""

from __future__ import annotations

from heapq import heappop, heappush

from msgspec.structs import replace

from calltrack.core import changes
from calltrack.core.changes import Anomaly, AnomalyKind, Change
from calltrack.core.clock import Clock
from calltrack.core.held import HeldCall, HeldExtension, HeldQueue
from calltrack.core.records import Gap, Leg, Seconds, Wait, counted, elapsed, left, outcome_of_leg, plus, stepped
from calltrack.core.states import Outcome
from calltrack.core.table import (
    ABANDONED,
    ANSWERED,
    ANSWERED_ELSEWHERE,
    HUNGUP,
    IDLE,
    PICKED_UP,
    QUEUED,
    SPYING,
    UNKNOWN,
    WINNER_WAIT_S,
    Edge,
)
from calltrack.voicenter.events import Text

LEG_CHANGES: dict[str, type[changes.LegChange]] = {kind.__name__: kind for kind in changes.LegChange.__subclasses__()}


class Ledger(Clock):
    """Live calls, extensions and queues, the bounded history of ended calls, and the changes of the current frame."""

    def __init__(self, history: int):
        super().__init__()
        self.calls: dict[str, HeldCall] = {}
        self.ended: dict[str, HeldCall] = {}
        self.extensions: dict[str, HeldExtension] = {}
        self.queues: dict[str, HeldQueue] = {}
        self.awaited: dict[str, Seconds] = {}
        self._awaited_longest: list[tuple[Seconds, str]] = []  # a heap; whoever is not awaited any more stays in it
        self.gaps: tuple[Gap, ...] = ()
        self.history = history
        self.account_id: Text = None  # of the last agent
        self.position = 0
        self.out: list[Change] = []
        self.anomalies: list[Anomaly] = []
        self.touched: list[HeldCall] = []

    def anomaly(
        self,
        kind: AnomalyKind,
        detail: str,
        *,
        call_id: str = "",
        exten_user: str = "",
        queue_id: str = "",
        expected: str = "",
        seen: str = "",
    ) -> None:
        """Write down what should not happen."""
        found = Anomaly(self.position, self.at, kind, detail, call_id, exten_user, queue_id, expected, seen)
        self.out.append(found)
        self.anomalies.append(found)

    def call(self, call_id: str) -> HeldCall | None:
        """A call that lives, or that is still in the history."""
        return self.calls.get(call_id) or self.ended.get(call_id)

    # Legs

    def start_leg(self, leg: Leg, call: HeldCall | None, account_id: int | str | None, inferred: str) -> None:
        """Open a leg of a call that is known, live or ended, or of a new one."""
        call_id, since = leg.call_id, leg.since
        if call is not None and call_id in self.ended:
            self._back(call, since)
        if call is None:
            state = counted(leg)
            call = HeldCall(call_id, state, leg.direction, leg.caller, leg.caller_name, leg.started)
            call.account_id, call.did, call.since = account_id, leg.did, since
            call.ring_s, call.talk_s, call.unknown_s = leg.ring_s, leg.talk_s, leg.unknown_s
            self.calls[call_id] = call
            self.out.append(
                changes.CallStarted(
                    self.position,
                    self.at,
                    call_id,
                    state,
                    leg.direction,
                    leg.caller,
                    leg.caller_name,
                    leg.did,
                    leg.started,
                    inferred,
                )
            )
        elif not call.attempts:  # so far it only waited in a queue
            call.account_id, call.did, call.direction = account_id, leg.did, leg.direction
            call.caller = call.caller or leg.caller
            call.caller_name = call.caller_name or leg.caller_name
        call.attempts = leg.attempt
        call.legs = (*call.legs, leg) if call.legs else (leg,)
        call.when = since
        if not call.touched:
            call.touched = True
            self.touched.append(call)
        if leg.answered:
            self._mark_answered(call, leg)
        self.out.append(changes.LegStarted(self.position, self.at, call_id, leg.exten_user, leg, inferred))

    def _settle_step(self, call: HeldCall) -> None:
        """Before a call takes a second step in a frame, settle the first, so that its times add up."""
        before, state = call.state, call.derived()
        if state is not HUNGUP and state is not before:
            call.enter(state, call.when)
            self.out.append(changes.CallStateChanged(self.position, self.at, call.call_id, before, state))

    def move_leg(self, leg: Leg, edge: Edge, when: Seconds | None, inferred: str) -> Leg:
        """Take one step of the table, or an impossible one that the list demands."""
        if leg.since is not None and when is not None and when < leg.since:
            when = self._reversed(leg, leg.since, when)
        call_id = leg.call_id
        after = stepped(leg, edge.dest, when, leg.state if leg.c2c != 1 else counted(leg))
        call = self.calls[call_id]
        if call.touched:
            self._settle_step(call)
        else:
            call.touched = True
            self.touched.append(call)
        call.put(leg, after)
        call.when = when
        if after.answered and not leg.answered:
            self._mark_answered(call, after)
        self.out.append(LEG_CHANGES[edge.says](self.position, self.at, call_id, leg.exten_user, after, inferred))
        return after

    def end_leg(self, leg: Leg, cause: str, dial_status: str, told: bool, inferred: str) -> None:
        """Close a leg, once; if nothing told of its end, nobody knows when it was: at this frame at the latest."""
        when, call_id = self.when if told else self.at, leg.call_id
        if leg.since is not None and when is not None and when < leg.since:
            when = self._reversed(leg, leg.since, when)
        outcome = outcome_of_leg(leg, cause, dial_status, told)
        lived_as = UNKNOWN if not told else leg.state if leg.c2c != 1 else counted(leg)
        after = stepped(leg, HUNGUP, when, lived_as, outcome, cause, inferred)
        call = self.calls[call_id]
        if call.touched:
            self._settle_step(call)
        else:
            call.touched = True
            self.touched.append(call)
        call.drop(leg, after)
        call.when = when
        if outcome is ANSWERED_ELSEWHERE:
            self._seek_winner(call, leg.started)
        self.out.append(changes.LegEnded(self.position, self.at, call_id, leg.exten_user, after, inferred))

    def link(self, call_id: str, related: tuple[str, ...], transferred_by: str) -> None:
        """Remember which calls a call came from, if that is news."""
        call = self.calls[call_id]
        if related != call.related:
            call.related, call.transferred_by, call.known = related, transferred_by, None
            self.out.append(changes.CallLinked(self.position, self.at, call_id, related, transferred_by))

    def ended_before(self, call_id: str, exten_user: str, stamp: Seconds | None, c2c: int | None) -> Leg | None:
        """The attempt that has ended already, so that a repeated HANGUP says nothing new; None if there is none.

        Where one side has no stamp, or the frame no c2cdirection, any will do.
        """
        call = self.call(call_id)
        for leg in call.past_legs if call is not None else ():
            same = not stamp or not leg.stamp or leg.stamp == stamp
            if leg.exten_user == exten_user and same and (c2c is None or leg.c2c == c2c):
                return leg
        return None

    # Waits in queues

    def join_queue(self, wait: Wait, inferred: str) -> None:
        """Open a wait, and its call if need be."""
        call_id, joined = wait.call_id, wait.joined_at
        call = self.call(call_id)
        if call is not None and call_id in self.ended:
            self._back(call, joined)
        if call is None:
            call = HeldCall(call_id, QUEUED, "Incoming", wait.caller, wait.caller_name, joined)
            self.calls[call_id] = call
            self.out.append(
                changes.CallStarted(
                    self.position,
                    self.at,
                    call_id,
                    QUEUED,
                    "Incoming",
                    wait.caller,
                    wait.caller_name,
                    "",
                    joined,
                    inferred,
                )
            )
        call.waiting = (*call.waiting, wait)
        call.when = joined
        if not call.touched:
            call.touched = True
            self.touched.append(call)
        queue = self.queues[wait.queue_id]
        queue.waiting.append(wait)
        queue.queued += 1
        queue.known = None
        self.out.append(changes.QueueJoined(self.position, self.at, wait.queue_id, call_id, wait, inferred))

    def leave_queue(
        self, wait: Wait, outcome: Outcome, agent_name: str, inferred: str, *, sought: bool = False
    ) -> None:
        """Close a wait, once; if nothing told of its end, nobody knows how long it took.

        `sought` keeps the call alive for a while: a list of all extensions is on its way and may have it.
        """
        when = self.at if inferred else self.when
        wait_s = None if inferred else elapsed(wait.joined_at, when)
        after = left(wait, when, wait_s, outcome, agent_name, inferred)
        queue = self.queues[wait.queue_id]
        queue.waiting.remove(wait)
        queue.known = None
        call = self.calls[wait.call_id]
        if not call.touched:
            call.touched = True
            self.touched.append(call)
        call.leave(wait, after)
        call.wait_s = plus(call.wait_s, wait_s)
        call.when = when
        if outcome is ANSWERED:
            queue.answered += 1
        elif outcome is PICKED_UP:
            queue.picked_up += 1
        elif outcome is ABANDONED:
            queue.abandoned += 1
        else:
            queue.lost += 1
        if sought or outcome is ANSWERED or outcome is PICKED_UP:
            self._seek_winner(call, wait.joined_at)
        elif outcome is ABANDONED and self.awaited.pop(wait.call_id, None) is not None:
            call.awaited_since = None
        self.out.append(changes.QueueLeft(self.position, self.at, wait.queue_id, wait.call_id, after, inferred))

    def order_queue(self, queue_id: str, call_ids: list[str]) -> None:
        """Let the waits stand in the order of the list, not in that in which they were seen."""
        queue = self.queues[queue_id]
        if [wait.call_id for wait in queue.waiting] != call_ids:
            places = {call_id: place for place, call_id in enumerate(call_ids)}
            queue.waiting.sort(key=lambda wait: places[wait.call_id])
            queue.known = None

    def blur_queue(self, queue_id: str, since: Seconds | None, *, unknown: bool) -> None:
        """Mark a queue and its waits as unknown since a lost connection, or as known again."""
        queue = self.queues[queue_id]
        state = UNKNOWN if unknown else QUEUED
        queue.unknown, queue.unknown_since, queue.known = unknown, since, None
        queue.waiting = [replace(wait, state=state) for wait in queue.waiting]
        for wait in queue.waiting:
            call = self.calls[wait.call_id]
            if not call.touched:
                call.touched = True
                self.touched.append(call)
            call.when = self.when
            call.waiting = tuple(
                replace(other, state=state) if other.queue_id == queue_id else other for other in call.waiting
            )

    def left_before(self, queue_id: str, call_id: str) -> bool:
        """Whether this very end of a wait is known already, told or concluded, so that its frame says nothing new."""
        call = self.call(call_id)
        return call is not None and any(
            wait.queue_id == queue_id and wait.left_at == (self.at if wait.inferred else self.when)
            for wait in call.past_waits
        )

    def forget_heard(self) -> None:
        """Hold nothing for late: another server may speak from here on, with another clock."""
        for held in self.extensions.values():
            held.heard_at = held.known = None
        for queue in self.queues.values():
            queue.heard_at = queue.known = None

    # Extensions and calls, derived

    def settle_extension(self, held: HeldExtension, legs: tuple[Leg, ...], inferred: str = "") -> None:
        """Give an extension its live legs, and the state that follows from them."""
        if self.touched and self.touched[-1].legs == legs:
            legs = self.touched[-1].legs  # one tuple for the call and the extension saves 48 bytes
        held.legs, held.known = legs, None
        before = held.state
        if held.unknown or len(legs) > 1:
            state = held.derived()
        elif legs:
            state = legs[0].state if legs[0].c2c != 1 else counted(legs[0])
        else:
            state = IDLE
        if state is not before:
            if before is UNKNOWN and held.since is None:  # the first sight of it
                held.since = next((leg.since for leg in legs if counted(leg) is state), None)
            else:
                held.since = self.when
            held.state = state
            self.out.append(
                changes.ExtensionStateChanged(self.position, self.at, held.exten_user, before, state, inferred)
            )

    def settle_calls(self) -> None:
        """Derive the state of every call that this frame touched, and end those that have nothing left."""
        for call in self.touched:
            call.touched, call.known = False, None
            legs = call.legs
            if call.waiting or len(legs) > 1 or call.awaited_since is not None:
                state = call.derived()
            elif legs:
                state = legs[0].state if legs[0].c2c != 1 else counted(legs[0])
            else:
                state = HUNGUP
            before = call.state
            if state is HUNGUP:
                self._end_call(call, call.when, call.ending)
            elif state is not before:
                call.enter(state, call.when)
                self.out.append(changes.CallStateChanged(self.position, self.at, call.call_id, before, state))
        self.touched = []

    def await_winner(self, since: Seconds, call: HeldCall) -> None:
        """Await a call's winner from a moment on, and note when it will have been too long."""
        self.awaited[call.call_id] = call.awaited_since = since
        heappush(self._awaited_longest, (since, call.call_id))

    def forget_unseen_winners(self) -> None:
        """End the calls that should be with someone, but of whom no leg has shown in all that time."""
        longest, at = self._awaited_longest, self.at
        while longest and at is not None and at - longest[0][0] > WINNER_WAIT_S:
            since, call_id = heappop(longest)
            if self.awaited.get(call_id) == since:
                del self.awaited[call_id]
                call = self.calls[call_id]
                call.awaited_since = call.known = None
                if call.derived() is HUNGUP:
                    inferred = f"no leg of whoever has it was seen within {WINNER_WAIT_S} s"
                    call.enter(UNKNOWN, since)
                    self._end_call(call, since, inferred)

    def _back(self, call: HeldCall, when: Seconds | None) -> None:
        """A call of the history is seen again."""
        call_id = call.call_id
        del self.ended[call_id]
        call.since = when
        self.calls[call_id] = call
        self.out.append(changes.CallResumed(self.position, self.at, call_id))

    def _end_call(self, call: HeldCall, when: Seconds | None, inferred: str) -> None:
        call_id = call.call_id
        del self.calls[call_id]
        after = call.end(when, inferred)
        self.ended[call_id] = call
        if len(self.ended) > self.history:
            del self.ended[next(iter(self.ended))]
        self.out.append(changes.CallEnded(self.position, self.at, call_id, after, inferred))

    def _seek_winner(self, call: HeldCall, since: Seconds | None) -> None:
        """Someone answered since; unless it was a leg that we saw, the call waits for theirs."""
        if call.awaited_since is None and self.at is not None and not call.answered_since(since):
            self.await_winner(self.at, call)

    def _mark_answered(self, call: HeldCall, leg: Leg) -> None:
        """A leg's answer is the call's, but for a listener's, and for click2call leg 1 (style rule 3)."""
        if leg.c2c == 1 or leg.state is SPYING:
            return
        if call.awaited_since is not None:
            call.awaited_since = None
            self.awaited.pop(leg.call_id, None)
        if not call.answered:
            call.answered, call.answered_at = True, leg.answered_at

    def _reversed(self, leg: Leg, since: Seconds, when: Seconds) -> Seconds:
        """A step before the last one took no time (field guide §2: clamp and report)."""
        self.anomaly(
            AnomalyKind.NEGATIVE_DURATION,
            f"{leg.state} ends before it began",
            call_id=leg.call_id,
            exten_user=leg.exten_user,
            expected=f"not before {since}",
            seen=str(when),
        )
        return since
