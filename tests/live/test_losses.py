"""Connections that die without a word: half-open, frozen, swallowed; and a client that slept."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from calltrack import Frame
from calltrack.live import Supervisor
from calltrack.live.login import Protocol
from tests.live.harness import FAST, VERSIONS, Node, Stream, fixed, keepable_port, node, scenario, streaming
from tests.live.talking import BINARY, PING, Relay, relay, talking

pytestmark = pytest.mark.usefixtures("npm_servers")
every_version = pytest.mark.parametrize(("package", "protocol"), VERSIONS)

VENDOR = {"pingInterval": 60_000, "pingTimeout": 180_000}
UNANSWERED = {"reason": "no answer to a ping for 0.3 s"}
PROBING = replace(FAST, probe=0.3, answer=0.3)


def jumping(loop: asyncio.AbstractEventLoop) -> Callable[[float], None]:
    """Let the loop's clock jump, as it does while the process sleeps."""
    time, asleep = loop.time, 0.0

    def jump(seconds: float) -> None:
        nonlocal asleep
        asleep += seconds

    loop.time = lambda: time() + asleep  # type: ignore[method-assign]
    return jump


End = TypeVar("End", Node, Relay)


def holder(stream: Stream, *ends: End) -> End:
    """The end that the stream is connected to: on a busy machine it need not be the first."""
    server = stream.of("connect")[-1]["server"]
    return next(end for end in ends if end.url == f"http://{server}")


@every_version
@scenario
async def test_leaves_a_frozen_server_long_before_its_heartbeat(package: str, protocol: Protocol) -> None:
    """With the vendor's own heartbeat of minutes, a ping without an answer shows it."""
    async with (
        node(package, **VENDOR) as one,
        node(package, **VENDOR) as two,
        streaming(fixed(one.url, two.url, protocol=protocol), PROBING) as stream,
    ):
        await stream.until("loginSuccess")
        frozen = holder(stream, one, two)
        frozen.signal(signal.SIGSTOP)
        await stream.news.until(lambda: holder(stream, one, two) is not frozen)
        assert UNANSWERED in stream.of("disconnect")
        frozen.signal(signal.SIGCONT)
        await frozen.empty()


@pytest.mark.parametrize("fault", [Relay.hold, Relay.swallow])
@pytest.mark.parametrize(("package", "protocol"), [("sio1", 3), ("sio4", 4)])
@scenario
async def test_leaves_a_connection_that_hands_on_nothing(
    fault: Callable[[Relay], None], package: str, protocol: Protocol
) -> None:
    """Half-open, or swallowed on the way: both ends keep their socket, and nothing comes."""
    async with (
        node(package, **VENDOR) as server,
        relay(server.port) as one,
        relay(server.port) as two,
        streaming(fixed(one.url, two.url, protocol=protocol), PROBING) as stream,
    ):
        await stream.until("loginSuccess")
        broken = holder(stream, one, two)
        fault(broken)
        await stream.news.until(lambda: holder(stream, one, two) is not broken)
        assert UNANSWERED in stream.of("disconnect")


@every_version
@scenario
async def test_stays_with_a_silent_server_that_answers_pings(package: str, protocol: Protocol) -> None:
    """The servers of every age answer a WebSocket ping, so silence alone is no loss; ticks fill it."""
    timing = replace(FAST, probe=0.1, answer=1.0, tick=0.25)
    async with (
        node(package, **VENDOR) as server,
        streaming(fixed(server.url, protocol=protocol), timing) as stream,
    ):
        await stream.until("tick", 8)
        assert 1 == len(stream.of("connect"))
        assert all(tick["elapsed_s"] >= 0.25 for tick in stream.of("tick"))
        assert stream.supervisor.stale_for is not None
    assert stream.supervisor.stale_for is None


@pytest.mark.parametrize("slept", [100_000.0, 60.5])
@scenario
async def test_reads_what_came_while_it_slept(slept: float) -> None:
    """A laptop is closed for a day, or a moment too long: what waits in the socket is read before silence is judged."""
    timing = replace(FAST, probe=60.0, answer=60.0, deaf=60.0, tick=1e9, keepalive=1e9)
    jump = jumping(asyncio.get_running_loop())
    async with talking() as server, streaming(fixed(server.url, protocol=3), timing) as stream:
        await stream.until("connect")
        for number in range(1, 643):
            server.send(f'42["ExtensionEvent",{{"n":{number},"boot":1}}]')
        jump(slept)
        await stream.until("ExtensionEvent", 642)
        await server.news.until(lambda: server.pings or slept < 1000)
        assert [] == stream.of("disconnect")


