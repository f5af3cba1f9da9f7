from __future__ import annotations

import pytest

from tests.page.browser import NoBrowser, executable


def test_without_chromium_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of the board are never skipped in silence."""
    monkeypatch.setenv("PATH", "")

    with pytest.raises(NoBrowser, match="apt-get install chromium"):
        executable()
