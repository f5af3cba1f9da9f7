"""Limits are the account's: set once, they hold on every screen."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.page.conftest import Visit
from tests.page.served import Served, fed
from tests.page.test_link import BEGUN

TOKEN = "a-token-of-twenty-four-characters"


def typed(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).fill(text)
    page.get_by_label(label, exact=True).press("Tab")


def test_limits_hold_on_every_screen(visit: Visit, service: Served) -> None:
    """In outline and sign, then filled, and in words; another browser has them, too."""
    service.give(*BEGUN)
    page, other = visit(service.address), visit(f"{service.address}#view=wall")
    expect(page.locator("[data-agent]")).to_be_visible()
    page.click("#open-settings")
    typed(page, "Talking: first limit", "0:01")
    typed(page, "Talking: second limit", "never")
    assert page.get_by_label("Talking: second limit").evaluate("one => !one.validity.valid")
    typed(page, "Talking: second limit", "90:00")
    page.keyboard.press("Escape")
    expect(page.locator("[data-agent] .figure[data-level=warn] .sign")).to_have_text("▲")
    expect(page.locator("[data-agent] .figure")).to_contain_text("over the first limit")
    page.click("#open-settings")
    typed(page, "Talking: second limit", "0:02")
    page.keyboard.press("Escape")
    expect(page.locator("[data-agent] .figure[data-level=over] .sign")).to_have_text("▲▲")
    other.reload()

    expect(other.locator("#over-list .figure[data-level=over]")).to_be_visible()
    expect(other.locator("#over-count")).to_have_text("1")


def test_a_queue_s_own_limits_and_short_name(visit: Visit, service: Served) -> None:
    """They are set where the queue opens."""
    service.give(*BEGUN)
    page = visit(service.address)
    page.click("[data-queue]")
    typed(page, "Callers waiting: first limit", "1")
    typed(page, "Callers waiting: second limit", "1")
    typed(page, "Short name on the wall", "Help")
    page.keyboard.press("Escape")

    expect(page.locator("[data-queue] .name")).to_have_text("Help")
    expect(page.locator("[data-queue] .c-waiting")).to_have_attribute("data-level", "over")


def test_what_another_screen_sets_meanwhile_is_kept(visit: Visit, service: Served) -> None:
    """A form alters what holds, also if that is set while it writes."""
    service.give(*BEGUN)
    page = visit(service.address)
    page.click("#open-settings")
    page.evaluate("""() => {
        const real = window.fetch;
        let first = true;
        window.fetch = async (where, how) => {
            if (how?.method === "PUT" && first) {
                first = false;
                await real("api/limits", {
                    method: "PUT", headers: {"Content-Type": "application/json"},
                    body: JSON.stringify({agents_named: false}),
                });
            }
            return real(where, how);
        };
    }""")
    page.fill("#set-name", "North")
    page.locator("#set-name").press("Tab")
    expect(page).to_have_title(re.compile("North"))
    held = page.evaluate("async () => (await (await fetch('api/limits')).json()).limits")

    assert ("North", False) == (held["name"], held["agents_named"])


def test_what_the_service_refuses_is_said(visit: Visit, service: Served) -> None:
    """And nothing is another."""
    service.give(*BEGUN)
    page = visit(service.address)
    page.click("#open-settings")
    typed(page, "Talking: first limit", "90:00")

    expect(page.locator("#panel .wrong").filter(has_text="the first limit is above the second")).to_be_visible()


def test_who_may_not_set_them_reads_them(visit: Visit) -> None:
    """There is nothing to type into."""
    with fed(TOKEN) as running:
        running.give(*BEGUN)
        page = visit(running.address)
        page.fill("#token-field", TOKEN)
        page.keyboard.press("Enter")
        expect(page.locator("[data-agent]")).to_be_visible()
        page.click("#open-settings")
        expect(page.locator("#panel .limits").first).to_contain_text("20:00")

        assert 0 == page.locator("#panel .limits input").count()
