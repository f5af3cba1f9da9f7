"""One record against its leg and wait: every figure that both have."""

from __future__ import annotations

from collections.abc import Callable

from calltrack.core.observations import INCOMING, OUTGOING, Statement
from calltrack.core.outcomes import TAKEN
from calltrack.core.records import Call, Leg, Seconds, Wait
from calltrack.core.states import Outcome
from calltrack.reconcile.result import Difference, Reason
from calltrack.reconcile.tracked import Moment, Tracked

_ROUNDED_S = 1
_HALF_HOUR_S = 1800
_ZONE_NEAR_S = 2  # of a whole number of half hours
_FINAL_S = 60  # within which an end may still be reported (ruling 4)
_FAR_S = 14 * 3600
_OF_PHONES = (Outcome.BUSY, Outcome.NO_ANSWER)  # no wait ends so


Unseen = tuple[Reason, str] | None
"""Why frames do not say a figure, and more of it in words; None if they do."""

_TALK = frozenset({Moment.ANSWERED, Moment.HELD, Moment.ENDED})
_OUTCOME = frozenset({Moment.ANSWERED, Moment.ENDED})
_RING = frozenset({Moment.BEGAN, Moment.ANSWERED})
_LIFE = frozenset({Moment.BEGAN, Moment.ENDED})
_START = frozenset({Moment.BEGAN})
_FIRST = frozenset({Moment.SEEN})
_END = frozenset({Moment.ENDED})
_ANY = frozenset(Moment)


