"""What agents spent their time on: cut to an interval and to what of it was observed, overlaps counted once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct

from calltrack.core.order import LAG_S
from calltrack.core.records import Seconds
from calltrack.core.states import AGENT_STATUSES, State
from calltrack.figures.rows import AgentStateRow, Id, LegRow, concluded
from calltrack.figures.shapes import Options, StatusTime
from calltrack.figures.spans import Span, common, length, union, without
from calltrack.figures.window import Window

NO_ONE = "at "
"""Before the extension's name, where no agent is logged on."""


BUSY, RINGING, UNKNOWN, DOUBTFUL, AFTER = "busy", "ringing", "unknown", "doubtful", "after"
STATUS, TAIL, LOST, BEFORE = "status", "tail", "lost", "before"
"""What a stretch is: a conversation; a phone that rings or dials; a leg of which it is not known what it did; a leg
that may have been over; the moments after one, in which it may have lasted; an agent's status; the end of one, since
the last change that showed it; a gap in one; the end of another agent's, before an agent is seen at the extension."""


_KINDS = {
    State.TALKING: BUSY,
    State.HOLD: BUSY,
    State.RINGING: RINGING,
    State.DIALING: RINGING,
    State.UNKNOWN: UNKNOWN,
}


class Stretch(NamedTuple):
    """Time of an agent at an extension, by kind; `status` and `name` are of statuses."""

    kind: str
    worker: str
    exten_user: str
    account_id: Id
    status: int | None
    name: str
    spans: list[Span]


class TailKind(NamedTuple):
    """Of which status, and whether it is a phone's with no agent logged on."""

    status: int | None
    alone: bool


class Tail(NamedTuple):
    """The end of a stretch of a status, since a change last showed it: the next may have begun in it, unseen."""

    kind: TailKind
    seconds: Seconds


class AgentTime(Struct, frozen=True):
    """The sums over some stretches."""

    busy_s: Seconds
    after_call_s: Seconds
    available_s: Seconds
    statuses: tuple[StatusTime, ...]
    ringing_s: Seconds = 0
    """A phone rang or dialed, outside conversations and after-call work."""
    idle_s: Seconds = 0
    """Available, and no phone rang or dialed."""
    logged_in_s: Seconds = 0
    """A person was logged on, or in conversation."""
    unknown_s: Seconds = 0
    """Not known to be in conversation, nor not to be."""
    maybe_available_s: Seconds = 0
    """Of that: in an available status."""
    doubtful_s: Seconds = 0
    """Of the busy time: in legs that may have been over."""
    doubtful_ringing_s: Seconds = 0
    """Of the ringing time: in legs that may have been over, or while there may have been a conversation."""
    after_s: Seconds = 0
    """After legs whose end was not seen: they may have lasted on."""
    after_available_s: Seconds = 0
    """Of that: available."""
    lost_s: Seconds = 0
    """In gaps, while an agent was logged on before."""
    tails: tuple[Tail, ...] = ()
    """Of each stretch of a status."""

    @property
    def occupancy(self) -> float | None:
        """The share of conversations and after-call work in these and in available time."""
        worked = self.busy_s + self.after_call_s
        return worked / (worked + self.available_s) if worked + self.available_s else None


def worker(row: LegRow | AgentStateRow) -> str:
    """The agent's key; work done with no agent logged on is the extension's."""
    return f"{NO_ONE}{row.exten_user}" if row.agent_id is None else str(row.agent_id)


def stretches(legs: Iterable[LegRow], states: Iterable[AgentStateRow], window: Window) -> list[Stretch]:
    """What of these rows lies in the window and was observed; and for statuses, what lies in gaps."""
    found = []
    for leg in legs:
        if leg.c2c == 1 or not leg.spells or not window.touches(leg.spells[0].since, leg.spells[-1].until):
            continue
        kinds: dict[str, list[Span]] = {}
        for spell in leg.spells:
            if (kind := _KINDS.get(spell.state)) and (kind != UNKNOWN or leg.direction != "Spy"):
                kinds.setdefault(kind, []).extend(window.lasting(spell.since, spell.until))
        for kind, spans in _edges(leg, window):
            kinds[kind] = spans
        who = worker(leg)
        for kind, spans in kinds.items():
            if spans := window.heard(leg.exten_user, spans):
                found.append(Stretch(kind, who, leg.exten_user, leg.account_id, None, "", spans))
    before: dict[str, AgentStateRow] = {}
    for row in sorted(states, key=lambda row: row.since or 0):
        if (last := before.get(row.exten_user)) is not None and worker(last) != worker(row):
            spans = window.heard(row.exten_user, window.lasting(last.confirmed_at or last.since, last.until))
            if spans:
                found.append(Stretch(BEFORE, worker(row), row.exten_user, row.account_id, None, "", spans))
        before[row.exten_user] = row
        if window.touches(row.since, row.until):
            lasts = window.lasting(row.since, row.until)
            end = row.since if row.confirmed_at is None else row.confirmed_at
            tail = window.lasting(end, row.until)
            parts = (
                (STATUS, window.heard(row.exten_user, lasts)),
                (TAIL, window.heard(row.exten_user, tail)),
                (LOST, window.unheard(row.exten_user, lasts)),
            )
            for kind, spans in parts:
                if spans:
                    mine = (worker(row), row.exten_user, row.account_id, row.status, row.status_name, spans)
                    found.append(Stretch(kind, *mine))
    return found


