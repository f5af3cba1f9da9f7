"""Who needs a token is asked for it, once."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.page.conftest import Visit
from tests.page.served import fed
from tests.page.test_link import BEGUN

TOKEN = "a-token-of-twenty-four-characters"


def ground(page: Page, selector: str) -> str:
    return str(page.eval_on_selector(selector, "one => getComputedStyle(one).backgroundColor"))


def test_a_token_opens_the_board(visit: Visit) -> None:
    """A wrong one is refused in words; the right one stays in a cookie that no script can read."""
    with fed(TOKEN) as running:
        running.give(*BEGUN)
        page = visit(running.address)
        expect(page.locator("#token")).to_be_visible()
        expect(page.locator("[data-agent]")).to_have_count(0)
        assert ground(page, "#token-field") != ground(page, "#token-form button")
        page.fill("#token-field", "wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#token-wrong")).to_have_text("This token is not known.")
        page.fill("#token-field", TOKEN)
        page.keyboard.press("Enter")
        expect(page.locator("[data-agent]")).to_have_count(1)
        page.reload()
        expect(page.locator("[data-agent]")).to_have_count(1)

        expect(page.locator("#token")).to_be_hidden()
        assert "" == page.evaluate("document.cookie")
        assert TOKEN not in page.evaluate("JSON.stringify([localStorage, sessionStorage, location.href])")
