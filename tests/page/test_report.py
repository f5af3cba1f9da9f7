"""The page of a report in a real browser: accessible, and nothing wider than it, on a screen and on paper."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, ViewportSize

from calltrack.figures import Facts, report
from calltrack.figures.ranges import Range
from calltrack.report.page import page
from tests.figures.losses import flat
from tests.figures.made import ABANDONED, ANSWERED, LOST, facts, status, talk, wait
from tests.page.test_accessible import violations

START = 1_700_000_000
HEBREW = "תמיכה טכנית"


def held(days: int) -> Facts:
    """Something of everything, some of it not certain, in Hebrew."""
    hours = range(0, days * 24 * 3600, 3600)
    rows = [wait(START + at, START + at + 30 + at % 500, (ANSWERED, ABANDONED, LOST)[at // 3600 % 3]) for at in hours]
    talks = [talk(START + at + 60, START + at + 900, agent_name="דנה כהן") for at in hours]
    end = START + days * 86400
    return facts(*rows, *talks, status(1, START, agent_name="דנה כהן"), first=START, time=end, queues={"55": HEBREW})


@pytest.mark.parametrize("days", [1, 60])
def test_the_page(chromium: Browser, npm: Path, tmp_path: Path, days: int) -> None:
    """One day, and sixty; light and dark."""
    facts = held(days)
    path = tmp_path / "report.html"
    path.write_text(page(facts, report(facts), name=HEBREW, zone=UTC), encoding="utf-8")
    shown = chromium.new_page(color_scheme="light")
    shown.goto(path.as_uri())
    assert [] == violations(shown, npm)
    shown.emulate_media(color_scheme="dark")
    assert [] == violations(shown, npm)

    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert HEBREW in (shown.locator("svg").first.text_content() or "")
    shown.emulate_media(media="print")
    assert shown.evaluate("[...document.querySelectorAll('svg')].every(one => one.clientWidth <= innerWidth)")
    shown.close()


A4 = ViewportSize(width=1032, height=703)
"""What is left of a landscape page between margins of 12 mm, in pixels of CSS."""


def test_the_widest_tables_fit_on_paper(chromium: Browser, tmp_path: Path) -> None:
    """Large figures, none of them certain: else the browser would scale the whole page down."""
    whole = report(held(1))
    wide = {name: Range(5_000, 400_000) for name in flat(whole.total)}
    found = replace(whole, **{name: (replace(whole.total, bounds=wide),) for name in ("agents", "queues", "parts")})
    path = tmp_path / "report.html"
    tables = ("queue", "agent", "day")
    path.write_text(page(held(1), found, name="wide", zone=UTC, by=tables), encoding="utf-8")
    shown = chromium.new_page(viewport=A4)
    shown.goto(path.as_uri())
    shown.emulate_media(media="print")

    assert 4 == shown.locator("table").count()
    assert A4["width"] >= shown.evaluate("document.documentElement.scrollWidth")
    shown.close()
