"""500 agents at 200 changes a second; `python -m tests.page.smooth` prints the figures."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.page.smooth import measure


def test_five_hundred_agents_stay_smooth(chromium: Browser) -> None:
    """The page's thread has a fifth of a processor left: its own computing counts, not what else the machine does."""
    found = measure(chromium, seconds=5)

    assert found.changes_per_s > 20, found
    assert found.busy < 0.8, found
