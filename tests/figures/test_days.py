"""Local days, and the two in a year that are not 24 hours long."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from calltrack.figures import Part
from calltrack.figures.days import UnknownZone, days, intervals, zone_named, zone_of
from calltrack.figures.week import week
from tests.figures.made import ABANDONED, ANSWERED, wait

HOUR = 3600
JERUSALEM = zone_named("Asia/Jerusalem")


def epoch(text: str) -> float:
    """A moment of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("date", "hours"), [("2026-03-26", 24), ("2026-03-27", 23), ("2026-10-25", 25), ("2026-10-26", 24)]
)
def test_a_day_is_as_long_as_the_clocks_make_it(date: str, hours: int) -> None:
    """In Israel they go forward on a Friday in March, back on a Sunday in October."""
    noon = epoch(f"{date}T10:00")
    (part,) = days(noon, noon + 1, JERUSALEM)

    assert (date, hours * HOUR) == (part.name, part.until - part.since)
    assert part.since <= noon < part.until


def test_days_follow_one_another() -> None:
    """Over a change of clocks, no second is in two days or in none."""
    found = days(epoch("2026-10-23T12:00"), epoch("2026-10-27T12:00"), JERUSALEM)

    assert ["2026-10-23", "2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"] == [part.name for part in found]
    assert all(before.until == after.since for before, after in pairwise(found))


def test_the_end_is_not_in_the_interval() -> None:
    """Midnight is of the day that begins."""
    midnight = epoch("2026-01-01T22:00")

    assert (Part("2026-01-01", midnight - 24 * HOUR, midnight),) == days(midnight - 60, midnight, JERUSALEM)


def test_a_stream_has_an_offset_of_its_own() -> None:
    """Where no zone is named; without any it is UTC."""
    (part,) = days(epoch("2026-06-01T23:00"), epoch("2026-06-01T23:30"), zone_of(2 * HOUR))

    assert ("2026-06-02", epoch("2026-06-01T22:00")) == (part.name, part.since)
    assert UTC is zone_of(None)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Asia"])
def test_an_unknown_zone_is_named(name: str) -> None:
    """With what to write instead."""
    with pytest.raises(UnknownZone, match="Asia/Jerusalem"):
        zone_named(name)


def test_intervals_of_the_calendar() -> None:
    """Whole ones that the time touches; hours are real ones, also on the day on which an hour comes twice."""
    zone = JERUSALEM
    begin, end = (
        datetime(2023, 10, 28, 22, tzinfo=zone).timestamp(),
        datetime(2023, 10, 29, 4, tzinfo=zone).timestamp(),
    )
    hours = intervals(begin, end, zone, "hour")

    assert 7 == len(hours) == len({part.name for part in hours})
    assert all(3600 == part.until - part.since for part in hours)
    assert ["2023-10-29 01:00", "2023-10-29 01:00 +0200"] == [part.name for part in hours[3:5]]
    assert 28 == len(intervals(begin, end, zone, "15min"))
    assert ["2023-W43"] == [part.name for part in intervals(begin, end, zone, "week")]
    assert ["2023-10"] == [part.name for part in intervals(begin, end, zone, "month")]
    (month,) = intervals(begin, end, zone, "month")
    assert 31 * 86400 + 3600 == month.until - month.since


def test_hours_of_the_week() -> None:
    """Of what ended in them; what was not observed is no hour without calls."""
    monday = 1_704_672_000  # 0:00 UTC
    rows = [wait(monday + 3600, monday + 3610, ANSWERED), wait(monday + 3700, monday + 3900, ABANDONED)]
    cells = week(rows, [(monday, monday + 2 * 3600)], monday, monday + 7 * 86400, UTC, 20)
    cell = cells[1]

    assert (0, 1, 3600, 2, 2, 1) == (
        *(cell.weekday, cell.hour, cell.observed_s, cell.offered),
        *(cell.presented, cell.in_time),
    )
    assert (2, 0.5, None) == (cell.per_hour, cell.level, cells[5].per_hour)
    assert 168 == len(cells)
