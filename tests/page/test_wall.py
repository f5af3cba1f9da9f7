"""The wall is read in three seconds, from five metres: sizes, contrast, room, and what is filled."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from calltrack import Frame
from tests.page.conftest import Visit
from tests.page.measure import FILLED, look, until_whole
from tests.page.scene import Scene
from tests.page.served import Served

DOUBT = """
    const Real = EventSource;
    globalThis.EventSource = class extends Real {
      addEventListener(name, listener) {
        super.addEventListener(name, message => {
          if (!message.data) return listener(message);
          const data = JSON.parse(message.data);
          const last = (data.queues ?? []).flatMap(queue => queue.waiting.slice(-2));
          for (const one of last) one.doubtful = "its queue was not heard";
          listener({data: JSON.stringify(data)});
        });
      }
    };
"""
"""What a service says of waits that may be over."""


@pytest.mark.parametrize("scene", [Scene(6, 60), Scene(12, 500, "long", gap=True), Scene(12, 15, "hebrew")], ids=str)
def test_everything_can_be_read(chromium: Browser, scene: Scene) -> None:
    """At both sizes, in both themes, connected and not: the table's heights, contrast, and nothing over its edge.

    More of them: python -m tests.page.measure.
    """
    heights = (1080, 2160) if scene.agents == 60 else (1080,)

    assert [] == look(chromium, scene, heights)


def wall(visit: Visit, service: Served, scene: Scene, before: str = "") -> Page:
    service.give(*scene.frames())
    page = visit("about:blank", new=bool(before), viewport={"width": 1920, "height": 1080})
    if before:
        page.add_init_script(before)
    page.goto(f"{service.address}#view=wall&theme=dark")
    until_whole(page, scene)
    return page


def test_one_queue_in_trouble_is_all_that_is_filled(visit: Visit, service: Served) -> None:
    """And its row is the first; on a calm board nothing has a colour."""
    scene = Scene(6, 60, mood="one")
    page = wall(visit, service, scene)

    assert {scene.trouble} == set(page.evaluate(FILLED))
    expect(page.locator("[data-queue]").first).to_have_attribute("data-queue", scene.trouble)
    expect(page).to_have_title("(1 ▲▲) Call board")
    expect(page.locator("#announce")).to_have_text("Over the limit: Billing")


def test_a_calm_board_has_no_colour(visit: Visit, service: Served) -> None:
    """That is the sign that all is well; in place of exceptions the free are named."""
    page = wall(visit, service, Scene(6, 60, mood="calm"))

    assert [] == page.evaluate(FILLED)
    expect(page.locator(".acute[data-level]")).to_have_count(0)
    expect(page.locator("#over-list .note")).to_have_text("None. Free, longest first:")


def test_what_may_be_over_is_a_range(visit: Visit, service: Served) -> None:
    """At least, and at most; the longest certain one; and a level from what is certain."""
    page = wall(visit, service, Scene(6, 60, mood="one"), DOUBT)
    row = page.locator("[data-queue='5000']")

    expect(row.locator(".c-waiting .value")).to_have_text("7–9")
    expect(row.locator(".c-waiting")).to_have_attribute("data-level", "warn")
    expect(row.locator(".c-longest .low")).to_have_text(re.compile(r"^1\d:"))  # 12 minutes and what the test takes
    expect(page.locator("[data-total=waiting] .value")).to_have_text("7–10")


def test_days_with_ends_that_were_missed_are_ranges(visit: Visit, service: Served) -> None:
    """With the share that was seen, and a grey block where nothing was observed."""
    page = wall(visit, service, Scene(6, 60, gap=True))

    expect(page.locator("[data-total=gone] .high")).to_have_text("–4")
    expect(page.locator("#seen")).to_have_text("10 % of today seen")
    expect(page.locator("[data-total=waiting] .gap")).to_have_count(1)


def test_nothing_known_is_dashes_and_a_band(visit: Visit, service: Served) -> None:
    """No level, no dot of now; the day's shares stay, as they were; all come back by themselves."""
    scene = Scene(6, 60)
    page = wall(visit, service, scene)
    expect(page.locator(".dot").first).to_be_attached()
    service.give(Frame.of("disconnect", {"reason": "transport close"}))

    expect(page.locator("#banner")).to_contain_text("No connection since")
    expect(page.locator("#banner")).to_contain_text("Today’s figures end there.")
    expect(page.locator("[data-level]")).to_have_count(0)
    expect(page.locator(".dot")).to_have_count(0)
    expect(page.locator(".field .group")).to_have_attribute("data-chip", "unknown")
    expect(page.locator("[data-total=level] .figure")).to_have_attribute("data-doubt", "stale")
    assert ["?"] * 12 == page.locator(":is(.c-waiting, .c-longest) .low").all_inner_texts()


def test_rows_change_places_seldom(visit: Visit, service: Served) -> None:
    """At most every ten seconds; one that calmed down keeps its place for thirty; a level is shown at once."""
    page = visit(service.address)
    seen = page.evaluate(
        """async () => {
          const { Steady } = await import("./order.js");
          let at = 0;
          const steady = new Steady(() => at), seen = [];
          const one = (id, rank) => ({id, rank: [rank], name: id});
          const put = (a, b) => seen.push(steady.arrange([one("a", a), one("b", b)]).join(""));
          put(0, 0); at = 9000; put(0, 3); at = 10000; put(0, 3);
          at = 20000; put(1, 0); at = 39000; put(1, 0); at = 50001; put(1, 0);
          return seen;
        }"""
    )

    assert ["ab", "ab", "ba", "ba", "ba", "ab"] == seen
