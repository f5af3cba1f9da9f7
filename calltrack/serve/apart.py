"""Figures in a process of their own: its memory is gone with it, and the service's thread has its core to itself."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from signal import SIG_IGN, SIGINT, signal
from typing import Any, TypeVar

from calltrack.figures import Checkpoint, Facts
from calltrack.serve.written import Extract

T = TypeVar("T")


def made(work: Callable[..., T], held: Checkpoint, written: Extract, *arguments: Any) -> T:
    """What `work` makes of what facts hold and handed out, and of the arguments; a module's function.

    Blocks. Raises EOFError if the process was ended.
    """
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_make, args=(theirs, work, held, written, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        found: T = ours.recv()
    finally:
        ours.close()
        process.join()
    return found


def _make(answer: Connection, work: Callable[..., Any], held: Checkpoint, written: Extract, *arguments: Any) -> None:
    signal(SIGINT, SIG_IGN)  # the terminal's is for the service, which still waits for this
    answer.send(work(Facts.restore(held.after(written.parts())), *arguments))
