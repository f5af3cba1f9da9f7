"""The stream for programs without asyncio: the same changes, in any thread.

A thread of its own keeps the connection and the tracker, so that a program that is busy, or waits for its database,
never blocks the socket. Open it after a fork (gunicorn, celery), not before: threads do not survive one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from calltrack.core.changes import Change
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.live.credentials import Credentials
from calltrack.live.login import DEFAULT_SERVERS, Endpoints, Protocol
from calltrack.live.network import Network
from calltrack.live.stream import LIMIT, Changes, Stream, connect
from calltrack.live.timing import Timing

C = TypeVar("C", bound=Change)
T = TypeVar("T")


def listen(
    *,
    token: str | None = None,
    credentials: Credentials | None = None,
    endpoints: Endpoints | None = None,
    servers: Sequence[str] = DEFAULT_SERVERS,
    protocol: Protocol | None = None,
    timing: Timing | None = None,
    tracker: Tracker | None = None,
    limit: int = LIMIT,
    network: Network | None = None,
) -> BlockingStream:
    """A stream to be entered with `with`; arguments and errors are those of `connect`."""
    return BlockingStream(
        connect(
            token=token,
            credentials=credentials,
            endpoints=endpoints,
            servers=servers,
            protocol=protocol,
            timing=timing,
            tracker=tracker,
            limit=limit,
            network=network,
        )
    )


class InThread:
    """Something asynchronous that lives in a thread, from entering to leaving; leaving joins the thread.

    The calling thread waits on a queue of C alone. Python's futures have locks of Python, and Ctrl-C between taking
    one and letting it go would leave it taken: the stream's thread then waits for it for ever, and leaving for that.
    """

    def __init__(self, inner: AbstractAsyncContextManager[object]) -> None:
        self._inner = inner
        self._ready: SimpleQueue[None] = SimpleQueue()
        self._left = asyncio.Event()
        self._waiting = set[SimpleQueue[object]]()
        self._over = False
        self._failure: Exception | None = None
        # A program that ends without leaving us shall end.
        self._thread = Thread(target=self._run, name="calltrack", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.get()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._left.set)
        self._thread.join()
        if error is None and self._failure is not None:
            raise self._failure

    def wait_for(self, coroutine: Coroutine[Any, Any, T], otherwise: Callable[[], T]) -> T:
        """What the coroutine returns in the other thread's loop; if that has ended, or ends first, the other's.

        The task is let go of in its own thread: what Python runs then would swallow a Ctrl-C of this one.
        """
        done: SimpleQueue[object] = SimpleQueue()
        tasks: list[asyncio.Task[T]] = []
        found: list[Callable[[], T]] = []

        def begin() -> None:
            tasks.append(self._loop.create_task(coroutine))
            tasks[0].add_done_callback(end)

        def end(task: asyncio.Task[T]) -> None:
            tasks.clear()
            if not task.cancelled():
                found.append(_outcome(task))
            done.put(None)

        self._waiting.add(done)
        try:
            if not self._over:
                self._loop.call_soon_threadsafe(begin)
                done.get()
        except RuntimeError:  # the loop has been closed since
            pass
        finally:
            self._waiting.discard(done)
            for task in tuple(tasks):  # Ctrl-C ended the wait
                with suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(task.cancel)
        coroutine.close()  # it may never have begun
        return found[0]() if found else otherwise()

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except Exception as error:
            self._failure = error
        finally:
            self._over = True
            self._ready.put(None)
            for done in list(self._waiting):
                done.put(None)

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with self._inner:
            self._ready.put(None)
            await self._left.wait()


class BlockingStream(InThread):
    """`Stream`, for threads: iterate over it for the changes, ask `snapshot()` for the state.

    It lives from entering to leaving; leaving joins its thread. Errors are raised in the thread that iterates or
    waits, else on leaving, and are those of `Stream`. Ctrl-C ends a wait as it does anywhere.
    """

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream)
        self._stream = stream

    def __iter__(self) -> Iterator[Change]:
        """The stream's own consumer; all changes since the stream was entered, less those read already."""
        return self._read(aiter(self._stream))

    def changes(self) -> Iterator[Change]:
        """Another consumer, independent of all others, of the changes from now on."""
        return self._read(self._call(self._stream.changes))

    def on(self, kind: type[C], function: Callable[[C], object]) -> None:
        """Have the function called with every change of this kind from now on; a base class stands for all of its.

        All callbacks of a stream are called one after the other, in the order of the changes, in a thread that is
        neither the caller's nor the socket's: they may block. They are together one consumer: if they are too slow,
        those for `Missed` are called. Leaving the stream waits for the one that runs.
        """

        async def call(change: C) -> None:
            await asyncio.to_thread(function, change)

        self._call(lambda: self._stream.on(kind, call))

    def snapshot(self) -> Snapshot:
        """Everything known now."""
        return self._call(self._stream.snapshot)

    def update_monitored_extensions(self, extensions: str) -> None:
        """Choose the extensions to watch, in the vendor's own notation; sent now and after every connect."""
        self._call(lambda: self._stream.update_monitored_extensions(extensions))

    def resync(self) -> None:
        """Ask the server for its snapshots now; after every connect that is done anyway."""
        self._call(self._stream.resync)

    def wait_closed(self) -> None:
        """Wait, while callbacks do the work, until the stream is left; raises what ends it for good."""
        self.wait_for(self._stream.wait_closed(), lambda: None)

    def _read(self, changes: Changes) -> Iterator[Change]:
        # By the batch: going to the other thread and back costs more than most changes.
        while batch := self.wait_for(changes.batch(), list):
            yield from batch

    def _call(self, function: Callable[[], T]) -> T:
        """The function's result, called where nothing happens beside it: between two frames."""

        async def call() -> T:
            return function()

        return self.wait_for(call(), function)


def _outcome(task: asyncio.Task[T]) -> Callable[[], T]:
    """Returns or raises what a task that is done did, without the task."""
    error = task.exception()
    if error is None:
        value = task.result()
        return lambda: value

    def fail() -> T:
        raise error

    return fail
