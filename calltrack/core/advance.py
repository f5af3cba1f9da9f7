"""Look a step up, take it, report it: the only writer of a connection's state and marks.

Theory of operation. `Advance` is bound to what a tracker holds and carries out one frame at a time. `start`, `see`,
`end`, `resume` and `blur` are the ways in which a connection moves; each goes through `STEPS` (machine.py). `revise`,
`answer_late` and `hold_late` are corrections of what was handed out (ruling 4). Everything that is written is reported:
`out` collects (change class, connection, why), and the values are made at the frame's end, when settling has decided
outcomes (values.py). A connection that reports twice in a frame has its first value made before the second step.

Moments (rulings 2, 7 and 11): an event's step is at the frame's moment at the switch, an end that no event reported at
the frame's stamp. Where a row says so, the call's own stamp decides, unless that cannot be: it is before the last mark
(another connection's stamp), after the frame, or of a clock that has stepped since.
"""

from __future__ import annotations

from calltrack.core.changes import AnomalyKind, CallLinked, CallResumed, CallStarted
from calltrack.core.classify import guard_of
from calltrack.core.clock import JITTER_S, SILENCE_S
from calltrack.core.corrections import Corrections, leg_details, recording_of, wait_details
from calltrack.core.held import (
    LEG,
    NOT_ENDED,
    RANK,
    WAIT,
    End,
    HeldCall,
    HeldConnection,
    HeldDevice,
    HeldExtension,
    Links,
)
from calltrack.core.machine import SEEN_AS, SIGNALS, STEPS
from calltrack.core.observations import (
    ANSWERS,
    ENDS,
    HOLDS,
    INCOMING,
    NOTHING_REPORTED,
    RETRIEVES,
    STARTS,
    Listed,
    ListedCall,
    Reported,
    Seconds,
)
from calltrack.core.records import PAST_KEPT, counted_state
from calltrack.core.table import DIALING, HOLD, HUNGUP, MOMENT, NEW, RANKS, RINGING, STARTED, TALKING, UNKNOWN, Edge
from calltrack.core.values import settle_before

REPORTED_WITHIN_S = 120  # an event comes within 18 s of the stamp it reports (seen); one further off is another clock's

_PICKED_UP = (TALKING, HOLD)  # first seen so, and not answered: an agent chose the call (ruling 8)


