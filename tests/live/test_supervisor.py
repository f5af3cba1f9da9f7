import signal
import time
from dataclasses import replace
from functools import partial

import pytest

from calltrack.live import LoginFailed, LoginRefused, Session, Supervisor
from calltrack.live.login import Protocol
from tests.live.faults import faulty
from tests.live.harness import FAST, SLACK, VERSIONS, News, fixed, keepable_port, node, scenario, streaming

pytestmark = pytest.mark.usefixtures("npm_servers")
every_version = pytest.mark.parametrize(("package", "protocol"), VERSIONS)


@every_version
@scenario
async def test_hands_on_every_event_once_and_in_order(package: str, protocol: Protocol) -> None:
    """Bursts between heartbeats and over many pings come complete, in order, over one socket."""
    async with node(package, pingInterval=150, pingTimeout=60_000, heartbeat=20) as server:
        async with streaming(fixed(server.url, protocol=protocol)) as stream:
            await stream.until("loginSuccess")
            for _ in range(3):
                await server.order("burst", 1000)
            await stream.until("ExtensionEvent", 3050)
            await server.order("large", 5_000_000)
            await stream.until("AllExtensionsStatus")
            assert len(stream.of("AllExtensionsStatus")[0]["text"]) == 5_000_000
            assert (await server.order("count"))["most"] == 1
        await server.empty()
        assert [{"server": f"127.0.0.1:{server.port}"}] == stream.of("connect")
        assert len(server.of("transport opened")) == 1


@every_version
@scenario
async def test_comes_back_after_kill_9(package: str, protocol: Protocol) -> None:
    """A killed server is found again at its address as soon as it is back."""
    async with (
        node(package, heartbeat=10, port=keepable_port()) as server,
        streaming(fixed(server.url, protocol=protocol)) as stream,
    ):
        await stream.until("ExtensionEvent")
        server.signal(signal.SIGKILL)
        await stream.until("disconnect", timeout=SLACK)
        async with node(package, heartbeat=10, port=server.port):
            began = time.monotonic()
            await stream.until("connect", 2)
            assert time.monotonic() - began < FAST.retry_cap + SLACK
            await stream.until("ExtensionEvent", len(stream.of("ExtensionEvent")) + 1)


@every_version
@scenario
async def test_leaves_a_frozen_server(package: str, protocol: Protocol) -> None:
    """A stopped server is left when its own ping times are over, and keeps no socket once it wakes."""
    async with (
        node(package, heartbeat=10, pingInterval=200, pingTimeout=300) as frozen,
        node(package, heartbeat=10) as other,
    ):
        async with streaming(fixed(frozen.url, other.url, protocol=protocol)) as stream:
            await stream.until("ExtensionEvent")
            frozen.signal(signal.SIGSTOP)
            began = time.monotonic()
            await stream.until("connect", 2)
            assert time.monotonic() - began < 0.2 + 0.3 + FAST.close + FAST.retry_first + SLACK
            frozen.signal(signal.SIGCONT)
            await frozen.empty()
            await stream.until("ExtensionEvent", len(stream.of("ExtensionEvent")) + 1)
        await other.empty()
        assert [f"127.0.0.1:{frozen.port}", f"127.0.0.1:{other.port}"] == [
            each["server"] for each in stream.of("connect")
        ]


@every_version
@scenario
async def test_leaves_a_deaf_server(package: str, protocol: Protocol) -> None:
    """A server that answers pings but no keepalive is asked, given up, and kept no socket on."""
    timing = replace(FAST, keepalive=0.1, deaf=0.35)
    async with node(package, pingInterval=100) as deaf, node(package, heartbeat=10) as other:
        async with streaming(fixed(deaf.url, other.url, protocol=protocol), timing) as stream:
            await stream.until("connect", 2)
            assert stream.of("disconnect") == [{"reason": "no event for 0.35 s"}]
            await deaf.empty()
        asked = [fact["payload"] for fact in deaf.of("received") if fact["event"] == "keepalive"]
        assert {"token-of-the-tests"} == {*asked}
        assert len(asked) <= 3
        await other.empty()


@every_version
@scenario
async def test_stays_with_a_silent_server_that_answers(package: str, protocol: Protocol) -> None:
    """A keepalive that is answered keeps the connection through any silence."""
    timing = replace(FAST, keepalive=0.05, deaf=0.5)
    async with (
        node(package, keepalive=0) as server,
        streaming(fixed(server.url, protocol=protocol), timing) as stream,
    ):
        await stream.until("keepaliveResponse", 15)
        assert len(stream.of("connect")) == 1


