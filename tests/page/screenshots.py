"""Pictures of the board for the documentation: python -m tests.page.screenshots [FOLDER, default docs/board]."""

from __future__ import annotations

import re
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.page.browser import browser
from tests.page.served import ROOT, served, simulated

DESK = {"width": 1440, "height": 900}
WALL = {"width": 1920, "height": 1080}


def main(folder: Path) -> None:
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    with browser() as chromium, served(*simulated()) as running:
        address = running.address
        keep(opened(chromium, address, DESK), folder / "light.webp")
        keep(opened(chromium, f"{address}#big=on&out=hide", WALL, "dark"), folder / "big.webp")
        keep(with_story(opened(chromium, f"{address}#tab=ended&theme=dark", DESK)), folder / "story.webp")
        keep(opened(chromium, f"{address}#lang=he&group=status", DESK), folder / "hebrew.webp")
        lost = opened(chromium, address, DESK)
        running.stop()
        expect(lost.locator("#banner")).to_be_visible()
        keep(lost, folder / "lost.webp")


def opened(chromium: Browser, address: str, viewport: Any, scheme: Any = "light") -> Page:
    """The board, once everything is there."""
    page = chromium.new_page(viewport=viewport, color_scheme=scheme)
    page.goto(address)
    expect(page.locator("[data-agent]").first).to_be_visible()
    expect(page.locator("[data-queue]").first).to_contain_text("%")
    return page


def with_story(page: Page) -> Page:
    """A call with a queue in its story."""
    page.locator("#call-list [data-call]").filter(has_text=re.compile(r"Queue \d+ · ")).first.click()
    expect(page.locator("#panel .events li").first).to_be_visible()
    return page


def keep(page: Page, path: Path) -> None:
    """As a small file without loss."""
    Image.open(BytesIO(page.screenshot())).convert("RGB").save(path, lossless=True, method=6)
    print(f"{path.name}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "board")
