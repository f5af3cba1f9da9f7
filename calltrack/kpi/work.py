"""Figures of legs, each counted in the interval in which it ends; and of agents' time, clipped to what was observed."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from calltrack.kpi.figures import StatusTime, WorkFigures
from calltrack.kpi.rows import AgentStateRow, CallRow, LegRow
from calltrack.kpi.spans import Span, length, union, without
from calltrack.kpi.waits import ratio
from calltrack.kpi.window import Window
from calltrack.records import Seconds
from calltrack.states import AGENT_STATUSES, Outcome, State

Key = tuple[str, str, int]
"""Call, extension and attempt of a leg."""
NOBODY = "at "
"""Before the extension's name, where nobody is logged on."""


class Followed(Struct, frozen=True):
    """What followed a leg: after-call work (s), and whether its conversation was passed on."""

    wrap_up_s: dict[Key, Seconds]
    transferred: frozenset[Key]


def key_of(leg: LegRow) -> Key:
    """What names a leg among all."""
    return leg.call_id, leg.exten_user, leg.attempt


def worker(row: LegRow | AgentStateRow) -> str:
    """The agent's key; work done with nobody logged on is the extension's."""
    return f"{NOBODY}{row.exten_user}" if row.agent_id is None else str(row.agent_id)


def handled(leg: LegRow) -> bool:
    """Whether a leg was a conversation: no listener's, and not the agent's own phone of a click2call."""
    return leg.answered and leg.c2c != 1 and leg.direction != "Spy" and leg.outcome is not Outcome.SPIED


def work_figures(
    legs: list[LegRow], states: list[AgentStateRow], window: Window, followed: Followed, *, staffed: bool = True
) -> WorkFigures:
    """The figures of these legs, and of agents' time unless they are not `staffed`: a queue has no time of its own."""
    over = [leg for leg in legs if leg.outcome is not None and window.has(leg.ended_at)]
    rang = [leg for leg in over if leg.rang]
    dialed = [leg for leg in over if leg.direction == "Outgoing" or leg.c2c == 2]
    conversations = [leg for leg in over if handled(leg)]
    measured = [leg for leg in conversations if leg.unknown_s == 0 and None not in (leg.talk_s, leg.hold_s)]
    talk_s = sum(leg.talk_s or 0 for leg in measured)
    hold_s = sum(leg.hold_s or 0 for leg in measured)
    wrap_up_s = sum(followed.wrap_up_s.get(key_of(leg), 0) for leg in measured)
    agents = {worker(leg) for leg in conversations}
    elsewhere = sum(leg.outcome is Outcome.ANSWERED_ELSEWHERE for leg in rang)
    answered = sum(leg.answered for leg in rang)
    time = _time(legs, states, window) if staffed else None
    return WorkFigures(
        rang=len(rang),
        answered=answered,
        not_answered=len(rang) - answered - elsewhere,
        answered_elsewhere=elsewhere,
        picked_up=sum(leg.picked_up for leg in over),
        dialed=len(dialed),
        reached=sum(leg.answered for leg in dialed),
        handled=len(conversations),
        transfers=sum(key_of(leg) in followed.transferred for leg in over),
        talk_s=talk_s,
        hold_s=hold_s,
        wrap_up_s=wrap_up_s,
        att_s=ratio(talk_s, len(measured)),
        aht_s=ratio(talk_s + hold_s + wrap_up_s, len(measured)),
        unmeasured=len(conversations) - len(measured),
        agents=len(agents),
        calls_per_agent=ratio(len(conversations), len(agents)),
        busy_s=time.busy_s if time else None,
        after_call_s=time.after_call_s if time else None,
        available_s=time.available_s if time else None,
        occupancy=ratio(time.busy_s + time.after_call_s, time.busy_s + time.after_call_s + time.available_s)
        if time
        else None,
        statuses=time.statuses if time else (),
    )


class _Time(Struct):
    busy_s: Seconds
    after_call_s: Seconds
    available_s: Seconds
    statuses: tuple[StatusTime, ...]


