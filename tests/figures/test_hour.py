"""The last hour as lines, and the day as ranges."""

from __future__ import annotations

from calltrack.core.records import Gap
from calltrack.figures import Options
from calltrack.figures.hour import HOUR, STEP, day_of_waits, last_hour
from calltrack.figures.ranges import Range
from tests.figures.made import ABANDONED, ANSWERED, LOST, facts, status, talk, wait

NOW = 10_000
OPTIONS = Options(service_level_s=20)


def test_a_line_has_the_value_of_each_moment() -> None:
    """Who waits at a moment joined before it and has not left; the last value is the present one."""
    since = NOW - HOUR
    found = last_hour(facts(wait(since + 10, since + 400, ANSWERED), wait(NOW - 50), time=NOW), 0, OPTIONS)
    lines = found.total.lines

    assert HOUR // STEP + 1 == len(lines.waiting)
    assert [0, 1, 1, 0] == lines.waiting[:4]
    assert [0, 170, 350, 0] == lines.longest_s[:4]
    assert (1, 50) == (lines.waiting[-1], lines.longest_s[-1])
    assert found.queues["55"] == found.total


def test_where_no_one_watched_there_is_no_value_but_a_gap() -> None:
    """Before the first frame, and while the connection was lost; neither is zero."""
    first, lost, back = NOW - 3000, NOW - 1500, NOW - 900
    found = last_hour(facts(first=first, time=NOW, gaps=(Gap(lost, back, "lost"),)), 0, OPTIONS)
    moments = [NOW - HOUR + STEP * number for number in range(HOUR // STEP + 1)]

    assert [(NOW - HOUR, first), (lost, back)] == found.gaps
    assert [None if at < first or lost < at < back else 0 for at in moments] == found.total.lines.waiting
    assert (NOW - first - (back - lost)) / NOW == found.seen


def test_yesterday_is_no_gap() -> None:
    """A line begins with the day, whose rows are kept; what was before is not said to be unwatched."""
    found = last_hour(facts(time=NOW), NOW - 600, OPTIONS)

    assert [] == found.gaps
    assert 1.0 == found.seen


def test_who_is_free_has_the_status_and_no_call() -> None:
    """A conversation of one with a status that allows it is on a call; logged out is neither."""
    rows = [
        *(status(1, 0), talk(NOW - 200, NOW - 30)),
        *(status(1, 0, exten_user="SIP2"), status(3, 0, exten_user="SIP3"), status(2, 0, exten_user="SIP4")),
    ]
    found = last_hour(facts(*rows, time=NOW), 0, OPTIONS)

    assert (2, 0) == (found.free[-3], found.on_calls[-3])
    assert (1, 1) == (found.free[-2], found.on_calls[-2])
    assert (2, 0) == (found.free[-1], found.on_calls[-1])
    alone = last_hour(facts(*rows, time=NOW), 0, OPTIONS, extensions=frozenset({"SIP2"}))
    assert (1, 0) == (alone.free[-2], alone.on_calls[-2])


def test_the_day_is_a_range_where_ends_were_missed() -> None:
    """At the low end all of them were missed, at the high end all met; without any the range is one figure."""
    known = [wait(10, 20, ANSWERED), wait(10, 90, ANSWERED), wait(10, 50, ABANDONED)]
    certain, ranged = day_of_waits(known, 0, 20), day_of_waits([*known, wait(10, 40, LOST)], 0, 20)

    assert (Range(1 / 3, 1 / 3), Range(1 / 3, 1 / 3)) == (certain.level, certain.gone)
    assert (Range(1 / 4, 2 / 4), Range(1 / 4, 2 / 4)) == (ranged.level, ranged.gone)
    assert day_of_waits([], 0, 20).level is None
    unmeasured = day_of_waits([wait(10, 40, ANSWERED, wait_s=None)], 0, 20)
    assert Range(0, 1) == unmeasured.level


def test_of_some_queues_alone() -> None:
    """Nothing of the others is in the sum."""
    rows = [wait(NOW - 50), wait(NOW - 90, queue_id="56", call_id="other")]
    found = last_hour(facts(*rows, time=NOW), 0, OPTIONS, queues=frozenset({"55"}))

    assert ["55"] == list(found.queues)
    assert (1, 50) == (found.total.lines.waiting[-1], found.total.lines.longest_s[-1])


def test_before_the_first_frame_there_is_nothing() -> None:
    """Neither lines nor shares."""
    found = last_hour(facts(first=None, time=None), 0, OPTIONS)  # type: ignore[arg-type]

    assert ([], [], None) == (found.total.lines.waiting, found.free, found.seen)
