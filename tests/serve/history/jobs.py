"""What the tests ask a worker: a module for its process to import, without the libraries of the tests."""

import logging
import os
import time
from pathlib import Path

from calltrack.journal import NoSuchPosition
from calltrack.serve.history.reading import JournalReader, Reader


def number(_: Reader) -> int:
    return os.getpid()


def wait_for_ever(_: Reader, started: Path) -> None:
    started.touch()
    time.sleep(10**6)


def fail(_: Reader) -> None:
    raise NoSuchPosition("none of these")


def warn(_: Reader) -> int:
    logging.getLogger("calltrack.serve").warning("not used: %s", NoSuchPosition("none of these"))
    return os.getpid()


def slow(_: Reader, started: Path, go: Path) -> int:
    started.touch()
    while not go.exists():
        time.sleep(0.01)
    return os.getpid()


def unmade(made: Path) -> Reader:
    if not made.exists():
        raise NoSuchPosition("not yet")
    return JournalReader(made)


def note(_: Reader, path: Path) -> None:
    path.touch()
