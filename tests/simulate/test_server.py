"""The socket: greeting, order, misbehaviour, and a clean end."""

import asyncio
import math
from contextlib import suppress
from typing import Literal

import aiohttp
import pytest
from yarl import URL

from calltrack.simulate import Faults, Line, Plan, Truth
from calltrack.simulate.server import Simulator
from calltrack.simulate.server import engine as engine_module
from calltrack.simulate.server.engine import Protocol
from tests.simulate.sockets import bare, listening, play

GREETING = ["loginSuccess", "loginStatus", "AllExtensionsStatus", "AllUsersStatus", "AllDialersStatus"]
FAST = 20_000.0  # simulated seconds per second


class Witness:
    """Keeps what the server says it sent."""

    def __init__(self) -> None:
        self.frames: list[tuple[str, int]] = []
        self.truth: list[Truth] = []

    def __call__(self, lines: list[Line], truth: Truth) -> None:
        """Keep it."""
        self.frames += [(line.frame.event, line.frame.data["servertime"]) for line in lines]
        self.truth.append(truth)


@pytest.mark.parametrize("speed", [FAST, math.inf])
def test_a_client_hears_the_greeting_and_then_every_frame_in_order(speed: float) -> None:
    """None lost, none twice, as fast as it will go."""
    witness = Witness()

    async def scene() -> None:
        simulator = Simulator(Plan(agents=20), protocol=4, speed=speed, witness=witness)
        async with simulator, listening(simulator) as listener:
            greeting = await listener.take(len(GREETING))
            frames = [(event, data["servertime"]) for event, data in await listener.take(2000)]
        assert [event for event, _ in greeting] == GREETING
        # More than one frame may be as the first one was; who joins late has not heard the one before it.
        starts = [at for at, frame in enumerate(witness.frames) if frame == frames[0]]
        assert frames in [witness.frames[start : start + 2000] for start in starts]

    play(scene)


def test_the_witness_counts_the_frames_and_the_truth_is_there_to_ask() -> None:
    """The same truth as beside a recording."""
    witness = Witness()

    async def scene() -> None:
        async with (
            Simulator(protocol=4, speed=FAST, witness=witness) as simulator,
            listening(simulator) as listener,
        ):
            await listener.take(100)
            truth = simulator.truth()
            assert truth.n == simulator.sent == len(witness.frames) == witness.truth[-1].n
            assert list(truth.legs) == [desk.exten for desk in simulator.world.desks]

    play(scene)


def test_a_resync_brings_the_snapshots_again() -> None:
    """Without a loginSuccess."""

    async def scene() -> None:
        async with Simulator(protocol=4) as simulator, listening(simulator) as listener:
            await listener.until("AllDialersStatus")
            await listener.emit("resync", {"cache": False})
            await listener.until("AllDialersStatus")
            assert [event for event, _ in listener.frames if event in GREETING] == GREETING + GREETING[1:]

    play(scene)


def test_monitored_extensions_narrow_what_a_client_hears() -> None:
    """ExtensionsUpdated, then only their events; the snapshot after a resync too."""

    async def scene() -> None:
        async with (
            Simulator(Plan(agents=10), protocol=4, speed=FAST) as simulator,
            listening(simulator) as listener,
        ):
            await listener.emit("updateMonitoredExtensions", {"extensionsString": "SIP00003, SIP00004"})
            await listener.until("ExtensionsUpdated")
            await listener.emit("resync", {"cache": False})
            snapshot = await listener.until("AllExtensionsStatus")
            assert [e["extenUser"] for e in snapshot["extensions"]] == ["SIP00003", "SIP00004"]
            events = [await listener.until("ExtensionEvent") for _ in range(20)]
            assert {event["data"]["extenUser"] for event in events} == {"SIP00003", "SIP00004"}

    play(scene)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"EIO": "4", "transport": "websocket"}, "Unsupported protocol version"),
        ({"EIO": "3", "transport": "polling"}, "Transport unknown"),
    ],
)
def test_other_protocols_and_transports_are_refused(query: dict[str, str], message: str) -> None:
    """As a stock server words it."""

    async def scene() -> None:
        async with Simulator(protocol=3) as simulator, aiohttp.ClientSession() as session:
            url = URL(simulator.url) / "socket.io/"
            async with session.get(url.with_query(query)) as answer:
                assert (answer.status, (await answer.json())["message"]) == (400, message)

    play(scene)


def test_dropped_connections_are_noticed_and_may_come_back_at_once() -> None:
    """No closing handshake, as when a cable is pulled."""

    async def scene() -> None:
        async with Simulator(protocol=4) as simulator:
            async with listening(simulator) as listener:
                await listener.until("AllDialersStatus")
                simulator.drop_connections()
                await listener.until("disconnect")
                await simulator.wait_until(0)
            async with listening(simulator) as listener:
                assert (await listener.next())[0] == "loginSuccess"

    play(scene)


def test_a_restart_is_deaf_for_a_while_and_comes_back_on_the_same_port() -> None:
    """Connecting fails at once meanwhile."""

    async def scene() -> None:
        async with Simulator(protocol=4) as simulator, listening(simulator) as listener:
            await listener.until("AllDialersStatus")
            restart = asyncio.ensure_future(simulator.restart(0.3))
            await listener.until("disconnect")
            with pytest.raises(OSError, match="Connect"):
                async with bare(simulator):
                    pass
            await restart
            async with listening(simulator) as again:
                assert (await again.next())[0] == "loginSuccess"

    play(scene)


