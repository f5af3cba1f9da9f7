"""What the tracker holds, and every way in which it changes; each change is written down as it is made.

The tracker decides what a frame means; the ledger carries it out. While a frame is being applied, `position`, `at`
(server time) and `when` (the moment at the switch) are that frame's. What it does to a call is drafted, and settled
once at its end: a click2call's leg 1 leaves in the very frame that brings leg 2, and the call must not end in between.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from calltrack import changes
from calltrack.changes import Anomaly, AnomalyKind, Change
from calltrack.clock import Clock
from calltrack.records import (
    PAST_KEPT,
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
    outcome_of_leg,
    plus,
    spend,
    state_of_call,
    state_of_extension,
    verdict,
)
from calltrack.states import Outcome, State
from calltrack.table import HUNGUP, QUEUED, SPYING, UNKNOWN, WINNER_WAIT_S, Edge

LEG_CHANGES: dict[str, type[changes.LegChange]] = {kind.__name__: kind for kind in changes.LegChange.__subclasses__()}


class Draft:
    """What the current frame does to one call: its lists as they will be, and the other fields that change."""

    __slots__ = ("call", "fields", "legs", "waiting", "when")

    def __init__(self, call: Call, when: Seconds | None):
        self.call = call
        self.legs = call.legs
        self.waiting = call.waiting
        self.when = when
        self.fields: dict[str, Any] = {}

    def now(self, name: str) -> Any:
        """A field as this frame has left it so far."""
        return self.fields[name] if name in self.fields else getattr(self.call, name)


class Ledger(Clock):
    """Live calls, extensions and queues, the bounded history of ended calls, and the changes of the current frame."""

    def __init__(self, history: int):
        super().__init__()
        self.calls: dict[str, Call] = {}
        self.ended: dict[str, Call] = {}
        self.extensions: dict[str, Extension] = {}
        self.queues: dict[str, Queue] = {}
        self.awaited: dict[str, Seconds] = {}
        self.gaps: tuple[Gap, ...] = ()
        self.history = history
        self.position = 0
        self.out: list[Change] = []
        self.anomalies: list[Anomaly] = []
        self.drafts: dict[str, Draft] = {}

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

    # Legs

    def next_attempt(self, call_id: str) -> int:
        """The number of the next leg of a call, from 1."""
        draft = self.drafts.get(call_id)
        if draft is not None:
            return int(draft.now("attempts")) + 1
        call = self.calls.get(call_id) or self.ended.get(call_id)
        return 1 if call is None else call.attempts + 1

    def start_leg(self, leg: Leg, account_id: int | str | None, inferred: str) -> None:
        """Open a leg, and its call if this is its first."""
        call_id = leg.call_id
        draft = self._draft(call_id, leg.since)
        if draft is None:
            self._start_call(leg, account_id, inferred)
        else:
            call, fields = draft.call, draft.fields
            draft.legs = (*draft.legs, leg)
            draft.when = leg.since
            fields["attempts"] = leg.attempt
            if not call.attempts:  # so far it only waited in a queue
                fields.update(
                    account_id=account_id,
                    direction=leg.direction,
                    caller=call.caller or leg.caller,
                    caller_name=call.caller_name or leg.caller_name,
                    did=leg.did,
                )
            self._mark_answered(draft, leg)
        self.out.append(changes.LegStarted(self.position, self.at, call_id, leg.exten_user, leg, inferred))

    def _start_call(self, leg: Leg, account_id: int | str | None, inferred: str) -> None:
        call_id = leg.call_id
        talks = _answers_the_call(leg)
        call = Call(
            call_id,
            counted(leg),
            leg.direction,
            account_id,
            leg.caller,
            leg.caller_name,
            leg.did,
            leg.started,
            leg.since,
            1,
            talks,
            leg.answered_at if talks else None,
            None,
            0,
            leg.ring_s,
            leg.talk_s,
            legs=(leg,),
        )
        self.calls[call_id] = call
        self.out.append(changes.CallStarted(self.position, self.at, call_id, call, inferred))

    def move_leg(self, leg: Leg, edge: Edge, when: Seconds | None, inferred: str) -> Leg:
        """Take one step of the table, or an impossible one that the list demands."""
        if when is None or (leg.since is not None and when < leg.since):
            self._check_order(leg, when)
        after = moved(leg, edge.dest, when)
        draft = self._held_draft(leg.call_id, when)
        if len(draft.legs) == 1:
            draft.legs = (after,)
        else:
            draft.legs = tuple([after if other.attempt == leg.attempt else other for other in draft.legs])
        if after.answered and not leg.answered:
            self._mark_answered(draft, after)
        kind = LEG_CHANGES[edge.says]
        self.out.append(kind(self.position, self.at, leg.call_id, leg.exten_user, after, inferred))
        return after

    def end_leg(self, leg: Leg, cause: str, dial_status: str, told: bool, inferred: str) -> None:
        """Close a leg, once."""
        when = self.when
        if when is None or (leg.since is not None and when < leg.since):
            self._check_order(leg, when)
        outcome = outcome_of_leg(leg, cause, dial_status, told)
        after = ended(leg, when, outcome, cause, inferred)
        draft = self._held_draft(leg.call_id, when)
        if len(draft.legs) == 1:
            draft.legs = ()
        else:
            draft.legs = tuple([other for other in draft.legs if other.attempt != leg.attempt])
        draft.fields["past_legs"] = (*draft.now("past_legs"), after)[-PAST_KEPT:]
        self._decide(draft, after)
        if outcome is Outcome.ANSWERED_ELSEWHERE:
            self._await_winner(draft)
        self.out.append(changes.LegEnded(self.position, self.at, leg.call_id, leg.exten_user, after, inferred))

    def link(self, call_id: str, related: tuple[str, ...], transferred_by: str) -> None:
        """Remember which calls a call came from, if that is news."""
        draft = self._held_draft(call_id, None)
        if related != draft.now("related"):
            draft.fields.update(related=related, transferred_by=transferred_by)
            self.out.append(changes.CallLinked(self.position, self.at, call_id, replace(draft.call, **draft.fields)))

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

    def join_queue(self, wait: Wait, inferred: str) -> None:
        """Open a wait, and its call if need be."""
        call_id = wait.call_id
        draft = self._draft(call_id, wait.joined_at)
        if draft is None:
            call = Call(
                call_id,
                QUEUED,
                "Incoming",
                None,
                wait.caller,
                wait.caller_name,
                "",
                wait.joined_at,
                wait.joined_at,
                waiting=(wait,),
            )
            self.calls[call_id] = call
            self.out.append(changes.CallStarted(self.position, self.at, call_id, call, inferred))
        else:
            draft.waiting = (*draft.waiting, wait)
            draft.when = wait.joined_at
        queue = self.queues[wait.queue_id]
        self.queues[wait.queue_id] = replace(queue, waiting=(*queue.waiting, wait), queued=queue.queued + 1)
        self.out.append(changes.QueueJoined(self.position, self.at, wait.queue_id, call_id, wait, inferred))

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
        total = _TOTALS[outcome]
        self.queues[wait.queue_id] = replace(
            queue,
            waiting=tuple(other for other in queue.waiting if other != wait),
            **{total: getattr(queue, total) + 1},
        )
        draft = self._held_draft(wait.call_id, self.when)
        draft.waiting = tuple(other for other in draft.waiting if other != wait)
        draft.fields["past_waits"] = (*draft.now("past_waits"), after)[-PAST_KEPT:]
        draft.fields["wait_s"] = plus(draft.now("wait_s"), wait_s)
        self._decide(draft, after)
        if outcome is Outcome.ANSWERED or outcome is Outcome.PICKED_UP:
            self._await_winner(draft)
        self.out.append(changes.QueueLeft(self.position, self.at, wait.queue_id, wait.call_id, after, inferred))

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
            draft = self._held_draft(wait.call_id, self.when)
            draft.waiting = tuple(
                replace(other, state=state) if other.queue_id == queue_id else other for other in draft.waiting
            )

    def left_before(self, queue_id: str, call_id: str) -> bool:
        """Whether this very end of a wait is known already, so that a repeated frame says nothing new."""
        call = self.calls.get(call_id) or self.ended.get(call_id)
        return call is not None and any(
            wait.queue_id == queue_id and wait.left_at == self.when for wait in call.past_waits
        )

    # Extensions and calls, derived

    def settle_extension(self, extension: Extension, legs: tuple[Leg, ...], inferred: str = "") -> None:
        """Give an extension its live legs, and the state that follows from them."""
        before = extension.state
        if extension.unknown:
            state = UNKNOWN
        elif len(legs) == 1:
            state = counted(legs[0])
        else:
            state = state_of_extension(legs)
        if state is before:
            if legs:
                extension = replace(extension, legs=legs)
            self.extensions[extension.exten_user] = extension
            return
        since = self.when
        if before is UNKNOWN and extension.since is None:  # the first sight of it
            since = next((leg.since for leg in legs if counted(leg) is state), None)
        after = replace(extension, legs=legs, state=state, since=since)
        self.extensions[extension.exten_user] = after
        self.out.append(
            changes.ExtensionStateChanged(self.position, self.at, extension.exten_user, after, inferred, before)
        )

    def settle_calls(self) -> None:
        """Derive the state of every call that this frame touched, and end those that have nothing left."""
        for draft in self.drafts.values():
            legs = draft.legs
            if len(legs) == 1 and not draft.waiting:
                state = counted(legs[0])
            else:
                state = state_of_call(legs, draft.waiting, draft.now("awaited_since"))
            if state is HUNGUP:
                self._end_call(draft, self.when)
            else:
                self._keep_call(draft, state)
        self.drafts.clear()

    def forget_unseen_winners(self) -> None:
        """End the calls that someone answered long ago without a leg of theirs ever showing."""
        for call_id, since in list(self.awaited.items()):
            if self.at is not None and self.at - since > WINNER_WAIT_S:
                del self.awaited[call_id]
                draft = Draft(self.calls[call_id], self.when)
                draft.fields["awaited_since"] = None
                state = state_of_call(draft.legs, draft.waiting, None)
                if state is HUNGUP:
                    inferred = f"answered by someone not seen; no leg followed within {WINNER_WAIT_S} s"
                    self._end_call(draft, draft.call.since, inferred)
                else:
                    self._keep_call(draft, state)

    def _draft(self, call_id: str, when: Seconds | None) -> Draft | None:
        """The draft of a call that lives, or that had ended and rings again; None if it was never seen."""
        draft = self.drafts.get(call_id)
        if draft is not None:
            return draft
        call = self.calls.get(call_id)
        if call is None:
            past = self.ended.pop(call_id, None)
            if past is None:
                return None
            call = replace(past, ended_at=None, inferred="", since=when)
            self.calls[call_id] = call
            self.out.append(changes.CallResumed(self.position, self.at, call_id, call))
        draft = self.drafts[call_id] = Draft(call, when)
        return draft

    def _held_draft(self, call_id: str, when: Seconds | None) -> Draft:
        draft = self.drafts.get(call_id)
        if draft is None:
            draft = self.drafts[call_id] = Draft(self.calls[call_id], when)
        elif when is not None:
            draft.when = when
        return draft

    def _keep_call(self, draft: Draft, state: State) -> None:
        call, fields, old = draft.call, draft.fields, draft.call.state
        if state is not old:
            when, since = draft.when, call.since
            if when is None or (since is not None and when < since):
                when = since
            spend(fields, call, old, when)
            fields["state"] = state
            fields["since"] = when
        after = replace(call, legs=draft.legs, waiting=draft.waiting, **fields)
        self.calls[call.call_id] = after
        if state is not old:
            self.out.append(changes.CallStateChanged(self.position, self.at, call.call_id, after, "", old))

    def _end_call(self, draft: Draft, when: Seconds | None, inferred: str = "") -> None:
        call, fields = draft.call, draft.fields
        call_id = call.call_id
        del self.calls[call_id]
        if not inferred and "past_legs" in fields:
            inferred = fields["past_legs"][-1].inferred
        spend(fields, call, call.state, when)
        after = self.ended[call_id] = replace(
            call,
            state=HUNGUP,
            since=when,
            ended_at=when,
            inferred=inferred,
            legs=(),
            waiting=(),
            **fields,
        )
        if len(self.ended) > self.history:
            del self.ended[next(iter(self.ended))]
        self.out.append(changes.CallEnded(self.position, self.at, call_id, after, inferred))

    def _decide(self, draft: Draft, ending: Leg | Wait) -> None:
        """The call's outcome so far is the strongest of what has ended in it."""
        outcome = verdict(draft.now("outcome"), ending)
        if outcome is not None:
            draft.fields["outcome"] = outcome
            if isinstance(ending, Leg):
                draft.fields["cause"] = ending.cause

    def _await_winner(self, draft: Draft) -> None:
        """Someone answered; unless it was a leg that we saw, the call waits for theirs."""
        if not draft.now("answered") and draft.now("awaited_since") is None and self.at is not None:
            self.awaited[draft.call.call_id] = self.at
            draft.fields["awaited_since"] = self.at

    def _mark_answered(self, draft: Draft, leg: Leg) -> None:
        if not _answers_the_call(leg):
            return
        if self.awaited.pop(leg.call_id, None) is not None:
            draft.fields["awaited_since"] = None
        if not draft.call.answered:
            draft.fields.update(answered=True, answered_at=leg.answered_at)

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


_TOTALS = {
    Outcome.ANSWERED: "answered",
    Outcome.PICKED_UP: "picked_up",
    Outcome.ABANDONED: "abandoned",
    Outcome.LOST: "lost",
}


def _answers_the_call(leg: Leg) -> bool:
    """A leg's answer is the call's, but for a listener's, and for click2call leg 1 (style rule 3)."""
    return leg.answered and leg.c2c != 1 and leg.state is not SPYING
