"""Commands on a system without the modules and calls that only Unix has."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from calltrack import read_recording

BARE = """
import asyncio, os, signal, sys
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
for name in ("uname", "pread", "pwrite", "fchmod", "getuid", "geteuid", "mkfifo"):
    if hasattr(os, name):
        delattr(os, name)
del signal.SIGHUP
def refused(*_):
    raise NotImplementedError
asyncio.SelectorEventLoop.add_signal_handler = refused
sys.argv[0] = "calltrack"
from calltrack.cli import main
main()
"""
LOGIN = {"CALLTRACK_USERNAME": "account", "CALLTRACK_PASSWORD": "simulated", "NO_PROXY": "*"}
PATIENCE = 60.0  # s


@contextmanager
def bare(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command there."""
    with subprocess.Popen(
        [sys.executable, "-c", BARE, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **LOGIN, "PYTHONUNBUFFERED": "1"},
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def address(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    line = running.stdout.readline()
    found = re.search(r"http://[\d.:]+", line)
    assert found, (line, running.communicate())
    return found[0]


def ended(running: subprocess.Popen[str]) -> tuple[int, str]:
    running.terminate()
    _, said = running.communicate(timeout=PATIENCE)
    return running.returncode, said


def test_serves(tmp_path: Path) -> None:
    """With its journal, which no other process may write meanwhile."""
    path = str(tmp_path / "journal")
    with bare("serve", "--simulate", "--agents", "3", "--journal", path, "--listen", "127.0.0.1:0") as running:
        with urlopen(f"{address(running)}/health/live", timeout=PATIENCE) as answer:
            assert 200 == answer.status
        with bare("serve", "--simulate", "--journal", path, "--listen", "127.0.0.1:0") as second:
            assert "is being written by process" in second.communicate(timeout=PATIENCE)[1]
        assert (0, "") == ended(running)


@pytest.mark.parametrize("command", ["record", "listen"])
def test_records_and_listens(tmp_path: Path, command: str) -> None:
    """And ends when asked to."""
    path = tmp_path / "day.jsonl"
    with bare("simulate", "serve", "--port", "0", "--agents", "3", "--speed", "500") as server:
        url = address(server)
        arguments = [str(path)] if command == "record" else []
        with bare(command, *arguments, "--login-url", url) as running:
            if command == "listen":
                assert running.stdout is not None and running.stdout.readline()
            else:
                while not (path.exists() and path.stat().st_size > 5000):
                    with pytest.raises(subprocess.TimeoutExpired):
                        running.wait(0.05)
            code, _ = ended(running)
    assert 0 == code
    if command == "record":
        assert "AllExtensionsStatus" in {frame.event for frame in read_recording(path, strict=True)}
