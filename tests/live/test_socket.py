import traceback
from dataclasses import replace
from typing import Any

import pytest

from calltrack.live import ConnectFailed, Timing
from calltrack.live.login import Protocol
from calltrack.live.socket import Connection, server_name
from tests.live.faults import FAULTS, faulty
from tests.live.harness import FAST, VERSIONS, News, node, scenario

SECRET = "s3cr3t/token+="

every_version = pytest.mark.parametrize(("package", "protocol"), VERSIONS)


class Heard:
    """One connection, and everything it handed on."""

    def __init__(self, server: str, protocol: Protocol, timing: Timing = FAST) -> None:
        self.calls: list[object] = []
        self.news = News()
        self.connection = Connection(
            server,
            SECRET,
            protocol,
            on_open=lambda: self.take("open"),
            on_event=lambda text: self.take(text),
            on_malformed=lambda why, text: self.take(("malformed", text)),
            timing=timing,
        )

    def take(self, call: Any) -> None:
        """Record one call."""
        self.calls.append(call)
        self.news.ring()


@pytest.mark.parametrize("fault", FAULTS)
@scenario
async def test_fails_to_open_without_showing_the_token(fault: str) -> None:
    """Neither the error nor its chain, which is empty, holds the address with the token."""
    async with faulty(fault) as wrong:
        heard = Heard(wrong.url, 4, replace(FAST, connect=0.2))
        with pytest.raises(ConnectFailed) as caught:
            await heard.connection.open()
        await heard.connection.close()
        assert heard.calls == []
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.unauthorized == (fault == "token refused")


@pytest.mark.usefixtures("npm_servers")
@every_version
@scenario
async def test_hands_on_nothing_after_it_is_lost(package: str, protocol: Protocol) -> None:
    """Events that are on their way when the connection is given up are dropped, and so is what we send."""
    async with node(package, heartbeat=1) as server:
        heard = Heard(server.url, protocol)
        await heard.connection.open()
        await heard.news.until(lambda: len(heard.calls) > 5)
        heard.connection.lose("enough")
        calls = list(heard.calls)
        heard.connection.emit("resync", {})
        sent = (await server.order("count"))["sent"]
        await server.order("burst", 100)
        assert (await server.order("count"))["sent"] >= sent + 100
        assert heard.connection.reason() == "enough"
        await heard.connection.close()
        await heard.connection.close()
        await server.empty()
        assert heard.calls == calls
        assert calls[:2] == ["open", b'["loginSuccess",{"errorCode":0}]']
        assert server.of("received") == []


@scenario
async def test_goes_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual variables hold for the socket too, though its address would be ws."""
    async with faulty("upgrade refused") as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        heard = Heard("http://monitor.test", 3)
        with pytest.raises(ConnectFailed, match="502"):
            await heard.connection.open()
        await heard.connection.close()
        assert proxy.seen == 1


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("https://monitor1.voicenter.co", "monitor1.voicenter.co"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("https://me:pw@a.test/path?token=x", "a.test"),
        ("nonsense", "?"),
    ],
)
def test_names_a_server_by_host_and_port(server: str, expected: str) -> None:
    """What is shown of a server is never more than its host and port."""
    assert server_name(server) == expected
