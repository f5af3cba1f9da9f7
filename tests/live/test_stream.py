from __future__ import annotations

import asyncio
import gc
import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from calltrack import Change, Tracker
from calltrack.core import observations
from calltrack.core.changes import (
    CallChange,
    CallStarted,
    ConnectionLost,
    ConnectionRegained,
    ExtensionAppeared,
    LegChange,
)
from calltrack.core.errors import AnomalyFound
from calltrack.live import (
    CredentialsError,
    Endpoints,
    LoginRefused,
    Missed,
    Stream,
    User,
    connect,
)
from calltrack.simulate import Faults, Plan
from calltrack.simulate.server import Simulator
from tests.live.harness import FAST, News, scenario

BUSY = 2000.0  # simulated seconds per second


@asynccontextmanager
async def centre(speed: float = BUSY, **options: Any) -> AsyncIterator[Simulator]:
    """A simulated call centre; no socket of ours is left there at the end."""
    async with Simulator(Plan(agents=20), speed=speed, **options) as simulator:
        yield simulator
        await simulator.wait_until(0)


def joined(simulator: Simulator, **options: Any) -> Stream:
    """A stream from there, by way of the login API."""
    return connect(
        token=simulator.credentials.token,
        endpoints=Endpoints.older(simulator.url),
        timing=FAST,
        **options,
    )


async def first(stream: Stream, kind: type[Change]) -> Any:
    """The next change of this kind."""
    async for change in stream:
        if isinstance(change, kind):
            return change
    raise AssertionError("the stream has ended")


@pytest.mark.parametrize("protocol", [3, 4])
@scenario
async def test_every_change_comes_once_and_in_order(protocol: Any) -> None:
    """The snapshot goes with them, and what has been read is what the tracker has counted."""
    async with centre(protocol=protocol) as simulator, joined(simulator) as stream:
        read: list[Change] = []
        async for change in stream:
            read.append(change)
            if len(read) >= 1000 and change.position < stream.snapshot().position:
                break
        assert sorted(change.position for change in read) == [change.position for change in read]
        assert not [change for change in read if isinstance(change, Missed)]
        appeared = {change.exten_user for change in read if isinstance(change, ExtensionAppeared)}
        assert appeared == {desk.exten for desk in simulator.world.desks}
        assert stream.snapshot() == stream.tracker.snapshot()


@scenario
async def test_callbacks_get_the_changes_of_their_type() -> None:
    """Plain and coroutine functions, a base class for all of its; in the order of the changes."""
    async with centre() as simulator, joined(simulator) as stream:
        calls: list[Change] = []
        legs: list[Change] = []

        async def note(change: LegChange) -> None:
            await asyncio.sleep(0)
            legs.append(change)

        stream.on(CallChange, calls.append)
        stream.on(LegChange, note)
        read = []
        async for change in stream:
            read.append(change)
            if len(calls) > 300 and len(legs) > 300:
                break
        assert calls[:300] == [change for change in read if isinstance(change, CallChange)][:300]
        assert legs[:300] == [change for change in read if isinstance(change, LegChange)][:300]


@scenario
async def test_a_lost_connection_is_a_fact_in_the_stream() -> None:
    """Lost and regained, with the gap; the snapshot has it in its ledger."""
    async with centre() as simulator, joined(simulator) as stream:
        await first(stream, CallStarted)
        simulator.drop_connections()
        lost = await first(stream, ConnectionLost)
        regained = await first(stream, ConnectionRegained)
        assert lost.gap.until is None
        assert lost.gap.reason == regained.gap.reason == "transport closed"
        assert stream.snapshot().gaps[0] == regained.gap
        assert regained.gap.until >= lost.gap.since


@scenario
async def test_what_could_not_be_read_is_counted() -> None:
    """A packet that is not JSON is a fact too, not an unknown event."""
    async with centre(faults=Faults(corrupt=0.2)) as simulator, joined(simulator) as stream:
        async for _ in stream:
            counters = stream.snapshot().counters
            if counters.events.get("malformed", 0) > 3:
                break
        assert counters.unknown_events == {}


@scenario
async def test_a_slow_consumer_misses_the_old_and_gets_the_newest() -> None:
    """It learns how many, and the state to go on from; another consumer has them all, and nothing waits on it."""
    async with centre() as simulator, joined(simulator, limit=400) as stream:
        everything = stream.changes()
        seen: list[Change] = []
        async for change in everything:
            seen.append(change)
            if len(seen) > 1000:
                break
        missed, then = await anext(aiter(stream)), await anext(aiter(stream))
        assert isinstance(missed, Missed)
        assert missed.count >= len(seen)
        assert missed.snapshot.position == missed.position >= seen[-1].position
        assert then.position > missed.position
        assert not isinstance(then, Missed)
        total = sum(missed.snapshot.counters.changes.values())
        assert missed.count == total