def _time(legs: list[LegRow], states: list[AgentStateRow], window: Window) -> _Time:
    """Agents' time, agent by agent: what overlaps, at one phone or at two, counts once."""
    talking: defaultdict[str, list[Span]] = defaultdict(list)
    for leg in legs:
        talking[worker(leg)] += window.heard(leg.exten_user, conversation(leg, window))
    logged: defaultdict[str, defaultdict[int | None, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for row in states:
        logged[worker(row)][row.status] += window.heard(row.exten_user, window.lasting(row.since, row.until))
    busy_s: Seconds = 0
    after_call_s: Seconds = 0
    available_s: Seconds = 0
    by_status: defaultdict[int | None, Seconds] = defaultdict(int)
    for agent in {**talking, **logged}:
        busy = union(talking[agent])
        spans = {status: union(found) for status, found in logged[agent].items()}
        for status, found in spans.items():
            by_status[status] += length(found)
        options = window.options
        busy_s += length(busy)
        if agent.startswith(NOBODY):
            continue  # a phone without an agent is not available, whatever its status is
        after_call = without(_of(spans, options.wrap_up), busy)
        available = without(_of(spans, options.available), union(busy + after_call))
        after_call_s += length(after_call)
        available_s += length(available)
    names = {row.status: row.status_name for row in states if row.status_name}
    statuses = tuple(
        StatusTime(status, names.get(status, AGENT_STATUSES.get(status or 0, "")), seconds)
        for status, seconds in sorted(by_status.items(), key=lambda item: (item[0] is None, item[0] or 0))
        if seconds
    )
    return _Time(busy_s, after_call_s, available_s, statuses)


def conversation(leg: LegRow, window: Window) -> list[Span]:
    """When a leg was in talk or on hold."""
    return [
        span
        for spell in leg.spells
        if spell.state is State.TALKING or spell.state is State.HOLD
        for span in window.lasting(spell.since, spell.until)
    ]


def _of(spans: dict[int | None, list[Span]], statuses: tuple[int, ...]) -> list[Span]:
    return union(span for status in statuses for span in spans.get(status, []))


def followed(calls: Iterable[CallRow], legs: list[LegRow], states: list[AgentStateRow], window: Window) -> Followed:
    """What followed each leg, whatever interval that falls into; `window` is the one without bounds."""
    return Followed(_wrap_up(legs, states, window), _transferred(calls, legs))


def _wrap_up(legs: list[LegRow], states: list[AgentStateRow], window: Window) -> dict[Key, Seconds]:
    """Time in a wrap-up status belongs to the agent's last conversation at that extension that ended before it."""
    after: defaultdict[Key, Seconds] = defaultdict(int)
    wrapping = [row for row in states if row.status in window.options.wrap_up]
    if not wrapping:
        return after
    by_place: defaultdict[tuple[str, str], list[LegRow]] = defaultdict(list)
    for leg in legs:
        by_place[leg.exten_user, worker(leg)].append(leg)
    for row in wrapping:
        here = by_place[row.exten_user, worker(row)]
        done = sorted((leg for leg in here if handled(leg) and leg.ended_at is not None), key=_end)
        ends = [_end(leg) for leg in done]
        busy = union(span for leg in here for span in conversation(leg, window))
        for since, until in without(window.heard(row.exten_user, window.lasting(row.since, row.until)), busy):
            index = bisect_right(ends, since) - 1
            if index >= 0:
                after[key_of(done[index])] += until - since
    return after


def _end(leg: LegRow) -> Seconds:
    return leg.ended_at or 0


def _transferred(calls: Iterable[CallRow], legs: list[LegRow]) -> frozenset[Key]:
    """The legs whose agent transferred: one per call that came from a transfer (field guide §4, consult and transfer).

    Both of the agent's legs and the consulted one end as transferred. The agent's are told by the name, which the
    new call has; else by there being two of them at one extension.
    """
    passed: defaultdict[str, list[LegRow]] = defaultdict(list)
    for leg in legs:
        if leg.outcome is Outcome.TRANSFERRED:
            passed[leg.call_id].append(leg)
    found = set()
    for call in calls:
        mine = [leg for related in call.related for leg in passed[related]] if call.transferred_by else []
        at: defaultdict[str, int] = defaultdict(int)
        for leg in mine:
            at[leg.exten_user] += 1
        named = [leg for leg in mine if leg.agent_name == call.transferred_by]
        if mine:
            first = min(named or mine, key=lambda leg: (-at[leg.exten_user], leg.started or 0, leg.call_id))
            found.add(key_of(first))
    return frozenset(found)
