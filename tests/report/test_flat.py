"""A report as one flat table."""

import csv
import io

from calltrack.figures import Part, report
from calltrack.report.flat import write_csv
from tests.figures.made import ABANDONED, ANSWERED, LOST, facts, status, talk, wait

HELD = facts(
    wait(0, 10, ANSWERED),
    wait(0, 900, ABANDONED),
    talk(10, 100, agent_name="@SUM(A1)"),
    status(1, 0, agent_name="@SUM(A1)"),
    queues={"55": "=cmd()"},
)


def rows(*by: str) -> list[dict[str, str]]:
    """The rows of the CSV."""
    out = io.StringIO(newline="")
    write_csv(report(HELD, 0, 1000, parts=[Part("2026-01-01", 0, 500)]), out, by)
    return list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))


def test_a_row_per_group() -> None:
    """All groups, or those that are asked for; no cell is a formula."""
    assert [("total", ""), ("day", "2026-01-01"), ("queue", "'=cmd()"), ("agent", "'@SUM(A1)")] == [
        (row["by"], row["name"]) for row in rows() if row["by"] not in ("extension", "account")
    ]
    assert ["queue"] == [row["by"] for row in rows("queue")]


def test_what_is_not_certain_has_bounds() -> None:
    """In the rows in which it is certain they are the figure itself; what is certain everywhere has none."""
    out = io.StringIO(newline="")
    held = facts(wait(0, 10, ANSWERED), wait(0, 100, LOST, queue_id="56", least_s=40, most_s=100), queues={"56": "b"})
    write_csv(report(held), out, ("queue",))
    lost, sure = csv.DictReader(io.StringIO(out.getvalue(), newline=""))

    assert ("1", "0", "1") == (lost["lost"], lost["lost_least"], lost["lost_most"])
    assert ("10.0", "10.0", "10.0") == (sure["asa_s"], sure["asa_s_least"], sure["asa_s_most"])
    assert ("", "40.0", "100.0") == (lost["asa_s"], lost["asa_s_least"], lost["asa_s_most"])
    assert "talk_s" in lost and "talk_s_least" not in lost


def test_figures_are_raw() -> None:
    """Seconds, shares, UTC; empty where a group has none; no title twice."""
    total, queue, agent = (rows(by)[0] for by in ("total", "queue", "agent"))

    assert ("2", "10.0", "0.5", "1970-01-01T00:16:40Z") == (
        *(queue["offered"], queue["asa_s"], queue["service_level_negative"], queue["until"]),
    )
    assert ("", "1", "90.0", "1000") == (agent["offered"], agent["handled"], agent["att_s"], agent["status_1_s"])
    assert ("", "0", "0") == (queue["occupancy"], total["calls"], total["calls_incoming"])
    out = io.StringIO()
    write_csv(report(HELD), out)
    header = out.getvalue().splitlines()[0].split(",")
    assert len(header) == len(set(header))
