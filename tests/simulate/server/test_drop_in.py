"""What makes the simulated service stand in for the vendor's: TLS, its names, its servers, the client script."""

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator
from calltrack.simulate.server.certificate import VENDOR, Authority
from tests.simulate.frames import Json
from tests.simulate.sockets import bare, get, listening, play, post

ACCOUNT = {"username": "account", "password": "simulated"}


def test_with_tls_the_login_answer_says_https_and_the_authority_is_trusted() -> None:
    """By a client that trusts nothing else, for the login, the refresh and the socket."""

    async def scene() -> None:
        authority, trusting = Authority(), ssl.create_default_context()
        authority.trust(trusting)
        async with (
            Simulator(tls=authority.context) as simulator,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as http,
        ):
            async with http.post(f"{simulator.login_url}Account", json=ACCOUNT) as answer:
                socket = (await answer.json())["Data"]["Socket"]
            assert socket["URL"] == simulator.url
            assert all(url.startswith("https://127.0.0.1:") for url in (socket["Client"], *socket["URLList"]))
            headers = {"Authorization": f"Bearer {socket['RefreshToken']}"}
            async with http.get(f"{simulator.url}/monitorAPI/RefreshIdentityToken", headers=headers) as answer:
                renewed = (await answer.json())["Data"]["Socket"]
            query = {"EIO": "3", "transport": "websocket", "token": renewed["Token"]}
            async with http.ws_connect((URL(renewed["URL"]) / "socket.io/").with_query(query)) as opened:
                assert (await opened.receive_str()).startswith('0{"sid":')
                assert await opened.receive_str() == "40"
                assert (await opened.receive_str()).startswith('42["loginSuccess"')

    play(scene)


def test_a_client_that_does_not_trust_the_authority_is_kept_out() -> None:
    """As of any unknown one."""

    async def scene() -> None:
        async with Simulator(tls=Authority().context) as simulator, aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await http.get(simulator.url)

    play(scene)


@pytest.mark.parametrize("name", ["loginapi.voicenter.co.il", "monitor1.voicenter.co", "calls.example"])
def test_the_certificate_is_good_for_the_vendors_names_and_for_more(name: str) -> None:
    """So that a resolver or a hosts file makes it a drop-in."""
    assert VENDOR[0] == "loginapi.voicenter.co.il"

    async def scene() -> None:
        authority, trusting = Authority(["calls.example"]), ssl.create_default_context()
        authority.trust(trusting)
        async with Simulator(tls=authority.context) as simulator:
            port = URL(simulator.url).port
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=name)
            writer.close()
            await writer.wait_closed()

    play(scene)


def test_the_login_answers_name_the_public_url() -> None:
    """Of the older stack, and without its scheme in the newer one's MonitorList."""

    async def scene() -> None:
        async with Simulator(public_url="https://calls.example:8443/") as simulator:
            socket = (await post(simulator, "/monitorAPI/Login/Account", ACCOUNT))[1]["Data"]["Socket"]
            assert (socket["URL"], socket["URLList"]) == ("https://calls.example:8443", ["https://calls.example:8443"])
            assert socket["Client"] == "https://calls.example:8443/monitorAPI/GetSocketClient?v=1.3.7"
            assert simulator.login_url == "https://calls.example:8443/monitorAPI/Login/"
            assert [monitor["Domain"] for monitor in await _monitors(simulator)] == ["calls.example:8443"]

    play(scene)


async def _monitors(simulator: Simulator) -> list[Json]:
    said = {"identityType": "Token", "token": simulator.credentials.token}
    _, answer = await post(simulator, "/Auth/Login/Voicenter/Monitor", said)
    settings = (await get(simulator, "/Application/GetSettings", answer["Data"]["AccessToken"]))[1]
    found: list[Json] = settings["MonitorList"]
    return found


