"""Stamps to stream time, and what odd stamps do to it."""

import pytest

from calltrack.core.clock import Clock, Verdict

NOON = 1_767_258_000


def ticking(*stamps: int, offset_min: int | None = 120) -> tuple[Clock, list[Verdict]]:
    """A clock after frames stamped so many seconds after noon, and what each showed."""
    clock = Clock()
    return clock, [clock.tell(NOON + stamp, offset_min) for stamp in stamps]


@pytest.mark.parametrize("stamp", [None, 0, -5, 3600, 32_503_680_000])
def test_absurd_stamps_are_unknown(stamp: int | None) -> None:
    """0, negative, 1970 and 3000 are no times (field guide §2)."""
    clock, _ = ticking(0)

    assert clock.stream(stamp) is None


def test_the_offset_is_kept_until_another_comes() -> None:
    """A frame without an offset takes the last one; an absurd one is not taken."""
    clock, _ = ticking(0)
    clock.tell(NOON + 10, None)
    assert NOON + 10 - 7200 == clock.shown(clock.at)

    clock.tell(NOON + 20, 99_999)
    assert NOON + 20 - 7200 == clock.shown(clock.at)


def test_the_moment_is_the_switch_s_or_else_the_frame_s() -> None:
    """The moment at the switch where there is one, if it is near the stamp."""
    clock = Clock()
    clock.tell(NOON, 0, NOON - 4)
    assert NOON - 4 == clock.when

    clock.tell(NOON + 1, 0)
    assert NOON + 1 == clock.when

    clock.tell(NOON + 2, 0, NOON + 86_400)
    assert NOON + 2 == clock.when


def test_without_an_offset_durations_are_right_and_times_unknown() -> None:
    """Ruling 3; what was written before the first offset stays unknown."""
    clock, _ = ticking(0, 10, offset_min=None)
    first, second = clock.stream(NOON), clock.stream(NOON + 10)
    assert first is not None and second is not None
    assert (10, None, None) == (second - first, clock.shown(first), clock.shown(clock.at))

    clock.tell(NOON + 20, 120)

    assert (NOON + 20 - 7200, None) == (clock.shown(clock.at), clock.shown(first))
    assert clock.at is not None and 20 == clock.at - first


@pytest.mark.parametrize("by", [-1000, -600, -30, -3600])
def test_a_clock_that_is_set_back_is_recognised_once(by: int) -> None:
    """Three frames in a row; stream time goes on (ruling 2)."""
    clock, found = ticking(0, 10, 20 + by, 21 + by, 22 + by, 23 + by, 24 + by)

    assert 1 == found.count(Verdict.STEPPED)
    assert Verdict.STEPPED is found[4]
    now = clock.stream(NOON + 24 + by)
    assert now is not None and 0 <= now - (NOON + 10 - 7200) <= 30


def test_a_lone_stamp_behind_moves_nothing() -> None:
    """It is taken to be of now; the next one is where the clock was."""
    clock, found = ticking(0, 10, -500)
    assert (10, 10) == (clock.at - NOON + 7200, clock.when - NOON + 7200)  # type: ignore[operator]

    later, found = ticking(0, 10, -500, 11, 12)
    assert [Verdict.FINE] * 5 == found
    assert NOON + 12 - 7200 == later.now


@pytest.mark.parametrize(("after", "when"), [(None, 20), (12, 20), (24, 20), (26, 50)])
def test_a_frame_that_is_late_by_up_to_a_minute_reports_its_own_time(after: int | None, when: int) -> None:
    """Unless that is before what its call has done already: its clock was set back then (rulings 1 and 4)."""
    clock, _ = ticking(0, 50)
    clock.tell(NOON + 20, 120, after=None if after is None else NOON + after - 7200)

    assert (50, when) == (clock.at - NOON + 7200, clock.when - NOON + 7200)  # type: ignore[operator]


@pytest.mark.parametrize(("ahead", "by"), [(3600, 3600), (3532, 0), (3690, 3600), (3700, 0), (1800, 1800)])
def test_a_step_is_a_multiple_of_half_an_hour_and_a_short_silence(ahead: int, by: int) -> None:
    """Less than a multiple is no step: time does not run backwards."""
    clock, found = ticking(0, ahead, ahead + 1)

    assert by == clock.stepped_by
    assert (Verdict.STEPPED in found) is bool(by)


def test_a_stamp_far_ahead_waits_for_the_next() -> None:
    """If that is back where the clock was, the stamp was wrong (ruling 2)."""
    clock, found = ticking(0, 86_400)
    assert (NOON - 7200, NOON - 7200) == (clock.now, clock.reported_at)

    found.append(clock.tell(NOON + 5, 120))

    assert Verdict.WRONG is found[-1]
    assert NOON + 5 - 7200 == clock.now


