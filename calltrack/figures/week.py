"""Waits by weekday and hour of the local clock: when callers come, and how many are answered in time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from msgspec import Struct

from calltrack.core.records import Seconds
from calltrack.core.states import Outcome
from calltrack.figures.days import hour_of_week, intervals
from calltrack.figures.rows import QueueEntryRow
from calltrack.figures.spans import Span, common, length

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ANSWERED = (Outcome.ANSWERED, Outcome.PICKED_UP)


class HourOfWeek(Struct):
    """One hour of one weekday, over all weeks of an interval: waits that ended in it, as `WaitFigures` counts them."""

    weekday: int
    """Monday is 0."""
    hour: int
    observed_s: Seconds = 0
    """How much of these hours was observed; 0 says that nothing is known of them."""
    offered: int = 0
    presented: int = 0
    in_time: int = 0
    """Answered within the service level's seconds."""

    @property
    def per_hour(self) -> float | None:
        """Offered in an observed hour, on average."""
        return self.offered / (self.observed_s / 3600) if self.observed_s else None

    @property
    def level(self) -> float | None:
        """Answered in time ÷ presented."""
        return self.in_time / self.presented if self.presented else None


def week(
    rows: Iterable[QueueEntryRow], observed: list[Span], since: Seconds, until: Seconds, zone: tzinfo, within_s: Seconds
) -> list[HourOfWeek]:
    """The 168 hours of a week, Monday 0:00 first."""
    found = [HourOfWeek(weekday, hour) for weekday in range(7) for hour in range(24)]
    for part in intervals(since, until, zone, "hour"):
        weekday, hour = hour_of_week(part.since, zone)
        found[weekday * 24 + hour].observed_s += length(common(observed, [(part.since, part.until)]))
    for row in rows:
        if row.outcome is None or row.left_at is None or not since <= row.left_at < until:
            continue
        weekday, hour = hour_of_week(row.left_at, zone)
        one = found[weekday * 24 + hour]
        one.offered += 1
        if row.wait_s is not None and row.outcome in (*ANSWERED, Outcome.ABANDONED):
            one.presented += 1
            one.in_time += row.outcome in ANSWERED and row.wait_s <= within_s
    return found
