"""The vendor's own ages of client, unmodified, from npm: socket.io 1.3.7 and 2.x."""

from typing import Literal

import pytest

from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator
from tests.npm import installed
from tests.simulate.sockets import CLIENTS, play, post, scripted
from tests.simulate.test_server import GREETING


@pytest.fixture(scope="module", autouse=True)
def npm_clients() -> None:
    """The clients, as locked."""
    installed(CLIENTS)


@pytest.mark.parametrize("age", ["1", "2"])
def test_it_connects_hears_everything_and_keeps_alive(age: str) -> None:
    """With a token from a login, which has to be percent-encoded."""

    async def scene() -> None:
        async with Simulator(Plan(agents=20), speed=5000) as simulator:
            _, answer = await post(
                simulator, "/monitorAPI/Login/Account", {"username": "account", "password": "simulated"}
            )
            token = answer["Data"]["Socket"]["Token"]
            async with scripted(age, simulator, token) as script:
                frames = await script.take(500)
                await script.emit("keepalive", token)
                assert (await script.until("keepaliveResponse"))["isOK"] is True
                await script.emit("resync", {"cache": False})
                await script.until("AllExtensionsStatus")
        assert [event for event, _ in frames[:6]] == ["connect", *GREETING]
        times = [data["servertime"] for _, data in frames[6:]]
        assert times == sorted(times)

    play(scene)


@pytest.mark.parametrize("age", ["1", "2"])
@pytest.mark.parametrize("how", ["closeme", "namespace"])
def test_it_understands_being_kicked(age: str, how: Literal["closeme", "namespace"]) -> None:
    """By an event and the transport's end, or by the namespace's."""

    async def scene() -> None:
        async with Simulator() as simulator, scripted(age, simulator) as script:
            await script.until("AllDialersStatus")
            simulator.kick(how)
            reason = await script.until("disconnect")
            assert reason == {"closeme": "transport close", "namespace": "io server disconnect"}[how]
            assert ("closeme" in {event for event, _ in script.frames}) == (how == "closeme")

    play(scene)


@pytest.mark.parametrize("age", ["1", "2"])
def test_its_heartbeat_keeps_it_connected(age: str) -> None:
    """It pings; without an answer it would leave."""

    async def scene() -> None:
        async with Simulator(pings=(0.2, 0.3), speed=500) as simulator, scripted(age, simulator) as script:
            await script.until("connect")
            await script.take(60)
            assert "disconnect" not in {event for event, _ in script.frames}
            assert len(simulator.connections) == 1

    play(scene)