@scenario
async def test_callbacks_that_are_too_slow_are_informed() -> None:
    """Those for Missed, if there are any."""
    async with centre() as simulator, joined(simulator, limit=300) as stream:
        reported: list[Missed] = []
        slow = asyncio.Event()

        async def wait(change: CallStarted) -> None:
            await slow.wait()

        stream.on(CallStarted, wait)
        stream.on(Missed, reported.append)
        async for change in stream:
            if change.position > 500:
                slow.set()
            if reported:
                break
        assert reported[0].count > 300


@scenario
async def test_a_consumer_that_no_one_holds_is_none() -> None:
    """Its changes are not kept."""
    async with centre() as simulator, joined(simulator) as stream:
        before = len(stream._consumers)
        stream.changes()
        gc.collect()
        assert len(stream._consumers) == before


@scenario
async def test_a_refused_login_is_raised_to_an_iteration() -> None:
    """With the API's words, at once."""
    async with centre() as simulator:
        simulator.refuse_logins(403)
        with pytest.raises(LoginRefused, match="login refused"):
            async with joined(simulator) as stream:
                async for _ in stream:
                    pass


@scenario
async def test_a_refused_login_is_raised_where_it_is_awaited() -> None:
    """And not again on leaving."""
    async with centre() as simulator:
        simulator.refuse_logins("no such token")
        async with joined(simulator) as stream:
            with pytest.raises(LoginRefused, match="login refused: no such token"):
                await stream.wait_closed()


@scenario
async def test_a_failure_that_no_one_has_seen_is_raised_on_leaving() -> None:
    """An error of a callback here."""
    happened = asyncio.Event()

    def fail(change: CallStarted) -> None:
        happened.set()
        raise LookupError("a fault of the callback")

    async with centre() as simulator:
        with pytest.raises(LookupError, match="a fault of the callback"):
            async with joined(simulator) as stream:
                stream.on(CallStarted, fail)
                await happened.wait()


@scenario
async def test_an_anomaly_ends_the_stream_of_a_strict_tracker() -> None:
    """As it does everywhere."""
    async with centre(faults=Faults(lose=0.2)) as simulator:
        with pytest.raises(AnomalyFound):
            async with joined(simulator, tracker=Tracker(strict=True)) as stream:
                async for _ in stream:
                    pass


@scenario
async def test_cancelling_leaves_nothing() -> None:
    """In the middle of the loop: neither a task (see `scenario`) nor a socket (see `centre`)."""

    async def read(stream: Stream) -> None:
        async with stream:
            async for _ in stream:
                reached.set()

    reached = asyncio.Event()
    async with centre() as simulator:
        reading = asyncio.create_task(read(joined(simulator)))
        await reached.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading


@scenario
async def test_iteration_ends_with_the_stream() -> None:
    """Wherever it is going on, and for consumers that come too late."""
    async with centre() as simulator:
        async with joined(simulator) as stream:
            other = asyncio.create_task(_count(stream.changes()))
            await first(stream, CallStarted)
        assert await other > 0
        assert await _count(stream.changes()) == 0
        await stream.wait_closed()


async def _count(changes: AsyncIterator[Change]) -> int:
    return sum([1 async for _ in changes])


class Rung(Tracker):
    """A tracker that says when the last frame of a greeting has come."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.greetings = 0
        self.news = News()

    def feed(self, frame: observations.Frame) -> tuple[Change, ...]:
        """Feed, and tell."""
        changes = super().feed(frame)
        self.greetings += frame.event == "AllDialersStatus"
        self.news.ring()
        return changes


@scenario
async def test_a_tracker_goes_on_where_another_stopped() -> None:
    """Restored from a snapshot: what it knew and the live stream has, is no news."""
    async with centre(speed=1e-6) as simulator:
        tracker = Rung()
        async with joined(simulator, tracker=tracker) as stream:
            await tracker.news.until(lambda: tracker.greetings == 2)
            known = stream.snapshot()
        tracker = Rung.restore(known)
        async with joined(simulator, tracker=tracker) as stream:
            await tracker.news.until(lambda: tracker.greetings == 2)
            assert stream.snapshot().counters.changes["ExtensionAppeared"] == 20
            now = stream.snapshot()
            assert [(call.call_id, call.state, call.since) for call in now.calls] == [
                (call.call_id, call.state, call.since) for call in known.calls
            ]


@scenario
async def test_the_flood_is_taken_and_nothing_is_missed() -> None:
    """As fast as the server can, and the consumer keeps up."""
    async with centre(speed=math.inf) as simulator, joined(simulator) as stream:
        kinds: Counter[type[Change]] = Counter()
        async for change in stream:
            kinds[type(change)] += 1
            if kinds.total() >= 20_000:
                break
        assert kinds[Missed] == 0


def test_the_login_comes_from_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token, credentials, or the environment; and the limit is a number of changes."""
    with pytest.raises(CredentialsError, match="the environment holds no login"):
        connect()
    monkeypatch.setenv("CALLTRACK_TOKEN", "s3cr3t")
    assert "s3cr3t" not in repr(connect())
    with pytest.raises(ValueError, match="not both"):
        connect(token="a", credentials=User("b", "c"))
    with pytest.raises(ValueError, match="at least 1"):
        connect(token="a", limit=0)
