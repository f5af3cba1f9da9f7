"""500 agents at 200 changes a second; `python -m tests.page.smooth` prints the figures."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.page.smooth import measure


def test_five_hundred_agents_stay_smooth(chromium: Browser) -> None:
    """On a machine that does other things too: most frames come soon, and the page's thread has time left."""
    found = measure(chromium, seconds=5)

    assert found.changes_per_s > 150, found
    assert found.median < 60, found
    assert found.p95 < 250, found
    assert found.busy < 0.9, found
