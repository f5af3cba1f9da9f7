"""Figures of waits in queues: each counts in the interval in which it ends, so that a past interval stays as it is."""

from __future__ import annotations

from collections.abc import Iterable

from calltrack.core.records import Seconds
from calltrack.core.states import Outcome
from calltrack.figures.rows import QueueEntryRow
from calltrack.figures.shapes import ServiceLevel, WaitFigures
from calltrack.figures.window import Window

_ANSWERED = (Outcome.ANSWERED, Outcome.PICKED_UP)


def ended(rows: Iterable[QueueEntryRow], window: Window) -> list[QueueEntryRow]:
    """The waits that count as ended in the window's interval."""
    return [row for row in rows if row.outcome is not None and window.has(window.end_of(row))]


def wait_figures(rows: Iterable[QueueEntryRow], window: Window) -> WaitFigures:
    """The figures of these waits in the window's interval."""
    rows = list(rows)
    over = ended(rows, window)
    placed = [row for row in rows if row.outcome is None or row.left_at is not None]
    still = [row for row in placed if window.still(row.joined_at, window.end_of(row))]
    answered = [row for row in over if row.outcome in _ANSWERED]
    abandoned = [row for row in over if row.outcome is Outcome.ABANDONED]
    answers, abandons = _waits(answered), _waits(abandoned)
    presented = len(answered) + len(abandoned)
    short = sum(wait < window.options.short_abandon_s for wait in abandons)
    rounds = [row.rounds for row in over]
    return WaitFigures(
        queued=sum(window.has(_begun(row, window)) for row in rows),
        offered=len(over),
        answered=len(answered),
        picked_up=sum(row.outcome is Outcome.PICKED_UP for row in over),
        abandoned=len(abandoned),
        abandoned_short=short,
        lost=sum(row.outcome is Outcome.LOST for row in over),
        waiting=len(still),
        presented=presented,
        abandonment_rate=ratio(len(abandoned), presented),
        abandonment_rate_without_short=ratio(len(abandoned) - short, presented - short),
        service_level=service_level(answers, abandons, window.options.service_level_s),
        asa_s=ratio(sum(answers), len(answers)),
        average_abandon_s=ratio(sum(abandons), len(abandons)),
        longest_wait_s=max(answers + abandons, default=None),
        longest_waiting_s=_longest(still, window.end),
        rings=sum(row.rings for row in over),
        re_rings=sum(max(0, count - 1) for count in rounds),
        most_rings=max(rounds, default=0),
        unmeasured=presented - len(answers) - len(abandons),
    )


def service_level(answers: list[Seconds], abandons: list[Seconds], within_s: Seconds) -> ServiceLevel:
    """The four variants, from how long the answered and the abandoned waited."""
    presented = len(answers) + len(abandons)
    a, b = (sum(wait <= within_s for wait in waits) for waits in (answers, abandons))
    return ServiceLevel(
        within_s=within_s,
        answered_within=a,
        abandoned_within=b,
        handled_only=ratio(a, len(answers)),
        ignoring_abandons=ratio(a, presented - b),
        negative=ratio(a, presented),
        positive=ratio(a + b, presented),
    )


def ratio(part: Seconds, whole: Seconds) -> float | None:
    """A share or an average; None if there is nothing to divide by."""
    return part / whole if whole else None


def _begun(row: QueueEntryRow, window: Window) -> Seconds | None:
    """When a wait counts as queued: when it joined, or ends if its JOIN was not seen, so that none is offered alone."""
    return window.end_of(row) if row.joined_at is None else row.joined_at


def _waits(rows: list[QueueEntryRow]) -> list[Seconds]:
    return [row.wait_s for row in rows if row.wait_s is not None]


def _longest(still: list[QueueEntryRow], end: Seconds | None) -> Seconds | None:
    joined = [row.joined_at for row in still if row.joined_at is not None]
    return max(0, end - min(joined)) if joined and end is not None else None