@every_version
@scenario
async def test_sends_what_the_vendor_expects(package: str, protocol: Protocol) -> None:
    """The token arrives as it is; resync follows every connect and every change of the set."""
    token = "Ünsafe +/=&?#%25\"'"
    async with node(package) as server:

        def received(event: str) -> list[object]:
            return [fact.get("payload") for fact in server.of("received") if fact["event"] == event]

        def resynced(times: int) -> bool:
            return len(received("resync")) == times

        async with streaming(fixed(server.url, protocol=protocol, token=token)) as stream:
            await server.news.until(lambda: received("resync") == [{"cache": False}])
            for number, name in enumerate(("ExtensionsUpdated", "QueuesUpdated", "DialersUpdated"), 2):
                await server.order("emit", name, {})
                await server.news.until(partial(resynced, number))
            stream.supervisor.update_monitored_extensions("100,101")
            await server.news.until(lambda: received("updateMonitoredExtensions") == [{"extensionsString": "100,101"}])
            await server.order("engineClose")
            await server.news.until(lambda: len(received("updateMonitoredExtensions")) == 2)
            await server.news.until(lambda: len(received("resync")) == 5)
        assert [fact["token"] for fact in server.of("connected")] == [token, token]


@every_version
@scenario
async def test_survives_a_packet_it_cannot_read(package: str, protocol: Protocol) -> None:
    """A packet that is not understood is a fact with its text and asks for a resync; what follows it comes through."""
    timing = replace(FAST, keepalive=0.1)
    async with (
        node(package, keepalive=0) as server,
        streaming(fixed(server.url, protocol=protocol), timing) as stream,
    ):
        await stream.until("loginSuccess")
        for text in (
            '2["ExtensionEvent",{"n":',
            "2{}",
            "9",
            '51-["ExtensionEvent",{"_placeholder":true,"num":0}]',
            '5999999999-["ExtensionEvent",{}]',
            '2/other,["ExtensionEvent",{}]',
            "3[]",
            '2["disconnect",{}]',
            '2["two",1,2]',
            '2["none"]',
        ):
            await server.order("raw", text)
        await server.order("burst", 10)
        await stream.until("ExtensionEvent", 10)
        assert [found["text"] for found in stream.of("malformed")] == [
            '["ExtensionEvent",{"n":',
            "42{}",
            "49",
            '451-["ExtensionEvent",{"_placeholder":true,"num":0}]',
            '45999999999-["ExtensionEvent",{}]',
            '42/other,["ExtensionEvent",{}]',
            "43[]",
            '["disconnect",{}]',
        ]
        assert stream.of("two") == [[1, 2]]
        assert stream.of("none") == [None]
        await server.news.until(lambda: [fact.get("event") for fact in server.facts].count("resync") >= 2)
        assert len(stream.of("connect")) == 1


@scenario
async def test_raises_what_its_consumer_raises() -> None:
    """An error in on_event ends the run, with the socket closed."""

    def fail(name: str, payload: object, at: float) -> None:
        if name == "loginSuccess":
            raise LookupError("a fault of the consumer")

    async with node("sio2") as server:
        with pytest.raises(LookupError, match="a fault of the consumer"):
            await Supervisor(fixed(server.url, protocol=3), fail, timing=FAST).run()
        await server.empty()


class Logins:
    """A source that gives token after token for one server, and counts; each lasts `life` seconds."""

    def __init__(self, server: str, protocol: Protocol, life: float | None = None) -> None:
        self.server = server
        self._protocol = protocol
        self._life = life
        self.logins = 0
        self.refreshes = 0
        self.down = False
        self.refuses = False
        self.news = News()

    async def login(self) -> Session:
        """Give `login-1`, `login-2`, …"""
        self.logins += 1
        return self._answer(f"login-{self.logins}")

    async def refresh(self, session: Session) -> Session:
        """Give `refresh-1`, `refresh-2`, …"""
        self.refreshes += 1
        return self._answer(f"refresh-{self.refreshes}")

    def _answer(self, token: str) -> Session:
        self.news.ring()
        if self.refuses:
            raise LoginRefused("login refused: enough")
        if self.down:
            raise LoginFailed("the login API is down")
        expires = None if self._life is None else time.time() + self._life
        return Session(token, expires, "r", (self.server,), self._protocol)


