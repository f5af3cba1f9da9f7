"""The login API: each way in, each refusal, refreshes and expiry (field guide §6)."""

from datetime import datetime
from typing import Any

import aiohttp
import pytest

from calltrack.simulate import Plan
from calltrack.simulate.server import Simulator
from calltrack.simulate.server.engine import Protocol
from tests.simulate.frames import Json
from tests.simulate.sockets import bare, get, listening, play, post

WAYS: list[tuple[str, Json]] = [
    ("Token", {"token": "simulated-account-token"}),
    ("Account", {"username": "account", "password": "simulated"}),
    ("User", {"email": "SIP00002@agents.example", "pin": "simulated"}),
]


@pytest.mark.parametrize(("kind", "said"), WAYS)
@pytest.mark.parametrize("protocol", [3, 4])
def test_each_way_in_gives_a_socket(kind: str, said: Json, protocol: Protocol) -> None:
    """With the fields that sdk reads, and a token that opens it."""

    async def scene() -> None:
        async with Simulator(protocol=protocol) as simulator:
            status, answer = await post(simulator, f"/monitorAPI/Login/{kind}", said)
            socket = answer["Data"]["Socket"]
            assert (status, socket["URL"], socket["URLList"]) == (200, simulator.url, [simulator.url])
            assert socket["Client"].endswith("v=" + {3: "1.3.7", 4: "4.8.1"}[protocol])
            assert datetime.fromisoformat(socket["TokenExpiry"]).tzinfo
            async with bare(simulator, socket["Token"]) as opened:
                assert (await opened.receive_str()).startswith('0{"sid":')

    play(scene)


@pytest.mark.parametrize(
    "said",
    [
        {"identityType": "Token", "token": "simulated-account-token"},
        {"identityType": "User", "username": "SIP00001@agents.example", "password": "simulated"},
    ],
)
def test_the_newer_stack_gives_an_access_token_and_then_the_monitors(said: Json) -> None:
    """AccessToken, settings, IdentityCode; and again after a refresh."""

    async def scene() -> None:
        async with Simulator() as simulator:
            _, answer = await post(simulator, "/Auth/Login/Voicenter/Monitor", said)
            renewed = (await get(simulator, "/Auth/RefreshToken", answer["Data"]["RefreshToken"]))[1]
            for access in (answer["Data"]["AccessToken"], renewed["Data"]["AccessToken"]):
                status, settings = await get(simulator, "/Application/GetSettings", access)
                assert (status, settings["MonitorList"][0]["Version"]) == (200, "1.3.7")
                assert f"http://{settings['MonitorList'][0]['Domain']}" == simulator.url
                async with bare(simulator, settings["IdentityCode"]) as opened:
                    assert await opened.receive_str()

    play(scene)


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("/monitorAPI/Login/Token", {"token": "wrong"}, 401),
        ("/monitorAPI/Login/Account", {"username": "account", "password": "wrong"}, 401),
        ("/monitorAPI/Login/User", {"email": "nobody@agents.example", "pin": "simulated"}, 401),
        ("/monitorAPI/Login/Other", {"token": "simulated-account-token"}, 401),
        ("/Auth/Login/Voicenter/Monitor", {"token": "simulated-account-token"}, 400),
        ("/Auth/Login/Voicenter/Monitor", ["not", "an", "object"], 400),
    ],
)
def test_wrong_credentials_are_refused(path: str, said: Any, status: int) -> None:
    """With an error in the answer."""

    async def scene() -> None:
        async with Simulator() as simulator:
            found, answer = await post(simulator, path, said)
            assert (found, list(answer)) == (status, ["error"])

    play(scene)


@pytest.mark.parametrize("refusal", [400, 401, 403, 500, "no licence"])
def test_logins_are_refused_on_demand(refusal: int | str) -> None:
    """By status or by error, until they are allowed again."""

    async def scene() -> None:
        async with Simulator() as simulator:
            simulator.refuse_logins(refusal)
            refused = await post(simulator, "/monitorAPI/Login/Token", WAYS[0][1])
            assert refused == (refusal, "refused") or refused == (200, {"error": refusal})
            simulator.refuse_logins(None)
            assert (await post(simulator, "/monitorAPI/Login/Token", WAYS[0][1]))[0] == 200

    play(scene)


def test_a_refresh_gives_a_socket_again_and_needs_its_own_token() -> None:
    """In the same form as the login."""

    async def scene() -> None:
        async with Simulator() as simulator:
            _, answer = await post(simulator, "/monitorAPI/Login/Account", WAYS[1][1])
            socket = answer["Data"]["Socket"]
            status, renewed = await get(simulator, "/monitorAPI/RefreshIdentityToken", socket["RefreshToken"])
            assert (status, list(renewed["Data"]["Socket"])) == (200, list(socket))
            assert renewed["Data"]["Socket"]["Token"] != socket["Token"]
            assert (await get(simulator, "/monitorAPI/RefreshIdentityToken", socket["Token"]))[0] == 401

    play(scene)


def test_an_expired_token_opens_no_socket_and_fails_its_keepalive() -> None:
    """errorCode not 0: log in again (field guide §1); a new login lets in again."""

    async def scene() -> None:
        async with Simulator(protocol=4) as simulator, listening(simulator) as listener:
            await listener.emit("keepalive", simulator.credentials.token)
            assert (await listener.until("keepaliveResponse"))["errorCode"] == 0
            simulator.expire_tokens()
            await listener.emit("keepAlive", simulator.credentials.token)
            answer = await listener.until("keepaliveResponse")
            assert (answer["isOK"], answer["errorCode"]) == (False, 401)
            with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
                async with bare(simulator):
                    pass
            _, again = await post(simulator, "/monitorAPI/Login/Token", WAYS[0][1])
            async with bare(simulator, again["Data"]["Socket"]["Token"]) as opened:
                assert await opened.receive_str()

    play(scene)


def test_a_token_lives_as_long_as_it_was_given() -> None:
    """No time at all, here."""

    async def scene() -> None:
        async with Simulator(token_life=0.0) as simulator:
            _, answer = await post(simulator, "/monitorAPI/Login/Token", WAYS[0][1])
            with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
                async with bare(simulator, answer["Data"]["Socket"]["Token"]):
                    pass

    play(scene)


def test_a_users_login_sees_its_own_extension_and_no_queue_events() -> None:
    """Field guide §6."""

    async def scene() -> None:
        async with Simulator(Plan(agents=10), protocol=4, speed=20_000) as simulator:
            _, answer = await post(simulator, "/monitorAPI/Login/User", WAYS[2][1])
            async with listening(simulator, answer["Data"]["Socket"]["Token"]) as listener:
                frames = await listener.take(12)
            assert {event for event, _ in frames[3:]} == {"ExtensionEvent"}
            assert [extension["extenUser"] for extension in frames[2][1]["extensions"]] == ["SIP00002"]
            assert {data["data"]["extenUser"] for _, data in frames[3:]} == {"SIP00002"}

    play(scene)