class Checks:
    """The figures of one call: how many agree, and the differences."""

    def __init__(
        self,
        call: Call,
        tracked: Tracked,
        number: Callable[[str], str],
        gap: Callable[[Seconds | None, Seconds | None], str],
    ) -> None:
        self.agreed = 0
        self.found: list[Difference] = []
        self._call, self._tracked, self._number, self._gap = call, tracked, number, gap
        self._part = self._line = ""
        self._until: Seconds | None = None
        self._to_come = self._far_end = False
        self._parts: list[Leg | Wait] = []

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
        self._until = None if start is None else start + (statement.total_s or 0)
        self._to_come, self._far_end = _is_live(leg) or _is_live(wait), statement.far_end
        self._parts = [part for part in (leg, wait) if part is not None]
        self._outcome(statement, leg, wait)
        self._durations(statement, leg, wait)
        if whole:
            self._duration(statement, leg, wait)
            self._start(statement, start, leg, wait)
        self._who(statement, leg, wait)

    def _unseen(self, moments: frozenset[Moment], *parts: Leg | Wait | None) -> Unseen:
        """Why frames do not say a figure of some parts that is made of some moments.

        While one of a record's parts lives, it may be the record of a part that is still to come.
        """
        if self._to_come:
            return self._of_live()
        if self._far_end and Moment.BEGAN in moments:  # its frames have the stamps of the consultation
            moments |= _FIRST
        there = [part for part in parts if part is not None]
        doubts = [why for one in there for moment, why in self._tracked.doubts(one).items() if moment in moments]
        if not doubts:
            return None
        lives = [_life(one) for one in there]
        begins = [begin for begin, _ in lives if begin is not None]
        ends = [end for _, end in lives if end is not None]
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

    def _of_live(self) -> Unseen:
        doubt = next((one.doubtful for one in self._parts if one.doubtful), "")
        last = self._tracked.last
        if self._until is not None and last is not None and self._until < last - _FINAL_S:
            doubt = doubt or "its end was not reported"
        return (Reason.DOUBTFUL, doubt) if doubt else (Reason.LIVE, "")

    def _same(
        self,
        figure: str,
        same: bool,
        ours: object,
        theirs: object,
        reason: Reason | None = None,
        *,
        unseen: Unseen = None,
        detail: str = "",
    ) -> None:
        """Count a figure that agrees, or note the difference; `unseen` is why frames do not say it."""
        if same:
            self.agreed += 1
            return
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
        elif leg is not None:
            same = leg.answered == answered
            if leg.outcome not in (None, Outcome.LOST) and statement.outcome is not None:
                same = same and (leg.outcome is Outcome.BUSY) == (statement.outcome is Outcome.BUSY)
            self._same(
                "outcome", same, leg.outcome or leg.state, _ending(statement), unseen=self._unseen(_OUTCOME, leg)
            )
        elif wait is not None:
            of_phone = statement.outcome in _OF_PHONES and bool(statement.queue_id or statement.queue_name)
            same = (wait.outcome in TAKEN) == answered and not of_phone
            same = same or wait.outcome is Outcome.LOST
            unseen = self._unseen(_OUTCOME, wait)
            self._same("outcome", same, wait.outcome or "waiting", _ending(statement), unseen=unseen)

    def _durations(self, statement: Statement, leg: Leg | None, wait: Wait | None) -> None:
        if leg is not None and statement.talk_s is not None:
            self._talk(statement.talk_s, leg)
        elif statement.talk_s and wait is not None and wait.outcome not in TAKEN:
            self._same("talk", False, 0, statement.talk_s, unseen=self._unseen(_OUTCOME, wait))
        if leg is not None and statement.ring_s is not None:
            first = leg.c2c == 1 and leg.answered_at is not None and leg.started is not None
            rang = leg.answered_at - leg.started if first else leg.ring_s  # type: ignore[operator]
            moments = _RING if leg.answered else _RING | _LIFE
            self._seconds("ring", rang, statement.ring_s, self._unseen(moments, leg))
        waited = None if wait is None else wait.wait_s
        if waited is not None and statement.wait_s is not None:
            self._seconds("wait", waited, statement.wait_s, self._unseen(_LIFE, wait))
        elif wait is not None and statement.wait_s is not None:
            self._same("wait", False, "unknown", statement.wait_s, unseen=self._unseen(_LIFE, wait))

    def _duration(self, statement: Statement, leg: Leg | None, wait: Wait | None) -> None:
        """From the beginning to the end; a queue's record begins with the wait."""
        waited = None if wait is None else wait.wait_s
        end = leg.ended_at if leg is not None else wait.left_at if wait is not None else None
        begin = wait.joined_at if wait is not None else leg.started if leg is not None else None
        if begin is None or end is None or statement.total_s is None:
            return
        if leg is None and wait is not None and wait.outcome in TAKEN:
            return  # the record has the talk as well, of a leg that another record is of
        ours = end - begin
        without = ours - (waited or 0)
        unseen = self._unseen(_START, wait or leg) or self._unseen(_END, leg or wait)
        certain = unseen is None and wait is not None and leg is not None
        near = self._near_s()
        if certain and waited and abs(statement.total_s - without) <= near < waited:
            self._same("duration", False, ours, statement.total_s, Reason.WAIT)
        else:
            self._seconds("duration", ours, statement.total_s, unseen)

    def _talk(self, theirs: Seconds, leg: Leg) -> None:
        """What an agent's phone counts before the customer answers is talk in a click2call's first record."""
        talked, held = leg.talk_s, leg.hold_s
        if leg.c2c == 1:
            ended, answered = leg.ended_at, leg.answered_at
            talked = ended - answered if leg.answered and ended is not None and answered is not None else 0
        near = self._near_s()
        if held and talked != theirs and abs(talked + held - theirs) <= min(near, abs(talked - theirs)):
            self._same("talk", False, talked, theirs, Reason.HOLD)
        else:
            self._seconds("talk", talked, theirs, self._unseen(_TALK, leg))

    def _seconds(self, figure: str, ours: Seconds, theirs: Seconds, unseen: Unseen) -> None:
        near = abs(ours - theirs) <= _ROUNDED_S
        unseen = unseen or self._of_clocks(abs(ours - theirs))
        self._same(figure, ours == theirs, ours, theirs, Reason.ROUNDING if near else None, unseen=unseen)

    def _near_s(self) -> Seconds:
        """How far two figures may be apart that are the same: each of two stamps may be off by the skew."""
        return _ROUNDED_S + 2 * self._tracked.skew_s

    def _of_clocks(self, apart: Seconds) -> Unseen:
        """Whether the clocks of the stream explain so many seconds."""
        tracked = self._tracked
        for one in self._parts:
            begin, end = _life(one)
            for at, detail in tracked.steps:
                if at is not None and (begin is None or begin <= at) and (end is None or at <= end):
                    return Reason.CLOCKS, detail
        if tracked.skew_s and apart <= self._near_s():
            return Reason.CLOCKS, f"by up to {tracked.skew_s} s"
        return None

    def _start(self, statement: Statement, start: Seconds | None, leg: Leg | None, wait: Wait | None) -> None:
        began = wait.joined_at if wait is not None else leg.started if leg is not None else None
        if began is None or start is None:
            return
        apart = start - began
        zones = round(apart / _HALF_HOUR_S)
        if zones and abs(apart) <= _FAR_S and abs(apart - zones * _HALF_HOUR_S) <= _ZONE_NEAR_S:
            self._same("start", False, began, start, Reason.LOCAL_TIME, detail=f"{zones / 2:+g} h")
        else:
            self._seconds("start", began, start, self._unseen(_START, wait or leg))

    def _who(self, statement: Statement, leg: Leg | None, wait: Wait | None) -> None:
        """One frame of a part says where it was, in which direction and with whom, whatever else was lost.

        But a record at another phone or queue may be of a part that was not seen at all. Whose phone it was is said
        when a leg is first seen.
        """
        where = _unless_cut(self._unseen(_ANY, leg)), _unless_cut(self._unseen(_ANY, wait))
        there = True
        if leg is not None and statement.exten_user:
            there = self._where("extension", leg.exten_user, statement.exten_user, where[0])
        if wait is not None and statement.queue_id:
            there = self._where("queue", wait.queue_id, statement.queue_id, where[1]) and there
        elif wait is not None and (name := self._tracked.names.get(wait.queue_id)) and statement.queue_name:
            there = self._where("queue", name, statement.queue_name, where[1]) and there
        unseen = None if there else where[0] or where[1]
        if leg is not None:
            self._agent(statement, leg, unseen or self._unseen(_FIRST, leg))
        contradicts = any(value.startswith("direction: ") for value in statement.unusable)  # what is its type then?
        if leg is not None and statement.direction and leg.direction and not contradicts:
            ours = OUTGOING if leg.internal and leg.direction == OUTGOING else leg.direction
            self._same("direction", ours == statement.direction, ours, statement.direction, unseen=unseen)
        self._numbers(statement, leg, wait, unseen)

    def _where(self, figure: str, ours: str, theirs: str, unseen: Unseen) -> bool:
        self._same(figure, ours == theirs, ours, theirs, unseen=unseen)
        return ours == theirs

    def _agent(self, statement: Statement, leg: Leg, unseen: Unseen) -> None:
        """By the id, else by the name."""
        if statement.agent_id is not None and leg.agent_id is not None:
            same = str(leg.agent_id) == str(statement.agent_id)
            self._same("agent", same, f"{leg.agent_name} ({leg.agent_id})",
                       f"{statement.agent_name} ({statement.agent_id})", unseen=unseen)  # fmt: skip
        elif statement.agent_name and leg.agent_name:
            same = leg.agent_name == statement.agent_name
            self._same("agent", same, leg.agent_name, statement.agent_name, unseen=unseen)

    def _numbers(self, statement: Statement, leg: Leg | None, wait: Wait | None, unseen: Unseen) -> None:
        """The far end's number; a pick-up hides it at the phone, and a name is no number."""
        theirs = self._digits(statement.caller)
        texts = [self._call.caller, wait.caller if wait else ""]
        texts += [leg.caller, leg.original_caller, leg.dialed_number] if leg else []
        known = {number for text in texts if (number := self._digits(text))}
        if theirs and known:
            self._same("number", theirs in known, next(iter(sorted(known))), theirs, unseen=unseen)
        called = self._digits(statement.did)
        dids = {number for text in (self._call.did, leg.did if leg else "") if (number := self._digits(text))}
        if called and dids and statement.direction == INCOMING:
            self._same("did", called in dids, next(iter(sorted(dids))), called, unseen=unseen)

    def _digits(self, text: str) -> str:
        """A number in one notation; "" for a name, of a caller or of the switch (SIP00004)."""
        return "" if any(char.isalpha() for char in text) else self._number(text)


def _life(part: Leg | Wait) -> tuple[Seconds | None, Seconds | None]:
    return (part.started, part.ended_at) if isinstance(part, Leg) else (part.joined_at, part.left_at)


def _is_live(part: Leg | Wait | None) -> bool:
    return part is not None and (part.ended_at if isinstance(part, Leg) else part.outcome) is None


def _unless_cut(unseen: Unseen) -> Unseen:
    """Why frames do not say it, but for what was before the recording."""
    return None if unseen is not None and unseen[0] is Reason.OUTSIDE else unseen


def _ending(statement: Statement) -> str:
    return statement.status or ("answered" if statement.answered else "not answered")
