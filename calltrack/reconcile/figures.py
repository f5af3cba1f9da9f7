"""One record against its leg and wait: every figure that both have."""

from __future__ import annotations

from collections.abc import Callable

from calltrack.core.observations import OUTGOING, Statement
from calltrack.core.records import Call, Leg, Seconds, Wait
from calltrack.core.states import Outcome
from calltrack.reconcile.result import Difference, Reason
from calltrack.reconcile.tracked import Tracked

_ROUNDED_S = 1
_HALF_HOUR_S = 1800
_ZONE_NEAR_S = 2  # of a whole number of half hours
_FINAL_S = 60  # within which an end may still be reported (ruling 4)
_FAR_S = 14 * 3600
TAKEN = (Outcome.ANSWERED, Outcome.PICKED_UP)
_NO_WAITS = ("BUSY", "NOANSWER")  # statuses of a phone that is called: no wait ends so


Unseen = tuple[Reason, str] | None
"""Why frames do not say a figure, and more of it in words; None if they do."""

_SEEN: Unseen = None


class Checks:
    """The figures of one call: how many agree, and the differences."""

    def __init__(
        self,
        call: Call,
        tracked: Tracked,
        number: Callable[[str], str],
        known: Callable[[str], bool],
        gap: Callable[[Seconds | None, Seconds | None], str],
    ) -> None:
        self.agreed = 0
        self.found: list[Difference] = []
        self._call, self._tracked, self._number, self._known, self._gap = call, tracked, number, known, gap
        self._part = self._line = ""
        self._unseen = self._of_leg = self._of_wait = _SEEN

    def differ(
        self, figure: str, ours: str, theirs: str, reason: Reason, *, part: str = "", line: str = "", detail: str = ""
    ) -> None:
        """Note a difference."""
        self.found.append(Difference(self._call.call_id, figure, ours, theirs, reason, part, line, detail))

    def check(
        self,
        statement: Statement,
        line: str,
        start: Seconds | None,
        leg: Leg | None,
        wait: Wait | None,
        *,
        whole: bool,
    ) -> None:
        """Every figure of a record; `whole` is whether both the leg and the wait that it describes were tracked."""
        self._line = line
        self._part = " ".join(filter(None, (leg.exten_user if leg else "", f"queue {wait.queue_id}" if wait else "")))
        until = None if start is None else start + (statement.total_s or 0)
        self._unseen = self._of_leg = self._of_wait = self._why_unseen(until, leg, wait)
        if not (_is_live(leg) or _is_live(wait)):  # else the record may be of a part that is still to come
            self._of_leg, self._of_wait = self._why_unseen(until, leg), self._why_unseen(until, wait)
        self._outcome(statement, leg, wait)
        self._durations(statement, leg, wait)
        if whole:
            self._duration(statement, leg, wait)
            self._start(statement, start, leg, wait)
        self._who(statement, leg, wait)

    def _why_unseen(self, until: Seconds | None, *parts: Leg | Wait | None) -> Unseen:
        """Why frames do not say all of some parts, of which a record says that they lasted `until` then."""
        there = [part for part in parts if part is not None]
        begins = [at for one in there if (at := one.started if isinstance(one, Leg) else one.joined_at) is not None]
        ends = [at for one in there if (at := one.ended_at if isinstance(one, Leg) else one.left_at) is not None]
        if any(map(_is_live, there)):
            doubt = next((one.doubtful for one in there if one.doubtful), "")
            last = self._tracked.last
            if until is not None and last is not None and until < last - _FINAL_S:
                doubt = doubt or "its end was not reported"
            return (Reason.DOUBTFUL, doubt) if doubt else (Reason.LIVE, "")
        doubts = [why for one in there if (why := self._tracked.doubt(one))]
        if not doubts:
            return None
        first = self._tracked.first
        if (
            first is not None
            and begins
            and min(begins) < first
            and not any(one.inferred or one.unknown_s for one in there)
        ):
            return Reason.OUTSIDE, "it began before the recording"
        gap = self._gap(min(begins, default=None), max(ends, default=None))
        return (Reason.GAP, gap) if gap else (Reason.DOUBTFUL, doubts[0])

    def _same(
        self,
        figure: str,
        same: bool,
        ours: object,
        theirs: object,
        reason: Reason | None = None,
        *,
        unseen: Unseen = None,
    ) -> None:
        """Count a figure that agrees, or note the difference; `unseen` is why frames do not say it."""
        if same:
            self.agreed += 1
            return
        detail = ""
        if reason is None:
            reason, detail = unseen or (Reason.VALUE, "")
        self.differ(figure, str(ours), str(theirs), reason, part=self._part, line=self._line, detail=detail)

    def _outcome(self, statement: Statement, leg: Leg | None, wait: Wait | None) -> None:
        answered = statement.answered
        if answered is None:
            return
        ours = leg.outcome if leg is not None else wait.outcome if wait is not None else ""
        if statement.outcome is not None and (statement.outcome is Outcome.ANSWERED) != answered:
            theirs = f"{statement.status}, isAnswer {int(answered)}"
            self._same("outcome", False, ours, theirs, Reason.CONTRADICTION)
            return
        if statement.status and statement.outcome is None and not self._known(statement.status):
            self._same("outcome", False, ours, statement.status, Reason.STATUS)
        elif leg is not None:
            same = leg.answered == answered
            if leg.outcome not in (None, Outcome.LOST) and statement.outcome is not None:
                same = same and (leg.outcome is Outcome.BUSY) == (statement.outcome is Outcome.BUSY)
            self._same("outcome", same, leg.outcome or leg.state, statement.status, unseen=self._of_leg)
        elif wait is not None:
            same = (wait.outcome in TAKEN) == answered and statement.status.upper() not in _NO_WAITS
            same = same or wait.outcome is Outcome.LOST
            self._same("outcome", same, wait.outcome or "waiting", statement.status, unseen=self._of_wait)

    def _durations(self, statement: Statement, leg: Leg | None, wait: Wait | None) -> None:
        if leg is not None and statement.talk_s is not None:
            self._talk(statement.talk_s, leg)
        if leg is not None and statement.ring_s is not None:
            first = leg.c2c == 1 and leg.answered_at is not None and leg.started is not None
            rang = leg.answered_at - leg.started if first else leg.ring_s  # type: ignore[operator]
            self._seconds("ring", rang, statement.ring_s, self._of_leg)
        waited = None if wait is None else wait.wait_s
        if waited is not None and statement.wait_s is not None:
            self._seconds("wait", waited, statement.wait_s, self._of_wait)
        elif wait is not None and statement.wait_s is not None:
            self._same("wait", False, "unknown", statement.wait_s, unseen=self._of_wait)

    def _duration(self, statement: Statement, leg: Leg | None, wait: Wait | None) -> None:
        """From the beginning to the end; a queue's record begins with the wait."""
        waited = None if wait is None else wait.wait_s
        end = leg.ended_at if leg is not None else wait.left_at if wait is not None else None
        begin = wait.joined_at if wait is not None else leg.started if leg is not None else None
        if begin is None or end is None or statement.total_s is None:
            return
        ours = end - begin
        without = ours - (waited or 0)
        certain = self._unseen is None and wait is not None and leg is not None
        if certain and waited and abs(statement.total_s - without) <= _ROUNDED_S < waited:
            self._same("duration", False, ours, statement.total_s, Reason.WAIT)
        else:
            self._seconds("duration", ours, statement.total_s, self._unseen)

    def _talk(self, theirs: Seconds, leg: Leg) -> None:
        """What an agent's phone counts before the customer answers is talk in a click2call's first record."""
        talked, held = leg.talk_s, leg.hold_s
        if leg.c2c == 1:
            ended, answered = leg.ended_at, leg.answered_at
            talked = ended - answered if leg.answered and ended is not None and answered is not None else 0
        if held and talked != theirs and abs(talked + held - theirs) <= _ROUNDED_S:
            self._same("talk", False, talked, theirs, Reason.HOLD)
        else:
            self._seconds("talk", talked, theirs, self._of_leg)

    def _seconds(self, figure: str, ours: Seconds, theirs: Seconds, unseen: Unseen) -> None:
        near = abs(ours - theirs) <= _ROUNDED_S
        self._same(figure, ours == theirs, ours, theirs, Reason.ROUNDING if near else None, unseen=unseen)

    def _start(self, statement: Statement, start: Seconds | None, leg: Leg | None, wait: Wait | None) -> None:
        began = wait.joined_at if wait is not None else leg.started if leg is not None else None
        if began is None or start is None:
            return
        apart = start - began
        zones = round(apart / _HALF_HOUR_S)
        if zones and abs(apart) <= _FAR_S and abs(apart - zones * _HALF_HOUR_S) <= _ZONE_NEAR_S:
            hours = zones / 2
            self._same("start", False, began, f"{start} ({hours:+g} h)", Reason.LOCAL_TIME)
        else:
            self._seconds("start", began, start, self._unseen)

    def _who(self, statement: Statement, leg: Leg | None, wait: Wait | None) -> None:
        """One frame of a part says where it was, so that it need not have been seen from its beginning to its end.

        Whose it was is another matter: others may have logged on at the phone by then.
        """
        of_leg, of_wait = _unless_cut(self._of_leg), _unless_cut(self._of_wait)
        if leg is not None and statement.exten_user:
            self._same(
                "extension", leg.exten_user == statement.exten_user, leg.exten_user, statement.exten_user, unseen=of_leg
            )
        if leg is not None and statement.agent_id is not None and leg.agent_id is not None:
            same = str(leg.agent_id) == str(statement.agent_id)
            self._same("agent", same, f"{leg.agent_name} ({leg.agent_id})",
                       f"{statement.agent_name} ({statement.agent_id})", unseen=self._of_leg)  # fmt: skip
        elif leg is not None and statement.agent_name and leg.agent_name:
            self._same(
                "agent", leg.agent_name == statement.agent_name, leg.agent_name, statement.agent_name, unseen=of_leg
            )
        if wait is not None and statement.queue_id:
            self._same("queue", wait.queue_id == statement.queue_id, wait.queue_id, statement.queue_id, unseen=of_wait)
        elif wait is not None and (name := self._tracked.names.get(wait.queue_id)) and statement.queue_name:
            self._same("queue", name == statement.queue_name, name, statement.queue_name, unseen=of_wait)
        if leg is not None and statement.direction and leg.direction:
            ours = OUTGOING if leg.internal and leg.direction == OUTGOING else leg.direction
            self._same("direction", ours == statement.direction, ours, statement.direction, unseen=of_leg)
        self._numbers(statement, leg, wait)

    def _numbers(self, statement: Statement, leg: Leg | None, wait: Wait | None) -> None:
        """The far end's number; a pick-up hides it at the phone, and a name is no number."""
        theirs = self._digits(statement.caller)
        texts = [self._call.caller, wait.caller if wait else ""]
        texts += [leg.caller, leg.original_caller, leg.dialed_number] if leg else []
        known = {number for text in texts if (number := self._digits(text))}
        if theirs and known:
            self._same("number", theirs in known, next(iter(sorted(known))), theirs, unseen=_unless_cut(self._unseen))

    def _digits(self, text: str) -> str:
        """A number in one notation; "" for a name, of a caller or of the switch (SIP00004)."""
        return "" if any(char.isalpha() for char in text) else self._number(text)


def _is_live(part: Leg | Wait | None) -> bool:
    return part is not None and (part.ended_at if isinstance(part, Leg) else part.outcome) is None


def _unless_cut(unseen: Unseen) -> Unseen:
    """Why frames do not say it, but for what was before the recording."""
    return None if unseen is not None and unseen[0] is Reason.OUTSIDE else unseen