@pytest.mark.parametrize("how", ["closeme", "namespace"])
def test_a_kicked_client_learns_so(how: Literal["closeme", "namespace"]) -> None:
    """By an event or by the namespace's end; either way it is disconnected."""

    async def scene() -> None:
        async with Simulator(protocol=4) as simulator, listening(simulator) as listener:
            await listener.until("AllDialersStatus")
            simulator.kick(how)
            await listener.until("disconnect")
            assert ("closeme" in {event for event, _ in listener.frames}) == (how == "closeme")
            assert not simulator.connections

    play(scene)


def test_frames_are_repeated_on_the_socket_too() -> None:
    """Faults of frames reach every client."""

    async def scene() -> None:
        async with Simulator(protocol=4, speed=FAST, faults=Faults(repeat=1.0)) as simulator:
            async with listening(simulator) as listener:
                await listener.take(len(GREETING))
                frames = await listener.take(100)
            assert frames[::2] == frames[1::2]

    play(scene)


def test_connections_break_and_servers_restart_by_themselves() -> None:
    """After the faults' rates."""

    async def scene() -> None:
        faults = Faults(disconnects=30, restarts=5, outage=5)
        async with Simulator(speed=FAST, faults=faults) as simulator:
            broken = 0
            while broken < 3:
                with suppress(aiohttp.ClientConnectorError):  # it is away just now
                    async with bare(simulator) as socket:
                        async for _ in socket:
                            pass
                        broken += 1

    play(scene)


@pytest.mark.parametrize("protocol", [3, 4])
def test_a_garbled_frame_is_no_json(protocol: Protocol) -> None:
    """It still comes as an event's message."""

    async def scene() -> None:
        simulator = Simulator(protocol=protocol, speed=FAST, faults=Faults(corrupt=1.0))
        async with simulator, bare(simulator) as socket:
            if protocol == 4:
                await socket.send_str("40")
            texts = [await socket.receive_str() for _ in range(40)]
        assert sum(text.startswith("42[") and not text.endswith("}]") for text in texts) > 3

    play(scene)


def test_protocol_3_opens_the_namespace_itself_and_answers_pings() -> None:
    """OPEN, CONNECT, events; ping, pong; and an acknowledgement to a client that wants one."""

    async def scene() -> None:
        async with Simulator(protocol=3) as simulator, bare(simulator) as socket:
            opening = await socket.receive_str()
            assert opening.startswith("0{")
            assert '"pingInterval":60000,"pingTimeout":180000' in opening
            assert await socket.receive_str() == "40"
            for event in GREETING:
                assert (await socket.receive_str()).startswith(f'42["{event}",')
            await socket.send_str("2probe")
            await _until(socket, "3probe")
            await socket.send_str('427["nothing"]')
            await _until(socket, "437[]")
            await socket.send_str("42[broken")
            await socket.send_str("41")
            await simulator.wait_until(0)

    play(scene)


def test_protocol_4_pings_the_client() -> None:
    """And opens the namespace when it is asked to."""

    async def scene() -> None:
        async with Simulator(protocol=4, pings=(0.05, 5.0)) as simulator, bare(simulator) as socket:
            assert (await socket.receive_str()).startswith("0{")
            await _until(socket, "2")
            assert not simulator.connections
            await socket.send_str("40")
            await _until(socket, "2")
            await simulator.wait_until(1)

    play(scene)


@pytest.mark.parametrize("protocol", [3, 4])
def test_a_client_without_heartbeat_is_cut_off(protocol: Protocol) -> None:
    """After interval and timeout."""

    async def scene() -> None:
        async with Simulator(protocol=protocol, pings=(0.1, 0.1)) as simulator, bare(simulator) as socket:
            async for _ in socket:
                pass
            await simulator.wait_until(0)

    play(scene)


def test_a_client_that_is_too_slow_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server never keeps more than its backlog for it."""
    monkeypatch.setattr(engine_module, "_BACKLOG", 20)

    async def scene() -> None:
        async with Simulator(Plan(agents=50), protocol=4, speed=FAST) as simulator, bare(simulator) as socket:
            await socket.send_str("40")
            async for _ in socket:
                pass
            await simulator.wait_until(0)

    play(scene)


def test_a_port_that_is_taken_is_an_error() -> None:
    """At once, and with nothing left behind."""

    async def scene() -> None:
        async with Simulator() as first:
            port = int(first.url.rpartition(":")[2])
            with pytest.raises(OSError, match="address already in use"):
                await Simulator(port=port).__aenter__()

    play(scene)


def test_a_failure_inside_is_not_swallowed() -> None:
    """The one who leaves the context hears of it."""

    def witness(lines: list[Line], truth: Truth) -> None:
        raise RuntimeError("no more paper")

    async def scene() -> None:
        async with Simulator(speed=FAST, witness=witness) as simulator:
            await simulator.wait_closed()

    with pytest.raises(RuntimeError, match="no more paper"):
        play(scene)


async def _until(socket: aiohttp.ClientWebSocketResponse, text: str) -> None:
    while await socket.receive_str() != text:
        pass
