import asyncio
from pathlib import Path

import pytest

from calltrack import Frame, Tracker, read_recording
from calltrack.feed.source import Live, Replay
from calltrack.live import Account, Endpoints, LoginApi, LoginRefused
from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator

AGAIN = Path(__file__).parents[2] / "fixtures" / "scenarios" / "queue-rings-again.jsonl"


def test_a_recording_is_played_in_order_at_its_speed() -> None:
    """95 s of it, a thousand times as fast as life, take a tenth of a second; then it has ended."""

    async def scene() -> None:
        source, frames = Replay(read_recording(AGAIN), 1000.0), list[Frame]()
        assert "playing queue-rings-again.jsonl at 1000x" == source.status()
        begin = asyncio.get_running_loop().time()
        async with asyncio.timeout(100):
            await source.run(frames.append)
        took = asyncio.get_running_loop().time() - begin

        assert list(read_recording(AGAIN)) == frames
        assert 0.09 <= took
        assert "queue-rings-again.jsonl has ended" == source.status()

    asyncio.run(scene())


def test_lines_that_are_no_frames_are_counted(tmp_path: Path) -> None:
    """In the status, for there is nowhere else to report them."""
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"oops\n" + AGAIN.read_bytes())
    source = Replay(read_recording(path, on_bad=lambda bad: None), 0.0)

    asyncio.run(source.run(lambda frame: None))

    assert "bad.jsonl has ended, 1 lines are not frames" == source.status()


def test_the_live_service_is_followed_through_a_loss() -> None:
    """Its frames are those of the service, and the status says where they come from."""

    async def scene() -> None:
        async with Simulator(Plan(agents=5), speed=50.0) as simulator:
            source, tracker = Live(login(simulator)), Tracker()
            heard, events = asyncio.Event(), list[str]()

            def on_frame(frame: Frame) -> None:
                tracker.feed(frame)
                events.append(frame.event)
                if frame.event == "AllExtensionsStatus":
                    heard.set()

            assert "connecting" == source.status()
            running = asyncio.create_task(source.run(on_frame))
            async with asyncio.timeout(100):
                await heard.wait()
                assert f"connected to {simulator.url.removeprefix('http://')}" == source.status()
                heard.clear()
                simulator.drop_connections()
                while "disconnect" not in events:
                    await asyncio.sleep(0)
                await heard.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        assert 5 == len(tracker.snapshot().extensions)
        assert 1 == len(tracker.snapshot().gaps)

    asyncio.run(scene())


def test_what_hinders_the_connection_is_in_the_status() -> None:
    """Nothing listens: no error, but a reason."""

    async def scene() -> None:
        source = Live(LoginApi(Account("a", "b"), endpoints=Endpoints.older("http://127.0.0.1:1")))
        running = asyncio.create_task(source.run(lambda frame: None))
        async with asyncio.timeout(100):
            while source.status() == "connecting":
                await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert source.status().startswith("connecting (login: login did not get through")

    asyncio.run(scene())


def test_a_refused_login_is_final() -> None:
    """It is raised, for the board to end with."""

    async def scene() -> None:
        async with Simulator(Plan(agents=1)) as simulator:
            simulator.refuse_logins(403)
            with pytest.raises(LoginRefused, match="login refused"):
                await Live(login(simulator)).run(lambda frame: None)

    asyncio.run(scene())


def login(simulator: Simulator) -> LoginApi:
    account = simulator.credentials
    return LoginApi(Account(account.username, account.password), endpoints=Endpoints.older(simulator.url))