def test_several_servers_are_named_in_order_of_preference() -> None:
    """URLList has the best first; MonitorList has Priority, and not the highest first (field guide §6)."""

    async def scene() -> None:
        async with Simulator(socket_servers=3) as simulator:
            assert len(set(simulator.urls)) == 3
            socket = (await post(simulator, "/monitorAPI/Login/Account", ACCOUNT))[1]["Data"]["Socket"]
            assert socket["URLList"] == simulator.urls
            monitors = await _monitors(simulator)
            ordered = sorted(monitors, key=lambda monitor: -monitor["Priority"])
            assert [f"http://{monitor['Domain']}" for monitor in ordered] == simulator.urls
            assert monitors[0] != ordered[0]

    play(scene)


def test_one_server_goes_away_and_the_others_stay() -> None:
    """Its connections break, it accepts none, and it comes back on its port."""

    async def scene() -> None:
        async with Simulator(Plan(agents=30), socket_servers=2, protocol=4, speed=500) as simulator:
            token = {"token": simulator.credentials.token}
            async with listening(simulator) as first:
                second = type(first)()
                await second.client.connect(str(URL(simulator.urls[1]).with_query(token)), transports=["websocket"])
                await simulator.wait_until(2)
                away = asyncio.ensure_future(simulator.restart(3600.0, server=0))
                await first.until("disconnect")
                await simulator.wait_until(1)
                with pytest.raises(aiohttp.ClientConnectorError):
                    async with bare(simulator):
                        pass
                await second.take(20)
                assert "disconnect" not in {event for event, _ in second.frames}
                away.cancel()
                await asyncio.gather(away, return_exceptions=True)
                await second.client.disconnect()
                await second.client.eio.wait()

    play(scene)


def test_a_server_that_was_away_is_back_on_its_port() -> None:
    """The same address as before."""

    async def scene() -> None:
        async with Simulator(socket_servers=2) as simulator:
            before = simulator.urls
            await simulator.restart(0.0, server=0)
            assert simulator.urls == before
            async with bare(simulator) as opened:
                assert await opened.receive_str()

    play(scene)


def test_a_keepalive_is_refused_though_its_token_is_good() -> None:
    """On demand; errorCode says: log in again (field guide §1)."""

    async def scene() -> None:
        async with Simulator(protocol=4) as simulator, listening(simulator) as listener:
            simulator.refuse_keepalives()
            await listener.emit("keepalive", simulator.credentials.token)
            assert (await listener.until("keepaliveResponse"))["errorCode"] == 401
            simulator.refuse_keepalives(False)
            await listener.emit("keepalive", simulator.credentials.token)
            assert (await listener.until("keepaliveResponse"))["errorCode"] == 0

    play(scene)


@pytest.mark.parametrize("place", ["client.js", "dist/socket.io.min.js", "dist/socket.io.js", "socket.io.js"])
def test_the_client_script_is_that_of_a_file_or_of_an_npm_package(tmp_path: Path, place: str) -> None:
    """For any version asked for; a script to browsers."""
    script = tmp_path / place
    script.parent.mkdir(exist_ok=True)
    script.write_text("io = 'not socket.io';")
    given = script if place == "client.js" else tmp_path

    async def scene() -> None:
        async with (
            Simulator(script=given) as simulator,
            aiohttp.ClientSession() as http,
            http.get(f"{simulator.url}/monitorAPI/GetSocketClient?v=1.3.7") as answer,
        ):
            assert (answer.status, answer.content_type) == (200, "application/javascript")
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert await answer.text() == "io = 'not socket.io';"

    play(scene)


def test_without_a_script_the_answer_says_how_to_give_one() -> None:
    """404."""

    async def scene() -> None:
        async with Simulator() as simulator:
            status, text = await get(simulator, "/monitorAPI/GetSocketClient?v=1.3.7", "")
            assert (status, "--socket-client" in text) == (404, True)

    play(scene)


def test_what_cannot_be_served_is_refused(tmp_path: Path) -> None:
    """A folder without a script, and one public URL for several servers."""
    with pytest.raises(ValueError, match=r"npm's socket\.io-client"):
        Simulator(script=tmp_path)
    with pytest.raises(ValueError, match="public URL"):
        Simulator(socket_servers=2, public_url="https://calls.example")