def test_an_hour_ahead_is_a_step_if_something_lives_and_a_silence_if_nothing_does() -> None:
    """Two frames that are off by about the same; a night is no step."""
    stepped, idle, silence = Clock(), Clock(), Clock()
    for at, busy, clock in ((3600, True, stepped), (3600, False, idle), (5000, True, silence)):
        clock.tell(NOON, 120)
        clock.tell(NOON + at + 5, 120, busy=busy)
        clock.tell(NOON + at + 10, 120, busy=busy)

    assert [10, 3610, 5010] == [(clock.now or 0) - (NOON - 7200) for clock in (stepped, idle, silence)]
    assert NOON + 3610 - 7200 == stepped.shown(stepped.at)  # the server's own UTC


def test_the_times_of_receipt_say_that_time_has_passed() -> None:
    """An hour of silence is then no step, though a call was live."""
    clock = Clock()
    clock.tell(NOON, 120, received=1000.0)
    clock.tell(NOON + 3600, 120, received=4600.0)

    assert NOON + 3600 - 7200 == clock.now


def test_an_offset_that_follows_the_wall_clock_changes_only_what_is_shown() -> None:
    """Summer time: first the clock steps, minutes later the offset says so; and both at once."""
    late, _ = ticking(0, 3605, 3610)
    for at in (3700, 3800):
        late.tell(NOON + at, 120 if at == 3700 else 180)
    at_once, _ = ticking(0)
    at_once.tell(NOON + 3605, 180)

    assert (200, NOON + 200 - 7200) == ((late.now or 0) - (NOON - 7200), late.shown(late.at))
    assert (5, NOON + 5 - 7200) == ((at_once.now or 0) - (NOON - 7200), at_once.shown(at_once.at))


def test_the_times_of_receipt_say_how_long_a_silence_was_before_a_step() -> None:
    """What the stream alone cannot show: of a clock set back, and of one set forward by no multiple of half an hour."""
    for by in (-555, 5000):
        clock = Clock()
        for at in (0, 1):
            clock.tell(NOON + at, 120, received=1000.0 + at)
        for at in (61, 62, 63):
            clock.tell(NOON + at + by, 120, received=1000.0 + at, busy=False)

        assert (by, 63) == (clock.stepped_by, (clock.now or 0) - (NOON - 7200))


def test_an_offset_that_follows_says_how_long_the_step_was() -> None:
    """A silence of 91 s, too long to know the hour in the step, is known once the offset says an hour."""
    clock, _ = ticking(0)
    for at in (91, 92, 93):
        clock.tell(NOON + at - 3600, 120)
    before = clock.now or 0
    clock.tell(NOON + 100 - 3600, 60)

    assert (2, 100) == (before - (NOON - 7200), (clock.now or 0) - (NOON - 7200))


def test_an_offset_that_follows_at_once_is_a_step_and_no_wrong_stamp() -> None:
    """One frame, or two, came between the clock's step and the offset (ruling 2)."""
    for by in (3600, -3600):
        clock, found = ticking(0, 5)
        found.append(clock.tell(NOON + 10 + by, 120))
        found.append(clock.tell(NOON + 15 + by, 120 + by // 60))

        assert Verdict.STEPPED is found[-1]
        assert (by, 15) == (clock.stepped_by, (clock.now or 0) - (NOON - 7200))


def test_a_silence_that_an_offset_shows_is_put_before_what_came_after_it() -> None:
    """What began between the step and the offset keeps its length; what spans the step gets the silence."""
    clock, _ = ticking(0)
    for at in (91, 92, 93):
        clock.tell(NOON + at - 3600, 120)
    began, shown = clock.now or 0, clock.shown(clock.now)
    verdict = clock.tell(NOON + 100 - 3600, 60)
    moved = clock.moved(began, clock.since or 0, clock.stepped_by)

    assert Verdict.LONGER is verdict
    assert (93, shown) == ((moved or 0) - (NOON - 7200), clock.shown(moved))


def test_an_hour_that_passed_before_a_step_is_no_step() -> None:
    """An offset that follows is of the step that was found, not of a silence of about its length."""
    clock, found = ticking(0, 3700, 3705, 3715 + 3600, 3720 + 3600)
    found.append(clock.tell(NOON + 3800 + 3600, 180))

    assert [Verdict.STEPPED, Verdict.FINE] == found[-2:]
    assert 3800 == (clock.now or 0) - (NOON - 7200)
