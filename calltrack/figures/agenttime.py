"""What agents spent their time on: cut to an interval and to what of it was observed, overlaps counted once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from msgspec import Struct

from calltrack.core.records import Seconds
from calltrack.core.states import AGENT_STATUSES, State
from calltrack.figures.rows import AgentStateRow, Id, LegRow
from calltrack.figures.shapes import Options, StatusTime
from calltrack.figures.spans import Span, length, union, without
from calltrack.figures.window import Window

NOBODY = "at "
"""Before the extension's name, where nobody is logged on."""


class Stretch(NamedTuple):
    """Time of whoever worked at an extension: in a conversation (`state`), or in a status if that is None."""

    worker: str
    exten_user: str
    account_id: Id
    state: State | None
    status: int | None
    name: str
    spans: list[Span]


class AgentTime(Struct, frozen=True):
    """The sums over some stretches."""

    busy_s: Seconds
    after_call_s: Seconds
    available_s: Seconds
    statuses: tuple[StatusTime, ...]

    @property
    def occupancy(self) -> float | None:
        """The share of conversations and after-call work in these and in available time."""
        worked = self.busy_s + self.after_call_s
        return worked / (worked + self.available_s) if worked + self.available_s else None


def worker(row: LegRow | AgentStateRow) -> str:
    """The agent's key; work done with nobody logged on is the extension's."""
    return f"{NOBODY}{row.exten_user}" if row.agent_id is None else str(row.agent_id)


def stretches(legs: Iterable[LegRow], states: Iterable[AgentStateRow], window: Window) -> list[Stretch]:
    """What of these rows lies in the window and was observed."""
    found = []
    for leg in legs:
        if leg.c2c == 1 or not leg.spells or not window.touches(leg.spells[0].since, leg.spells[-1].until):
            continue
        for state, spans in ((State.TALKING, conversation(leg, window)), (State.UNKNOWN, unseen(leg, window))):
            if spans := window.heard(leg.exten_user, spans):
                found.append(Stretch(worker(leg), leg.exten_user, leg.account_id, state, None, "", spans))
    for row in states:
        if window.touches(row.since, row.until):
            spans = window.heard(row.exten_user, window.lasting(row.since, row.until))
            if spans:
                mine = Stretch(worker(row), row.exten_user, row.account_id, None, row.status, row.status_name, spans)
                found.append(mine)
    return found


def conversation(leg: LegRow, window: Window) -> list[Span]:
    """When a leg was in talk or on hold."""
    return _in(leg, (State.TALKING, State.HOLD), window)


def unseen(leg: LegRow, window: Window) -> list[Span]:
    """When it is not known what a leg did: its agent was not available then, but not known to be busy either."""
    return [] if leg.direction == "Spy" else _in(leg, (State.UNKNOWN,), window)


def _in(leg: LegRow, states: tuple[State, ...], window: Window) -> list[Span]:
    return [span for spell in leg.spells if spell.state in states for span in window.lasting(spell.since, spell.until)]


def agent_time(
    found: Iterable[Stretch], options: Options, who: Callable[[Stretch], str] = lambda one: one.worker
) -> AgentTime:
    """The sums, agent by agent or as `who` groups them: what overlaps, at one phone or at two, counts once."""
    talking: defaultdict[str, list[Span]] = defaultdict(list)
    unknown: defaultdict[str, list[Span]] = defaultdict(list)
    manned: defaultdict[str, defaultdict[int | None, list[Span]]] = defaultdict(lambda: defaultdict(list))
    alone: defaultdict[str, defaultdict[int | None, list[Span]]] = defaultdict(lambda: defaultdict(list))
    names: dict[int | None, str] = {}
    for one in found:
        if one.state is not None:
            (talking if one.state is State.TALKING else unknown)[who(one)] += one.spans
            continue
        # A phone without an agent is not available, whatever its status is.
        (alone if one.worker.startswith(NOBODY) else manned)[who(one)][one.status] += one.spans
        names[one.status] = one.name or AGENT_STATUSES.get(one.status or 0, "")
    busy_s: Seconds = 0
    after_call_s: Seconds = 0
    available_s: Seconds = 0
    by_status: defaultdict[int | None, Seconds] = defaultdict(int)
    for name in {**talking, **manned, **alone}:
        busy = union(talking[name])
        busy_s += length(busy)
        for status in {**manned[name], **alone[name]}:
            by_status[status] += length(union(manned[name][status] + alone[name][status]))
        after_call = without(_of(manned[name], options.wrap_up), busy)
        available = without(_of(manned[name], options.available), union(busy + unknown[name] + after_call))
        after_call_s += length(after_call)
        available_s += length(available)
    statuses = tuple(
        StatusTime(status, names[status], by_status[status])
        for status in sorted(by_status, key=lambda status: (status is None, status or 0))
    )
    return AgentTime(busy_s, after_call_s, available_s, statuses)


def _of(spans: dict[int | None, list[Span]], statuses: tuple[int, ...]) -> list[Span]:
    return union(span for status in statuses for span in spans.get(status, []))
