"""A stranger clicks through the board: agents, queues, calls, filters, groups, settings."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from calltrack import Frame
from calltrack.report.tables import percent
from tests.frames import call, extension
from tests.page.conftest import Visit
from tests.page.served import Served

STAMP = re.compile(r"^\d+:\d\d")
WATCH = """
    document.addEventListener("pointerdown", () => (globalThis.pressed ??= performance.now()));
    new MutationObserver(() => (globalThis.moved ??= performance.now())).observe(
      document.getElementById("call-list"), { childList: true });
"""


def ended(call_id: str, at: int) -> tuple[Frame, Frame]:
    """A call of one second."""
    talk = call(call_id, "Talking", started=at, answered_at=at)
    return extension(at, "SIP1", "ANSWER", talk), extension(at + 1, "SIP1", "HANGUP")


def opened(visit: Visit, centre: str, hash_: str = "", **options: object) -> Page:
    page = visit(f"{centre}{hash_}", **options)
    expect(page.locator("[data-agent]").first).to_be_visible()
    return page


def test_agents_calls_and_queues_are_shown(visit: Visit, centre: str) -> None:
    """Everybody and everything, each with a state in words and a timer."""
    page = opened(visit, centre)

    expect(page.locator("[data-agent]")).to_have_count(40)
    expect(page.locator("[data-queue]")).to_have_count(6)
    expect(page.locator("#link-text")).to_have_text("Live")
    expect(page.locator("#source")).to_contain_text("simulated")
    talking = page.locator("[data-agent][data-kind=talking]").first
    expect(talking.locator(".label")).to_have_text("Talking")
    expect(talking.locator(".timer .low")).to_have_text(STAMP)
    page.click("#tab-live")
    expect(page.locator("#call-list [data-call]").nth(1)).to_be_visible()
    assert int(page.locator("#count-live").inner_text()) == page.locator("#call-list [data-call]").count()


def test_a_call_s_story_is_one_click_away(visit: Visit, centre: str) -> None:
    """From the list of calls: what happened, when, at which frame, and a timeline that is drawn."""
    page = opened(visit, centre)
    page.click("#tab-ended")
    page.locator("#call-list [data-call]").first.click()
    panel = page.locator("#panel")

    expect(panel.locator(".verdict")).to_have_text(re.compile(r"^[A-Z].* from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d.*\.$"))
    expect(panel.locator(".events li").first).to_contain_text("Call began")
    expect(panel.locator(".events li").last).to_contain_text("Call ended")
    expect(panel.locator(".events .frame").first).to_have_text(re.compile(r"frame \d+"))
    bar = panel.locator(".stretch").first.bounding_box()
    assert bar is not None
    assert bar["width"] > 1


def test_an_ended_call_says_when_and_how_long(visit: Visit, centre: str) -> None:
    """The last one first."""
    page = opened(visit, centre)
    page.click("#tab-ended")
    line = page.locator("#call-list [data-call]").first
    expect(line.locator(".timer .low")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    expect(line.locator(".detail")).to_contain_text(re.compile(r"^took \d+:\d\d"))
    times = page.locator("#call-list .timer").evaluate_all("found => found.map(one => one.title)")

    assert sorted(times, reverse=True) == times


def test_a_story_from_an_agent_takes_two_clicks(visit: Visit, centre: str) -> None:
    """The agent, then the call; and back, and away."""
    page = opened(visit, centre)
    card = page.locator("[data-agent][data-kind=talking]").first
    name = card.locator(".name").inner_text()
    card.click()
    expect(page.locator("#panel-title")).to_have_text(name)
    page.locator("#panel .lines [data-call]").first.click()
    expect(page.locator("#panel .events li").first).to_be_visible()
    page.click("#panel-back")
    expect(page.locator("#panel-title")).to_have_text(name)
    page.click("#panel-close")

    expect(page.locator("#panel")).to_be_hidden()


def test_nothing_moves_under_a_pressed_finger(visit: Visit, service: Served) -> None:
    """What happens is shown when it is let go, or after a second: a row that moved away would lose its click."""
    service.give(*ended("c1", 10))
    page = opened(visit, f"{service.address}#tab=ended")
    row = page.locator("#call-list [data-call=c1]")
    row.hover()
    page.evaluate(WATCH)
    page.mouse.down()
    service.give(*ended("c2", 20))
    expect(page.locator("#call-list [data-call]")).to_have_count(2)
    assert page.evaluate("globalThis.moved - globalThis.pressed") > 990
    page.mouse.up()
    row.hover()
    page.mouse.down()
    page.mouse.up()

    expect(page.locator("#panel .events li").first).to_be_visible()


def test_a_queue_shows_its_figures_and_filters(visit: Visit, centre: str) -> None:
    """What is not of the queue goes from the calls, and comes again."""
    page = opened(visit, f"{centre}#tab=live")
    page.locator("[data-queue]").filter(has_text="Queue 1").click()
    expect(page.locator("#panel .figures li").first).to_contain_text("waiting")
    page.get_by_text("Show only this queue").click()
    expect(page.locator("#filtered")).to_contain_text("Queue 1")
    for detail in page.locator("#call-list [data-call] .detail").all_inner_texts():
        assert "Queue 1" in detail
    page.get_by_text("Show all").click()

    expect(page.locator("[data-agent]")).to_have_count(40)


def test_a_queue_s_day_is_the_service_s_figure(visit: Visit, centre: str) -> None:
    """The row's shares are those of /api/wall, and the drawer says which service level it is."""
    page = opened(visit, centre)
    address = page.evaluate("location.href")  # page.url follows later
    while page.request.get(f"{centre}api/wall").json()["hour"] is None:
        pass  # today is counted first
    page.goto("about:blank")  # no answer to the page before is taken for one to the next
    with page.expect_response(lambda answer: "/api/wall" in answer.url and answer.ok) as answered:
        page.goto(address)
    hour = answered.value.json()["hour"]
    key, one = next(iter(hour["queues"].items()))
    row = page.locator(f"[data-queue='{key}']")
    for figure, share in ((".c-level", "level"), (".c-gone", "gone")):
        expect(row.locator(f"{figure} .low")).to_have_text(percent(one["day"][share]["low"]).rstrip("%"))
    row.click()

    expect(page.locator("#panel .note").first).to_contain_text("answered within 20 s ÷ (answered + abandoned)")


