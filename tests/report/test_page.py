"""The page: everything in it, nothing from elsewhere, and strangers' text is text."""

import math
import re
from datetime import UTC
from html.parser import HTMLParser

from calltrack.core.records import Gap
from calltrack.figures import Facts, report
from calltrack.report.drawing import Clock
from calltrack.report.page import page
from calltrack.report.plots import depths
from tests.figures.made import ABANDONED, ANSWERED, LOST, facts, status, talk, wait

EVIL = "<img src=x onerror=alert(1)>"
HEBREW = "תמיכה טכנית"
START = 1_700_000_000
PHONE = "0501234567"


class Parsed(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.text += data


def written(held: Facts, name: str = "monday.jsonl") -> str:
    """The page of a report of all of it."""
    return page(held, report(held, START, START + 4000), name=name, zone=UTC)


def full() -> Facts:
    """Something of everything, with names that mean harm."""
    return facts(
        wait(START, START + 30, ANSWERED),
        wait(START + 100, START + 400, ABANDONED, queue_id="56"),
        wait(START + 700, queue_id="56"),
        talk(START + 30, START + 300, hold=20, agent_name=EVIL),
        talk(START + 400, None, agent_id=8, agent_name="$x^2$", exten_user="SIP2"),
        status(1, START, agent_name=EVIL),
        status(3, START, agent_id=8, agent_name="$x^2$", exten_user="SIP2"),
        first=START,
        time=START + 3000,
        gaps=(Gap(START + 1000, START + 2000, EVIL),),
        queues={"55": EVIL, "56": HEBREW},
    )


def test_strangers_text_is_text() -> None:
    """In tables, plots, gaps and the title; no element comes of it, and nothing is read as mathematics."""
    found = Parsed(written(full(), EVIL))

    assert not {"img", "script", "iframe", "link", "object"} & {tag for tag, _ in found.tags}
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]
    assert 6 <= found.text.count(EVIL)
    assert 2 <= found.text.count("$x^2$")
    assert 2 <= found.text.count(HEBREW)


def test_nothing_comes_from_elsewhere() -> None:
    """The policy allows no script and no source; no element asks for one."""
    found = Parsed(written(full()))

    policy = next(attributes["content"] for _, attributes in found.tags if "http-equiv" in attributes)
    assert "default-src 'none'; style-src 'unsafe-inline'" == policy
    links = [attributes.get(name) for _, attributes in found.tags for name in ("src", "href", "xlink:href")]
    assert all(link is None or link.startswith("#") for link in links)
    assert not re.search(r"url\((?!#)|@import", written(full()))


def test_plots_take_the_colours_of_the_page() -> None:
    """So that they are light or dark as it is; four plots, each with words for who does not see it."""
    text = written(full())
    svgs = re.findall(r"<svg[\s\S]*?</svg>", text)

    assert 4 == len(svgs) == text.count('role="img"')
    used, defined = set(re.findall(r"var\((--\w+)\)", text)), set(re.findall(r"(--\w+):", text))
    assert used <= defined
    assert all("var(--ink)" in svg for svg in svgs)
    assert not set(re.findall(r"#[0-9a-f]{6}", "".join(svgs))) - {"#ffffff"}


def test_too_little_is_marked() -> None:
    """In words, at the top and at each figure."""
    text = Parsed(written(full())).text

    assert "50% of this time was observed; the figures are only of that" in text
    assert "less than 95% of the interval was observed" in text
    assert "2023-11-14 22:30:00 UTC to 2023-11-14 22:46:40 UTC" in text


def test_nothing_to_draw() -> None:
    """Is a page all the same."""
    found = Parsed(page(Facts(), report(Facts()), name="empty", zone=UTC))

    assert "0% of this time was observed" in found.text
    assert "svg" not in {tag for tag, _ in found.tags}


def test_the_same_facts_make_the_same_page() -> None:
    """Byte for byte: no date of its own, no random names."""
    assert written(full()) == written(full())


def test_many_agents_fit() -> None:
    """The forty who talked most have a timeline; how many have none is said."""
    rows = [talk(START, START + 60 + n, agent_id=n, agent_name=f"Agent {n}", exten_user=f"S{n}") for n in range(50)]
    rows_of_time = [status(1, START, agent_id=n, agent_name=f"Agent {n}", exten_user=f"S{n}") for n in range(50)]
    text = written(facts(*rows, *rows_of_time, first=START, time=START + 3000))
    svg = re.findall(r"<svg[\s\S]*?</svg>", text)[-1]

    assert "10 more agents are not shown" in text
    assert "Agent 49" in svg and "Agent 9<" not in svg


def test_many_queues_share_a_panel() -> None:
    """Eight have one of their own."""
    entries = [wait(START + n, START + 100 - 5 * n, ANSWERED, queue_id=f"Q{n}") for n in range(10)]
    svg = re.findall(r"<svg[\s\S]*?</svg>", written(facts(*entries, first=START, time=START + 3000)))[0]

    assert [f"Q{n}" for n in range(8)] == sorted(re.findall(r">(Q\d)<", svg))
    assert "2 others" in svg


def test_a_gap_blanks_no_bin_that_was_partly_seen() -> None:
    """A bin has the most that was seen in it; one of which nothing was seen has nothing."""
    clock = Clock(0, 500, UTC, [(160, 340)])
    spans = [(20.0, 250.0), (150.0, 155.0), (345.0, 360.0), (330.0, 335.0)]

    found = depths(clock, spans, [0, 100, 200, 300, 400], 100)
    assert [1, 2, 1, 0] == [value for value in found if not math.isnan(value)]
    assert [False, False, True, False, False] == [math.isnan(value) for value in found]


def test_many_days_are_sums() -> None:
    """Percentiles for dots, hours for timelines, and the hours of the week."""
    day = 86400
    rows = [wait(START + n * 3600, START + n * 3600 + 60, ANSWERED) for n in range(200)]
    talks = [talk(START + n * 3600 + 60, START + n * 3600 + 300) for n in range(200)]
    held = facts(*rows, *talks, status(1, START), first=START, time=START + 9 * day)
    text = page(held, report(held, START, START + 9 * day), name="nine days", zone=UTC)

    assert all(one in text for one in ("median to 90th percentile", "Hours of the week", "Hours in conversation"))
    assert "Every wait that ended" not in text


def test_what_is_not_certain_is_between_its_bounds() -> None:
    """In a tile, and as a bar in the plot of service levels."""
    held = facts(wait(START, START + 10, ANSWERED), wait(START + 20, START + 90, LOST), first=START, time=START + 3000)
    found = report(held, START, START + 3000)
    level = found.total.bounds["waits.service_level.negative"]
    text = Parsed(page(held, found, name="x", zone=UTC)).text

    assert level.low < 1 == level.high
    assert f"{level.low * 100:.0f}–100%" in text
