"""Timers are the server's: whatever this computer's clock says, and however seldom the tab may run."""

from __future__ import annotations

import json
import time
from urllib.request import urlopen

from playwright.sync_api import Page, expect

from tests.frames import call, extension, queue, utc, waiting
from tests.page.conftest import Visit
from tests.page.served import TIMEOUT, Served

ANSWERED = 2
WRONG_CLOCK = """
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given) { given.length ? super(...given) : super(Date.now()); }
      static now() { return Real.UTC(1999, 0, 1); }
    };
"""


def now(service: Served) -> float:
    """The server's time, as the API sends it."""
    with urlopen(f"{service.address}api/state", timeout=TIMEOUT) as answer:
        return float(json.load(answer)["now"])


def shown(page: Page) -> int:
    """Seconds on the only agent's timer."""
    minutes, seconds = page.locator("[data-agent] .timer .low").inner_text().split(":")
    return int(minutes) * 60 + int(seconds)


def talking(service: Served) -> None:
    service.give(extension(100, "SIP1", "ANSWER", call("c1", "Talking", answered_at=ANSWERED)))


def right(page: Page, service: Served) -> bool:
    """Whether the timer shows what has passed on the server while we look."""
    before = now(service) - utc(ANSWERED)
    seconds = shown(page)
    return int(before) - 1 <= seconds <= now(service) - utc(ANSWERED)


def wait_until_right(page: Page, service: Served) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not right(page, service):
        assert time.monotonic() < deadline, f"{shown(page)} s are shown, not {now(service) - utc(ANSWERED):.1f}"


def test_a_wrong_clock_changes_nothing(visit: Visit, service: Served) -> None:
    """A computer in 1999 shows the same seconds."""
    talking(service)
    page = visit("about:blank", new=True)
    page.add_init_script(WRONG_CLOCK)
    page.goto(service.address)
    expect(page.locator("[data-agent]")).to_be_visible()
    assert 915148800000 == page.evaluate("Date.now()")
    wait_until_right(page, service)
    first = shown(page)
    page.wait_for_function(
        "first => document.querySelector('[data-agent] .timer .low').textContent !== first", arg=span(first)
    )

    assert first >= 98
    wait_until_right(page, service)


def test_a_frozen_tab_is_right_as_soon_as_it_is_seen(visit: Visit, service: Served) -> None:
    """Nothing is counted, so nothing can be missed."""
    talking(service)
    page = visit(service.address, new=True)
    expect(page.locator("[data-agent]")).to_be_visible()
    wait_until_right(page, service)
    frozen = page.context.new_cdp_session(page)
    frozen.send("Page.setWebLifecycleState", {"state": "frozen"})
    begin = now(service)
    while now(service) < begin + 3:
        time.sleep(0.05)  # the server's time has to pass
    frozen.send("Page.setWebLifecycleState", {"state": "active"})

    wait_until_right(page, service)


def test_the_clock_believes_the_latest_message(visit: Visit, service: Served) -> None:
    """A late message does not set it back, a clock that was set does, and speed is the server's."""
    page = visit(service.address)
    reported = page.evaluate(
        """async () => {
          const { ServerClock, span } = await import("./clock.js");
          let at = 0;
          const clock = new ServerClock(() => at), seen = [];
          const note = () => seen.push(clock.now());
          note();
          clock.hear(1000, 1); at += 5000; note();
          clock.hear(1004, 1); note();
          clock.hear(1006, 1); note();
          clock.hear(900, 1); note();
          clock.hear(2000, 60); at += 1000; note();
          seen.push(span(59), span(3725), span(-1), span(null));
          return seen;
        }"""
    )

    assert [None, 1005, 1005, 1006, 900, 2060, "0:59", "1:02:05", "0:00", "?"] == reported


def test_a_story_has_one_clock(visit: Visit, service: Served) -> None:
    """The reader's: in what the service says in words too, with the day where it is another."""
    service.give(queue(9, "JOIN", "c2", [waiting("c2", 4)]))
    page = visit(service.address, timezone_id="Asia/Kathmandu")
    page.click("[data-call=c2]")
    joined = page.locator("#panel .events li").filter(has_text="Joined queue")
    expect(joined.locator(".at")).to_have_text("12:45:09")
    expect(joined.locator(".words")).to_contain_text("since 12:45:04")
    reported = page.evaluate(
        """async () => {
          const { localized } = await import("./clock.js"), at = Date.UTC(2026, 0, 1, 12) / 1000;
          const texts = ["2026-01-01 10:00:00Z", "2026-01-01 20:00:00Z", "2026-13-01 10:00:00Z"];
          return texts.map(text => localized(text, at));
        }"""
    )

    assert ["15:45:00", "2026-01-02 01:45:00", "2026-13-01 10:00:00Z"] == reported


def span(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"