def test_shares_are_rounded_as_reports_round_them(visit: Visit, centre: str) -> None:
    """The same figure is the same on both."""
    shares = [0, 0.004, 0.005, 0.125, 2 / 3, 0.99, 0.995, 0.9999, 1]
    page = visit(centre)
    shown = page.evaluate("async shares => shares.map((await import('./figures.js')).points)", shares)

    assert [percent(share) for share in shares] == [f"{share}%" for share in shown]
    assert 67 == shown[4]


def test_search_finds_by_name_and_by_number(visit: Visit, centre: str) -> None:
    """And what is found is announced to those who do not see."""
    page = opened(visit, centre)
    name = page.locator("[data-agent] .name").nth(3).inner_text()
    page.fill("#search", name)
    expect(page.locator("#announce")).to_contain_text("Found:")
    found = page.locator("[data-agent] .name").all_inner_texts()
    assert name in found
    assert len(found) < 5  # a colleague whose call has these words is found too
    page.fill("#search", "no such thing")

    expect(page.locator("#agent-groups")).to_have_text("No agent matches the search and filters.")
    expect(page.locator("#calls-none")).to_be_visible()


def test_the_name_of_a_queue_is_searched_as_a_name(visit: Visit, centre: str) -> None:
    """Account 1001 and number 0500001234 have a 1, and are not in queue 1."""
    page = opened(visit, f"{centre}#tab=live")
    page.fill("#search", "queue 1")
    expect(page.locator("#announce")).to_contain_text("Found:")

    said = page.locator("#agent-groups [data-agent] .detail, #call-list .line .detail").all_inner_texts()
    assert said
    assert [] == [text for text in said if not re.search(r"Queue 1\b", text)]


