"""What the tracker holds, and every way in which it changes; each change is written down as it is made.

The tracker decides what a frame means; the ledger carries it out. While a frame is being applied, `position`, `at`
(server time) and `when` (the moment at the switch) are that frame's. Calls are settled once per frame, after all of its
legs: a click2call's leg 1 leaves in the very frame that brings leg 2, and the call must not end in between.
"""

from msgspec.structs import replace

from calltrack import changes
from calltrack.changes import Anomaly, AnomalyKind, Change
from calltrack.records import (
    Call,
    Extension,
    Gap,
    Leg,
    Queue,
    Seconds,
    Wait,
    counted,
    elapsed,
    ended,
    moved,
    outcome_of_call,
    outcome_of_leg,
    plus,
    spent,
    state_of_call,
    state_of_extension,
)
from calltrack.states import Outcome, State
from calltrack.table import HUNGUP, QUEUED, SPYING, UNKNOWN, WINNER_WAIT_S, Edge

LEG_CHANGES: dict[str, type[changes.LegChange]] = {
    kind.__name__: kind for kind in changes.LegChange.__subclasses__()
}


class Ledger:
    """Live calls, extensions and queues, the bounded history of ended calls, and the changes of the current frame."""

    def __init__(self, history: int):
        self.calls: dict[str, Call] = {}
        self.ended: dict[str, Call] = {}
        self.extensions: dict[str, Extension] = {}
        self.queues: dict[str, Queue] = {}
        self.awaited: dict[str, Seconds] = {}
        self.gaps: tuple[Gap, ...] = ()
        self.history = history
        self.position = 0
        self.at: Seconds | None = None
        self.when: Seconds | None = None
        self.out: list[Change] = []
        self._touched: dict[str, Seconds | None] = {}

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
        self.out.append(
            Anomaly(self.position, self.at, kind, detail, call_id, exten_user, queue_id, expected, seen)
        )

    # Legs

    def start_leg(self, leg: Leg, opening: Call, inferred: str) -> Leg:
        """Open a leg, and its call if need be: `opening` is the call as it would be if this leg is its first."""
        call_id = leg.call_id
        call = self._call(call_id, leg.since)
        if call is None:
            leg = replace(leg, attempt=1)
            call = replace(opening, state=HUNGUP, legs=(leg,))
            started = True
        else:
            leg = replace(leg, attempt=1 + len(call.legs) + len(call.past_legs))
            call = replace(
                call,
                legs=(*call.legs, leg),
                direction=call.direction or leg.direction,
                caller=call.caller or leg.caller,
                caller_name=call.caller_name or leg.caller_name,
                did=call.did or leg.did,
                account_id=call.account_id or opening.account_id,
            )
            started = False
        call = self._answered(call, leg)
        if started:
            call = replace(call, state=state_of_call(call))
            self.out.append(changes.CallStarted(self.position, self.at, call_id, call, inferred))
        self.calls[call_id] = call
        if opening.related and opening.related != call.related or (opening.related and started):
            self.link(call_id, opening.related, opening.transferred_by)
        self.out.append(
            changes.LegStarted(self.position, self.at, call_id, leg.exten_user, leg, inferred)
        )
        self._touched[call_id] = leg.since
        return leg

    def move_leg(self, leg: Leg, edge: Edge, when: Seconds | None, inferred: str) -> Leg:
        """Take one step of the table, or an impossible one that the list demands."""
        self._check_order(leg, when)
        after = moved(leg, edge.dest, when)
        self._put(leg, after)
        kind = LEG_CHANGES[edge.says]
        self.out.append(kind(self.position, self.at, leg.call_id, leg.exten_user, after, inferred))
        self._touched[leg.call_id] = after.since
        return after

    def end_leg(self, leg: Leg, cause: str, dial_status: str, told: bool, inferred: str) -> None:
        """Close a leg, once."""
        self._check_order(leg, self.when)
        outcome = outcome_of_leg(leg, cause, dial_status, told)
        after = ended(leg, self.when, outcome, cause, inferred)
        call = self.calls[leg.call_id]
        call = replace(
            call,
            legs=tuple(other for other in call.legs if other.attempt != leg.attempt),
            past_legs=(*call.past_legs, after),
        )
        if outcome is Outcome.ANSWERED_ELSEWHERE:
            call = self._await_winner(call)
        self.calls[leg.call_id] = call
        self.out.append(
            changes.LegEnded(self.position, self.at, leg.call_id, leg.exten_user, after, inferred)
        )
        self._touched[leg.call_id] = self.when

    def link(self, call_id: str, related: tuple[str, ...], transferred_by: str) -> None:
        """Remember which calls a call came from."""
        call = replace(self.calls[call_id], related=related, transferred_by=transferred_by)
        self.calls[call_id] = call
        self.out.append(changes.CallLinked(self.position, self.at, call_id, call))

    def ended_before(self, call_id: str, exten_user: str, stamp: Seconds | None, c2c: int) -> bool:
        """Whether an attempt has ended already, so that a repeated HANGUP says nothing new.

        Without a stamp, any attempt of the call at that extension will do.
        """
        call = self.calls.get(call_id) or self.ended.get(call_id)
        return call is not None and any(
            leg.exten_user == exten_user and (stamp is None or (leg.stamp == stamp and leg.c2c == c2c))
            for leg in call.past_legs
        )

    # Waits in queues

    def join_queue(self, wait: Wait, opening: Call, inferred: str) -> None:
        """Open a wait, and its call if need be."""
        call_id = wait.call_id
        call = self._call(call_id, wait.joined_at)
        if call is None:
            call = replace(opening, waiting=(wait,))
            self.out.append(changes.CallStarted(self.position, self.at, call_id, call, inferred))
        else:
            call = replace(
                call,
                waiting=(*call.waiting, wait),
                direction=call.direction or opening.direction,
                caller=call.caller or wait.caller,
            )
        self.calls[call_id] = call
        queue = self.queues[wait.queue_id]
        self.queues[wait.queue_id] = replace(queue, waiting=(*queue.waiting, wait), queued=queue.queued + 1)
        self.out.append(
            changes.QueueJoined(self.position, self.at, wait.queue_id, call_id, wait, inferred)
        )
        self._touched[call_id] = wait.joined_at

    def leave_queue(self, wait: Wait, outcome: Outcome, agent_name: str, inferred: str) -> None:
        """Close a wait, once."""
        wait_s = elapsed(wait.joined_at, self.when)
        after = replace(
            wait,
            state=HUNGUP,
            left_at=self.when,
            wait_s=wait_s,
            outcome=outcome,
            agent_name=agent_name,
            inferred=inferred,
        )
        queue = self.queues[wait.queue_id]
        field = outcome.value.replace(" ", "_")
        self.queues[wait.queue_id] = replace(
            queue,
            waiting=tuple(other for other in queue.waiting if other != wait),
            **{field: getattr(queue, field) + 1},
        )
        call = self.calls[wait.call_id]
        call = replace(
            call,
            waiting=tuple(other for other in call.waiting if other != wait),
            past_waits=(*call.past_waits, after),
            wait_s=plus(call.wait_s, wait_s),
        )
        if outcome is Outcome.ANSWERED or outcome is Outcome.PICKED_UP:
            call = self._await_winner(call)
        self.calls[wait.call_id] = call
        self.out.append(
            changes.QueueLeft(self.position, self.at, wait.queue_id, wait.call_id, after, inferred)
        )
        self._touched[wait.call_id] = self.when

    def blur_queue(self, queue_id: str, since: Seconds | None, *, unknown: bool) -> None:
        """Mark a queue and its waits as unknown since a lost connection, or as known again."""
        queue = self.queues[queue_id]
        state = UNKNOWN if unknown else QUEUED
        self.queues[queue_id] = replace(
            queue,
            unknown=unknown,
            unknown_since=since,
            waiting=tuple(replace(wait, state=state) for wait in queue.waiting),
        )
        for wait in queue.waiting:
            call = self.calls[wait.call_id]
            marked = tuple(
                replace(other, state=state) if other.queue_id == queue_id else other for other in call.waiting
            )
            self.calls[wait.call_id] = replace(call, waiting=marked)
            self._touched[wait.call_id] = self.when

    def left_before(self, queue_id: str, call_id: str) -> bool:
        """Whether this very end of a wait is known already, so that a repeated frame says nothing new."""
        call = self.calls.get(call_id) or self.ended.get(call_id)
        return call is not None and any(
            wait.queue_id == queue_id and wait.left_at == self.when for wait in call.past_waits
        )

    # Extensions and calls, derived

    def settle_extension(self, extension: Extension, legs: tuple[Leg, ...], inferred: str = "") -> None:
        """Give an extension its live legs, and the state that follows from them."""
        state = UNKNOWN if extension.unknown else state_of_extension(legs)
        if state is extension.state:
            if legs != extension.legs or extension is not self.extensions.get(extension.exten_user):
                self.extensions[extension.exten_user] = replace(extension, legs=legs)
            return
        since = self.when
        if extension.state is UNKNOWN and extension.since is None:  # the first sight of it
            since = next((leg.since for leg in legs if counted(leg) is state), None)
        after = replace(extension, legs=legs, state=state, since=since)
        self.extensions[extension.exten_user] = after
        self.out.append(
            changes.ExtensionStateChanged(
                self.position, self.at, extension.exten_user, after, inferred, old=extension.state
            )
        )

    def settle_calls(self) -> None:
        """Derive the state of every call that this frame touched, and end those that have nothing left."""
        for call_id, when in self._touched.items():
            call = self.calls[call_id]
            state = state_of_call(call)
            if state is HUNGUP:
                self._end_call(call, self.when)
            elif state is not call.state:
                self._to_state(call, state, when)
        self._touched.clear()

    def forget_unseen_winners(self) -> None:
        """End the calls that someone answered long ago without a leg of theirs ever showing."""
        if self.at is None:
            return
        for call_id, since in list(self.awaited.items()):
            if self.at - since > WINNER_WAIT_S:
                del self.awaited[call_id]
                call = replace(self.calls[call_id], awaited_since=None)
                self.calls[call_id] = call
                if state_of_call(call) is HUNGUP:
                    inferred = f"answered by someone not seen; no leg followed within {WINNER_WAIT_S} s"
                    self._end_call(call, call.since, inferred)

    def _call(self, call_id: str, when: Seconds | None) -> Call | None:
        """The live call, brought back from the history if it had ended."""
        call = self.calls.get(call_id)
        if call is None and (call := self.ended.pop(call_id, None)) is not None:
            call = replace(call, ended_at=None, outcome=None, cause="", inferred="", since=when)
            self.calls[call_id] = call
            self.out.append(changes.CallResumed(self.position, self.at, call_id, call))
        return call

    def _to_state(self, call: Call, state: State, when: Seconds | None) -> None:
        if call.since is not None and when is not None and when < call.since:
            when = call.since
        after = replace(call, state=state, since=when, **spent(call, call.state, when))
        self.calls[call.call_id] = after
        self.out.append(
            changes.CallStateChanged(self.position, self.at, call.call_id, after, old=call.state)
        )

    def _end_call(self, call: Call, when: Seconds | None, inferred: str = "") -> None:
        del self.calls[call.call_id]
        outcome, cause = outcome_of_call(call)
        inferred = inferred or (call.past_legs[-1].inferred if call.past_legs else "")
        after = replace(
            call,
            state=HUNGUP,
            since=when,
            ended_at=when,
            outcome=outcome,
            cause=cause,
            inferred=inferred,
            **spent(call, call.state, when),
        )
        self.ended[call.call_id] = after
        while len(self.ended) > self.history:
            del self.ended[next(iter(self.ended))]
        self.out.append(changes.CallEnded(self.position, self.at, call.call_id, after, inferred))

    def _await_winner(self, call: Call) -> Call:
        """Someone answered; unless it was a leg that we saw, the call waits for theirs."""
        if call.answered or call.awaited_since is not None or self.at is None:
            return call
        self.awaited[call.call_id] = self.at
        return replace(call, awaited_since=self.at)

    def _answered(self, call: Call, leg: Leg) -> Call:
        """A leg's answer is the call's, but for a listener's, and for click2call leg 1 (style rule 3)."""
        if not leg.answered or leg.c2c == 1 or leg.state is SPYING:
            return call
        if call.awaited_since is not None:
            self.awaited.pop(call.call_id, None)
            call = replace(call, awaited_since=None)
        return call if call.answered else replace(call, answered=True, answered_at=leg.answered_at)

    def _put(self, before: Leg, after: Leg) -> None:
        call = self.calls[before.call_id]
        call = replace(
            call, legs=tuple(after if leg.attempt == before.attempt else leg for leg in call.legs)
        )
        self.calls[before.call_id] = self._answered(call, after)

    def _check_order(self, leg: Leg, when: Seconds | None) -> None:
        if leg.since is not None and when is not None and when < leg.since:
            self.anomaly(
                AnomalyKind.NEGATIVE_DURATION,
                f"{leg.state} ends before it began",
                call_id=leg.call_id,
                exten_user=leg.exten_user,
                expected=f"not before {leg.since}",
                seen=str(when),
            )
