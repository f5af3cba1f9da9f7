"""What is not known is never shown as known: no server, no service, nothing heard yet, nothing there."""

from __future__ import annotations

import os
import re
import signal
from urllib.parse import urlsplit

from playwright.sync_api import expect

from calltrack import Frame
from tests.frames import all_extensions, all_queues, call, extension, queue, waiting
from tests.page.conftest import Visit
from tests.page.served import Served, fed

TALK = call("c1", "Talking", answered_at=2)
BEGUN = (
    extension(3, "SIP1", "ANSWER", TALK),
    queue(4, "JOIN", "c2", [waiting("c2", 4)]),
)


def test_nothing_was_heard_yet(visit: Visit, service: Served) -> None:
    """A service without a single frame does not claim that no one is there."""
    page = visit(service.address)

    expect(page.locator("#link-text")).to_have_text("Waiting for the first event")
    expect(page.locator("#agent-groups")).to_have_text("No agent is to be shown.")
    expect(page.locator("#calls-none")).to_have_text("Unknown")
    page.click("#tab-live")
    expect(page.locator("#calls-none")).to_have_text("No live calls.")


def test_a_lost_server_makes_everything_unknown(visit: Visit) -> None:
    """Since when is shown; when it is back, so is the truth, without a reload."""
    with fed() as first:
        first.give(*BEGUN)
        port = urlsplit(first.address).port or 0
        page = visit(f"{first.address}#tab=live")
        expect(page.locator("[data-agent]")).to_have_attribute("data-kind", "talking")
        expect(page.locator("[data-queue] .c-waiting .low")).to_have_text("1")
        first.stop()
        expect(page.locator("#banner")).to_contain_text("No connection to the board's server")
        expect(page.locator("#banner")).to_contain_text(re.compile(r"unknown since \d\d:\d\d:\d\d \(\d+:\d\d\)"))
        expect(page.locator("[data-agent]")).to_have_attribute("data-kind", "unknown")
        expect(page.locator("[data-agent] .detail")).to_have_text(re.compile(r"since \d\d:\d\d:\d\d"))
        expect(page.locator("[data-queue] .c-waiting .low")).to_have_text("?")
        expect(page.locator("#announce")).to_contain_text("No connection to the board's server")
        assert {"unknown"} == set(
            page.locator("#call-list [data-call]").evaluate_all("found => found.map(one => one.dataset.kind)")
        )
    with fed(port=port) as second:
        second.give(*BEGUN)
        expect(page.locator("[data-agent]")).to_have_attribute("data-kind", "talking")

        expect(page.locator("#banner")).to_be_hidden()


def test_a_lost_service_is_unknown_since_then(visit: Visit, service: Served) -> None:
    """With the reason while it lasts, and as a gap ever after."""
    service.give(*BEGUN)
    page = visit(service.address)
    expect(page.locator("#link-text")).to_have_text("Live")
    service.give(Frame.of("disconnect", {"reason": "transport close"}))
    expect(page.locator("#banner")).to_contain_text("No connection to the telephony service")
    expect(page.locator("#banner-why")).to_contain_text("transport close")
    expect(page.locator("[data-agent]")).to_have_attribute("data-kind", "unknown")
    expect(page.locator("[data-queue] .c-waiting .low")).to_have_text("?")
    service.give(all_queues(60, []), all_extensions(60, SIP1=[TALK]))
    expect(page.locator("#link-text")).to_have_text("Live")
    expect(page.locator("[data-agent]")).to_have_attribute("data-kind", "talking")
    expect(page.locator("#gap-count")).to_have_text("Gaps: 1")
    page.click("#connection")

    expect(page.locator("#panel .events li")).to_contain_text("transport close")
    expect(page.locator("#banner")).to_be_hidden()


def test_a_silent_server_is_lost_too(visit: Visit, service: Served) -> None:
    """A connection that stays open and says nothing is noticed after 15 s; what is heard again is believed again."""
    service.give(*BEGUN)
    page = visit("about:blank", new=True)
    page.clock.install()
    page.goto(service.address)
    expect(page.locator("[data-agent]")).to_have_attribute("data-kind", "talking")
    os.kill(service.pid, signal.SIGSTOP)
    page.clock.fast_forward(17_000)
    page.clock.run_for(1_000)
    expect(page.locator("#banner")).to_contain_text("No connection to the board's server")
    expect(page.locator("[data-agent]")).to_have_attribute("data-kind", "unknown")
    os.kill(service.pid, signal.SIGCONT)
    page.clock.resume()

    expect(page.locator("[data-agent]")).to_have_attribute("data-kind", "talking")
