"""WCAG 2 A and AA, as axe-core checks them, wherever one can be on the board."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import Visit
from tests.page.served import Served, fed
from tests.page.test_link import BEGUN

PHONE = {"width": 390, "height": 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page, npm: Path, part: str = "html") -> list[str]:
    """What axe-core objects to; it is put beside the page's own scripts, which its policy does not concern."""
    page.evaluate((npm / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("([part, rules]) => axe.run(part, {runOnly: rules})", [part, RULES])
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(
    "hash_",
    [
        *("", "#theme=dark&lang=he&group=queue", "#size=compact&tab=ended"),
        *("#view=wall&theme=dark&lang=he", "#view=phone", "#view=phone&theme=dark&lang=he"),
    ],
)
def test_the_board(visit: Visit, centre: str, npm: Path, hash_: str) -> None:
    """In every view and dress."""
    page = visit(f"{centre}{hash_}", viewport=PHONE if "phone" in hash_ else {"width": 1440, "height": 900})
    expect(page.locator("[data-queue]").first).to_be_visible()
    expect(page.locator(".spark .line").first).to_be_attached()

    assert [] == violations(page, npm)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_drawer(visit: Visit, centre: str, npm: Path, theme: str) -> None:
    """Whatever it shows."""
    page = visit(f"{centre}#theme={theme}&tab=ended")
    expect(page.locator("[data-agent]").first).to_be_visible()
    panel = page.locator("#panel")
    for button in ("[data-call]", "[data-agent]", "[data-queue]", "#open-settings", "#open-help", "#connection"):
        page.locator(button).first.click()
        expect(panel).to_be_visible()
        if button == "[data-call]":
            expect(panel.locator(".events li").first).to_be_visible()

        assert [] == violations(page, npm, "#panel"), button
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_without_connection(visit: Visit, npm: Path, theme: str) -> None:
    """The banner and all that is unknown."""
    with fed() as running:
        running.give(*BEGUN)
        page = visit(f"{running.address}#theme={theme}")
        expect(page.locator("[data-agent]")).to_be_visible()
        running.stop()
        expect(page.locator("#banner")).to_be_visible()

        assert [] == violations(page, npm)


def test_empty(visit: Visit, service: Served, npm: Path) -> None:
    """No one, nothing, yet."""
    page = visit(service.address)
    expect(page.locator("#link-text")).to_have_text("Waiting for the first event")

    assert [] == violations(page, npm)


def test_the_question_for_a_token(visit: Visit, npm: Path) -> None:
    """It has a name, and so has its field."""
    with fed("a-token-of-twenty-four-characters") as running:
        page = visit(running.address)
        expect(page.locator("#token")).to_be_visible()

        assert [] == violations(page, npm)
