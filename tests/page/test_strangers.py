"""Whatever strangers write is text: it runs nowhere, and turns nothing around."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.frames import call, extension, queue
from tests.page.conftest import Visit
from tests.page.served import Served

EVIL = "<img src=x onerror=\"document.title='harmed'; window.harmed=1\">"
TURNED = "\u202egnihton"


def test_markup_in_names_is_shown_as_text(visit: Visit, service: Served) -> None:
    """On cards, lines, tiles, in the drawer, in the story, as group and in the search."""
    wait = {"CallerID": EVIL, "CallerName": EVIL, "JoinTimeStamp": 1_767_258_003, "ivrid": "c2"}
    service.give(
        extension(
            3,
            "SIP1",
            "ANSWER",
            call(
                "c1", "Talking", answered_at=2, callername=EVIL, callerphone=EVIL, did=EVIL, customdata={"note": EVIL}
            ),
            userName=EVIL,
            summery={"representative": EVIL},
        ),
        extension(4, "SIP2", "NEWCALL", call("c3", "Ringing", callername=TURNED), summery={"representative": TURNED}),
        queue(5, "JOIN", "c2", [wait], QueueName=EVIL),
    )
    page = visit(f"{service.address}#tab=live")
    expect(page.locator("[data-agent=SIP1] .name")).to_have_text(EVIL)
    expect(page.locator("[data-queue] .name")).to_have_text(EVIL)
    expect(page.locator("[data-call=c1] .name")).to_have_text(EVIL)
    expect(page.locator("[data-agent=SIP2] .name")).to_have_text(TURNED)
    for group in ("status", "queue", "team"):
        page.select_option("#group", group)
    page.click("[data-agent=SIP1]")
    expect(page.locator("#panel-title")).to_have_text(EVIL)
    page.locator("#panel [data-call]").first.click()
    expect(page.locator("#panel .events")).to_contain_text("<img src=x onerror=")
    page.keyboard.press("Escape")
    page.click("[data-queue]")
    page.get_by_text("Show only this queue").click()
    expect(page.locator("#filtered")).to_contain_text(EVIL)
    page.fill("#search", EVIL)

    assert 0 == page.locator("img").count()
    assert page.evaluate("window.harmed === undefined")
    assert "harmed" not in page.title()


def test_every_name_is_isolated_from_its_neighbours(visit: Visit, service: Served) -> None:
    """A text that turns the direction turns only itself."""
    service.give(
        extension(4, "SIP2", "NEWCALL", call("c3", "Ringing", callername=TURNED), summery={"representative": TURNED})
    )
    page = visit(f"{service.address}#tab=live")
    holders = page.locator(f"text={TURNED}")
    expect(holders.first).to_be_visible()

    assert {"isolate"} == set(holders.evaluate_all("found => found.map(one => getComputedStyle(one).unicodeBidi)"))
