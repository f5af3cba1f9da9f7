"""Everything without a mouse."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.page.conftest import Visit


def opened(visit: Visit, address: str) -> Page:
    page = visit(address)
    expect(page.locator("[data-agent]").first).to_be_visible()
    return page


def focused(page: Page) -> str:
    """The id that the focus is on: an agent's, call's or queue's, or an element's own."""
    return str(
        page.evaluate(
            """() => {
              const at = document.activeElement, item = at.closest("[data-agent], [data-call], [data-queue]");
              return item ? item.dataset.agent ?? item.dataset.call ?? item.dataset.queue : at.id;
            }"""
        )
    )


def test_a_story_by_keyboard_alone(visit: Visit, centre: str) -> None:
    """To the calls, down one, in, and back to where one was."""
    page = opened(visit, centre)
    page.click("#tab-ended")
    expect(page.locator("#call-list")).to_have_attribute("data-tab", "ended")
    page.keyboard.press("3")
    first = focused(page)
    page.keyboard.press("ArrowDown")
    second = focused(page)
    page.keyboard.press("Enter")
    expect(page.locator("#panel .events li").first).to_be_visible()
    assert "panel-title" == focused(page)
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()

    assert first != second
    assert second == focused(page)


def test_arrows_walk_the_cards_as_they_are_seen(visit: Visit, centre: str) -> None:
    """Down is the card below; in Hebrew left is the next one."""
    page = opened(visit, f"{centre}#group=none&sort=name")
    page.keyboard.press("2")
    ids = page.locator("[data-agent]").evaluate_all("found => found.map(one => one.dataset.agent)")
    assert ids[0] == focused(page)
    page.keyboard.press("ArrowRight")
    assert ids[1] == focused(page)
    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.getBoundingClientRect().left")
    page.keyboard.press("ArrowUp")
    assert ids[1] == focused(page)
    assert below == page.evaluate("document.activeElement.getBoundingClientRect().left")
    page.keyboard.press("End")
    assert ids[-1] == focused(page)
    page.goto(f"{centre}#lang=he&group=none&sort=name")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.keyboard.press("2")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")

    assert ids[1] == focused(page)


def test_each_list_is_one_stop_of_tab(visit: Visit, centre: str) -> None:
    """Forty agents are not forty times Tab."""
    page = opened(visit, centre)

    assert 1 == page.locator("#agent-groups [data-roving]").first.locator("button[tabindex='0']").count()
    assert 1 == page.locator("#queue-list button[tabindex='0']").count()
    page.keyboard.press("Tab")
    assert "skip" == page.evaluate("document.activeElement.className")


def test_single_keys(visit: Visit, centre: str) -> None:
    """Each does what the help says, and none while one writes or when they are switched off."""
    page = opened(visit, centre)
    page.keyboard.press("g")
    expect(page.locator("#group")).to_have_value("none")
    page.keyboard.press("o")
    expect(page.locator("#hide-out")).to_be_checked()
    page.keyboard.press("d")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("b")
    expect(page.locator("html")).to_have_attribute("data-view", "wall")
    page.keyboard.press("b")
    page.keyboard.press("/")
    page.keyboard.type("og")
    expect(page.locator("#search")).to_have_value("og")
    expect(page.locator("#group")).to_have_value("none")
    page.keyboard.press("Escape")
    expect(page.locator("#search")).to_have_value("")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#panel-title")).to_have_text("Help and keys")
    page.keyboard.press("Escape")
    expect(page.locator("#panel-title")).to_be_hidden()
    page.keyboard.press("s")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("g")

    expect(page.locator("#group")).to_have_value("none")


def test_a_checkbox_leaves_single_keys_alone(visit: Visit, centre: str) -> None:
    """One does not write into it; its own key is Space."""
    page = opened(visit, centre)
    page.focus("#hide-out")
    page.keyboard.press("g")
    expect(page.locator("#group")).to_have_value("none")
    page.keyboard.press("Space")
    expect(page.locator("#hide-out")).to_be_checked()
    page.keyboard.press("/")

    assert "search" == focused(page)


def test_the_focus_stays_on_a_card_that_moves(visit: Visit, centre: str) -> None:
    """Grouping, ordering and news move cards about, not the reader."""
    page = opened(visit, centre)
    page.keyboard.press("2")
    page.keyboard.press("ArrowRight")
    before = focused(page)
    page.keyboard.press("g")
    expect(page.locator("#group")).to_have_value("none")

    assert before == focused(page)
