from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize

from tests.npm import installed
from tests.page.browser import PATIENCE, NoBrowser, browser
from tests.page.served import Served, fed, served, simulated

NPM = Path(__file__).parent / "npm"


@pytest.fixture(scope="package", autouse=True)
def no_proxy() -> Iterator[None]:
    """Keep the proxy of the environment out of loopback connections."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                patch.delenv(name)
        yield


@pytest.fixture(scope="package")
def chromium(no_proxy: None) -> Iterator[Browser]:
    """A browser; without one the tests of the board fail, and say what to install."""
    try:
        with browser() as started:
            yield started
    except NoBrowser as error:
        pytest.fail(str(error))


@pytest.fixture(scope="package")
def centre(no_proxy: None) -> Iterator[str]:
    """The address of a simulated call centre of 40 agents, in which time all but stands still."""
    with served(*simulated("--speed", "0.0001x")) as running:
        yield running.address


@pytest.fixture
def service(no_proxy: None) -> Iterator[Served]:
    """A service that the test feeds."""
    with fed() as running:
        yield running


Visit = Callable[..., Page]
VIEWPORT = ViewportSize(width=1440, height=900)


class Windows:
    """Windows of a browser; what goes wrong in their pages is in `wrong`.

    Tests follow each other in the first one, where a page loads in a third of the time that a new one takes.
    """

    def __init__(self, chromium: Browser) -> None:
        self.wrong: list[str] = []
        self._chromium = chromium
        self._first: Page | None = None
        self._free = True
        self._others: list[BrowserContext] = []

    def open(self, address: str, *, new: bool = False, viewport: ViewportSize = VIEWPORT, **options: Any) -> Page:
        """Open an address: in a window that nothing was done to, if it is to be new or has options of a context."""
        if new or options or not self._free:
            page = self._made(viewport, options)
            self._others.append(page.context)
        else:
            self._free = False
            page = self._first = self._first or self._made(viewport, {})
            page.set_viewport_size(viewport)
        page.goto(address)
        return page

    def clear(self) -> None:
        """Close all but the first, and leave that as if nothing had been done in it."""
        for context in self._others:
            context.close()
        self._others = []
        if self._first is not None and not self._free:
            self._first.mouse.move(0, 0)
            self._first.evaluate("localStorage.clear()")
            self._first.context.clear_cookies()
            self._first.goto("about:blank")
            self._free = True

    def _made(self, viewport: ViewportSize, options: dict[str, Any]) -> Page:
        page = self._chromium.new_context(viewport=viewport, **options).new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        return page

    def _on_console(self, message: ConsoleMessage) -> None:
        # That a service is gone, or wants a token, is what some tests are about.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.wrong.append(message.text)


@pytest.fixture(scope="package")
def windows(chromium: Browser) -> Windows:
    """The windows of all tests."""
    return Windows(chromium)


@pytest.fixture
def visit(windows: Windows) -> Iterator[Visit]:
    """Open an address, as `Windows.open` does; what goes wrong in the page fails the test."""
    windows.wrong.clear()
    yield windows.open
    windows.clear()
    assert [] == windows.wrong


@pytest.fixture(scope="session")
def npm() -> Path:
    """Where axe-core and TypeScript are installed, as the lock has them."""
    return installed(NPM)
