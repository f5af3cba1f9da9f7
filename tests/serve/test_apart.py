from __future__ import annotations

from pathlib import Path

from calltrack.figures import Options, report
from calltrack.serve import apart
from calltrack.serve.written import Written
from tests.figures.made import ABANDONED, facts, status, talk, wait


def test_the_report_is_that_of_all_rows(tmp_path: Path) -> None:
    """Of those that are written and of those that are held, made in another process."""
    rows = [talk(10, 60, hold=5), wait(5, 10, ABANDONED), status(1, 0, 70), status(3, 70)]
    known, options = facts(*rows, talk(100, None)), Options(short_abandon_s=6)
    expected = report(known, 0, None, options)
    written = Written(tmp_path / "rows")
    written.take(known, 0)

    assert expected == apart.made(report, known.checkpoint(), written.extract, 0, None, options)
    assert expected != report(known, 0, None, options)
