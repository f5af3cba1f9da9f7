"""The comparison, call by call: each record against the leg and wait that it is about, figure by figure.

A difference gets the first reason that holds, in this order: a definition that makes both sides right, frames that are
missing, a record that contradicts itself; else the values differ, and nothing explains it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from msgspec.structs import replace

from calltrack.core.observations import INCOMING, SPY, Statement
from calltrack.core.records import Call, Gap, Leg, Seconds, Wait
from calltrack.core.states import Outcome
from calltrack.reconcile import parts
from calltrack.reconcile.figures import Checks
from calltrack.reconcile.result import Compared, Difference, Reason, Reconciled
from calltrack.reconcile.sums import Sums
from calltrack.reconcile.tracked import Moment, Tracked

_LOOKED_AT = 50  # records of a call, of which a later one may be another copy
_NEAR_S = 5  # what is so near to a gap was not seen whole


class Account(NamedTuple):
    """A record, and where it stands (file:line)."""

    statement: Statement
    line: str = ""


def compare(
    tracked: Tracked,
    records: Iterable[Account],
    *,
    number: Callable[[str], str],
    day: Callable[[Seconds], str],
    utc: Callable[[Seconds], Seconds | None] | None = None,
) -> Reconciled:
    """Hold records against what was tracked.

    number: a phone number in one notation, "" if a text has none. day: the local day of a UTC time,
    by name. utc: the UTC of a time on the account's clock; default: by the stream's offset.
    """
    return _Comparison(tracked, number, day, utc).run(records)


class _Comparison:
    def __init__(
        self,
        tracked: Tracked,
        number: Callable[[str], str],
        day: Callable[[Seconds], str],
        utc: Callable[[Seconds], Seconds | None] | None,
    ) -> None:
        self._tracked = tracked
        self._number = number
        self._utc = utc or self._by_offset
        self._sums = Sums(tracked.names, day)
        self._latest: Seconds | None = None
        self._named = False

    def run(self, records: Iterable[Account]) -> Reconciled:
        """All calls of both sides."""
        found: dict[str, list[Account]] = {}
        seen: set[Statement] = set()
        count = repeated = unusable = 0
        for record in records:
            count += 1
            if not record.statement.call_id:
                unusable += 1
            elif record.statement in seen and self.start(record.statement) is not None:  # else it may be another part's
                repeated += 1
            else:
                seen.add(record.statement)
                repeated += self._take(record, found.setdefault(record.statement.call_id, []))
                end = self._end(record.statement)
                if end is not None and (self._latest is None or end > self._latest):
                    self._latest = end
        self._named = any(parts.is_named(one.statement) for one in chain.from_iterable(found.values()))
        calls = [
            self._call(call_id, self._tracked.calls.get(call_id), found.get(call_id, []))
            for call_id in dict.fromkeys((*self._tracked.calls, *found))
        ]
        compared = sorted((call for call in calls if call is not None), key=lambda call: call.at or 0)
        sums, silent = self._sums, _silent([one.statement for one in chain.from_iterable(found.values())])
        return Reconciled(
            tuple(_with_zones(compared)), self._tracked.gaps, count, repeated, unusable, sums.queues, sums.agents,
            sums.days, silent,
        )  # fmt: skip

    def _take(self, record: Account, others: list[Account]) -> bool:
        """Put a record beside those of its call; returns whether it only says again what one of them says."""
        for n, other in enumerate(others[-_LOOKED_AT:], max(0, len(others) - _LOOKED_AT)):
            both = parts.merged(other.statement, record.statement, self.start)
            if both is not None:
                others[n] = Account(both, other.line)
                return True
        others.append(record)
        return False

    def _by_offset(self, at: Seconds) -> Seconds | None:
        offset = self._tracked.offset_s
        return None if offset is None else at - offset

    def start(self, statement: Statement) -> Seconds | None:
        """When a record's part began, UTC."""
        if statement.started_utc is not None:
            return statement.started_utc
        return None if statement.started is None else self._utc(statement.started)

    def _end(self, statement: Statement) -> Seconds | None:
        return parts.end_of(statement, self.start(statement))

    def _call(self, call_id: str, call: Call | None, records: Sequence[Account]) -> Compared | None:
        if records:
            self._sums.theirs([(one.statement, self.start(one.statement)) for one in records])
        if call is None:
            return self._only_theirs(call_id, records)
        listener = all(leg.direction == SPY for leg in _legs(call)) and not _waits(call)
        if listener and not records:
            return None
        self._sums.ours(call)
        at = call.started
        if not records:
            reason, detail = self._without_record(call)
            if reason is Reason.RING:
                return Compared(call_id, at, 0)
            words = f"{call.outcome or 'still going on'}"
            return Compared(call_id, at, 0, (Difference(call_id, "record", words, "", reason, detail=detail),))
        return self._both(call, records)

    def _only_theirs(self, call_id: str, records: Sequence[Account]) -> Compared:
        first = min((one.statement for one in records), key=lambda one: (self.start(one) or 0, one.kind, one.status))
        start = min((at for one in records if (at := self.start(one.statement)) is not None), default=None)
        ends = [end for one in records if (end := self._end(one.statement)) is not None]
        reason, detail = self._unseen(start, max(ends, default=None))
        if (
            reason is Reason.NO_EVENTS
            and start is not None
            and self._named
            and not any(parts.is_named(one.statement) for one in records)
        ):
            reason = Reason.NOWHERE
        words = ", ".join(dict.fromkeys(filter(None, (first.kind, first.status))))
        difference = Difference(call_id, "record", "", words, reason, line=records[0].line, detail=detail)
        return Compared(call_id, start, 0, (difference,))

    def _unseen(self, start: Seconds | None, end: Seconds | None) -> tuple[Reason, str]:
        """Why the stream has nothing of what lasted so long."""
        tracked = self._tracked
        if gap := self.gap(start, end):
            return Reason.GAP, gap
        if end is not None and tracked.first is not None and (start or end) < tracked.first + _NEAR_S:
            return Reason.OUTSIDE, "it began before the recording"
        if start is not None and tracked.last is not None and (end or start) > tracked.last - _NEAR_S:
            return Reason.OUTSIDE, "it ended after the recording"
        return Reason.NO_EVENTS, ""

    def gap(self, start: Seconds | None, end: Seconds | None) -> str:
        """The gap that a stretch of time touches, by its reason; "" if none."""
        if start is None:
            return ""
        until = start if end is None else end
        for gap in self._tracked.gaps:
            if _touches(gap, start - _NEAR_S, until + _NEAR_S):
                return gap.reason
        return ""

    def _without_record(self, call: Call) -> tuple[Reason, str]:
        """Why no record has a call that was tracked."""
        legs, waits = _legs(call), _waits(call)
        if call.ended_at is None:
            return Reason.LIVE, ""
        if not waits and not any(leg.answered for leg in legs) and all(leg.direction == INCOMING for leg in legs):
            return Reason.RING, ""
        every: list[Leg | Wait] = [*legs, *waits]
        for part in every:
            if Moment.ENDED in (doubts := self._tracked.doubts(part)):  # it may have been longer
                gap = self.gap(call.started, call.ended_at)
                return (Reason.GAP, gap) if gap else (Reason.DOUBTFUL, doubts[Moment.ENDED])
        return self._lacking(call), ""

    def _both(self, call: Call, records: Sequence[Account]) -> Compared:
        statements = [one.statement for one in records]
        legs, waits = _legs(call), _waits(call)
        wait_of, no_wait, more_waits = parts.waits_of(statements, waits, self.start, self._tracked.names)
        leg_of, no_leg, more_legs = parts.legs_of(statements, legs, self.start, wait_of)
        checks = Checks(call, self._tracked, self._number, self.gap)
        for n, record in enumerate(records):
            for value in record.statement.unusable:
                name, _, text = value.partition(": ")
                checks.differ(name, "", text, Reason.UNUSABLE, line=record.line)
            leg, wait = leg_of.get(n), wait_of.get(n)
            whole = n not in no_leg and n not in no_wait
            if not whole or (leg is None and wait is None and (more_legs or more_waits)):
                twins = (one for m, one in enumerate(records) if one is not record and (m in leg_of or m in wait_of))
                twin = next((one for one in twins if parts.is_twin(one.statement, record.statement, self.start)), None)
                self._part_unseen(checks, call, record, twin)
            if leg is not None or wait is not None:
                checks.check(record.statement, record.line, self.start(record.statement), leg, wait, whole=whole)
        if any(one.answered for one in statements if one.c2c != 1) == call.answered:
            checks.agreed += 1
        for leg in more_legs:
            self._leg_without_record(checks, call, leg)
        for wait in more_waits:
            self._wait_without_record(checks, call, wait)
        return Compared(call.call_id, call.started, checks.agreed, tuple(checks.found))

    def _part_unseen(self, checks: Checks, call: Call, record: Account, twin: Account | None) -> None:
        """A record of a leg or wait that was not tracked, although its call was."""
        statement = record.statement
        start = self.start(statement)
        reason, detail = self._unseen(start, self._end(statement))
        every: list[Leg | Wait] = [*_legs(call), *_waits(call)]
        doubts = [why for part in every if (why := self._tracked.doubt(part))]
        if reason is Reason.NO_EVENTS and (doubts or call.inferred):
            reason, detail = Reason.DOUBTFUL, (doubts or [call.inferred])[0]
        if reason in (Reason.NO_EVENTS, Reason.OUTSIDE) and call.ended_at is None:
            reason, detail = Reason.LIVE, ""
        if reason is Reason.NO_EVENTS and call.attempts > len(call.past_legs) + len(call.legs):
            reason, detail = Reason.DOUBTFUL, f"of a call's legs the last {len(call.past_legs)} are kept"
        if twin is not None:
            copied = start is not None and self.start(twin.statement) == start
            copied = copied and twin.statement.answered == statement.answered  # else another attempt in that second
            if copied or reason is Reason.NO_EVENTS:
                reason, detail = Reason.TWIN, twin.line
        words = ", ".join(filter(None, (statement.kind, statement.status, statement.exten_user)))
        checks.differ("record", "", words, reason, line=record.line, detail=detail)

    def _leg_without_record(self, checks: Checks, call: Call, leg: Leg) -> None:
        if leg.direction == SPY:
            return
        words = f"{leg.exten_user} {leg.outcome or leg.state}"
        if not leg.answered and leg.direction == INCOMING:
            return  # no ring that was not answered has a record: nothing differs
        if not leg.answered and any(_same_second(leg, other) for other in _legs(call)):
            return  # attempts in one second have equal records, which look like one that came twice
        if leg.ended_at is None:
            checks.differ("record", words, "", Reason.LIVE, part=leg.exten_user)
        elif leg.internal and leg.direction == INCOMING:
            return
        elif doubt := self._tracked.doubt(leg):
            gap = self.gap(leg.started, leg.ended_at)
            reason = Reason.GAP if gap else Reason.DOUBTFUL
            checks.differ("record", words, "", reason, part=leg.exten_user, detail=gap or doubt)
        elif leg.outcome is Outcome.TRANSFERRED or call.transferred_by:
            checks.differ("record", words, "", Reason.TRANSFER, part=leg.exten_user)
        else:
            checks.differ("record", words, "", self._lacking(call), part=leg.exten_user)

    def _lacking(self, call: Call) -> Reason:
        """Why a record lacks: all records of a call are made when the whole call is over."""
        late = call.ended_at is not None and self._latest is not None and call.ended_at > self._latest
        return Reason.AFTER if late else Reason.NO_RECORD

    def _wait_without_record(self, checks: Checks, call: Call, wait: Wait) -> None:
        words = f"queue {wait.queue_id} {wait.outcome or 'waiting'}"
        if wait.left_at is None and wait.outcome is None:
            checks.differ("record", words, "", Reason.LIVE, part=f"queue {wait.queue_id}")
            return
        doubt = self._tracked.doubt(wait)
        gap = self.gap(wait.joined_at, wait.left_at) if doubt else ""
        reason = Reason.GAP if gap else Reason.DOUBTFUL if doubt else self._lacking(call)
        checks.differ("record", words, "", reason, part=f"queue {wait.queue_id}", detail=gap or doubt)


