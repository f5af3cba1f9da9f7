"""report(): all figures of an interval, by queue, agent, extension, account and part of the time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from calltrack.core.records import Seconds
from calltrack.figures.agenttime import Stretch, agent_time, stretches, worker
from calltrack.figures.facts import Facts
from calltrack.figures.rows import AgentStateRow, CallRow, Id, LegRow
from calltrack.figures.shapes import CallFigures, Figures, Options, Part, Report, WorkFigures
from calltrack.figures.spans import length
from calltrack.figures.waits import wait_figures
from calltrack.figures.window import Window, window
from calltrack.figures.work import Followed, followed, work_figures

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


class _View(NamedTuple):
    """What of the rows lies in a window: the legs that ended in it, and the time of agents."""

    window: Window
    over: list[LegRow]
    time: list[Stretch]


class _Reporter:
    """The rows of one report, grouped."""

    def __init__(self, facts: Facts, options: Options):
        self.facts, self.options = facts, options
        rows = facts.rows()
        self.calls, self.legs = list(rows.calls), list(rows.legs)
        self.entries, self.states = list(rows.queue_entries), list(rows.agent_states)
        whole = window(facts, None, None, options)
        self.followed: Followed = followed(self.calls, self.legs, self.states, whole)

    def report(self, since: Seconds | None, until: Seconds | None, parts: Sequence[Part]) -> Report:
        facts, whole = self.facts, self._view(since, until)
        return Report(
            since=facts.first if since is None else since,
            until=facts.time if until is None else until,
            options=self.options,
            total=self._all(whole, "", ""),
            queues=self._queues(whole),
            agents=self._agents(whole),
            extensions=self._extensions(whole),
            accounts=self._accounts(whole),
            parts=tuple(self._all(self._view(part.since, part.until), part.name, part.name) for part in parts),
            gaps=tuple(gap for gap in facts.gaps if _touches(gap.since, gap.until, since, until)),
            unplaced=self._unplaced(),
        )

    def _view(self, since: Seconds | None, until: Seconds | None) -> _View:
        asked = window(self.facts, since, until, self.options)
        over = [leg for leg in self.legs if leg.outcome is not None and asked.has(leg.ended_at)]
        return _View(asked, over, stretches(self.legs, self.states, asked))

    def _unplaced(self) -> int:
        calls = sum(row.ended_at is None and row.outcome is not None for row in self.calls)
        legs = sum(row.ended_at is None and row.outcome is not None for row in self.legs)
        return calls + legs + sum(row.left_at is None and row.outcome is not None for row in self.entries)

    def _all(self, view: _View, key: str, name: str) -> Figures:
        return Figures(
            key,
            name,
            *self._extent(view.window),
            waits=wait_figures(self.entries, view.window),
            work=self._work(view.over, view.time),
            calls=call_figures(self.calls, view.window),
        )

    def _work(
        self, legs: list[LegRow], time: list[Stretch], who: Callable[[Stretch], str] = lambda one: one.worker
    ) -> WorkFigures:
        return work_figures(legs, agent_time(time, self.options, who), self.followed)

    def _queues(self, view: _View) -> tuple[Figures, ...]:
        names, entries = self.facts.names.queues, by(self.entries, lambda row: row.queue_id)
        legs = by((leg for leg in view.over if from_queue(leg)), lambda leg: leg.queue_id)
        return ordered(
            Figures(
                key,
                names.get(key, ""),
                *self._extent(view.window),
                waits=wait_figures(entries.get(key, []), view.window),
                work=work_figures(legs.get(key, []), None, self.followed),
            )
            for key in {**names, **entries, **legs}
        )

    def _agents(self, view: _View) -> tuple[Figures, ...]:
        legs, time = by(view.over, worker), by(view.time, lambda one: one.worker)
        names: dict[str, str] = {}
        places: defaultdict[str, set[str]] = defaultdict(set)
        rows: list[AgentStateRow | LegRow] = [*self.states, *self.legs]
        for row in rows:
            key = worker(row)
            if row.agent_id is not None or isinstance(row, LegRow):  # nobody is listed for what they did alone
                names[key] = row.agent_name or names.get(key, "")
                places[key].add(row.exten_user)
        return ordered(
            Figures(
                key,
                name,
                *self._extent(view.window, places[key]),
                work=self._work(legs.get(key, []), time.get(key, [])),
            )
            for key, name in names.items()
        )

    def _extensions(self, view: _View) -> tuple[Figures, ...]:
        names = self.facts.names.extensions
        legs = by(view.over, lambda leg: leg.exten_user)
        time = by(view.time, lambda one: one.exten_user)
        return ordered(
            Figures(
                key,
                names.get(key, ""),
                *self._extent(view.window, {key}),
                work=self._work(legs.get(key, []), time.get(key, []), lambda one: one.exten_user),
            )
            for key in {row.exten_user for row in self.states} | {leg.exten_user for leg in self.legs}
        )

    def _accounts(self, view: _View) -> tuple[Figures, ...]:
        calls = by(self.calls, lambda row: _text(row.account_id))
        entries = by(self.entries, lambda row: _text(row.account_id))
        legs = by(view.over, lambda leg: _text(leg.account_id))
        time = by(view.time, lambda one: _text(one.account_id))
        return ordered(
            Figures(
                key,
                "",
                *self._extent(view.window),
                waits=wait_figures(entries.get(key, []), view.window),
                work=self._work(legs.get(key, []), time.get(key, [])),
                calls=call_figures(calls.get(key, []), view.window),
            )
            for key in {**calls, **entries, **legs, **time}
        )

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
