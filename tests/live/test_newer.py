"""The newer stack, from its login to the second token."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from calltrack.live import Endpoints, LoginApi, Supervisor, Token
from tests.live.harness import FAST, News, node, scenario


class Newer:
    """Its login API; each token lives for `life` seconds."""

    def __init__(self, servers: list[dict[str, Any]], life: float) -> None:
        self._servers = servers
        self._life = life
        self.base = ""
        self.asked: list[str] = []
        self.news = News()

    async def access(self, request: web.Request) -> web.Response:
        """Login and refresh both give an access token."""
        self.asked.append(request.path.rsplit("/", 1)[-1])
        return web.json_response({"Data": {"AccessToken": f"access-{len(self.asked)}", "RefreshToken": "again"}})

    async def settings(self, request: web.Request) -> web.Response:
        """The code for the servers, and the servers."""
        self.asked.append(request.headers["Authorization"])
        self.news.ring()
        code = f"code-{len(self.asked) // 2}"
        expiry = int((time.time() + self._life) * 1000)
        return web.json_response({"IdentityCode": code, "IdentityCodeExpiry": expiry, "MonitorList": self._servers})


@asynccontextmanager
async def newer(servers: list[dict[str, Any]], life: float) -> AsyncIterator[Newer]:
    api = Newer(servers, life)
    application = web.Application()
    application.router.add_post("/Auth/Login/Voicenter/Monitor", api.access)
    application.router.add_get("/Auth/RefreshToken", api.access)
    application.router.add_get("/Application/GetSettings", api.settings)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        api.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield api
    finally:
        await runner.cleanup()


@pytest.mark.usefixtures("npm_servers")
@scenario
async def test_the_highest_priority_first_and_refreshed_before_its_end() -> None:
    """The connection stays through the refresh, and the next one goes with the new code."""
    async with node("sio4") as preferred, node("sio4") as other:
        listed = [
            {"URLID": 1, "Priority": 1, "Version": "4.8.1", "Domain": other.url},
            {"URLID": 2, "Priority": 9, "Version": "4.8.1", "Domain": preferred.url},
        ]
        async with newer(listed, life=FAST.renew_before + 0.3) as api:
            source = LoginApi(Token("mine"), endpoints=Endpoints.newer(api.base))
            run = asyncio.create_task(Supervisor(source, lambda name, payload, at: None, timing=FAST).run())
            await preferred.news.until(lambda: preferred.of("connected"))
            await api.news.until(lambda: len(api.asked) >= 4)
            assert ["Monitor", "Bearer access-1", "RefreshToken", "Bearer access-3"] == api.asked[:4]
            assert 1 == len(preferred.of("connected"))
            await preferred.order("engineClose")
            await other.news.until(lambda: other.of("connected"))
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
        assert "code-1" == preferred.of("connected")[0]["token"]
        assert "code-1" != other.of("connected")[0]["token"]