def _legs(call: Call) -> list[Leg]:
    return [*call.past_legs, *call.legs]


def _waits(call: Call) -> list[Wait]:
    return [*call.past_waits, *call.waiting]


def _same_second(leg: Leg, other: Leg) -> bool:
    """Whether two attempts of one extension began at once."""
    return leg is not other and leg.exten_user == other.exten_user and leg.started == other.started


def _touches(gap: Gap, start: Seconds, end: Seconds) -> bool:
    return (gap.since is None or gap.since <= end) and (gap.until is None or gap.until >= start)


_SAYS: dict[str, Callable[[Statement], object]] = {
    "outcome": lambda one: one.answered is not None or one.outcome,
    "start": lambda one: one.started is not None or one.started_utc is not None,
    "duration": lambda one: one.total_s is not None,
    "talk": lambda one: one.talk_s is not None and one.answered,
    "ring": lambda one: one.ring_s is not None,
    "wait": lambda one: one.wait_s is not None,
    "extension": lambda one: one.exten_user,
    "agent": lambda one: one.agent_id is not None or one.agent_name,
    "queue": lambda one: one.queue_id or one.queue_name,
    "direction": lambda one: one.direction,
    "number": lambda one: one.caller,
}


def _silent(statements: Sequence[Statement]) -> tuple[str, ...]:
    """The figures that no record states, as in a table without their columns."""
    return tuple(figure for figure, says in _SAYS.items() if not any(map(says, statements)))


def _with_zones(calls: Sequence[Compared]) -> Iterable[Compared]:
    """How many records are as far off as one of another time zone: a zone is seldom that of one record alone."""
    counts = Counter(one.detail for call in calls for one in call.differences if one.reason is Reason.LOCAL_TIME)
    for call in calls:
        if any(one.detail in counts and one.reason is Reason.LOCAL_TIME for one in call.differences):
            told = [
                replace(one, detail=f"{one.detail}, {_of_records(counts[one.detail])}")
                if one.reason is Reason.LOCAL_TIME
                else one
                for one in call.differences
            ]
            call = replace(call, differences=tuple(told))
        yield call


def _of_records(count: int) -> str:
    return "this record alone" if count == 1 else f"{count} records"
