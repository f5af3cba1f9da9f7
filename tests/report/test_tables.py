"""How figures are written for people."""

import pytest

from calltrack.figures import Part, report
from calltrack.report.tables import DASH, observed, percent, pieces, seconds, tables, title_of
from tests.figures.made import ABANDONED, ANSWERED, facts, status, talk, wait

HELD = facts(
    wait(0, 10, ANSWERED),
    wait(0, 900, ABANDONED),
    talk(10, 100),
    status(1, 0, 500),
    status(14, 500, status_name="Wrap-up"),
    queues={"55": "Support"},
)


@pytest.mark.parametrize(
    ("share", "written"),
    [(None, DASH), (0, "0%"), (0.004, "0%"), (0.5, "50%"), (0.996, "99%"), (1, "100%")],
)
def test_shares(share: float | None, written: str) -> None:
    """A bit less than all is not all."""
    assert written == percent(share)


@pytest.mark.parametrize(("value", "written"), [(None, DASH), (0, "0:00"), (61.4, "1:01"), (3661, "1:01:01")])
def test_durations(value: float | None, written: str) -> None:
    """Minutes and seconds, hours if there are any."""
    assert written == seconds(value)


def test_the_tables_that_say_something() -> None:
    """One day is all there is, one account too; those that are asked for come in any case."""
    found = report(HELD, parts=[Part("day", 0, 1000)])

    assert ["In all", "By queue", "By agent", "Agents' time", "By account"] == [table.title for table in tables(found)]
    assert ["By day"] == [table.title for table in tables(found, ["day"])]


def test_a_row_of_a_queue() -> None:
    """By its name."""
    (table,) = tables(report(HELD), ["queue"])
    (row,) = table.rows
    written = {heading.title: heading.write(row) for heading in table.headings}

    assert ("Support", "2", "1", "1", "50%", "0:10", "15:00") == (
        *(written["queue"], written["offered"], written["answered"], written["abandoned"]),
        *(written["level"], written["ASA"], written["longest"]),
    )


def test_every_status_that_anybody_had_is_a_column() -> None:
    """By the account's own name."""
    table = tables(report(HELD), ["agent"])[1]

    titles, row = [one.title for one in table.headings], [one.write(table.rows[0]) for one in table.headings]
    assert ["agent", "busy", "available", "Login", "Wrap-up", "observed"] == titles
    assert ["Lois", "1:30", "6:50", "8:20", "8:20", "100%"] == row


@pytest.mark.parametrize(
    ("since", "until", "written"), [(0, 1000, "100%"), (-51, 1000, "95%"), (-100, 1000, "91% !"), (2000, 3000, "0% !")]
)
def test_too_little_is_marked(since: float, until: float, written: str) -> None:
    """From 95% on it is enough."""
    assert written == observed(report(HELD, since, until).total)


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_a_narrow_terminal_loses_no_column(width: int) -> None:
    """What does not fit comes below, each piece with the name before and how much was observed after it."""
    for table in tables(report(HELD)):
        found = [[heading.title for heading in piece] for piece in pieces(table, width)]
        names = 1 if table.by != "total" else 0
        titles = [heading.title for heading in table.headings]
        assert titles[names:-1] == [title for piece in found for title in piece[names:-1]]
        assert all((piece[:names], piece[-1]) == (titles[:names], "observed") for piece in found)
        assert width < 200 or len(found) == 1


def test_what_has_no_name() -> None:
    """Has its id, or none."""
    assert ["no agent at SIP1", "none"] == [
        title_of(report(facts(talk(0, 9, agent_id=None))).agents[0]),
        title_of(report(facts(wait(0, 9, ABANDONED))).accounts[0]),
    ]
