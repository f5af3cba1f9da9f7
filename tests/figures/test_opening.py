from __future__ import annotations

from datetime import datetime

import pytest

from calltrack.figures.opening import Hours

MONDAY = 5  # January 2026


def at(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-{day:02}T{clock}")


def test_hours_of_days() -> None:
    """From the first minute until before the last, on the days alone, also around the week's end."""
    work = Hours(["Sun-Thu 08:00-18:00", "Fri 09:00-12:30"])

    assert work.has(at(MONDAY, "08:00")) and work.has(at(MONDAY + 6, "17:59"))
    assert not work.has(at(MONDAY, "07:59")) and not work.has(at(MONDAY, "18:00"))
    assert work.has(at(MONDAY + 4, "12:29")) and not work.has(at(MONDAY + 4, "13:00"))
    assert not work.has(at(MONDAY + 5, "10:00"))
    assert not Hours([]) and not Hours([]).has(at(MONDAY, "08:00"))


def test_hours_over_midnight_belong_to_the_day_that_they_begin() -> None:
    """Sunday night reaches into Monday."""
    night = Hours(["Sun 22:00-07:00"])
    always = Hours(["22:00-07:00"])

    assert night.has(at(MONDAY + 6, "22:00")) and night.has(at(MONDAY, "06:59"))
    assert not night.has(at(MONDAY, "07:00")) and not night.has(at(MONDAY + 1, "03:00"))
    assert all(always.has(at(MONDAY + day, "23:00")) and always.has(at(MONDAY + day, "03:00")) for day in range(7))
    assert not always.has(at(MONDAY, "12:00"))


@pytest.mark.parametrize(
    "text", ["", "8-18", "Foo 08:00-18:00", "25:00-26:00", "08:00-08:00", "Mon-Fri", "08:00-24:30"]
)
def test_no_hours(text: str) -> None:
    """Refused, with the form."""
    with pytest.raises(ValueError, match="hours"):
        Hours([text])
