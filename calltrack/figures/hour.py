"""The last hour as lines, and the day as ranges: what a wall shows of queues and agents.

A line has a value at each of its moments, None where the stream was not observed. A range is what is certain, and what
is possible: a wait whose end was not seen may have been answered in time, or given up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from msgspec import Struct

from calltrack.core.records import Seconds
from calltrack.core.states import Outcome, State
from calltrack.figures.facts import Facts
from calltrack.figures.ranges import Range
from calltrack.figures.rows import AgentStateRow, LegRow, QueueEntryRow
from calltrack.figures.shapes import Options
from calltrack.figures.spans import Span, common, length, without
from calltrack.figures.window import Window, window

HOUR = 3600
STEP = 180
"""Seconds between two moments of a line."""

T = TypeVar("T")

_ANSWERED = (Outcome.ANSWERED, Outcome.PICKED_UP)


class DayOfWaits(Struct, frozen=True):
    """The waits that ended today; `level` is answered in time, `gone` is given up, None if no wait ended.

    Both are shares of all that ended. `lost` ended unseen, `unmeasured` were answered after an unknown time.
    """

    ended: int
    answered_within: int
    abandoned: int
    lost: int
    unmeasured: int
    level: Range | None
    gone: Range | None


class WaitLines(Struct, frozen=True):
    """Waits at each moment: how many, the longest (s), and the day's shares until then (None also if none ended)."""

    waiting: list[int | None]
    longest_s: list[Seconds | None]
    level: list[float | None]
    gone: list[float | None]


class QueueHour(Struct, frozen=True):
    """One queue, or all of them together."""

    day: DayOfWaits
    lines: WaitLines


class Hour(Struct, frozen=True):
    """The last hour up to `until`, UTC epoch s.

    `gaps` are the times in it that were not observed. `seen` is the share of the day that was. `free` and `on_calls`
    count extensions.
    """

    since: Seconds | None
    until: Seconds | None
    step_s: Seconds
    within_s: Seconds
    seen: float | None
    gaps: list[Span]
    total: QueueHour
    queues: dict[str, QueueHour]
    free: list[int | None]
    on_calls: list[int | None]