def test_a_chip_filters_by_what_agents_do(visit: Visit, centre: str) -> None:
    """It counts them, shows only them, and is pressed; who listens in is on a call."""
    page = opened(visit, centre)
    chip = page.locator("[data-chip=talking]")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-agent]:not([data-kind=talking], [data-kind=spying])")).to_have_count(0)
    expect(chip.locator(".count")).to_have_text(str(page.locator("[data-agent]").count()))
    chip.click()

    expect(page.locator("[data-agent]")).to_have_count(40)


def test_agents_are_grouped(visit: Visit, centre: str) -> None:
    """By status, by queue of the call, by account: each agent once, each group with its number."""
    page = opened(visit, centre)
    groups = page.locator("#agent-groups .group")
    for how in ("queue", "team", "status"):
        page.select_option("#group", how)
        expect(groups.locator("h3").first).to_be_visible()
        assert 1 < groups.count()
        # Who is past a limit by now is shown in a group before the others, and counted in both. Read at one moment.
        counts, over, agents = page.evaluate("""() => [
            [...document.querySelectorAll("#agent-groups .group h3 .count")].map((one) => Number(one.textContent)),
            document.querySelectorAll("#agent-groups .group[data-by=over] [data-agent]").length,
            document.querySelectorAll("[data-agent]").length,
        ]""")
        assert (40 + over, 40) == (sum(counts), agents)


def test_longest_first(visit: Visit, centre: str) -> None:
    """Ordered by time the first is the one who does the same thing longest."""
    page = opened(visit, f"{centre}#group=none&sort=name")
    page.select_option("#sort", "time")
    expect(page).not_to_have_url(re.compile("sort=name"))
    times = page.evaluate(
        "() => [...document.querySelectorAll('[data-agent]:not([data-level]) .timer .low')].filter(e => e.textContent)"
        ".map(e => e.textContent.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)"
        " * (e.nextSibling.nextSibling.textContent ? 60 : 1))"
    )

    assert sorted(times, reverse=True) == times


def test_logged_out_can_be_hidden(visit: Visit, centre: str) -> None:
    """And only they."""
    page = opened(visit, centre)
    out = page.locator("[data-agent][data-kind=out]").count()
    assert out
    page.check("#hide-out")

    expect(page.locator("[data-agent][data-kind=out]")).to_have_count(0)
    expect(page.locator("[data-agent]")).to_have_count(40 - out)


def test_settings_survive_a_reload_and_can_be_shared(visit: Visit, centre: str) -> None:
    """In this browser, and in another through the address."""
    page = opened(visit, centre)
    page.select_option("#group", "queue")
    page.fill("#search", "a")
    address = page.evaluate("location.href")  # page.url follows later
    page.goto("about:blank")
    page.goto(centre)
    expect(page.locator("#group")).to_have_value("queue")
    other = visit(address)

    expect(other.locator("#group")).to_have_value("queue")
    expect(other.locator("#search")).to_have_value("a")


def test_an_address_cannot_do_harm(visit: Visit, centre: str) -> None:
    """What a setting cannot be is left out; limits are the account's, not an address's."""
    page = opened(visit, centre, "#theme=pink&group=%3Cimg%20src%3Dx%3E&limit.Talking=1-2&__proto__=1&sort=name")

    expect(page.locator("#group")).to_have_value("status")
    expect(page.locator("#sort")).to_have_value("name")
    expect(page.locator("[data-agent][data-level=over]")).to_have_count(0)


def test_a_link_into_the_page_leaves_the_settings(visit: Visit, centre: str) -> None:
    """It is no address of a board."""
    page = opened(visit, centre, "#group=queue")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#agents$"))

    expect(page.locator("#group")).to_have_value("queue")


def test_no_file_of_the_page_is_kept_unasked(visit: Visit, centre: str) -> None:
    """After an upgrade no browser mixes old modules with new ones."""
    page = visit("about:blank", new=True)
    kept: dict[str, str] = {}
    page.on("response", lambda answer: kept.update({answer.url: answer.headers.get("cache-control", "")}))
    page.goto(centre)
    expect(page.locator("[data-agent]").first).to_be_visible()

    assert {"no-cache"} == {value for url, value in kept.items() if url.endswith((".js", ".css", ".svg", "/"))}
