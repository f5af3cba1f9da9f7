"""What another account states of a call is evidence where no frame was seen, and stands on the call's record.

Theory of operation. A statement describes a leg, a wait, or both, after their end. It is paired with what is held of
its call. Where frames reported a part from its start to its end, the statement changes nothing: the frames are the
authority, and it only joins the record. Where an end was concluded, or time is unknown, the statement decides: the end
is known, the unknown time before the answer was ring, and after it conversation. Another account does not tell talk
from hold, so that conversation counts as ENGAGED: as talk of which some may have been hold. A part that was never seen
is made, and says why. Everything that changes is a change like any other; outcomes of the call are weighed anew.

A list that was received after the stated end contradicts it, and is believed. A statement that contradicts itself
decides nothing; of two that state one part differently the one that says more of it counts, in any order. A statement
whose call may have been let go from the history is not applied, because it would count twice.
"""

from __future__ import annotations

from msgspec.structs import replace

from calltrack.core.changes import AnomalyKind
from calltrack.core.held import LEG, WAIT, HeldCall, HeldConnection, HeldDevice, HeldExtension, HeldQueue, Mark, mark_of
from calltrack.core.machine import SIGNALS, STEPS
from calltrack.core.observations import (
    INCOMING,
    ExtensionSeen,
    ListedCall,
    ListedWait,
    QueueSeen,
    Seconds,
    Stated,
    Statement,
)
from calltrack.core.order import LAG_S
from calltrack.core.outcomes import SAME_S
from calltrack.core.reconcile import Devices
from calltrack.core.records import PAST_KEPT
from calltrack.core.settle import uncount
from calltrack.core.stated import NEAR_S, answer_of, contradiction, is_made, is_uncertain, is_within, why_of, within
from calltrack.core.states import Outcome
from calltrack.core.table import ABANDONED, ANSWERED, DIALING, ENGAGED, QUEUED, RINGING, TALKING, UNKNOWN
from calltrack.core.values import settle_before

LONGEST_S = 86_400  # a call whose end is dated by the receiver's clock lasts no longer
AHEAD_S = 86_400  # an account's clock, or one of another time zone, is less ahead of its receiver's


