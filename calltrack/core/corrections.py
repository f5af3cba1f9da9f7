"""Corrections of what was handed out: within a minute nothing is final (ruling 4), and a clock's step shows late.

Each is one further change: an end that gets its event, an answer, a hold or a start that comes late, times that a wrong
stamp has written.
"""

from __future__ import annotations

from functools import partial
from itertools import accumulate
from typing import Any

from msgspec.structs import replace

from calltrack.core.classify import guard_of
from calltrack.core.clock import JITTER_S, SILENCE_S
from calltrack.core.held import GONE, LEG, MINUTE_S, NEVER, WAIT, HeldConnection, HeldDevice, HeldExtension, Mark
from calltrack.core.machine import SIGNALS, STEPS
from calltrack.core.observations import ENDS, HOLDS, STARTS, Listed, ListedCall, ListedWait, Reported, Seconds
from calltrack.core.records import Recording
from calltrack.core.reports import Reports
from calltrack.core.table import CLAIMED, DIALING, HOLD, MOMENT, NEW, QUEUED, RANKS, RINGING, TALKING, UNKNOWN, Edge

START_LATE, ANSWER_LATE, HOLD_LATE, RETRIEVAL_LATE, END_LATE = (
    "its start was reported late",
    "its answer was reported late",
    "its hold was reported late",
    "its retrieval was reported late",
    "its end was reported late",
)
"""Why a revision is made: the event that was missed has come."""

_ON_HOLD, _IN_TALK = (HOLD,), (TALKING, CLAIMED)