def _edges(leg: LegRow, window: Window) -> Iterator[tuple[str, list[Span]]]:
    """When a leg may have been over, and when it may have lasted on.

    A list has a leg until the event of its end comes, which reports a moment up to `LAG_S` before; so the moments of
    the last list that had it and of the first that lacked it say only within as much when it ended.
    """
    if leg.direction == "Spy":
        return
    if leg.doubtful:
        yield DOUBTFUL, window.lasting(leg.confirmed_at, None)
    elif concluded(leg.inferred) and leg.confirmed_at is not None and leg.ended_at is not None:
        yield DOUBTFUL, window.lasting(leg.confirmed_at - LAG_S, leg.confirmed_at)
        yield AFTER, window.lasting(leg.ended_at, leg.ended_at + LAG_S)


def conversation(leg: LegRow, window: Window) -> list[Span]:
    """When a leg was in talk or on hold."""
    return _in(leg, (State.TALKING, State.HOLD), window)


def _in(leg: LegRow, states: tuple[State, ...], window: Window) -> list[Span]:
    return [span for spell in leg.spells if spell.state in states for span in window.lasting(spell.since, spell.until)]


ByStatus = defaultdict[int | None, list[Span]]


class _Spent:
    """The time of one agent, or of one extension, by kind."""

    def __init__(self) -> None:
        self.legs: defaultdict[str, list[Span]] = defaultdict(list)
        self.manned: ByStatus = defaultdict(list)
        self.lost: ByStatus = defaultdict(list)
        self.tails: list[Tail] = []
        self.before: list[Tail] = []

    def add(self, one: Stretch) -> None:
        alone = one.worker.startswith(NO_ONE)
        if one.kind == STATUS:
            if not alone:  # a phone has a status when no person is logged on, but it is no person's time (ruling 18)
                self.manned[one.status] += one.spans
        elif one.kind == TAIL:
            self.tails.append(Tail(TailKind(one.status, alone), length(one.spans)))
        elif one.kind == BEFORE:
            self.before.append(Tail(TailKind(None, True), length(one.spans)))
        elif one.kind == LOST:
            if not alone:
                self.lost[one.status] += one.spans
        else:
            self.legs[one.kind] += one.spans

    def sums(self, options: Options) -> AgentTime:
        """What overlaps, at one phone or at two, counts once."""
        busy = union(self.legs[BUSY])
        after_call = without(_of(self.manned, options.wrap_up), busy)
        unknown = without(union(self.legs[UNKNOWN]), union(busy + after_call))
        available = without(_of(self.manned, options.available), union(busy + unknown + after_call))
        after = without(union(self.legs[AFTER]), union(busy + unknown + after_call))
        gone = union(span for status, spans in self.lost.items() if status not in options.logged_off for span in spans)
        ringing = without(union(self.legs[RINGING]), union(busy + after_call))
        statuses = (spans for status, spans in self.manned.items() if status not in options.logged_off)
        logged_in = union([*busy, *(span for spans in statuses for span in spans)])
        maybe = length(common(unknown, _of(self.manned, options.available))) + length(_of(self.lost, options.available))
        return AgentTime(
            length(busy),
            length(after_call),
            length(available),
            tuple(StatusTime(status, "", length(union(self.manned[status]))) for status in self.manned),
            ringing_s=length(ringing),
            idle_s=length(without(available, ringing)),
            logged_in_s=length(logged_in),
            unknown_s=length(unknown) + length(gone),
            maybe_available_s=maybe,
            doubtful_s=length(common(busy, union(self.legs[DOUBTFUL]))),
            doubtful_ringing_s=length(common(ringing, union([*self.legs[DOUBTFUL], *unknown, *after]))),
            after_s=length(after),
            after_available_s=length(common(after, available)),
            lost_s=length(gone),
            tails=tuple(self.tails),
        )


def agent_time(
    found: Iterable[Stretch], options: Options, who: Callable[[Stretch], str] = lambda one: one.worker
) -> AgentTime:
    """The sums, agent by agent or as `who` groups them."""
    by: defaultdict[str, _Spent] = defaultdict(_Spent)
    names: dict[int | None, str] = {}
    own: dict[int | None, str] = dict(options.status_names)
    found = list(found)
    for one in found:
        by[who(one)].add(one)
        if one.kind == STATUS:
            names[one.status] = own.get(one.status) or one.name or AGENT_STATUSES.get(one.status or 0, "")
    parts = [spent.sums(options) for spent in by.values()]
    summed = [name for name in AgentTime.__struct_fields__ if name not in ("statuses", "tails")]
    total = {name: sum(getattr(part, name) for part in parts) for name in summed}
    tails = tuple(tail for part in parts for tail in part.tails)
    if len(by) == 1:  # of several, another's time is in the sums already
        ((key, spent),) = by.items()
        tails += tuple(spent.before) if any(one.worker == key for one in found) else ()
    by_status: defaultdict[int | None, Seconds] = defaultdict(int)
    for part in parts:
        for status in part.statuses:
            by_status[status.status] += status.seconds
    order = sorted(by_status, key=lambda status: (status is None, status or 0))
    statuses = tuple(StatusTime(status, names[status], by_status[status]) for status in order)
    return AgentTime(**total, statuses=statuses, tails=tails)


def _of(spans: dict[int | None, list[Span]], statuses: tuple[int, ...]) -> list[Span]:
    return union(span for status in statuses for span in spans.get(status, []))