class Statements(Devices):
    """What a tracker does with the statements of another account."""

    def _state(self, body: Stated, received: Seconds | None) -> None:
        held, step, said = self._held, self._step, body.statement
        clock = held.clock
        if clock.now is None and clock.offset_s is None:  # no frame has said it, so the account may
            offset_min = body.offset_min
            if offset_min is None and said.started is None and said.started_utc is not None:
                offset_min = 0
            clock.tell(None, offset_min)
        clock.at = clock.when = clock.now
        clock.bend = 0
        step.at = step.confirmed_at = clock.shown(clock.now)
        if not said.call_id:
            step.anomaly(AnomalyKind.MISSING_IDENTITY, "a statement of a call without an id", seen=said.account)
            return
        call = held.call(said.call_id)
        if call is not None and said in call.statements:
            return
        for value in said.unusable:
            step.anomaly(AnomalyKind.BAD_VALUE, value, call_id=said.call_id, seen=said.account)
        begin = self._began(said)
        end = self._over(said, begin)
        shown = clock.shown(end)
        if shown is not None and received is not None and shown > received + AHEAD_S:
            step.anomaly(
                AnomalyKind.WRONG_STAMP, "a statement of a time after it was received", call_id=said.call_id,
                seen=said.account,
            )  # fmt: skip
            return  # one of next year would make every day of this one the past
        denied = contradiction(said, call)
        if denied:
            step.anomaly(AnomalyKind.CONTRADICTION, denied, call_id=said.call_id, seen=said.account)
            if call is None:
                return
        elif begin is not None and end is not None:
            if clock.now is not None:
                clock.when = max(clock.now, end)  # it may be of a moment after the last frame
            if clock.now is None:
                held.stated = end if held.stated is None else max(held.stated, end)
                step.at = step.confirmed_at = clock.shown(end)
            if call is None and self._may_be_gone(said, begin, end):
                step.anomaly(
                    AnomalyKind.LATE_FRAME,
                    "a statement of a call that was let go from the history, or may have been",
                    call_id=said.call_id,
                    seen=said.account,
                )
                return
            if said.queue_id or said.queue_name:
                self._state_wait(said, begin, end)
            if said.exten_user and said.live:
                self._state_live(said, begin)
            elif said.exten_user:
                self._state_leg(said, begin, end)
        call = held.call(said.call_id)
        if call is None and said.live:
            return  # its frames are on the way, or what is stated when it is over makes it
        if call is None:
            step.anomaly(
                AnomalyKind.BAD_VALUE, "a statement of an unknown call, without a part or times", call_id=said.call_id,
                seen=said.account,
            )  # fmt: skip
            return
        call.statements = (*call.statements, said)
        call.value = call.kept = None
        step.touched[call] = None

    def _began(self, said: Statement) -> Seconds | None:
        """When a statement's part began, in stream time."""
        clock = self._held.clock
        if said.started_utc is not None and clock.offset_s is not None:
            return said.started_utc + clock.added
        return clock.stream(said.started)

    def _over(self, said: Statement, begin: Seconds | None) -> Seconds | None:
        """Until when a statement reaches, in stream time."""
        clock = self._held.clock
        if begin is None or said.live:
            return begin
        if said.total_s is not None:
            return begin + said.total_s
        if said.ended_utc is None or clock.offset_s is None:
            return None
        end = max(begin, said.ended_utc + clock.added)
        return end if end - begin <= LONGEST_S else None  # the receiver's clock is another one

    def _may_be_gone(self, said: Statement, begin: Seconds, end: Seconds) -> bool:
        """Whether a call that is not held was seen and let go, or may have been, so long ago that no mark is left."""
        held = self._held
        if mark_of(said.call_id) in held.gone:
            return True
        if held.gone_before is None or end > held.gone_before:
            return False
        shown = held.clock.shown
        return not any(within(gap, shown(begin), shown(end)) for gap in held.gaps)

    # ---------------------------------------------------------------- waits

    def _state_wait(self, said: Statement, begin: Seconds, end: Seconds) -> None:
        held, step = self._held, self._step
        key = said.queue_id or next((one.key for one in held.queues.values() if one.name == said.queue_name), "")
        if not key or said.wait_s is None:
            return
        queue = held.queues.get(key) or self._appeared(key, QueueSeen(key))
        if said.queue_name and isinstance(queue, HeldQueue):
            queue.name = queue.name or said.queue_name
        left = min(begin + said.wait_s, end)
        outcome = ANSWERED if said.answered else ABANDONED if said.outcome is Outcome.ABANDONED else None
        why = why_of(said)
        one = self._held_part(said, WAIT, key, begin, left)
        made = one is not None and is_made(one)
        if one is None:
            listed = ListedWait(said.call_id, self._stamp(begin), said.caller)
            one = step.start(queue, listed, None, why)
            one.marks = ((begin, QUEUED),)
            queue.queued += 1  # type: ignore[attr-defined]
            one.end = replace(one.end, inferred=why)
        elif (not is_uncertain(one) and not self._says_more(one, said, begin, None, left, outcome)) or self._is_denied(
            queue, one, left
        ):
            return
        else:
            if one.end.reported and one.ended is not None:  # only its start was not seen
                left = one.ended
            began = one.began if one.stamp else min(begin, left)
            one.stamp = one.stamp or self._stamp(begin)
            one.marks = ((began, QUEUED),) + (((left, None),) if one.ended is not None else ())
            one.end = replace(one.end, inferred=why if made else "")
        if not one.end.reported:
            one.end = replace(one.end, means=outcome)
        one.agent_name = one.agent_name or (said.agent_name if said.answered else "")
        self._finish_part(one, queue, left, why)

    # ---------------------------------------------------------------- legs

    def _state_leg(self, said: Statement, begin: Seconds, end: Seconds) -> None:
        held = self._held
        answer = answer_of(said, begin, end)
        began = begin
        if said.queue_id or said.queue_name:
            before = answer if answer is not None else end
            began = before - said.ring_s if said.ring_s is not None else begin
        key, why = said.exten_user, why_of(said)
        if said.ended_utc is not None and self._is_said(said):
            return
        one = self._held_part(said, LEG, key, began, end)
        means = None if said.answered or said.direction == INCOMING else said.outcome
        made = one is not None and is_made(one)
        device: HeldDevice | None = held.extensions.get(key)
        if one is None:
            device = device or self._appeared(key, ExtensionSeen(key))
            one = self._made(device, said, began, answer, why)
        elif device is None or not (is_uncertain(one) or self._says_more(one, said, began, answer, end, means)):
            return
        elif said.ended_utc is not None and one.ended is None and not self._is_deaf(device):
            self._doubt(one, why)  # the event of its end may be on the way
            return
        elif self._is_denied(device, one, end):
            return
        else:
            self._rewrite(one, said, answer, end)
            one.end = replace(one.end, inferred=why if made else "")
        means = one.end.means or (None if one.direction == INCOMING else means)
        one.end = replace(one.end, means=means, cause=one.end.cause or said.status)
        self._finish_part(one, device, end, why)
        if said.ended_utc is not None:  # about: an event or a duration that comes later says it better
            one.end = replace(one.end, reported=False, inferred=why)

    def _is_said(self, said: Statement) -> bool:
        """Whether the end of this part was stated before, and dated by its receiver then."""
        call = self._held.call(said.call_id)
        return call is not None and any(
            one.ended_utc is not None and (one.exten_user, one.started) == (said.exten_user, said.started)
            for one in call.statements
        )

    def _state_live(self, said: Statement, begin: Seconds) -> None:
        """A leg that goes on. It counts where no frames come, which would show it themselves."""
        held, key, why = self._held, said.exten_user, why_of(said)
        device: HeldDevice | None = held.extensions.get(key)
        if not self._is_deaf(device):
            return
        answer = answer_of(said, begin, None)
        one = self._held_part(said, LEG, key, begin, begin)
        if one is None:
            device = device or self._appeared(key, ExtensionSeen(key))
            one = self._made(device, said, begin, answer, why)
            one.end = replace(one.end, inferred="")
            device.live = (*device.live, one)
            device.value = device.kept = None
        elif one.ended is None and answer is not None and not one.answered:
            one.answered, one.answered_at = True, max(answer, one.began)
            if one.state in (RINGING, DIALING):
                self._step.take(one, STEPS[one.state, SIGNALS[TALKING], ""], None, None, why)
                one.mark_anew(max(answer, one.marks[-2][0]), ENGAGED)
            else:
                self._step.report("Revised", one, why)
            self._step.touch(one, weigh=True)
        if isinstance(device, HeldExtension):
            self._settle_extension(device, "")

    def _is_deaf(self, device: HeldDevice | None) -> bool:
        """Whether no frames say what a device does: none ever came, or the connection is lost."""
        held = self._held
        return held.clock.now is None or not held.connected or (device is not None and device.unknown)

    def _doubt(self, one: HeldConnection, why: str) -> None:
        """It is over by another account, and lives by the frames."""
        if not one.doubt:
            one.doubt = f"its end is {why}"
            self._step.report("Doubted", one, one.doubt)
            self._step.touch(one)

    def _made(
        self, device: HeldDevice, said: Statement, began: Seconds, answer: Seconds | None, why: str
    ) -> HeldConnection:
        """A leg of which no frame was seen."""
        step = self._step
        talks = answer is not None and said.c2c != 1 and (said.ring_s == 0 or answer <= began)
        rings = RINGING if said.direction == INCOMING else DIALING
        listed = ListedCall(
            said.call_id, TALKING if talks else rings, self._stamp(began), answered=talks, c2c=said.c2c,
            direction=said.direction, queue_id=said.queue_id, caller=said.caller, did=said.did, related=said.related,
            campaign_id="", custom_data=said.custom_data,
        )  # fmt: skip
        one = step.start(device, listed, None, why)
        one.end = replace(one.end, inferred=why)
        if said.agent_id is not None or said.agent_name:
            agent_id = said.agent_id
            if isinstance(agent_id, str) and agent_id.isdecimal() and len(agent_id) < 16:
                agent_id = int(agent_id)  # as frames have it
            one.agent_id, one.agent_name = agent_id, said.agent_name
        one.marks = ((began, ENGAGED if talks else rings),)
        if answer is not None:
            if not talks and said.c2c != 1:
                step.take(one, STEPS[one.state, SIGNALS[TALKING], ""], None, None, why)
                one.mark_anew(max(answer, began), ENGAGED)
            one.answered, one.answered_at = True, max(answer, began)
        return one

    def _rewrite(self, one: HeldConnection, said: Statement, answer: Seconds | None, end: Seconds) -> None:
        """Time that was unknown was ring before the answer, and conversation after it."""
        if one.answered_at is not None:
            answer = one.answered_at
        elif answer is not None:
            answer = max(answer, one.began)
            one.answered, one.answered_at = True, answer
        rings = RINGING if one.direction == INCOMING else DIALING
        known: list[Mark] = [(since, bucket) for since, bucket in one.marks if since < end and bucket is not None]
        known = known or [one.marks[0]]
        marks: list[Mark] = []
        for n, (since, bucket) in enumerate(known):
            until = known[n + 1][0] if n + 1 < len(known) else end
            if one.c2c == 1:
                marks.append((since, DIALING))
            elif bucket not in (UNKNOWN, RINGING, DIALING):
                marks.append((since, bucket))
            elif answer is None or until <= answer:  # nothing says that it was answered, or it was so only later
                marks.append((since, rings if said.answered is False or answer is not None else bucket))
            elif since >= answer:
                marks.append((since, ENGAGED))
            else:
                marks += [(since, rings), (answer, ENGAGED)]
        one.marks = (*marks, (end, None)) if one.ended is not None else tuple(marks)

    # ---------------------------------------------------------------- both

    def _held_part(self, said: Statement, kind: str, key: str, began: Seconds, end: Seconds) -> HeldConnection | None:
        """The leg or wait that a statement is about: the nearest start; an uncertain one need only overlap."""
        call = self._held.call(said.call_id)
        stamp = said.started if kind is WAIT or not (said.queue_id or said.queue_name) else None  # as frames have it
        best: tuple[bool, Seconds, HeldConnection] | None = None
        for one in (*call.live, *call.past) if call is not None else ():
            if one.kind is not kind or one.device != key or (kind is LEG and one.c2c != said.c2c):
                continue
            alike = kind is WAIT or said.answered is None or one.answered == said.answered
            if one.answered and not alike:
                continue  # an answer was seen, so it is another attempt
            apart = 0 if stamp and one.stamp == stamp else abs(one.began - began)
            if apart and said.total_s is not None and is_made(one) and not is_within(one, began, end):
                continue  # two records of one part have one start; it is frames that a record need only be near
            far = apart > NEAR_S or not alike
            overlaps = one.began <= end + NEAR_S and (one.ended is None or one.ended >= began - NEAR_S)
            if far and not ((overlaps or not apart) and (alike or is_uncertain(one))):
                continue
            if best is None or (far, apart) < best[:2]:
                best = far, apart, one
        return None if best is None else best[2]

    def _is_denied(self, device: HeldDevice, one: HeldConnection, end: Seconds) -> bool:
        """Whether a list that came after the stated end still has the part."""
        confirmed = device.confirmed if one.ended is None else one.end.confirmed
        if one.end.reported or confirmed is None or confirmed <= end + LAG_S or (one.ended is None and device.unknown):
            return False
        self._contradicted(device, one, end, confirmed)
        return True

    def _says_more(
        self, one: HeldConnection, said: Statement, began: Seconds, answer: Seconds | None, end: Seconds,
        means: Outcome | None,
    ) -> bool:  # fmt: skip
        """Whether a statement takes the place of another one of the same part, which it contradicts."""
        if not is_made(one) or said.total_s is None or one.ended is None or one.began != began:
            return False
        talk = 0 if answer is None else end - max(answer, began)
        known = 0 if one.answered_at is None else one.ended - one.answered_at
        meant = one.end.means
        if max(abs(end - one.ended), abs(talk - known)) > SAME_S or (means and meant and means is not meant):
            self._step.anomaly(
                AnomalyKind.CONTRADICTION, "two statements of one part differ; the one that says more counts",
                call_id=one.call, expected=f"{one.ended - one.began} s", seen=f"{end - began} s",
            )  # fmt: skip
        if (end, talk, means or "") <= (one.ended, known, meant or ""):
            return False
        one.marks, one.answered_at = ((began, UNKNOWN), (end, None)), answer
        one.end = replace(one.end, means=None, cause="", reported=False)
        return True

    def _finish_part(self, one: HeldConnection, device: HeldDevice, end: Seconds, why: str) -> None:
        """End a part that lives, or give one that has ended its stated end; all of its call is weighed anew."""
        step, held = self._step, self._held
        now = None if held.clock.now is None else max(held.clock.now, end)
        if one.ended is None:
            one.end = replace(one.end, open=len(one.marks))
            step.take(one, STEPS[one.state, "ends", ""], None, None, why)
            if one.marks[-2][0] > end:
                end = one.marks[-2][0]
            one.mark_anew(end, None)
            one.doubt = ""
            call = held.calls[one.call]
            call.leave(one)
            if len(call.past) > PAST_KEPT:
                settle_before(call, one.kind)
            device.live = tuple([other for other in device.live if other is not one])
        else:
            if one.kind is WAIT:
                uncount(held, one)
                one.outcome = None
            one.end = replace(one.end, open=len(one.marks) - 1)
            step.report("Revised", one, why)
            step.touch(one)
        one.ended, one.end, one.over = one.marks[-1][0], replace(one.end, reported=True), None
        device.value = device.kept = None
        found = held.call(one.call)
        if found is not None:
            self._weigh_anew(found, now)
        if isinstance(device, HeldExtension):
            self._settle_extension(device, "")

    @staticmethod
    def _weigh_anew(call: HeldCall, now: Seconds | None) -> None:
        """What is known now may change how the others ended: nothing of this call is final for a minute."""
        call.weighed = True
        for other in call.past:
            other.end, other.kept = replace(other.end, learned=now), None

    def _stamp(self, at: Seconds) -> Seconds:
        """A stream time as the server's clock writes it."""
        return at - self._held.clock.shift
