"""How it looks: Hebrew from right to left, dark and light, across the room, in a hand."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.frames import START, call, extension, queue, waiting
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
    assert left(page, "#calls") < left(page, "#agents")
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


def test_a_big_screen_shows_everybody_without_scrolling(visit: Visit, centre: str) -> None:
    """In larger letters, without what one needs a mouse for; Escape leaves."""
    page = visit(f"{centre}#big=on", viewport={"width": 1920, "height": 1080})
    expect(page.locator("[data-agent]").first).to_be_visible()
    expect(page.locator("#search")).to_be_hidden()
    place = "document.getElementById('agent-groups')"
    page.wait_for_function(f"{place}.scrollHeight <= {place}.clientHeight")
    assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") > 20
    page.keyboard.press("Escape")

    expect(page.locator("#search")).to_be_visible()


def test_no_word_of_what_agents_do_is_cut(visit: Visit, service: Served) -> None:
    """A long status with a long time takes the line that is to spare; compact cards may cut."""
    since = (START - 20_000) * 1000
    service.give(
        extension(3, "SIP1", "STATUS", representativeStatus=5, representativeUpdated=since),
        extension(4, "SIP2", "STATUS", representativeStatus=2, representativeUpdated=since),
    )
    for hash_, viewport in (("#big=on", {"width": 1920, "height": 1080}), ("", {"width": 1440, "height": 900})):
        page = visit(f"{service.address}{hash_}", viewport=viewport)
        expect(page.locator("[data-agent] .timer[data-long]")).to_have_count(2)
        expect(page.locator("[data-agent=SIP1] .label")).to_have_text("Administrative")
        cut = "found => found.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
        assert [] == page.locator("[data-agent] :is(.label, .what)").evaluate_all(cut)


def test_how_many_more_calls_keeps_its_sign_before_it_in_hebrew(visit: Visit, service: Served) -> None:
    """A sign is turned by what stands around it, unless it is kept apart."""
    calls = [call("c1", "Talking", answered_at=2), call("c2", "Hold", answered_at=2)]
    service.give(extension(3, "SIP1", "ANSWER", calls[0], calls))
    page = visit(service.address, locale="he-IL")
    more = page.locator("[data-agent=SIP1] .detail bdi").filter(has_text="+1")
    expect(more).to_have_text("+1")

    assert "ltr" == more.evaluate("one => getComputedStyle(one).direction")


def test_no_common_word_is_cut_on_a_phone(visit: Visit, service: Served) -> None:
    """Available and logged out, with the times that they usually have, in both languages."""
    now, before = [(START - ago) * 1000 for ago in (600, 20_000)]
    service.give(
        extension(3, "SIP1", "STATUS", representativeStatus=1, representativeUpdated=now),
        extension(4, "SIP2", "STATUS", representativeStatus=2, representativeUpdated=before),
    )
    for locale in ("en-GB", "he-IL"):
        page = visit(service.address, viewport=PHONE, locale=locale)
        expect(page.locator("[data-agent] .timer")).to_have_text(
            [re.compile(r"^1\d:\d\d$"), re.compile(r"^5:\d\d:\d\d$")]
        )
        cut = "found => found.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
        assert [] == page.locator("[data-agent] :is(.label, .what)").evaluate_all(cut)


def test_a_phone_needs_no_scrolling_sideways(visit: Visit, centre: str) -> None:
    """And the parts are a touch away."""
    page = visit(centre, viewport=PHONE)
    expect(page.locator("[data-agent]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click(".jump a[href='#calls']")
    expect(page.locator("#calls-title")).to_be_in_viewport()
    page.locator("#call-list [data-call]").first.click()
    expect(page.locator("#panel .events li").first).to_be_visible()

    assert page.evaluate("document.querySelector('#panel').scrollWidth <= innerWidth")


def test_one_queue_is_no_wider_than_a_tile(visit: Visit, service: Served) -> None:
    """However wide the page is."""
    service.give(queue(1, "JOIN", "c1", [waiting("c1")]))
    page = visit(service.address)
    box = page.locator("[data-queue]").bounding_box()

    assert box is not None
    assert 180 < box["width"] <= 22 * 16


def test_news_leave_the_layout_where_it_is(visit: Visit, service: Served) -> None:
    """Who begins to do what nobody did, or a filter, moves no card up or down."""
    service.give(extension(1, "SIP1", "LOGIN"))
    page = visit(service.address)
    expect(page.locator("[data-chip=available] .count")).to_have_text("1")
    before = top(page, "#agent-groups")
    for number, status in enumerate(("Talking", "Ringing", "Dialing", "Hold"), 2):
        service.give(extension(number, f"SIP{number}", "NEWCALL", call(f"c{number}", status)))
    expect(page.locator("[data-agent]")).to_have_count(5)
    assert before == top(page, "#agent-groups")
    page.click("[data-chip=talking]")
    expect(page.locator("#filtered")).to_have_text("Show all")

    assert before == top(page, "#agent-groups")


def test_compact_cards_are_smaller(visit: Visit, centre: str) -> None:
    """For centres with hundreds of agents."""
    page = visit(centre)
    card = page.locator("[data-agent]").first
    before = card.bounding_box()
    page.goto(f"{centre}#size=compact")
    expect(page.locator("html")).to_have_attribute("data-size", "compact")
    after = card.bounding_box()

    assert before is not None
    assert after is not None
    assert after["height"] < 0.7 * before["height"]
