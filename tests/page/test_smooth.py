"""500 agents at 200 changes a second; `python -m tests.page.smooth` prints the figures."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.page.smooth import measure


def test_five_hundred_agents_stay_smooth(chromium: Browser) -> None:
    """The page's thread has time left, by its own computing alone; the limits of time allow for a machine in demand."""
    found = measure(chromium, seconds=5)

    assert found.changes_per_s > 150, found
    assert found.busy < 0.8, found
    assert found.median < 100, found
    assert found.p95 < 500, found
