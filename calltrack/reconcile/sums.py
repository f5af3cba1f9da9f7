"""Totals of both sides by queue, agent and day. Talk includes hold on both, as the records have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from calltrack.core.observations import INCOMING, SPY, Statement
from calltrack.core.outcomes import TAKEN
from calltrack.core.records import Call, Seconds
from calltrack.core.states import Outcome
from calltrack.reconcile.result import Totals

_OURS, _THEIRS = 0, 1


class Sums:
    """Adds up calls and records."""

    def __init__(self, names: dict[str, str], day: Callable[[Seconds], str]) -> None:
        self.queues: dict[str, Totals] = {}
        self.agents: dict[str, Totals] = {}
        self.days: dict[str, Totals] = {}
        self._names, self._day = names, day

    def ours(self, call: Call) -> None:
        """Take a tracked call."""
        day = self._of(self.days, self._named(call.started))
        self._count(day, _OURS, call.answered, call.outcome is Outcome.ABANDONED)
        for wait in (*call.past_waits, *call.waiting):
            queue = self._of(self.queues, wait.queue_id)
            self._count(queue, _OURS, wait.outcome in TAKEN, wait.outcome is Outcome.ABANDONED)
            queue.wait_s[_OURS] += wait.wait_s or 0
            day.wait_s[_OURS] += wait.wait_s or 0
        for leg in (*call.past_legs, *call.legs):
            if not leg.answered or leg.direction == SPY or leg.c2c == 1:
                continue
            if leg.internal and leg.direction == INCOMING:
                continue  # an internal call has one record, for the caller's side
            if leg.queue_id:
                self._of(self.queues, leg.queue_id).talk_s[_OURS] += leg.talk_s + leg.hold_s
            agent = self._of(self.agents, leg.agent_name or leg.exten_user)
            self._count(agent, _OURS, True, False)
            agent.talk_s[_OURS] += leg.talk_s + leg.hold_s
            day.talk_s[_OURS] += leg.talk_s + leg.hold_s

    def theirs(self, records: Sequence[tuple[Statement, Seconds | None]]) -> None:
        """Take the records of a call, each with its start; the call belongs to the day of the first."""
        day = self._of(self.days, self._named(min((at for _, at in records if at is not None), default=None)))
        answered = any(one.answered and one.c2c != 1 for one, _ in records)
        self._count(day, _THEIRS, answered, not answered and any(o.outcome is Outcome.ABANDONED for o, _ in records))
        for record, _ in records:
            self._record(record, day)

    def _record(self, record: Statement, day: Totals) -> None:
        day.wait_s[_THEIRS] += record.wait_s or 0
        if record.queue_id or record.queue_name:
            queue = self._of(self.queues, record.queue_id or self._id_of(record.queue_name))
            self._count(queue, _THEIRS, bool(record.answered), record.outcome is Outcome.ABANDONED)
            queue.wait_s[_THEIRS] += record.wait_s or 0
            queue.talk_s[_THEIRS] += record.talk_s or 0
        if record.exten_user and record.answered and record.c2c != 1:
            agent = self._of(self.agents, record.agent_name or record.exten_user)
            self._count(agent, _THEIRS, True, False)
            agent.talk_s[_THEIRS] += record.talk_s or 0
            day.talk_s[_THEIRS] += record.talk_s or 0

    def _id_of(self, name: str) -> str:
        return next((key for key, known in self._names.items() if known == name), name)

    def _named(self, at: Seconds | None) -> str:
        return "unknown" if at is None else self._day(at)

    @staticmethod
    def _of(where: dict[str, Totals], name: str) -> Totals:
        return where.setdefault(name, Totals([0, 0], [0, 0], [0, 0], [0, 0], [0, 0]))

    @staticmethod
    def _count(totals: Totals, side: int, answered: bool, abandoned: bool) -> None:
        totals.calls[side] += 1
        totals.answered[side] += answered
        totals.abandoned[side] += abandoned