@every_version
@scenario
async def test_logs_in_again_when_the_token_is_refused(package: str, protocol: Protocol) -> None:
    """A keepalive answered with an error code leads to a new login and one new socket."""
    async with node(package, keepalive=3) as server:
        source = Logins(server.url, protocol)
        async with streaming(source, replace(FAST, keepalive=0.1)) as stream:
            await stream.until("connect", 2)
            assert stream.of("disconnect")[0] == {"reason": "keepalive refused: errorCode 3"}
            await server.news.until(lambda: len(server.of("connected")) == 2)
            assert [fact["token"] for fact in server.of("connected")] == ["login-1", "login-2"]
            assert (await server.order("count"))["most"] == 1


@every_version
@scenario
async def test_logs_in_again_when_the_namespace_refuses(package: str, protocol: Protocol) -> None:
    """A server that does not let our token in is gone to with a new one."""
    async with node(package, accept="login-3") as server:
        source = Logins(server.url, protocol)
        async with streaming(source) as stream:
            await stream.until("loginSuccess")
        assert source.logins == 3
        assert len(stream.of("connect")) == 1
        await server.empty()


@scenario
async def test_logs_in_again_after_a_round_in_vain() -> None:
    """When no server of the list lets us in, a new login may name others."""
    async with faulty("upgrade refused") as wrong, node("sio2") as right:
        source = Logins(wrong.url, 3)
        async with streaming(source) as stream:
            await wrong.news.until(lambda: wrong.seen == 2)
            assert source.logins >= 2
            source.server = right.url
            await stream.until("loginSuccess")


@scenario
async def test_goes_on_with_its_session_while_the_login_api_is_down() -> None:
    """A failed login is no reason to leave the servers alone: the token may still be good."""
    async with node("sio2", port=keepable_port()) as server:
        source = Logins(server.url, 3)
        async with streaming(source) as stream:
            await stream.until("loginSuccess")
            source.down = True
            server.signal(signal.SIGKILL)
            await source.news.until(lambda: source.logins >= 3)
            async with node("sio2", port=server.port) as again:
                await again.news.until(lambda: again.of("connected"))
                assert again.of("connected")[0]["token"] == "login-1"


@scenario
async def test_renews_again_when_a_refresh_fails() -> None:
    """A refresh that does not get through is tried until it does; the connection runs on meanwhile."""
    async with node("sio2") as server:
        source = Logins(server.url, 3, life=5.1)
        async with streaming(source) as stream:
            await stream.until("loginSuccess")
            source.down = True
            await source.news.until(lambda: source.refreshes >= 3)
            assert len(stream.of("connect")) == 1
            assert stream.of("disconnect") == []


@scenario
async def test_goes_on_when_a_login_that_worked_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """The connection that runs is kept; without one the login is tried until it works again, and said once."""
    async with node("sio2", heartbeat=10) as server:
        source = Logins(server.url, 3, life=5.1)
        now = time.time()
        async with streaming(source, wall=lambda: now) as stream:
            await stream.until("loginSuccess")
            source.refuses = True
            now += 1
            await source.news.until(lambda: source.logins >= 3)
            await stream.until("ExtensionEvent", len(stream.of("ExtensionEvent")) + 10)
            assert stream.of("disconnect") == []
            now += 1000
            await server.order("emit", "closeme")
            await stream.until("disconnect")
            logins = source.logins
            await source.news.until(lambda: source.logins >= logins + 3)
            assert len(stream.of("connect")) == 1
            source.refuses = False
            await stream.until("connect", 2)
        await server.empty()
    said = [record.getMessage() for record in caplog.records]
    assert said.count("login failed: reason='login refused: enough'") == 1


@scenario
async def test_logs_in_again_with_an_expired_token() -> None:
    """A session that has ended while the connection was down is not taken to a server."""
    async with node("sio2", accept="login-1") as server:
        source = Logins(server.url, 3, life=1000)
        now = time.time()
        async with streaming(source, wall=lambda: now) as stream:
            await stream.until("loginSuccess")
            now += 2000
            await server.order("engineClose")
            await source.news.until(lambda: source.logins >= 2)
        assert len(stream.of("connect")) == 1


@scenario
async def test_connects_though_its_own_clock_is_wrong() -> None:
    """A token that seems to have ended when it is given is used all the same, after one login."""
    async with node("sio2") as server:
        source = Logins(server.url, 3, life=-3600)
        async with streaming(source, replace(FAST, renew_pause=60)) as stream:
            await stream.until("loginSuccess")
        assert source.logins == 1
        assert source.refreshes <= 1
