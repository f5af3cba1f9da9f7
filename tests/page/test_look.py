"""How it looks: Hebrew from right to left, dark and light, on a wall, in a hand."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.frames import call, extension, queue, waiting
from tests.page.conftest import Visit
from tests.page.served import Served

PHONE = {"width": 390, "height": 844}


def left(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["x"]


def top(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["y"]


def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_hebrew_mirrors_the_page(visit: Visit, centre: str) -> None:
    """By the browser's language, or the setting; times still read from left to right."""
    page = visit(centre, locale="he-IL")
    expect(page.locator("[data-agent]").first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#agents-title")).to_have_text("נציגים")
    assert left(page, "#calls") > left(page, "#agents")
    assert "ltr" == page.evaluate("getComputedStyle(document.querySelector('[data-agent] .timer')).direction")
    page.locator("#tab-ended").click()
    page.locator("#call-list [data-call]").first.click()
    expect(page.locator("#panel .events strong").first).to_have_text("השיחה התחילה")
    assert 0 == left(page, "#panel")
    page.goto(f"{centre}#lang=en")
    page.reload()

    expect(page.locator("html")).to_have_attribute("dir", "ltr")


def test_english_in_hebrew_keeps_to_itself(visit: Visit, centre: str) -> None:
    """The service's own words turn nothing around them, and what the search asks for begins at the right."""
    page = visit(f"{centre}#lang=he")
    expect(page.locator("#source")).to_contain_text("simulated")
    assert left(page, "#source") < left(page, "#link-text")
    assert "rtl" == page.evaluate("getComputedStyle(document.querySelector('.source')).direction")
    assert "isolate" == page.evaluate("getComputedStyle(document.getElementById('source')).unicodeBidi")
    assert "rtl" == page.evaluate("getComputedStyle(document.getElementById('search')).direction")
    page.fill("#search", "Agate")

    assert "ltr" == page.evaluate("getComputedStyle(document.getElementById('search')).direction")


def test_every_word_is_said_in_both_languages(visit: Visit, centre: str) -> None:
    """No key of a word is shown to anybody, and Hebrew has no English left in it."""
    page = visit(f"{centre}#lang=he")
    expect(page.locator("[data-agent]").first).to_be_visible()
    words = page.evaluate(
        """async () => {
          const source = await (await fetch("words.js")).text();
          const { t, speak } = await import("./words.js");
          const keys = [...source.matchAll(/^  "([^"]+)": \\[/gm)].map((found) => found[1]);
          speak("en");
          const english = keys.map((key) => t(key));
          speak("he");
          return keys.map((key, index) => [key, english[index], t(key)]);
        }"""
    )

    assert len(words) > 150
    assert [] == [
        key
        for key, english, hebrew in words
        if not re.search("[\u05d0-\u05ea]", hebrew) or ("." in key and english == key)
    ]


def test_dark_and_light(visit: Visit, centre: str) -> None:
    """As the system says, until one switches."""
    dark = visit(centre, color_scheme="dark")
    light = visit(centre, color_scheme="light")
    assert ground(dark) != ground(light)
    before = ground(light)
    dark.click("#switch-theme")
    expect(dark.locator("html")).to_have_attribute("data-theme", "light")

    assert before == ground(dark)


def test_the_wall_has_nothing_to_click_for(visit: Visit, centre: str) -> None:
    """Queues and agents without what one needs a mouse for; Escape leaves."""
    page = visit(f"{centre}#view=wall", viewport={"width": 1920, "height": 1080})
    expect(page.locator("[data-queue]")).to_have_count(6)
    expect(page.locator("#search")).to_be_hidden()
    expect(page.locator("#agents")).to_be_hidden()
    assert 16 == page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    page.keyboard.press("Escape")

    expect(page.locator("#search")).to_be_visible()


def test_a_wall_of_some_queues(visit: Visit, service: Served) -> None:
    """An address can have it show these alone, in rows and in the sum."""
    service.give(
        queue(1, "JOIN", "c1", [waiting("c1")]),
        queue(2, "JOIN", "c2", [waiting("c2")], QueueID=56, QueueName="Sales"),
    )
    page = visit(f"{service.address}#view=wall&only=56")
    expect(page.locator("[data-queue] .name")).to_have_text("Sales")

    expect(page.locator("[data-total=waiting] .low")).to_have_text("1")


def test_how_many_more_calls_keeps_its_sign_before_it_in_hebrew(visit: Visit, service: Served) -> None:
    """A sign is turned by what stands around it, unless it is kept apart."""
    calls = [call("c1", "Talking", answered_at=2), call("c2", "Hold", answered_at=2)]
    service.give(extension(3, "SIP1", "ANSWER", calls[0], calls))
    page = visit(service.address, locale="he-IL")
    more = page.locator("[data-agent=SIP1] .detail bdi").filter(has_text="+1")
    expect(more).to_have_text("+1")

    expect(more).to_have_css("direction", "ltr")


def test_a_phone_needs_no_scrolling_sideways(visit: Visit, centre: str) -> None:
    """And the parts are a touch away."""
    page = visit(f"{centre}#tab=live", viewport=PHONE)
    expect(page.locator("[data-queue]").first).to_be_visible()
    for part in ("agents", "queues", "calls"):
        page.click(f"[data-part={part}]")
        expect(page.locator(f"#{part}-title")).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [] == page.locator("button:visible, select:visible").evaluate_all(
        "found => found.filter(one => one.getBoundingClientRect().height < 32).map(one => one.id)"
    )
    page.locator("#call-list [data-call]").first.click()
    expect(page.locator("#panel .events li").first).to_be_visible()

    assert page.evaluate("document.querySelector('#panel').scrollWidth <= innerWidth")


def test_news_leave_the_layout_where_it_is(visit: Visit, service: Served) -> None:
    """Who begins to do what no one did, or a filter, moves no card up or down."""
    service.give(extension(1, "SIP1", "LOGIN"))
    page = visit(service.address)
    expect(page.locator("[data-chip=available] .count")).to_have_text("1")
    before = top(page, "#agent-groups")
    for number, status in enumerate(("Talking", "Ringing", "Dialing", "Hold"), 2):
        service.give(extension(number, f"SIP{number}", "NEWCALL", call(f"c{number}", status)))
    expect(page.locator("[data-agent]")).to_have_count(5)
    assert before == top(page, "#agent-groups")
    page.click("[data-chip=talking]")
    expect(page.locator("#filtered")).to_contain_text("Show all")

    assert before == top(page, "#agent-groups")


def test_compact_cards_are_smaller(visit: Visit, centre: str) -> None:
    """For centres with hundreds of agents."""
    page = visit(centre)
    card = page.locator("[data-agent]").first
    before = card.bounding_box()
    page.goto(f"{centre}#size=compact")
    expect(page.locator("#agent-groups")).to_have_attribute("data-many", "yes")
    after = card.bounding_box()

    assert before is not None
    assert after is not None
    assert after["height"] < 0.7 * before["height"]
