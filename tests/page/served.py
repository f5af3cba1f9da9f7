"""Services in processes of their own: the command itself, and one that is fed line by line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import IO, NamedTuple

from calltrack import Frame
from tests.page.feeding import feeding

ROOT = Path(__file__).parent.parent.parent
TIMEOUT = 100.0

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.page.feeding"])  # its imports take most of a start, and are done once


class Served(NamedTuple):
    """A running service: its address, which ends with a slash, and what it is fed through, if it is one that is fed."""

    pid: int
    address: str
    stop: Callable[[], None]
    """End it as an operator would, and wait."""
    lines: IO[str] | None = None

    def give(self, *frames: Frame) -> None:
        """Feed it."""
        assert self.lines is not None
        for frame in frames:
            self.lines.write(frame.raw.decode() + "\n")
        self.lines.flush()


@contextmanager
def served(*command: str) -> Iterator[Served]:
    """`python -m` a command that prints the address it serves on."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CALLTRACK_")}
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def stop() -> None:
            process.terminate()
            process.wait(TIMEOUT)

        try:
            yield Served(process.pid, _address(process.stdout), stop)
        finally:
            stop()


@contextmanager
def fed(*tokens: str, port: int = 0) -> Iterator[Served]:
    """A service that is fed; with tokens, for those who have one."""
    reading, writing = _FORKS.Pipe(duplex=False)
    heard, said = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=feeding, args=(reading, said, port, tokens))
    process.start()
    said.close()
    reading.close()

    def stop() -> None:
        process.terminate()
        process.join(TIMEOUT)

    with writing, heard, open(writing.fileno(), "w", closefd=False) as lines:
        try:
            yield Served(process.pid or 0, heard.recv(), stop, lines)
        finally:
            stop()


def simulated(*options: str) -> tuple[str, ...]:
    """The command that serves a simulated call centre, the same one every time."""
    return ("calltrack", "serve", "--simulate", "--seed", "7", "--listen", "127.0.0.1:0", *options)


def _address(pipe: IO[str] | None) -> str:
    assert pipe is not None
    for line in pipe:
        for word in line.split():
            if word.startswith("http://"):
                return word.rstrip(";")
    raise AssertionError("the service ended before it served")
