"""report(): all figures of an interval, by queue, agent, extension, account and part of the time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from calltrack.kpi.facts import Facts
from calltrack.kpi.figures import CallFigures, Figures, Options, Part, Report
from calltrack.kpi.rows import AgentStateRow, CallRow, Id, LegRow
from calltrack.kpi.spans import length
from calltrack.kpi.waits import wait_figures
from calltrack.kpi.window import Window, window
from calltrack.kpi.work import Followed, followed, work_figures, worker
from calltrack.records import Seconds

DIRECTIONS = ("Incoming", "Outgoing", "Internal", "Click2call")
Row = TypeVar("Row")


def report(
    facts: Facts,
    since: Seconds | None = None,
    until: Seconds | None = None,
    options: Options | None = None,
    parts: Sequence[Part] = (),
) -> Report:
    """The figures of [since, until) (UTC epoch s, None for the first or last frame), and of each of the parts.

    The same facts give the same report, whether they were gathered change by change or from a whole recording.
    """
    return _Reporter(facts, options or Options()).report(since, until, parts)


class _Reporter:
    """The rows of one report, grouped."""

    def __init__(self, facts: Facts, options: Options):
        self.facts, self.options = facts, options
        self.calls = list(facts.calls)
        self.legs = list(facts.legs)
        self.entries = list(facts.queue_entries)
        self.states = list(facts.agent_states)
        whole = window(facts, None, None, options)
        self.followed: Followed = followed(self.calls, self.legs, self.states, whole)

    def report(self, since: Seconds | None, until: Seconds | None, parts: Sequence[Part]) -> Report:
        facts, whole = self.facts, window(self.facts, since, until, self.options)
        return Report(
            since=facts.first if since is None else since,
            until=facts.time if until is None else until,
            options=self.options,
            total=self._all(whole, "", ""),
            queues=self._queues(whole),
            agents=self._agents(whole),
            extensions=self._extensions(whole),
            accounts=self._accounts(whole),
            parts=tuple(
                self._all(window(facts, part.since, part.until, self.options), part.name, part.name) for part in parts
            ),
            gaps=tuple(gap for gap in facts.gaps if _touches(gap.since, gap.until, since, until)),
            unplaced=self._unplaced(),
        )

    def _unplaced(self) -> int:
        ends = [(row.outcome, row.ended_at) for row in self.calls]
        ends += [(row.outcome, row.ended_at) for row in self.legs]
        ends += [(row.outcome, row.left_at) for row in self.entries]
        return sum(outcome is not None and at is None for outcome, at in ends)

    def _all(self, window: Window, key: str, name: str) -> Figures:
        return Figures(
            key,
            name,
            *self._extent(window),
            waits=wait_figures(self.entries, window),
            work=work_figures(self.legs, self.states, window, self.followed),
            calls=call_figures(self.calls, window),
        )

    def _queues(self, window: Window) -> tuple[Figures, ...]:
        names, entries = self.facts.names.queues, by(self.entries, lambda row: row.queue_id)
        legs = by((leg for leg in self.legs if from_queue(leg)), lambda leg: leg.queue_id)
        return ordered(
            Figures(
                key,
                names.get(key, ""),
                *self._extent(window),
                waits=wait_figures(entries.get(key, []), window),
                work=work_figures(legs.get(key, []), [], window, self.followed, staffed=False),
            )
            for key in {**names, **entries, **legs}
        )

    def _agents(self, window: Window) -> tuple[Figures, ...]:
        legs = by(self.legs, worker)
        states = by((row for row in self.states if row.agent_id is not None), worker)
        found = []
        for key in {**legs, **states}:
            mine: list[AgentStateRow | LegRow] = [*states.get(key, []), *legs.get(key, [])]
            name = next((row.agent_name for row in reversed(mine) if row.agent_name and row.agent_id is not None), "")
            found.append(
                Figures(
                    key,
                    name,
                    *self._extent(window, {row.exten_user for row in mine}),
                    work=work_figures(legs.get(key, []), states.get(key, []), window, self.followed),
                )
            )
        return ordered(found)

    def _extensions(self, window: Window) -> tuple[Figures, ...]:
        names = self.facts.names.extensions
        legs, states = by(self.legs, lambda leg: leg.exten_user), by(self.states, lambda row: row.exten_user)
        return ordered(
            Figures(
                key,
                names.get(key, ""),
                *self._extent(window, {key}),
                work=work_figures(legs.get(key, []), states.get(key, []), window, self.followed),
            )
            for key in {**legs, **states}
        )

    def _accounts(self, window: Window) -> tuple[Figures, ...]:
        calls = by(self.calls, lambda row: self._account(row.account_id, row.queue_id))
        entries = by(self.entries, lambda row: self._account(row.account_id, row.queue_id))
        legs, states = by(self.legs, lambda leg: _text(leg.account_id)), by(self.states, lambda r: _text(r.account_id))
        return ordered(
            Figures(
                key,
                "",
                *self._extent(window),
                waits=wait_figures(entries.get(key, []), window),
                work=work_figures(legs.get(key, []), states.get(key, []), window, self.followed),
                calls=call_figures(calls.get(key, []), window),
            )
            for key in {**calls, **entries, **legs, **states}
        )

    def _account(self, account_id: Id, queue_id: str) -> str:
        """The account's key; that of a call which rang nowhere is its queue's, if all that rang were of one."""
        accounts = self.facts.queue_accounts.get(queue_id, ())
        return _text(accounts[0] if account_id is None and len(accounts) == 1 else account_id)

    def _extent(
        self, window: Window, extensions: set[str] | None = None
    ) -> tuple[Seconds | None, Seconds | None, Seconds, float | None]:
        """The interval, and how much of it was observed: of some extensions, while one of them was monitored."""
        observed = window.observed if extensions is None else window.observed_at(extensions)
        seconds = length(observed)
        since = self.facts.first if window.since is None else window.since
        until = self.facts.time if window.until is None else window.until
        share = seconds / (until - since) if since is not None and until is not None and until > since else None
        return since, until, seconds, share


def call_figures(rows: Iterable[CallRow], window: Window) -> tuple[CallFigures, ...]:
    """Calls by direction, all of them first; each counts in the interval in which it ends."""
    over = [row for row in rows if row.outcome is not None and row.direction != "Spy" and window.has(row.ended_at)]
    found = by(over, lambda row: row.direction)
    others = [direction for direction in sorted(found) if direction not in DIRECTIONS]
    return (
        _call_figures("", over),
        *(_call_figures(direction, found[direction]) for direction in (*DIRECTIONS, *others) if direction in found),
    )


def _call_figures(direction: str, rows: list[CallRow]) -> CallFigures:
    return CallFigures(
        direction,
        calls=len(rows),
        answered=sum(row.answered for row in rows),
        talk_s=sum(row.talk_s or 0 for row in rows),
        transferred=sum(bool(row.transferred_by) for row in rows),
    )


def from_queue(leg: LegRow) -> bool:
    """Whether a leg brought a queue's caller; outgoing legs name queues too (seen), and are nobody's who waited."""
    return bool(leg.queue_id) and leg.direction == "Incoming"


def by(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    """The rows by a key, in their order."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return dict(found)


def ordered(found: Iterable[Figures]) -> tuple[Figures, ...]:
    """By name, then by key; what has no name last."""
    return tuple(sorted(found, key=lambda one: (not one.name, one.name, one.key)))


def _text(account_id: Id) -> str:
    return "" if account_id is None else str(account_id)


def _touches(
    gap_since: Seconds | None, gap_until: Seconds | None, since: Seconds | None, until: Seconds | None
) -> bool:
    before = gap_until is not None and since is not None and gap_until <= since
    after = gap_since is not None and until is not None and gap_since >= until
    return not before and not after
