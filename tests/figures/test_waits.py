"""Figures of waits, one rule at a time."""

import pytest

from calltrack.figures import Facts, Options, WaitFigures, report
from tests.figures.made import ABANDONED, ANSWERED, LOST, PICKED_UP, facts, wait


def counted(held: Facts, since: float | None = None, until: float | None = None, **options: float) -> WaitFigures:
    """The figures of all waits."""
    found = report(held, since, until, Options(**options)).total.waits  # type: ignore[arg-type]
    assert found is not None
    return found


DAY = facts(
    wait(0, 10, ANSWERED, rings=1, rounds=1),
    wait(5, 25, PICKED_UP),
    wait(10, 31, ANSWERED, rings=24, rounds=3),
    wait(20, 24, ABANDONED),
    wait(30, 50, ABANDONED, rings=2, rounds=2),
    wait(40, 100, ABANDONED),
    wait(50, 60, LOST),
    wait(900),
)


def test_what_became_of_the_waits() -> None:
    """Each has one end, short ones are abandoned too, and who waits is not offered yet."""
    found = counted(DAY)

    assert (8, 7, 1) == (found.queued, found.offered, found.waiting)
    assert (3, 1, 3, 1, 1) == (found.answered, found.picked_up, found.abandoned, found.abandoned_short, found.lost)
    assert (6, 0.5, 0.4) == (found.presented, found.abandonment_rate, found.abandonment_rate_without_short)


def test_service_level_in_four_variants() -> None:
    """y itself is within: A = 2 of 3 answered, B = 2 of 3 abandoned."""
    level = counted(DAY).service_level

    assert (20, 2, 2) == (level.within_s, level.answered_within, level.abandoned_within)
    assert (2 / 3, 2 / 4, 2 / 6, 4 / 6) == (
        *(level.handled_only, level.ignoring_abandons, level.negative, level.positive),
    )


def test_thresholds_are_options() -> None:
    """y, and what is short: less than it."""
    found = counted(DAY, service_level_s=9, short_abandon_s=20)

    assert (0, 1) == (found.service_level.answered_within, found.service_level.abandoned_within)
    assert 1 == found.abandoned_short


def test_how_long_they_waited() -> None:
    """The average of the answered, of the abandoned, the longest that ended, and the longest that still waits."""
    found = counted(DAY)

    assert (17, 28, 60, 100) == (found.asa_s, found.average_abandon_s, found.longest_wait_s, found.longest_waiting_s)


def test_rings_before_the_answer() -> None:
    """24 times, which are 23 again."""
    found = counted(DAY)

    assert (27, 3, 3) == (found.rings, found.re_rings, found.most_rings)


def test_a_wait_counts_where_it_ends() -> None:
    """The interval has its start and lacks its end."""
    held = facts(wait(90, 100, ANSWERED), wait(90, 200, ANSWERED), wait(150))

    assert (1, 2) == (counted(held, 100, 200).offered, counted(held, 100, 200).waiting)
    assert (1, 1, 1) == (counted(held, 200, 300).offered, counted(held, 200, 300).waiting, counted(held, 200).offered)
    assert 150 == counted(held, 200, 300).longest_waiting_s


def test_a_wait_whose_join_was_not_seen_is_queued_where_it_ends() -> None:
    """So that waiting before + queued = offered + waiting."""
    held = facts(wait(90, 100, ANSWERED, joined_at=None), wait(120))

    assert (1, 1, 0) == (*(getattr(counted(held, 100, 120), name) for name in ("queued", "offered", "waiting")),)
    assert (1, 0, 1) == (*(getattr(counted(held, 120, 200), name) for name in ("queued", "offered", "waiting")),)


def test_a_wait_of_unknown_length_is_in_no_average() -> None:
    """It is counted, and how many there are is said."""
    found = counted(facts(wait(0, 10, ANSWERED), wait(0, 500, ANSWERED, wait_s=None)))

    assert (2, 10, 1.0, 1) == (found.answered, found.asa_s, found.service_level.negative, found.unmeasured)


@pytest.mark.parametrize("name", ["asa_s", "abandonment_rate", "longest_wait_s", "longest_waiting_s"])
def test_nothing_to_divide_by(name: str) -> None:
    """Is no figure, not 0."""
    assert getattr(counted(facts()), name) is None
