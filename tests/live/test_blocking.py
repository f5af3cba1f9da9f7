"""Every stream here is used as a program without asyncio does; the simulated call centre has a thread of its own."""

from __future__ import annotations

import asyncio
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from calltrack import Change
from calltrack.core.changes import CallStarted, ConnectionRegained
from calltrack.live import BlockingStream, CredentialsError, Endpoints, LoginRefused, Missed, listen
from calltrack.live.blocking import InThread
from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator
from tests.live.harness import FAST


class Elsewhere:
    """A simulator in another thread."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        async with Simulator(Plan(agents=20), speed=2000.0) as self.simulator:
            self.ready.set()
            await self.over.wait()
            await self.simulator.wait_until(0)

    def do(self, order: Callable[[], object]) -> None:
        """Have it done over there."""
        self.loop.call_soon_threadsafe(order)

    def stream(self, **options: Any) -> BlockingStream:
        """A stream from there."""
        return listen(
            token=self.simulator.credentials.token,
            endpoints=Endpoints.older(self.simulator.url),
            timing=FAST,
            **options,
        )


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Run one; at the end no socket and no thread is left."""
    before = threading.active_count()
    centre = Elsewhere()
    centre.thread.start()
    centre.ready.wait(10)
    try:
        yield centre
    finally:
        centre.do(centre.over.set)
        centre.thread.join(20)
    assert threading.active_count() == before


def test_iterates() -> None:
    """The changes, the snapshot, and the same consumer again."""
    with elsewhere() as centre, centre.stream() as stream:
        read = []
        for change in stream:
            read.append(change)
            if isinstance(change, CallStarted):
                break
        assert read[-1].position <= stream.snapshot().position
        assert next(iter(stream)).position >= read[-1].position
        assert next(stream.changes()).position > read[-1].position


def test_calls_back_in_a_thread_of_its_own() -> None:
    """One that may block: the stream goes on meanwhile."""
    enough, threads = threading.Event(), set[int]()

    def note(change: CallStarted) -> None:
        threads.add(threading.get_ident())
        position = change.position
        for other in stream.changes():
            if other.position > position:
                break
        enough.set()

    with elsewhere() as centre, centre.stream() as stream:
        stream.on(CallStarted, note)
        assert enough.wait(10)
    assert threads
    assert threading.get_ident() not in threads


def test_heals_a_lost_connection() -> None:
    """As the stream within does."""
    with elsewhere() as centre, centre.stream() as stream:
        changes = iter(stream)
        next(change for change in changes if isinstance(change, CallStarted))
        centre.do(centre.simulator.drop_connections)
        assert next(change for change in changes if isinstance(change, ConnectionRegained)).gap.until


def test_a_busy_program_misses_the_old() -> None:
    """It gets the newest state when it comes back."""
    with elsewhere() as centre, centre.stream(limit=300) as stream:
        for change in stream.changes():
            if change.position > 500:
                break
        missed = next(iter(stream))
        assert isinstance(missed, Missed)
        assert missed.snapshot.position >= 500


@pytest.mark.parametrize("how", ["iterating", "waiting", "leaving"])
def test_raises_in_the_caller(how: str) -> None:
    """A refused login, wherever the caller is."""
    with elsewhere() as centre:
        centre.do(lambda: centre.simulator.refuse_logins(401))
        with pytest.raises(LoginRefused, match="login refused"), centre.stream() as stream:
            if how == "iterating":
                list(stream)
            elif how == "waiting":
                stream.wait_closed()
            else:
                while not stream._stream._over.is_set():
                    stream.snapshot()


def test_a_fault_of_a_callback_is_raised_in_the_caller() -> None:
    """It ends the stream."""

    def fail(change: Change) -> None:
        raise LookupError("a fault of the callback")

    with (
        elsewhere() as centre,
        pytest.raises(LookupError, match="a fault of the callback"),
        centre.stream() as stream,
    ):
        stream.on(CallStarted, fail)
        stream.wait_closed()


def test_ends_for_every_thread() -> None:
    """Leaving ends the loops and waits of others; what is known stays known."""
    counts: list[int] = []
    with elsewhere() as centre:
        with centre.stream() as stream:
            reading = threading.Thread(target=lambda: counts.append(len(list(stream.changes()))))
            waiting = threading.Thread(target=stream.wait_closed)
            reading.start()
            waiting.start()
            next(change for change in stream if isinstance(change, CallStarted))
        reading.join(10)
        waiting.join(10)
        assert len(counts) == 1
        assert stream.snapshot().position > 0
        list(stream)
        assert list(stream.changes()) == []
        stream.wait_closed()


def test_ctrl_c_ends_a_wait() -> None:
    """KeyboardInterrupt, as in any blocking call; the stream is closed."""

    main = threading.get_ident()
    once = iter([True])  # a second one would interrupt the closing

    def interrupt(change: CallStarted) -> None:
        if next(once, False):
            signal.pthread_kill(main, signal.SIGINT)

    with elsewhere() as centre, pytest.raises(KeyboardInterrupt), centre.stream() as stream:
        stream.on(CallStarted, interrupt)
        stream.wait_closed()


def test_needs_a_login() -> None:
    """Said at once, before there is a thread."""
    with pytest.raises(CredentialsError):
        listen()


def test_a_task_is_let_go_of_in_its_own_thread() -> None:
    """Python code runs then, and an exception of a signal in it is ignored: a Ctrl-C would be lost."""
    released: list[str] = []

    async def call() -> int:
        task = asyncio.current_task()
        assert task is not None
        refs.append(weakref.ref(task, lambda _: released.append(threading.current_thread().name)))
        return 7

    async def fail() -> int:
        await call()
        raise LookupError("no")

    refs: list[weakref.ref[asyncio.Task[Any]]] = []
    with InThread(nullcontext()) as thread:
        for _ in range(100):
            assert thread.wait_for(call(), lambda: 0) == 7
            with pytest.raises(LookupError):
                thread.wait_for(fail(), lambda: 0)

    assert len(released) == 200
    assert set(released) == {"calltrack"}
