"""A process that reads the past, so that whatever is asked of it takes no time or memory of the live one.

One question at a time; it starts with the first question, and ends when it was not asked anything for a while, so that
its memory goes back. Who stops waiting stops the work: the process is ended, and the next question starts another. One
that follows the journal (`idle` None) lives on instead, and finishes what it has begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections.abc import Callable
from logging import LogRecord, getLogger
from logging.handlers import QueueHandler
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from signal import SIG_IGN, SIGINT, signal
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_NICE = 10  # so that the live process goes first where processors are few
_SELDOM = 100_000, 50, 1000  # objects, and collections, between two looks for cycles, which rows have none of
IDLE = 20.0
"""Seconds without a question after which a process ends."""


class WorkerEnded(Exception):
    """The process ended before it answered."""


class Worker(Generic[R]):
    """A process in which `make` makes what is asked; it ends after `idle` s without a question (None: never)."""

    def __init__(self, make: Callable[[], R], idle: float | None = IDLE) -> None:
        self._make = make
        self._after = idle
        self._turn = asyncio.Lock()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._closed = False
        self._asked: set[asyncio.Task[tuple[bool, Any]]] = set()

    async def ask(self, function: Callable[Concatenate[R, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function of what `make` made returns or raises; raises WorkerEnded if the process was ended."""
        await self._turn.acquire()
        asking = asyncio.ensure_future(self._answered((function, args, kwargs)))
        self._asked.add(asking)
        asking.add_done_callback(self._answered_or_ended)
        answered, answer = await (asking if self._after is not None else asyncio.shield(asking))
        if not answered:
            raise answer
        found: T = answer
        return found

    async def _answered(self, question: Any) -> tuple[bool, Any]:
        if self._idle is not None:
            self._idle.cancel()
        answering = asyncio.get_running_loop().run_in_executor(None, self._ask, question)
        try:
            answer = await asyncio.shield(answering)
        except asyncio.CancelledError:
            self._end()
            with contextlib.suppress(WorkerEnded):
                await answering
            raise
        if self._after is not None:
            self._idle = asyncio.get_running_loop().call_later(self._after, self._end)
        return answer

    def _answered_or_ended(self, asking: asyncio.Task[tuple[bool, Any]]) -> None:
        self._asked.discard(asking)
        self._turn.release()

    async def close(self) -> None:
        """End the process, and wait for those who ask it: they hear WorkerEnded."""
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()
        self._end()
        await asyncio.gather(*self._asked, return_exceptions=True)
        self._end()  # what had begun to start meanwhile

    def _ask(self, question: Any) -> tuple[bool, Any]:
        if self._closed:
            raise WorkerEnded
        try:
            if self._process is None or not self._process.is_alive() or self._pipe is None:
                self._start()
            if self._closed:
                raise WorkerEnded
            assert self._pipe is not None
            self._pipe.send(question)
            while isinstance(said := self._pipe.recv(), LogRecord):
                getLogger(said.name).handle(said)
            answer: tuple[bool, Any] = said
            return answer
        except (EOFError, OSError):
            raise WorkerEnded from None

    def _start(self) -> None:
        spawn = get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        process = spawn.Process(target=_answer, args=(theirs, self._make), daemon=True)
        process.start()
        self._process = process  # only what has started can be ended
        theirs.close()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()  # the pipe ends with it, so who waits for an answer is not left waiting
            process.join()
        if self._pipe is not None and process is not None and not self._turn.locked():
            self._pipe.close()


class _Said(QueueHandler):
    """Sends log lines to the live process, which has their form and their place."""

    queue: Any  # the pipe

    def enqueue(self, record: LogRecord) -> None:
        """Send one."""
        self.queue.send(record)


def _answer(pipe: Connection, make: Callable[[], Any]) -> None:
    """Answer questions until the other end is gone."""
    signal(SIGINT, SIG_IGN)  # the terminal's is for the service
    getLogger().addHandler(_Said(pipe))  # type: ignore[arg-type]
    os.nice(_NICE)
    gc.set_threshold(*_SELDOM)
    asked: Any = None
    with contextlib.suppress(EOFError, OSError):
        while True:
            function, args, kwargs = pipe.recv()
            try:
                if asked is None:
                    asked = make()  # where that fails, as while a broker is away, it is an answer, and tried again
                pipe.send((True, function(asked, *args, **kwargs)))
            except Exception as error:
                pipe.send((False, error))
