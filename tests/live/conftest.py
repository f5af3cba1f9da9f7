import os
import shutil
import subprocess

import pytest

from tests.live.harness import SERVERS


@pytest.fixture(scope="session")
def npm_servers() -> None:
    """Have the pinned socket.io servers in place, installed once."""
    if (SERVERS / "node_modules" / ".package-lock.json").exists():
        return
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.fail("npm and node are needed for the socket.io servers of tests/live; install Node.js 18 or later")
    done = subprocess.run([npm, "ci"], cwd=SERVERS, capture_output=True, text=True, timeout=100)
    if done.returncode:
        pytest.fail(f"npm ci in {SERVERS.name} failed:\n{done.stderr}")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxy of whoever runs the tests out of loopback connections."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("CALLTRACK_"):
            monkeypatch.delenv(name)