def last_hour(
    facts: Facts,
    day: Seconds,
    options: Options,
    queues: frozenset[str] | None = None,
    extensions: frozenset[str] | None = None,
) -> Hour:
    """The hour before the last frame, of a day that began at `day`; of some queues and extensions, or of all (None)."""
    heard, now = window(facts, day, None, options), facts.time
    moments = [] if now is None else [now - HOUR + STEP * number for number in range(HOUR // STEP + 1)]
    entries = [row for row in facts.queue_entries if queues is None or row.queue_id in queues]
    by_queue: dict[str, list[QueueEntryRow]] = {
        name: [] for name in facts.names.queues if queues is None or name in queues
    }
    for row in entries:
        by_queue.setdefault(row.queue_id, []).append(row)
    free, on_calls = _agents(facts, extensions, options, moments, heard)
    begin = None if now is None else max(day, now - HOUR)
    watched = [] if begin is None or now is None else without([(begin, now)], heard.observed)
    return Hour(
        since=moments[0] if moments else None,
        until=now,
        step_s=STEP,
        within_s=options.service_level_s,
        seen=None if now is None or now <= day else length(common(heard.observed, [(day, now)])) / (now - day),
        gaps=watched,
        total=_queue(entries, day, options, moments, heard),
        queues={name: _queue(rows, day, options, moments, heard) for name, rows in sorted(by_queue.items())},
        free=free,
        on_calls=on_calls,
    )


def day_of_waits(
    rows: Iterable[QueueEntryRow], day: Seconds, within_s: Seconds, heard: Window | None = None
) -> DayOfWaits:
    """The ranges of the waits that ended since `day`; of opening hours in them."""
    tally = _Tally(within_s)
    for row in _ended(rows, day, heard):
        tally.add(row)
    return tally.day()


class _Tally:
    """What is counted of waits that ended, one after the other."""

    def __init__(self, within_s: Seconds) -> None:
        self._within_s = within_s
        self._answered = self._within = self._unmeasured = self._abandoned = self._lost = 0

    def add(self, row: QueueEntryRow) -> None:
        if row.outcome in _ANSWERED:
            self._answered += 1
            self._within += row.wait_s is not None and row.wait_s <= self._within_s
            self._unmeasured += row.wait_s is None
        self._abandoned += row.outcome is Outcome.ABANDONED
        self._lost += row.outcome is Outcome.LOST

    def day(self) -> DayOfWaits:
        within, abandoned, lost = self._within, self._abandoned, self._lost
        ended = self._answered + abandoned + lost
        return DayOfWaits(
            ended,
            within,
            abandoned,
            lost,
            self._unmeasured,
            Range(within / ended, (within + lost + self._unmeasured) / ended) if ended else None,
            Range(abandoned / ended, (abandoned + lost) / ended) if ended else None,
        )


def _ended(rows: Iterable[QueueEntryRow], day: Seconds, heard: Window | None = None) -> list[QueueEntryRow]:
    """Those that ended since `day`, in the order of their ends; of opening hours those in them."""
    over = [(row.left_at, row) for row in rows if row.outcome is not None and row.left_at is not None]
    over = over if heard is None or heard.open is None else [one for one in over if heard.has(one[0])]
    return [row for left_at, row in sorted(over, key=lambda one: one[0]) if left_at >= day]


def _queue(
    rows: list[QueueEntryRow], day: Seconds, options: Options, moments: Sequence[Seconds], heard: Window
) -> QueueHour:
    late = [row for row in rows if moments and (row.left_at is None or row.left_at >= moments[0])]

    def there(at: Seconds) -> list[Seconds]:
        return [
            at - row.joined_at
            for row in late
            if row.joined_at is not None
            and row.joined_at <= at
            and (row.outcome is None if row.left_at is None else row.left_at > at)
        ]

    tally, ended = _Tally(options.service_level_s), deque(_ended(rows, day, heard))

    def until(at: Seconds) -> DayOfWaits:  # is asked for one moment after the other
        while ended and (ended[0].left_at or 0) <= at:
            tally.add(ended.popleft())
        return tally.day()

    waits = _line(moments, heard, there)
    days = _line(moments, heard, until)
    lines = WaitLines(
        [None if one is None else len(one) for one in waits],
        [None if one is None else max(one, default=0) for one in waits],
        [None if one is None or one.level is None else one.level.low for one in days],
        [None if one is None or one.gone is None else one.gone.low for one in days],
    )
    return QueueHour(day_of_waits(rows, day, options.service_level_s, heard), lines)


def _agents(
    facts: Facts,
    extensions: frozenset[str] | None,
    options: Options,
    moments: Sequence[Seconds],
    heard: Window,
) -> tuple[list[int | None], list[int | None]]:
    """How many extensions were free, and how many on a call."""
    if not moments:
        return [], []

    def mine(row: LegRow | AgentStateRow) -> bool:
        return extensions is None or row.exten_user in extensions

    legs = [row for row in facts.legs if mine(row) and (row.ended_at is None or row.ended_at >= moments[0])]
    states = [row for row in facts.agent_states if mine(row) and (row.until is None or row.until >= moments[0])]

    def busy(at: Seconds) -> dict[str, bool]:
        """By extension with a leg: whether it is a conversation."""
        found: dict[str, bool] = {}
        for leg in legs:
            for spell in leg.spells:
                if (
                    spell.since is not None
                    and spell.since <= at
                    and (leg.outcome is None if spell.until is None else spell.until > at)
                ):
                    talks = spell.state is State.TALKING or spell.state is State.HOLD
                    found[leg.exten_user] = found.get(leg.exten_user, False) or talks
        return found

    def counted(at: Seconds) -> tuple[int, int]:
        working = busy(at)
        free = {
            row.exten_user
            for row in states
            if row.since is not None
            and row.since <= at
            and (row.until is None or row.until > at)
            and row.exten_user not in working
            and (row.status in options.available or (row.status is None and row.agent_id is not None))
        }
        return len(free), sum(working.values())

    found = _line(moments, heard, counted)
    return [one and one[0] for one in found], [one and one[1] for one in found]


def _line(moments: Sequence[Seconds], heard: Window, value: Callable[[Seconds], T]) -> list[T | None]:
    """The value at each moment that was observed; the last frame's own counts as observed."""
    return [value(at) if any(since <= at <= until for since, until in heard.observed) else None for at in moments]
