"""Services in processes of their own: the command itself, and one that is fed line by line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from calltrack import Frame

ROOT = Path(__file__).parent.parent.parent
TIMEOUT = 100.0


class Served(NamedTuple):
    """A running service and its address, which ends with a slash."""

    process: subprocess.Popen[str]
    address: str

    def give(self, *frames: Frame) -> None:
        """Feed it, if it is one that is fed."""
        assert self.process.stdin is not None
        for frame in frames:
            self.process.stdin.write(frame.raw.decode() + "\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        """End it as an operator would, and wait."""
        self.process.terminate()
        self.process.wait(TIMEOUT)


@contextmanager
def served(*command: str) -> Iterator[Served]:
    """`python -m` a command that prints the address it serves on."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CALLTRACK_")}
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Served(process, _address(process.stdout))
    finally:
        process.terminate()
        process.wait(TIMEOUT)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def simulated(*options: str) -> tuple[str, ...]:
    """The command that serves a simulated call centre, the same one every time."""
    return ("calltrack", "serve", "--simulate", "--seed", "7", "--listen", "127.0.0.1:0", *options)


def fed(*tokens: str, port: int = 0) -> tuple[str, ...]:
    """The command that serves what it is given; with tokens, to those who have one."""
    return ("tests.page.fed", str(port), *tokens)


def _address(pipe: IO[str] | None) -> str:
    assert pipe is not None
    for line in pipe:
        for word in line.split():
            if word.startswith("http://"):
                return word.rstrip(";")
    raise AssertionError("the service ended before it served")