@scenario
async def test_leaves_a_server_that_is_gone_after_a_sleep() -> None:
    """The probe of the waking finds that."""
    jump = jumping(asyncio.get_running_loop())
    timing = replace(FAST, probe=1000.0, answer=0.3)
    async with talking() as server, streaming(fixed(server.url, protocol=3), timing) as stream:
        await stream.until("connect")
        server.answers = False
        jump(100_000)
        await stream.until("disconnect")
        assert [UNANSWERED] == stream.of("disconnect")


@scenario
async def test_answers_the_pings_of_the_server() -> None:
    """WebSocket pings of the server are answered, and are no events."""
    async with talking() as server, streaming(fixed(server.url, protocol=3), PROBING) as stream:
        await stream.until("connect")
        server.send(b"", PING)
        server.send('42["ExtensionEvent",{"n":1,"boot":1}]')
        await stream.until("ExtensionEvent")
        assert ["connect", "ExtensionEvent"] == [name for name, _, _ in stream.events]


@scenario
async def test_hands_on_the_bytes_as_they_came() -> None:
    """Spelling, order, spaces and broken characters included; what is no event is kept with its text."""
    texts = [
        b'["ExtensionEvent" , {"data":{"userName":"Dana","new field":1.50}} ]',
        b'["odd",{"a":"\xd7\x93 \\ud83d half","b":123456789012345678901234567890}]',
        b'["two",1,2]',
    ]
    frames = list[Frame]()
    async with talking() as server:
        supervisor = Supervisor(fixed(server.url, protocol=3), on_frame=frames.append, timing=FAST, wall=lambda: 7.0)
        run = asyncio.create_task(supervisor.run())
        await server.news.until(lambda: server.seen)
        while not frames:
            await asyncio.sleep(0)
        for text in texts:
            server.send(b"42" + text)
        server.send(b'42["x",{"a":"\xff"}]')
        server.send(b"\x04binary", BINARY)
        server.send('42["last",{}]')
        while frames[-1].event != "last":
            await asyncio.sleep(0)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    named = {frame.event: frame for frame in frames}
    assert [texts[0], texts[2]] == [named["ExtensionEvent"].raw, named["two"].raw]
    assert "half" in named["odd"].payload()["a"]
    assert {7.0} == {frame.at for frame in frames}
    broken = [frame.payload()["text"] for frame in frames if frame.event == "malformed"]
    assert ['["x",{"a":"\\xff"}]', "\x04binary"] == broken


@scenario
async def test_returns_to_the_preferred_server_when_it_is_well_again() -> None:
    """It is dialled while the connection goes on, and taken once it delivers: the stream moves without a gap."""
    timing = replace(FAST, home=0.05)
    async with node("sio2", heartbeat=10, port=keepable_port()) as first, node("sio2", heartbeat=10) as second:
        first.signal(signal.SIGKILL)
        async with streaming(fixed(first.url, second.url, protocol=3), timing) as stream:
            await stream.until("ExtensionEvent")
            async with node("sio2", heartbeat=10, port=first.port) as again:
                await stream.until("connect", 2)
                await second.empty()
                await stream.until("ExtensionEvent", len(stream.of("ExtensionEvent")) + 10)
                assert 1 == (await again.order("count"))["most"]
            names = [name for name, _, _ in stream.events]
            moved = names.index("disconnect")
            assert "connect" == names[moved + 1]
            assert {"reason": "back to the preferred server"} == stream.of("disconnect")[0]


@scenario
async def test_does_not_return_to_a_server_that_delivers_nothing() -> None:
    """To be let in is no proof of being well."""
    timing = replace(FAST, home=0.02, connect=0.5, deaf=1.0, keepalive=1e9)
    async with talking() as mute, node("sio2", heartbeat=10) as other:
        async with streaming(fixed(mute.url, other.url, protocol=3), timing) as stream:
            await stream.until("ExtensionEvent")
            await mute.news.until(lambda: mute.seen >= 4)
            assert 2 == len(stream.of("connect"))
        await other.empty()