class Advance(Corrections):
    """Takes the steps of one frame; `out` is what they report, in order."""

    def start(self, device: HeldDevice, listed: Listed, reported: Reported | None, why: str) -> HeldConnection:
        """A newcomer at a device; `reported` is the event about it, `why` the reason if none started it."""
        held, call_id = self.held, listed.call_id
        call = held.calls.get(call_id)
        fresh = False
        if call is None:
            call = held.ended.pop(call_id, None)
            if call is None:
                call, fresh = HeldCall(call_id, listed.direction), True
                call.added = None if held.clock.offset_s is None else held.clock.added
                held.calls[call_id] = call
            else:
                self._bring_back(call)
        at = len(self.out)
        if fresh:
            self.out.append(CallResumed(0, None, ""))  # its place; what it says is known after the step
        one = self._enter(call, device, listed)
        self.see(one, listed, reported, why)
        if one.added is None:
            self.date(one)  # its call began before the first offset, but it did not
        if fresh:
            call.state, call.since = counted_state(one.state, one.c2c), one.marks[-1][0]
            self.out[at] = self._call_started(call, one, why if not self._is_start_reported(one, reported) else "")
        return one

    def see(self, one: HeldConnection, listed: Listed, reported: Reported | None, why: str) -> None:
        """A list shows a connection as something else than before, or an event is about it."""
        state, kind = one.state, "" if reported is None else reported.kind
        one.kept = None
        signal = SIGNALS[listed.state]
        before = self.repeats(one, listed) if state is NEW and kind is not STARTS else None
        row = STEPS.get((state, signal, guard_of(state, signal, listed, kind, before is not None)))
        if row is not None:
            self.take(one, row, listed, reported, why)
        elif SEEN_AS[signal] is not state:
            self._impossible(one, signal, listed, reported)
        if reported is None:
            if one.state is not state:
                one.stepped_at = None
        else:
            if one.state is not state:
                one.before, one.stepped_at = state if state is not NEW else None, self.held.clock.at
            rank = RANKS.get(kind, 0)
            if rank > one.rank:
                one.rank = rank
            if kind is STARTS:
                one.start_reported = True
            elif kind is HOLDS or kind is RETRIEVES:
                one.retrieved = self.held.clock.when if row is None and not self.was_shown(one, kind) else None
            if one.doubt:
                self.confirm(one)
        picked_up = state is NEW and not one.c2c and one.state in _PICKED_UP and one.direction == INCOMING
        if (listed.answered or picked_up) and not one.answered and one.kind is LEG and not one.listens:
            if listed.answered:
                self._mark_answer(one, listed, row)
            else:
                self._pick_up(one)
        if before is not None:
            self._go_on(one, before)

    def _go_on(self, one: HeldConnection, before: HeldConnection) -> None:
        """A newcomer with an earlier leg's stamps whose own start was not seen begins where that leg's part ends.

        The far end of a transfer does at the consultation's end, click2call leg 2 at the answer of leg 1 (ruling 7).
        """
        since = before.ended if one.c2c != 2 else before.answered_at
        if since is None:
            return
        far_end = one.marks[0][1] not in (RINGING, DIALING)
        first = since if far_end else max(since, one.began)
        one.marks = ((first, one.marks[0][1]), *[(max(at, since), bucket) for at, bucket in one.marks[1:]])
        if one.answered_at is not None:
            one.answered_at = first if far_end else max(one.answered_at, since)

    def take(self, one: HeldConnection, row: Edge, listed: Listed | None, reported: Reported | None, why: str) -> None:
        """One row of the table; those that it goes by way of first."""
        reported_by = reported is not None and reported.kind is row.reported_by
        if row.via:
            for signal in row.via:
                missed = STEPS[one.state, signal, ""]
                if row.source is not NEW:
                    self.report(missed.reports, one, why)
                self._into(one, missed, listed, False)
        self.report(row.reports, one, "" if reported_by else why)
        self._into(one, row, listed, reported_by)
        if listed is not None and row.source is not NEW:
            self.complete(one, listed)

    def end(
        self, one: HeldConnection, device: HeldDevice, reported: Reported | None, why: str, *, heir: bool = False
    ) -> None:
        """A leaver: an event reports its end, or only a list lacks it.

        heir: click2call leg 2 has taken the place of leg 1, whose end no event ever reports (field guide §4).
        """
        clock = self.held.clock
        self.make(one)
        if reported is not None and reported.call is not None:
            if reported.call.answered and (not one.answered or one.state is not TALKING):
                self._catch_up(one, reported.call)
            one.stamp = reported.call.started or one.stamp
        known = reported is not None or heir
        at = clock.when if known else clock.stamped
        if (
            reported is not None
            and at is not None
            and one.stepped_at is None
            and len(one.marks) > 1
            and at < one.marks[-1][0]
        ):
            one.marks = one.marks[:-1]  # its last step is dated by a list, which was made when the switch had ended it
            one.over = None
        said = reported or NOTHING_REPORTED
        one.end = End(
            len(one.marks), said.cause, said.means, "" if reported else why, clock.now, known, said.transferred,
            device.confirmed_position, device.confirmed, device.confirmed_at,
        )  # fmt: skip
        if reported is not None:
            one.rank = RANKS[ENDS]
            one.agent_name = reported.agent_name or one.agent_name
        elif not heir:
            self._lose(one, at)
        elif not one.answered:
            one.answered, one.answered_at = True, clock.when  # the customer is dialed once the agent has picked up
        one.doubt = ""
        self.take(one, STEPS[one.state, "ends", ""], None, reported, why)
        one.ended = one.marks[-1][0] if at is None or at < one.marks[-2][0] else at
        if one.ended != one.marks[-1][0]:
            one.mark_anew(one.ended, None)
        call = self.held.calls[one.call]
        call.leave(one)
        if len(call.past) > PAST_KEPT:
            settle_before(call, one.kind)
        call.weighed = True  # the step has touched it

    def resume(self, one: HeldConnection, listed: Listed, reported: Reported | None) -> None:
        """A list has it again: it never ended, and has lost no time (ruling 4) but what lies in a gap (ruling 11)."""
        held, signal = self.held, SIGNALS[listed.state]
        row = STEPS[HUNGUP, signal, guard_of(HUNGUP, signal, listed, "")]
        call = held.calls.get(one.call)
        if call is None:
            call = held.ended.pop(one.call)
            self._bring_back(call)
        call.past.remove(one)
        call.enter(one)
        one.reopen()
        self._blur_since(one, held.device(one))
        bucket = one.marks[-1][1]
        one.ended = one.outcome = None
        one.end = NOT_ENDED  # another account may have stated it
        if bucket in (RINGING, DIALING) and row.counts_as is TALKING and listed.answered:
            answered_at = self._answered_at(one, listed)  # its answer came while it was lacking, or was lost
            if answered_at is not None and (held.clock.at is None or answered_at <= held.clock.at):
                one.mark(answered_at, TALKING)
                bucket = TALKING
        self.take(one, row, listed, reported, "in the list again")
        if row.counts_as is bucket:
            one.marks = one.marks[:-1]
        if reported is not None:
            one.rank = max(one.rank, RANKS.get(reported.kind, 0))
        if one.kind is LEG and not one.answered and not one.listens:
            self._mark_answer(one, listed, row)
        self.touch(one, weigh=True)

    def blur(self, one: HeldConnection) -> None:
        """The connection to the source was lost: whether this one goes on is not known."""
        one.stepped_at = one.kept = None  # another connection may have another clock: its lists are believed
        if one.state is not UNKNOWN:
            one.doubt = ""
            self.take(one, STEPS[one.state, "blurs", ""], None, None, "the connection was lost")

    def complete(self, one: HeldConnection, listed: Listed) -> None:
        """What a list says more of a connection than was known."""
        leg, known = one.kind is LEG, one.details
        if listed.caller and listed.caller != one.caller:
            one.caller = listed.caller
        if listed.caller_name and listed.caller_name != one.caller_name:
            one.caller_name = listed.caller_name
        if leg:
            details = leg_details(listed)  # type: ignore[arg-type]
            if listed.did and listed.did != one.did:  # type: ignore[union-attr]
                one.did = self.held.one(listed.did)  # type: ignore[union-attr]
            if listed.queue_id and listed.queue_id != one.queue_id:  # type: ignore[union-attr]
                one.queue_id = self.held.one(listed.queue_id)  # type: ignore[union-attr]
        else:
            details = wait_details(listed)  # type: ignore[arg-type]
        if details != known:
            one.details = tuple([new or old for new, old in zip(details, known, strict=True)])
        if leg and (listed.related or listed.campaign_id):  # type: ignore[union-attr]
            self.link(self.held.calls[one.call], listed)  # type: ignore[arg-type]

    def record(self, one: HeldConnection, listed: Listed) -> None:
        """Take the recording's name and address, and whether it is muted; report it if that is news."""
        seen, known = listed.recording, one.recording
        if seen is None or (
            known is not None
            and seen.muted == known.muted
            and seen.filename == known.filename
            and seen.url == known.url
            and seen.options == known.options
        ):
            return
        one.recording = recording_of(listed)
        self.report("Recording", one, "")
        self.touch(one)

    def link(self, call: HeldCall, listed: ListedCall) -> None:
        """Which calls a call came from, and which campaign made it, if that is news."""
        known = call.links
        campaign_id = listed.campaign_id or known.campaign_id
        if listed.related and (listed.related != known.related or listed.transferred_by != known.transferred_by):
            call.links = Links(listed.related, listed.transferred_by, campaign_id)
            call.value = call.kept = None
            position, at = self.held.position, self.at
            self.out.append(CallLinked(position, at, call.call_id, listed.related, listed.transferred_by))
        elif campaign_id != known.campaign_id:
            call.links = Links(known.related, known.transferred_by, campaign_id)

    def _into(self, one: HeldConnection, row: Edge, listed: Listed | None, reported_by: bool) -> None:
        """Write a step: the state, and since when its time counts as what."""
        held = self.held
        clock = held.clock
        at, since = clock.when, row.since
        if since is not MOMENT and listed is not None:
            stamp = clock.own(listed.started) if since is STARTED else self._answered_at(one, listed)
            if (
                stamp is not None
                and stamp != at
                and (clock.at is None or stamp <= clock.at + (SILENCE_S if clock.bend else JITTER_S))
                and (not reported_by or at is None or clock.ahead is not None or at - stamp <= REPORTED_WITHIN_S)
            ):
                at = stamp
        # `one.mark` and `touch` stand here once more: nearly every frame takes a step, and calls cost most of it.
        marks = one.marks
        if marks:
            last = marks[-1][0]
            if at is None:
                at = last
            elif at < last:
                if at < last - JITTER_S:
                    self._reversed(one, at)
                at = last
        elif at is None:
            at = 0
        bucket = row.counts_as
        mark = self.marks[bucket]
        if mark[0][0] != at:
            mark = self.marks[bucket] = ((at, bucket),)
        one.marks = marks + mark
        one.state = dest = row.dest
        one.value = one.kept = None
        call = held.calls.get(one.call) or held.ended[one.call]
        if dest is not HUNGUP and (rank := RANK[dest] if one.c2c != 1 else one.counted_rank) < call.best:
            call.best = rank
        self.touched[call] = None
        if clock.behind or clock.ahead is not None:
            held.unbelieved.append((one, len(one.marks) - 1, one.answered, clock.bend))

    def _reversed(self, one: HeldConnection, at: Seconds) -> None:
        """A step before the last one took no time (field guide §2: clamp and report)."""
        shown = self.held.clock.shown
        self.anomaly(
            AnomalyKind.NEGATIVE_DURATION,
            f"{one.state} ends before it began",
            call_id=one.call,
            device=self.held.device(one),
            expected=f"not before {shown(one.marks[-1][0])}",
            seen=str(shown(at)),
        )

    def _enter(self, call: HeldCall, device: HeldDevice, listed: Listed) -> HeldConnection:
        """Make the connection of a newcomer; it has taken no step yet."""
        serial = call.attempts + call.waits
        stamp, c2c = listed.started or 0, listed.c2c or 0
        if isinstance(device, HeldExtension):
            call.attempts += 1
            seen: ListedCall = listed  # type: ignore[assignment]
            one_of = self.held.one
            queue_id = seen.queue_id or (_waited_in(call) if seen.direction == INCOMING else "")
            one = HeldConnection(
                LEG, device.key, call.call_id, serial, call.attempts, stamp, c2c, seen.direction, seen.caller,
                seen.caller_name, one_of(seen.did), one_of(queue_id), leg_details(seen), device.account_id,
                device.agent_id, device.agent_name, recording_of(seen),
            )  # fmt: skip
            if call.attempts == 1:
                call.account_id, call.direction, call.did = device.account_id, seen.direction, one.did
                call.caller, call.caller_name = call.caller or one.caller, call.caller_name or one.caller_name
            if seen.related or seen.campaign_id:
                self.link(call, seen)
        else:
            call.waits += 1
            call.weighed = bool(call.past)  # what has ended may be otherwise: its queue has kept the caller (ruling 8)
            one = HeldConnection(
                WAIT, device.key, call.call_id, serial, call.waits, stamp, 0, INCOMING, listed.caller,
                listed.caller_name, "", "", wait_details(listed),  # type: ignore[arg-type]
            )  # fmt: skip
            call.caller, call.caller_name = call.caller or one.caller, call.caller_name or one.caller_name
        one.added = call.added
        call.enter(one)
        return one

    def _call_started(self, call: HeldCall, one: HeldConnection, why: str) -> CallStarted:
        clock = self.held.clock
        return CallStarted(
            self.held.position,
            self.at,
            call.call_id,
            call.state,
            call.direction,
            call.caller,
            call.caller_name,
            call.did,
            clock.shown(one.began, one.added),
            why,
        )

    def _bring_back(self, call: HeldCall) -> None:
        """A call of the history is seen again: it is the same call."""
        self.held.calls[call.call_id] = call
        call.ended = call.outcome = call.value = call.kept = None
        call.inferred = ""
        self.out.append(CallResumed(self.held.position, self.at, call.call_id))

    def _is_start_reported(self, one: HeldConnection, reported: Reported | None) -> bool:
        """Whether an event reported the start of a newcomer."""
        return reported is not None and (reported.kind is STARTS or (reported.kind is ANSWERS and one.state is TALKING))

    def _impossible(self, one: HeldConnection, signal: str, listed: Listed, reported: Reported | None) -> None:
        """No row leads there: the list is believed, by way of Unknown."""
        why = "no lawful step leads here; the list is believed"
        self.anomaly(
            AnomalyKind.IMPOSSIBLE_TRANSITION,
            f"a {one.kind} that is {one.state} is seen as {SEEN_AS[signal]}",
            call_id=one.call,
            device=self.held.device(one),
            expected=" or ".join(sorted({row.dest for row in STEPS.values() if row.source is one.state})),
            seen=SEEN_AS[signal].value,
        )
        self.take(one, STEPS[one.state, "blurs", ""], None, None, why)
        guard = guard_of(UNKNOWN, signal, listed, "")
        self.take(one, STEPS[UNKNOWN, signal, guard], listed, reported, why)

    def _catch_up(self, one: HeldConnection, last: Listed) -> None:
        """The event of an end shows the call as it last was: an answer that was not seen shows in it."""
        if one.kind is WAIT or one.listens or (one.answered and one.state is UNKNOWN):
            return
        why = "its end shows an answer that was not seen"
        signal = SIGNALS[TALKING]
        if one.state in (RINGING, DIALING, UNKNOWN):
            row = STEPS.get((one.state, signal, guard_of(one.state, signal, last, "")))
            if row is not None:
                self.take(one, row, last, None, why)
        if not one.answered:
            self._mark_answer(one, last, STEPS[RINGING, signal, ""])
            if one.answered_at is not None:
                self._talk_since(one, one.answered_at)


def _waited_in(call: HeldCall) -> str:
    """The queue in which a call waits, of several where it came last; else the one that it left last (ruling 17)."""
    waits = [one for one in (*call.past, *call.live) if one.kind is WAIT]
    return max(waits, key=lambda one: (one.ended is None, one.ended or one.began, one.serial)).device if waits else ""