class Corrections(Reports):
    """The ways in which a connection that was reported turns out otherwise."""

    def revise(self, one: HeldConnection, reported: Reported, moment: Seconds | None) -> None:
        """The event that reports an end comes after the list that lacked the connection (ruling 4)."""
        one.reopen()
        if reported.call is not None and one.kind is LEG and not one.answered and not one.listens:
            self._mark_answer(one, reported.call, STEPS[RINGING, SIGNALS[TALKING], ""])
            if one.answered and one.c2c != 1 and one.marks[-1][1] in (RINGING, DIALING):
                one.mark(one.answered_at, TALKING)
        one.rank = RANKS[ENDS]
        one.end = replace(
            one.end, cause=reported.cause, means=reported.means, inferred="", reported=True,
            transferred=reported.transferred,
        )  # fmt: skip
        one.agent_name = reported.agent_name or one.agent_name
        if self.held.clock.behind:
            self.held.unbelieved.append((one, len(one.marks), one.answered, self.held.clock.bend))
        one.mark(moment, None)
        one.ended = one.marks[-1][0]
        self.report("Revised", one, END_LATE)
        self.touch(one, weigh=True)

    def start_late(self, one: HeldConnection, listed: Listed | None, moment: Seconds) -> bool:
        """The start of a leg that begins when its event comes, after what followed it; False if it adds nothing."""
        if listed is None or self.repeats(one, listed) is None:
            return False
        signal = SIGNALS[listed.state]
        row = STEPS[NEW, signal, guard_of(NEW, signal, listed, STARTS)]
        if row.since is not MOMENT:
            return False
        rest = [(max(at, moment), bucket) for at, bucket in one.marks]
        known = rest[0][1] in (row.counts_as, UNKNOWN)
        marks = ((moment, row.counts_as), *(rest[1:] if known else rest))
        if marks == one.marks:
            return False
        one.marks = marks
        if one.ended is not None:
            one.ended, one.end = rest[-1][0], replace(one.end, open=one.end.open + (not known))
        if row.dest is TALKING and one.answered:
            one.answered_at = moment
        one.over = None
        self.report("Revised", one, START_LATE)
        self.touch(one, weigh=True)
        return True

    def repeats(self, one: HeldConnection, listed: Listed) -> HeldConnection | None:
        """The earlier leg to which the stamps of a leg belong (ruling 7).

        Those of click2call leg 2 are leg 1's, those of a transfer's far end the consultation's.
        """
        if one.kind is WAIT or not one.stamp:
            return None
        names = (one.call,) if listed.c2c == 2 else listed.related  # type: ignore[union-attr]
        for name in names:
            call = self.held.call(name)
            for other in () if call is None else (*call.live, *call.past):
                if other.device == one.device and other.stamp == one.stamp and other is not one:
                    return other
        return None

    def join_late(self, one: HeldConnection, listed: Listed) -> None:
        """The start of a wait of which only the end was reported."""
        began = self.held.clock.own(listed.started)
        one.stamp = listed.started or 0
        one.caller, one.caller_name = listed.caller, listed.caller_name
        one.details = wait_details(listed)  # type: ignore[arg-type]
        if began is not None and one.ended is not None:
            one.marks = ((min(began, one.ended), QUEUED), (one.ended, None))
            one.end, one.over = replace(one.end, open=1), None
        one.start_reported = True
        self.report("Revised", one, START_LATE)
        self.touch(one, weigh=True)

    def answer_late(self, one: HeldConnection, listed: Listed) -> bool:
        """An answer that is reported after the end of its connection; False if it was not before that end."""
        ended, answered_at = one.ended, self._answered_at(one, listed)
        if ended is not None and answered_at is not None and answered_at > ended:
            return False  # it is of another attempt
        self._mark_answer(one, listed, None)
        if one.c2c != 1 and one.answered_at is not None and ended is not None and one.answered_at < ended:
            kept = [mark for mark in one.marks[:-1] if mark[0] < one.answered_at]
            one.marks = (*kept, (max(one.answered_at, one.began), TALKING), (ended, None))
            one.end, one.over = replace(one.end, open=len(one.marks) - 1), None
        self.report("Revised", one, ANSWER_LATE)
        self.touch(one, weigh=True)
        return True

    def hold_late(self, one: HeldConnection, kind: str, at: Seconds) -> bool:
        """A hold or a retrieval that is reported after what followed it; False if it adds none.

        It counts up to what followed it, or up to its counterpart, if that has come already (`retrieved`).
        """
        marks = one.marks
        place = sum(since <= at for since, _ in marks)
        during = marks[place - 1][1] if place else None
        following = marks[place][1] if place < len(marks) else None
        said, other = (_ON_HOLD, _IN_TALK) if kind is HOLDS else (_IN_TALK, _ON_HOLD)
        if during in said and one.ended is not None:
            one.retrieved, one.kept = at, None
        if during not in other or following in said:
            return False
        until, one.retrieved = one.retrieved, None
        added: tuple[Mark, ...] = ((at, said[0]),)
        if until is not None and at < until and (place == len(marks) or until < marks[place][0]):
            added += ((until, during),)
        one.marks, one.over = marks[:place] + added + marks[place:], None
        if one.ended is not None:
            one.end = replace(one.end, open=one.end.open + len(added))
        self.report("Revised", one, HOLD_LATE if kind is HOLDS else RETRIEVAL_LATE)
        self.touch(one)
        return True

    def was_shown(self, one: HeldConnection, kind: str) -> bool:
        """Whether a hold or a retrieval is the step that a list showed last; its event says since when."""
        marks, clock = one.marks, self.held.clock
        if one.stepped_at is not None or len(marks) < 2 or marks[-1 if kind is HOLDS else -2][1] is not HOLD:
            return False
        one.before, one.stepped_at = TALKING if kind is HOLDS else HOLD, clock.at
        if clock.when is not None and marks[-2][0] <= clock.when < marks[-1][0]:
            one.mark_anew(clock.when, marks[-1][1])
            one.over = None
            if clock.behind:
                self.held.unbelieved.append((one, len(marks) - 1, one.answered, clock.bend))
            self.report("Revised", one, HOLD_LATE if kind is HOLDS else RETRIEVAL_LATE)
            self.touch(one)
        return True

    def _blur_since(self, one: HeldConnection, device: HeldDevice | None) -> None:
        """What is listed again after a gap: from then on nothing was known of it, whatever another account has said."""
        since, confirmed = None if device is None else device.unknown_since, one.end.confirmed
        if since is None or one.began >= since or (confirmed is not None and confirmed > since):
            return
        one.marks = tuple([mark for mark in one.marks if mark[0] < since])
        if one.marks[-1][1] is not UNKNOWN:
            one.mark(since, UNKNOWN)
        if one.answered_at is not None and one.answered_at > since:
            one.answered, one.answered_at = False, None

    def _lose(self, one: HeldConnection, at: Seconds | None) -> None:
        """An end that no event reported: unknown from the last frame that confirmed it (ruling 11)."""
        known = one.marks[-1][0]
        confirmed = one.end.confirmed
        if confirmed is not None and confirmed > known:
            known = confirmed
        if at is not None and at > known and one.marks[-1][1] is not UNKNOWN:
            one.mark(known, UNKNOWN)

    def move_times(self, after: Seconds, by: Seconds) -> None:
        """The stamp of the last frame was wrong, or its clock had stepped: what it wrote is moved by as much.

        by: 0 to move all times after `after` to it.
        """
        held = self.held
        moved = partial(held.clock.moved, after=after, by=by)
        unbelieved = list({one: None for one, *_ in held.unbelieved if one.place != GONE})  # each is moved once
        names = dict.fromkeys(one.call for one in unbelieved)
        calls = [call for name in names if (call := held.call(name)) is not None]
        for call in calls:
            call.since, call.awaited, call.value, call.kept = moved(call.since), moved(call.awaited), None, None
        for one in unbelieved:
            one.kept = None
            one.stepped_at, one.retrieved = moved(one.stepped_at), moved(one.retrieved)
            if one.ended is not None:
                one.end = replace(one.end, confirmed=moved(one.end.confirmed), learned=moved(one.end.learned))
            times = accumulate([moved(at) or 0 for at, _ in one.marks], max)  # an end can follow a stamp of its own
            marks = tuple([(at, bucket) for at, (_, bucket) in zip(times, one.marks, strict=True)])
            if marks == one.marks and moved(one.answered_at) == one.answered_at:
                continue
            one.marks, one.answered_at = marks, moved(one.answered_at)
            one.ended = None if one.ended is None else marks[-1][0]
            one.over = None
            if one.began > after:
                one.added = None
            self.report("Revised", one, "the stamp of a frame was wrong" if not by else "the clock had stepped")
            self.touch(one, weigh=True)
        for call in calls if by < 0 else ():  # its UTC stays what it was
            if all(one.began > after for one in (*call.past, *call.live)):
                call.added = None
        for device in (*held.extensions.values(), *held.queues.values()):
            device.heard, device.confirmed = moved(device.heard), moved(device.confirmed)
            device.unknown_since = moved(device.unknown_since)
            if isinstance(device, HeldExtension):
                device.since = moved(device.since)
            device.value = device.kept = None
        held.unbelieved = []
        held.awaited = {call_id: moved(since) or 0 for call_id, since in held.awaited.items()}
        timers, held.timers = held.timers, {}
        for minute, due in timers.items():
            held.timers.setdefault(int(moved(minute * MINUTE_S) or 0) // MINUTE_S, []).extend(due)
        held.next_look = (min(held.timers) + 1) * MINUTE_S if held.timers else NEVER

    def move_marks(self, by: Seconds) -> None:
        """What the frames behind have written happened `by` later, for the clock was set back; 0: they were late."""
        held, moved = self.held, set[int]()
        now = held.clock.now or 0
        for one, count, answered, bend in held.unbelieved:
            if by == bend or one.place == GONE or id(one) in moved or count > len(one.marks):
                continue
            moved.add(id(one))
            marks = one.marks[:count]
            first = marks[-1][0] if marks else 0 if by > bend or bend <= SILENCE_S else now

            def right(at: Seconds, first: Seconds = first, by: Seconds = by - bend) -> Seconds:
                return at + by if first <= at + by <= now else at  # else its stamp is of another clock

            for at, bucket in one.marks[count:]:
                marks += ((max(right(at), marks[-1][0] if marks else 0), bucket),)
            answered_at = one.answered_at
            if one.answered and not answered and answered_at is not None:
                answered_at = right(answered_at)
            if marks == one.marks and answered_at == one.answered_at:
                continue
            one.marks, one.answered_at, one.over = marks, answered_at, None
            one.ended = marks[-1][0] if one.ended is not None else None
            self.date(one)
            self.report("Revised", one, "the clock had stepped" if by else "its frame was late")
            self.touch(one, weigh=True)
        held.unbelieved = []

    def redate(self, since: Seconds) -> None:
        """The UTC of times from `since` on is another now: report what was handed out with such a time."""
        held = self.held
        for call in (*held.calls.values(), *held.ended.values()):
            call.value = None
            every = (*call.past, *call.live)
            for one in every:
                if one.added is None and max(one.marks[-1][0], one.answered_at or 0) >= since:
                    one.over = None
                    self.date(one)
                    self.report("Revised", one, "the UTC of its times is known")
                    self.touch(one)
            if call.added is None and call.ended is not None and call.ended >= since:
                self.touched[call] = None  # its last leg began after the first offset, and the call before it
            if call.added is None and all(one.added is not None for one in every):
                call.added, call.kept = min(every, key=lambda one: one.began).added, None
        for device in (*held.extensions.values(), *held.queues.values()):
            device.value = None
            if isinstance(device, HeldExtension) and device.last_offset_s is None:
                device.last_offset_s, device.kept = held.clock.offset_s, None

    def date(self, one: HeldConnection) -> None:
        """Show all times of a connection by the clock that it began on, once that is known."""
        if one.added is None and (began := self.held.clock.shown(one.began)) is not None:
            one.added = one.began - began

    def _mark_answer(self, one: HeldConnection, listed: Listed, row: Edge | None) -> None:
        """Take the source's flag that somebody answered, if it says so."""
        if not listed.answered:
            return
        at = self._answered_at(one, listed)
        if at is None or (row is not None and row.source is NEW and row.since is MOMENT and not row.via):
            at = self.held.clock.when  # the far end of a transfer repeats the consultation's stamp
        one.answered, one.answered_at = True, max(at, one.began) if at is not None else None
        if row is not None and row.source is UNKNOWN and one.answered_at is not None:
            self._talk_since(one, one.answered_at)
        if row is None and one.ended is None:
            self.report("Revised", one, "the list says that it was answered")
        self._await_no_more(one)

    def _pick_up(self, one: HeldConnection) -> None:
        """It talked from its start, though the source's flag says otherwise: picked up from a queue (ruling 8)."""
        one.answered, one.answered_at = True, one.began
        self._await_no_more(one)

    def _await_no_more(self, one: HeldConnection) -> None:
        """Its call has an agent that is seen (ruling 10)."""
        call = self.held.calls.get(one.call) or self.held.ended[one.call]
        if one.c2c != 1:
            call.awaited = None
            self.held.awaited.pop(one.call, None)
        self.touch(one, weigh=True)

    def _talk_since(self, one: HeldConnection, answered_at: Seconds) -> None:
        """What seemed to ring had been answered before, unseen."""
        marks = one.marks
        for n, (since, bucket) in enumerate(marks[:-1]):
            if bucket in (RINGING, DIALING) and since < answered_at < marks[n + 1][0] and one.c2c != 1:
                one.marks = (*marks[: n + 1], (answered_at, TALKING), *marks[n + 1 :])
                one.over = None
                return

    def _answered_at(self, one: HeldConnection, listed: Listed) -> Seconds | None:
        """When a leg was answered by its own stamp; one of the clock that it began on counts from its start."""
        clock = self.held.clock
        at = clock.own(listed.answered_at)
        if at is not None and clock.at is not None and at > clock.at + (SILENCE_S if clock.bend else JITTER_S):
            return None
        if at is None or not one.marks:
            return at
        began = one.marks[0][0]
        if at < began and listed.answered_at and listed.started:
            at = began + listed.answered_at - listed.started
        return at if at >= began else None


def recording_of(listed: Listed) -> Recording | None:
    """What the list says of the recording."""
    seen = listed.recording
    return None if seen is None else Recording(seen.filename, seen.muted, seen.options, seen.url)


def leg_details(listed: ListedCall) -> tuple[Any, ...]:
    """What few legs have, in the order of the record's fields."""
    details = (
        listed.custom_data, listed.internal, listed.spied_on, listed.campaign_id, listed.presented_number,
        listed.presented_name, listed.original_caller, listed.original_caller_name, listed.dialed_number,
    )  # fmt: skip
    return details if details != _NO_LEG_DETAILS else _NO_LEG_DETAILS


def wait_details(listed: ListedWait) -> tuple[Any, ...]:
    """The same of a wait."""
    details = (listed.distributed, listed.original_call_id, listed.custom_data)
    return details if details != _NO_WAIT_DETAILS else _NO_WAIT_DETAILS


_NO_LEG_DETAILS: tuple[Any, ...] = ("", False, False, "", "", "", "", "", "")
_NO_WAIT_DETAILS: tuple[Any, ...] = (False, "", "")
