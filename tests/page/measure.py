"""Whether the wall can be read: python -m tests.page.measure looks at every size, name, theme and connection.

Heights are those of the ink on the screen. What is wrong is said in words, with the place where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import product
from typing import Any

from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, ViewportSize, expect

from calltrack import Frame
from tests.page.browser import PATIENCE, browser
from tests.page.scene import Scene
from tests.page.served import fed

HEIGHTS = {
    ".total .low": 63,
    "li.row .big .low, [data-queue] .big .low": 46,
    ".field .count": 46,
    ".person .figure .low": 34,
    "[data-queue] .name, .person .name, .one .name": 28,
    ".total .label, .heads > *, .person .state, .field .label, .hour .limit, #link-text": 23,
    "#clock": 31,
}
"""Pixels of a digit or a capital at 1080 lines, by what it belongs to; the design's table."""
SMALLEST = 23
"""Of what gave way because it is too long for its box."""

_GLYPHS = """selector => [...document.querySelectorAll(selector)].flatMap(place => {
  const node = document.createTreeWalker(place, NodeFilter.SHOW_TEXT).nextNode();
  const at = node ? node.data.search(/[A-Z0-9]/) : -1;
  if (at < 0 || !place.checkVisibility({visibilityProperty: true, opacityProperty: true})) return [];
  const range = document.createRange();
  range.setStart(node, at);
  range.setEnd(node, at + 1);
  const {x, y, width, height} = range.getBoundingClientRect();
  const fits = place.closest("[data-fit]")?.dataset.fit ?? "";
  return [{text: node.data, x, y, width, height, gaveWay: !["", "bare"].includes(fits)}];
})"""
"""The box of the first capital or digit of each text."""

_CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = colour => {
    const linear = one => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = rgb(colour).map(one => linear(one / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = place => {
    for (let at = place; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (rgb(colour)[3] === 255) return colour;
    }
    return "white";
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const seen = place => place.checkVisibility({visibilityProperty: true, opacityProperty: true})
    && !place.closest(".hidden, .skip");
  const wrong = [];
  const check = (place, colour, least) => {
    const found = contrast(colour, ground(place.parentElement));
    if (found < least) wrong.push(`${place.className.baseVal ?? place.className} ${found.toFixed(2)}`);
  };
  for (const place of document.querySelectorAll("body *")) {
    if (!seen(place) || place.closest("dialog")) continue;
    const style = getComputedStyle(place);
    const text = [...place.childNodes].some(one => one.nodeType === 3 && one.data.trim());
    if (text && contrast(style.color, ground(place)) < 4.5) wrong.push(`text ${place.className} ${place.textContent}`);
    if (place.matches(".spark .line, .spark .dot, .spark .limit, .spark .gap")) check(place, style.stroke, 3);
    if (place.matches("[data-doubt], .acute[data-level=warn]")) check(place, style.borderTopColor, 3);
    if (place.matches(".field i:not([data-state=out])")) {
      const drawn = rgb(style.backgroundColor)[3] ? style.backgroundColor
        : style.borderTopWidth !== "0px" ? style.borderTopColor : style.boxShadow.match(/rgba?\\([^)]*\\)/)[0];
      check(place, drawn, 3);
    }
  }
  return [...new Set(wrong)];
}"""

_OVERFLOW = """() => {
  const wrong = [];
  const seen = place => place.checkVisibility({visibilityProperty: true})
    && !place.closest(".hidden, dialog, .skip, .drawings");
  const said = place => `${place.id || place.className.baseVal || place.className} ${place.textContent.slice(0, 30)}`;
  const {scrollWidth, scrollHeight} = document.documentElement;
  if (scrollWidth > innerWidth || scrollHeight > innerHeight) wrong.push("the page scrolls");
  const boxes = "main section, main li, .figure, .value, .label, .heads > *, .marks, .group";
  for (const place of document.querySelectorAll(`${boxes}, .top > *, .banner > *, .one`)) {
    if (!seen(place) || place.closest("#leave-wall")) continue;
    const mine = place.getBoundingClientRect();
    const screen = {left: 0, top: 0, right: innerWidth, bottom: innerHeight};
    const beyond = box => mine.left < box.left - 1 || mine.right > box.right + 1 || mine.bottom > box.bottom + 1;
    if (beyond(screen) || mine.top < -1) wrong.push(`outside: ${said(place)}`);
    const around = place.parentElement.closest("section, .figure, .top, .banner, li")?.getBoundingClientRect();
    if (around && beyond(around)) wrong.push(`over its edge: ${said(place)}`);
    const whole = place.matches(".value, .label, .heads > *, .marks, #link-text, .banner p");
    const cut = place.scrollWidth > place.clientWidth + 1 && getComputedStyle(place).display !== "inline";
    if (whole && cut) wrong.push(`cut: ${said(place)}`);
  }
  const rows = [...document.querySelectorAll("#queue-list > li, #over-list > li")].filter(seen);
  for (const [index, row] of rows.slice(1).entries()) {
    const before = rows[index];
    const [mine, above] = [row.getBoundingClientRect(), before.getBoundingClientRect()];
    if (before.parentElement === row.parentElement && mine.top < above.bottom - 1) wrong.push(`overlap: ${said(row)}`);
  }
  return wrong;
}"""

FILLED = """() => {
  const over = document.createElement("i");
  over.style.color = "var(--over)";
  document.body.append(over);
  const colour = getComputedStyle(over).color;
  over.remove();
  return [...document.querySelectorAll("body *")]
    .filter(one => one.checkVisibility() && getComputedStyle(one).backgroundColor === colour)
    .map(one => one.closest("[data-queue]")?.dataset.queue ?? one.className);
}"""
"""What is filled with the colour of the second limit: the queue in whose row it is, or its class."""


def until_whole(page: Page, scene: Scene) -> None:
    """Wait for every queue, every agent and every line."""
    expect(page.locator("#queue-list > li")).to_have_count(min(scene.queues, 6))
    page.wait_for_function(
        """agents => {
          const counts = [...document.querySelectorAll(".field .count")].map(one => Number(one.textContent));
          const count = counts.reduce((sum, one) => sum + one, 0);
          return count === agents || document.querySelectorAll(".one").length === agents;
        }""",
        arg=scene.agents,
        timeout=PATIENCE,
    )
    expect(page.locator(".spark .line").first).to_be_attached()


def faults(page: Page, lines: int, glyphs: bool = True) -> Iterator[str]:
    """What is wrong with the wall as it is now."""
    yield from page.evaluate(_OVERFLOW)
    yield from page.evaluate(_CONTRASTS)
    if glyphs:
        yield from _too_small(page, lines)


def _too_small(page: Page, lines: int) -> Iterator[str]:
    before = {selector: page.evaluate(_GLYPHS, selector) for selector in HEIGHTS}
    screen = Image.open(BytesIO(page.screenshot())).convert("RGB")
    for selector, height in HEIGHTS.items():
        # What changed meanwhile is not where the picture has it.
        for one in (box for box in page.evaluate(_GLYPHS, selector) if box in before[selector]):
            found, least = ink(screen, one), SMALLEST if one["gaveWay"] else height
            if found < least * lines / 1080 - 1:
                yield f"{one['text']!r} ({selector}) is {found} px high, not {least * lines / 1080:g}"


def ink(screen: Image.Image, box: dict[str, Any]) -> int:
    """The height of what is drawn in a box, by its difference from the box's own edge."""
    left, top = max(0, int(box["x"])), max(0, int(box["y"]))
    part = screen.crop((left, top, int(box["x"] + box["width"]) + 1, int(box["y"] + box["height"])))
    ground = Image.new("RGB", part.size, part.getpixel((part.width // 2, 0)))
    strong = ImageChops.difference(part, ground).convert("L").point(lambda value: 255 if value > 60 else 0)
    found = strong.getbbox()
    return 0 if found is None else found[3] - found[1]


def look(chromium: Browser, scene: Scene, heights: tuple[int, ...] = (1080, 2160)) -> list[str]:
    """Everything that is wrong with a scene, in both themes, on both screens, connected and not."""
    wrong = []
    with fed() as running, chromium.new_page(viewport=screen(1080)) as page:
        running.give(*scene.frames())
        address = f"{running.address}#view=wall{'&lang=he' if scene.names == 'hebrew' else ''}"
        page.goto(address)
        until_whole(page, scene)
        for link in ("live", "lost"):
            if link == "lost":
                running.give(Frame.of("disconnect", {"reason": "transport close"}))
                expect(page.locator("#banner")).to_be_visible()
            for theme, lines in product(("dark", "light"), heights):
                page.set_viewport_size(screen(lines))
                page.goto(f"{address}&theme={theme}")  # another fragment: nothing is loaded again
                expect(page.locator("html")).to_have_attribute("data-theme", theme)
                page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
                found = faults(page, lines, glyphs=theme == "dark" and scene.names != "hebrew" and link == "live")
                wrong += [f"{theme} {lines} {link}: {one}" for one in found]
    return wrong


def screen(lines: int) -> ViewportSize:
    """The size of one with so many lines."""
    return {"width": lines * 16 // 9, "height": lines}


def main() -> None:
    """Look at all of them, and say what is wrong."""
    with browser() as chromium:
        for queues, agents, names in product((6, 12), (15, 60, 500), ("plain", "long", "hebrew")):
            scene = Scene(queues, agents, names)
            wrong = look(chromium, scene)
            print(f"{queues} queues, {agents} agents, {names} names: {len(wrong)} faults", flush=True)
            for one in wrong:
                print(f"  {one}", flush=True)


if __name__ == "__main__":
    main()
