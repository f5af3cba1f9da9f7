from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.npm import installed
from tests.page.browser import NoBrowser, browser
from tests.page.served import Served, fed, served, simulated

NPM = Path(__file__).parent / "npm"


@pytest.fixture(scope="package", autouse=True)
def no_proxy() -> Iterator[None]:
    """Keep the proxy of whoever runs the tests out of loopback connections."""
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
    """The address of a simulated call centre of 40 agents."""
    with served(*simulated()) as running:
        yield running.address


@pytest.fixture
def service(no_proxy: None) -> Iterator[Served]:
    """A service that the test feeds."""
    with served(*fed()) as running:
        yield running


Visit = Callable[..., Page]


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Open an address in a new window, with options of a context; what goes wrong in the page fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        # That a service is gone, or wants a token, is what some tests are about.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            wrong.append(message.text)

    def opened(address: str, **options: object) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(100_000)
        page.on("console", on_console)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [] == wrong


@pytest.fixture(scope="session")
def npm() -> Path:
    """Where axe-core and TypeScript are installed, as the lock has them."""
    return installed(NPM)
