import os

import pytest

from tests.live.harness import SERVERS
from tests.npm import installed


@pytest.fixture(scope="session")
def npm_servers() -> None:
    """Have the pinned socket.io servers in place, installed once."""
    installed(SERVERS)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxy of the environment out of loopback connections."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("CALLTRACK_"):
            monkeypatch.delenv(name)
