"""Polling instead of a socket, and while one is down: what is seen is so, and the switch back doubles nothing."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from calltrack import Frame, Tracker
from calltrack.feed.polled import Polled
from calltrack.feed.source import Nothing, OnFrame
from calltrack.rest.polling import Poller, PollFailed
from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator
from calltrack.simulate.server.others import CODE, Others

TIMEOUT = 100.0


def simulator() -> Simulator:
    """A centre that moves only when a test moves it."""
    return Simulator(Plan(agents=12), speed=0.001, others=Others(snapshot_s=0))


def poller(it: Simulator, code: str = CODE) -> Poller:
    """A poller of it, whose account's clock is two hours ahead."""
    return Poller(it.url, code, lambda at: 120.0)


def live(tracker: Tracker) -> dict[str, list[str]]:
    """The calls that live at each extension."""
    found = tracker.snapshot().extensions
    return {one.exten_user: sorted(leg.call_id for leg in one.legs) for one in found}


def really(it: Simulator) -> dict[str, list[str]]:
    """The same in truth."""
    return {desk.exten: sorted(leg.call.ivrid for leg in desk.legs) for desk in it.world.desks}


def moved(it: Simulator, seconds: float) -> Iterator[Frame]:
    """The frames of the next while, as the socket has them."""
    for change in it.world.changes(it.world.now + seconds):
        frame = it._vendor.frame(change)
        it.others.see(change)
        yield Frame.of(frame.event, frame.data, frame.at)


def test_snapshots_are_full_lists() -> None:
    """After each one the tracker has what is so."""

    async def main() -> None:
        tracker = Tracker()
        async with simulator() as it:
            for _ in range(30):
                for _ in moved(it, 120):
                    pass
                for frame in await poller(it).snapshot(0.0):
                    tracker.feed(frame)
                assert live(tracker) == really(it)
                waiting = {one.queue_id: len(one.waiting) for one in tracker.snapshot().queues}
                assert waiting == {str(queue.queue_id): len(queue.waiting) for queue in it.world.queues}

    asyncio.run(main())


def test_half_a_character_spoils_no_answer() -> None:
    """It is a "?"; the other extensions are there too."""

    async def main() -> None:
        async with simulator() as it:
            it.world.desks[0].owner = replace(it.world.desks[0].owner, name="Dana \ud83d")
            listed, _ = await poller(it).snapshot(0.0)
            names = [one["userName"] for one in listed.payload()["extensions"]]
        assert ["Dana ?", *(desk.owner.name for desk in it.world.desks[1:])] == names

    asyncio.run(main())


def test_what_is_between_two_polls_is_inferred() -> None:
    """No event says how a leg ended."""

    async def main() -> None:
        tracker = Tracker()
        async with simulator() as it:
            for _ in range(20):
                for _ in moved(it, 600):
                    pass
                for frame in await poller(it).snapshot(0.0):
                    tracker.feed(frame)
        over = [leg for call in tracker.snapshot().ended for leg in call.past_legs]
        assert over
        assert all(leg.inferred for leg in over)

    asyncio.run(main())


class _Breaking:
    """A source whose socket is down for a while, in the middle of a day."""

    stale_for: float | None = None
    speed = 1.0

    def __init__(self, it: Simulator, polled: asyncio.Event) -> None:
        self._it, self._polled = it, polled

    def status(self) -> str:
        """In words."""
        return "a test"

    async def run(self, on_frame: OnFrame) -> None:
        """Connected, away until it was polled, and connected again."""
        vendor = self._it._vendor
        for away in (True, False):
            for greeting in (vendor.login_success(), vendor.login_status(), vendor.all_extensions_status()):
                on_frame(Frame.of(greeting.event, greeting.data, greeting.at))
            for frame in moved(self._it, 1800):
                on_frame(frame)
            if away:
                on_frame(Frame.of("disconnect", {"reason": "transport close"}))
                for _ in moved(self._it, 300):
                    pass
                await self._polled.wait()


def test_the_second_string_and_back() -> None:
    """While the socket is down the state is that of the polls; nothing is doubled afterwards."""

    async def main() -> None:
        tracker, polled, seen = Tracker(), asyncio.Event(), list[dict[str, list[str]]]()
        async with simulator() as it:

            def take(frame: Frame) -> None:
                tracker.feed(frame)
                if source._polling and frame.event == "loginStatus" and not polled.is_set():
                    seen.extend((live(tracker), really(it)))
                    polled.set()

            source = Polled(_Breaking(it, polled), it.url, CODE, 0.01)
            async with asyncio.timeout(TIMEOUT):
                await source.run(take)
            assert seen[0] == seen[1]
            assert live(tracker) == really(it)
        snapshot = tracker.snapshot()
        legs = [leg for call in (*snapshot.calls, *snapshot.ended) for leg in (*call.past_legs, *call.legs)]
        # A redial in one second has the stamp of the attempt before; a conversation has its own.
        keys = [(leg.call_id, leg.exten_user, leg.stamp, leg.c2c) for leg in legs if leg.answered]
        assert len(keys) == len(set(keys))

    asyncio.run(main())


def test_polling_alone() -> None:
    """A deployment without any socket."""

    async def main() -> None:
        tracker, enough = Tracker(), asyncio.Event()
        async with simulator() as it:

            def take(frame: Frame) -> None:
                tracker.feed(frame)
                enough.set()

            source = Polled(Nothing(), it.url, CODE, 0.01)
            running = asyncio.create_task(source.run(take))
            async with asyncio.timeout(TIMEOUT):
                await enough.wait()
            assert "polling" in source.status()
            running.cancel()
            await asyncio.wait([running])
        assert len(tracker.snapshot().extensions) == 12

    asyncio.run(main())


def test_refusals_are_named_without_the_code() -> None:
    """A wrong code, and no server."""

    async def main() -> None:
        async with simulator() as it:
            with pytest.raises(PollFailed, match="error 2"):
                await poller(it, "a-wrong-code").snapshot(0.0)
            url = it.url
        with pytest.raises(PollFailed) as failed:
            await Poller(url, "a-secret-code", lambda at: None).snapshot(0.0)
        assert "a-secret-code" not in str(failed.value)

    asyncio.run(main())
