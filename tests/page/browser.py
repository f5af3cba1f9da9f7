"""A real Chromium, as Debian has it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

PATIENCE = 100_000  # ms; it ends what hangs, on however busy a machine
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


class NoBrowser(Exception):
    """There is no Chromium; says what to install."""


def executable() -> str:
    """Where Chromium is; raises NoBrowser."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise NoBrowser("the tests of the board need Chromium: apt-get install chromium fonts-dejavu-core")


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    path = executable()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield chromium
        finally:
            chromium.close()
