"""Pictures of the board for the documentation: python -m tests.page.screenshots [FOLDER, default docs/board]."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from calltrack import Frame
from tests.page.browser import browser
from tests.page.measure import until_whole
from tests.page.scene import Scene
from tests.page.served import ROOT, TIMEOUT, Served, fed

WALL = {"width": 1920, "height": 1080}
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
LIMITS = {"name": "Northwind support", "states": {"Ringing": [20, 40], "Talking": [900, 1500], "3": [1200, 2700]}}
HEBREW = {**LIMITS, "name": "מוקד צפון"}


def main(folder: Path) -> None:
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    with browser() as chromium:
        with fed_with(Scene(6, 60, gap=True)) as running:
            wall = opened(chromium, running, "#view=wall&theme=dark", WALL, Scene(6, 60))
            keep(wall, folder / "wall.webp")
            desk = opened(chromium, running, "#theme=light", DESK)
            keep(desk, folder / "desk.webp")
            keep(opened(chromium, running, "#theme=light", PHONE), folder / "phone.webp")
            keep(with_story(opened(chromium, running, "#tab=ended&theme=dark", DESK)), folder / "story.webp")
            running.give(Frame.of("disconnect", {"reason": "transport close"}))
            for page, name in ((wall, "wall-lost"), (desk, "desk-lost")):
                expect(page.locator("#banner")).to_be_visible()
                keep(page, folder / f"{name}.webp")
        for name, scene, limits, options in (
            ("light", Scene(6, 60, mood="one"), LIMITS, "#view=wall&theme=light"),
            ("wall-calm", Scene(6, 15, mood="calm"), LIMITS, "#view=wall&theme=light"),
            ("wall-500", Scene(12, 500), LIMITS, "#view=wall&theme=dark"),
            ("wall-hebrew", Scene(6, 60, "hebrew"), HEBREW, "#view=wall&theme=dark&lang=he"),
        ):
            with fed_with(scene, limits) as running:
                keep(opened(chromium, running, options, WALL, scene), folder / f"{name}.webp")


@contextmanager
def fed_with(scene: Scene, limits: dict[str, Any] = LIMITS) -> Iterator[Served]:
    """A service that was given limits, and a scene."""
    with fed() as running:
        asked = Request(f"{running.address}api/limits", json.dumps(limits).encode(), method="PUT")
        asked.add_header("Content-Type", "application/json")
        urlopen(asked, timeout=TIMEOUT).close()
        running.give(*scene.frames())
        yield running


def opened(chromium: Browser, running: Served, options: str, viewport: Any, scene: Scene | None = None) -> Page:
    """The board, once everything is there."""
    page = chromium.new_page(viewport=viewport, device_scale_factor=2 if viewport is PHONE else 1)
    page.goto(f"{running.address}{options}")
    if scene is not None:
        until_whole(page, scene)
    expect(page.locator(".spark .line").first).to_be_attached()
    expect(page.locator(".c-level .low").first).not_to_have_text("–")
    return page


def with_story(page: Page) -> Page:
    """A call with a queue in its story."""
    page.locator("#call-list [data-call]").first.click()
    expect(page.locator("#panel .events li").first).to_be_visible()
    return page


def keep(page: Page, path: Path) -> None:
    """As a small file without loss."""
    Image.open(BytesIO(page.screenshot())).convert("RGB").save(path, lossless=True, method=6)
    print(f"{path.name}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "board")
