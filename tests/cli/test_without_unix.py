"""The commands that run until they are stopped, without the modules and calls that Windows lacks."""

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

ROOT = Path(__file__).parents[2]
LOGIN = {"CALLTRACK_USERNAME": "account", "CALLTRACK_PASSWORD": "simulated"}
PATIENCE = 60.0  # s


@contextmanager
def bare(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command there."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.elsewhere", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "NO_PROXY": "*", "PYTHONUNBUFFERED": "1"},
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
    """With the login from a file, and ends when asked to."""
    path, login = tmp_path / "day.jsonl", tmp_path / "login"
    login.write_text("".join(f"{name}={value}\n" for name, value in LOGIN.items()))
    login.chmod(0o600)
    with bare("simulate", "serve", "--port", "0", "--agents", "3", "--speed", "500") as server:
        url = address(server)
        arguments = [str(path)] if command == "record" else []
        with bare(command, *arguments, "--login-url", url, "--credentials", str(login)) as running:
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
