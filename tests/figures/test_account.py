"""An account's own words and hours: names of statuses, teams, opening hours and holidays."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from calltrack.figures import Options, report
from calltrack.figures.account import AccountTable, TeamTable, options_of
from calltrack.figures.opening import Opening
from tests.figures.made import ABANDONED, ANSWERED, facts, status, talk, wait

JERUSALEM = ZoneInfo("Asia/Jerusalem")
MONDAY = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
HOUR = 3600


def at(clock: str) -> float:
    """A moment in January 2026 on Jerusalem's clock."""
    return datetime.fromisoformat(f"2026-01-{clock}").replace(tzinfo=JERUSALEM).timestamp()


def test_when_it_is_open() -> None:
    """Each day's hours, cut to what is asked, less holidays; hours over midnight belong to the day before."""
    opening = Opening(["Sun-Thu 08:00-18:00", "Thu 22:00-02:00"], ["2026-01-06"])

    assert [(at("05 08:00"), at("05 18:00")), (at("07 08:00"), at("07 12:00"))] == opening.spans(
        at("05 00:00"), at("07 12:00"), JERUSALEM
    )
    assert [(at("09 00:30"), at("09 02:00"))] == opening.spans(at("09 00:30"), at("10 00:00"), JERUSALEM)
    assert opening.has(datetime(2026, 1, 5, 9)) and not opening.has(datetime(2026, 1, 6, 9))


def test_only_holidays() -> None:
    """It is open all the rest."""
    opening = Opening([], ["2026-01-06"])

    assert [(at("05 12:00"), at("06 00:00")), (at("07 00:00"), at("07 01:00"))] == opening.spans(
        at("05 12:00"), at("07 01:00"), JERUSALEM
    )


def test_the_clocks_change_on_an_open_day() -> None:
    """Hours are those of the clock on the wall: this one is an hour shorter."""
    begin = datetime(2026, 3, 27, tzinfo=JERUSALEM).timestamp()
    ((since, until),) = Opening(["Fri 00:00-08:00"]).spans(begin, begin + 24 * HOUR, JERUSALEM)

    assert 7 * HOUR == until - since


def test_figures_are_of_the_opening_hours_and_the_rest_stands_apart() -> None:
    """Nothing is in both, nothing in neither, and a status counts for as long as it is open."""
    held = facts(
        wait(MONDAY + 9 * HOUR, MONDAY + 9 * HOUR + 10, ANSWERED),
        wait(MONDAY + 19 * HOUR, MONDAY + 19 * HOUR + 60, ABANDONED),
        talk(MONDAY + 17.5 * HOUR, MONDAY + 18.5 * HOUR),
        status(1, MONDAY + 7 * HOUR, MONDAY + 20 * HOUR),
        first=MONDAY,
        time=MONDAY + 24 * HOUR,
    )
    found = report(held, options=Options(open=("Mon 08:00-18:00",)))

    total, closed = found.total, found.closed
    assert closed is not None and total.waits and closed.waits and total.work and closed.work
    assert (1, 0, 1, 1) == (total.waits.offered, total.waits.abandoned, closed.waits.offered, closed.waits.abandoned)
    assert (0, 1) == (total.work.handled, closed.work.handled)
    assert (HOUR / 2, HOUR / 2) == (total.work.busy_s, closed.work.busy_s)
    assert (10 * HOUR, 3 * HOUR) == (total.work.statuses[0].seconds, closed.work.statuses[0].seconds)
    assert (1.0, 10 * HOUR, 14 * HOUR) == (total.coverage, total.observed_s, closed.observed_s)


def test_what_ends_with_the_last_frame_counts() -> None:
    """And what was joined before the first one: without bounds nothing is left out."""
    held = facts(wait(MONDAY - 50, MONDAY + 100, ANSWERED), first=MONDAY, time=MONDAY + 100)
    found = report(held, options=Options(open=("00:00-24:00",))).total.waits

    assert found is not None
    assert (1, 1) == (found.queued, found.offered)


def test_a_holiday_has_no_figures() -> None:
    """Nothing of it was to be observed, so coverage is none."""
    held = facts(wait(MONDAY, MONDAY + 10, ANSWERED), first=MONDAY, time=MONDAY + HOUR)
    found = report(held, options=Options(holidays=("2026-01-05",))).total

    assert found.waits is not None
    assert (0, None) == (found.waits.offered, found.coverage)


def test_a_team_is_of_agents_and_of_extensions() -> None:
    """An agent at any extension, an extension with any agent, each once."""
    held = facts(
        talk(100, 200), talk(300, 400, exten_user="SIP2"), talk(500, 600, agent_id=8), status(1, 0, 900)
    )  # fmt: skip
    teams = [TeamTable(name="Lois", agents=("7",)), TeamTable(name="desk", extensions=("SIP1",), agents=("7",))]
    lois, desk = report(held, options=options_of(None, teams)).teams

    assert lois.work is not None and desk.work is not None
    assert ("Lois", 2, 200, 700) == (lois.name, lois.work.handled, lois.work.busy_s, lois.work.available_s)
    assert ("desk", 3, 300) == (desk.name, desk.work.handled, desk.work.busy_s)


def test_statuses_have_the_names_of_the_account() -> None:
    """In the place of the vendor's, and of none."""
    held = facts(status(3, 0, 100), status(14, 100, 200))
    options = options_of(AccountTable(statuses={"3": "Break", "14": "After call"}, wrap_up=(14,)), [])
    found = report(held, options=options).total.work

    assert found is not None
    assert (["Break", "After call"], 100) == ([one.name for one in found.statuses], found.after_call_s)


@pytest.mark.parametrize(
    "document",
    [{"statuses": {"lunch": "Lunch"}}, {"open": ["8-18"]}, {"holidays": ["Passover"]}],
)
def test_what_cannot_be_meant(document: dict[str, object]) -> None:
    """Each says which."""
    table = msgspec.convert(document, AccountTable)

    assert list(table.faults())
