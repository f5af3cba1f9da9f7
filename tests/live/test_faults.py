import asyncio
import logging
import time
from dataclasses import replace

import pytest

from calltrack.live.login import Protocol
from tests.live.faults import FAULTS, faulty
from tests.live.harness import FAST, SLACK, fixed, node, scenario, streaming

SECRET = "s3cr3t/token+="

HASTY = replace(FAST, connect=0.5)
SILENT = ("upgrade never answered", "upgrade without OPEN", "not let in")
"""The faults that cost the connect timeout."""


@pytest.mark.usefixtures("npm_servers")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("package", "protocol"), [("sio1", 3), ("sio4", 4)])
@scenario
async def test_passes_a_faulty_server_by(fault: str, package: str, protocol: Protocol) -> None:
    """A server that lets no client in costs at most the connect timeout, and keeps no socket."""
    timing = HASTY if fault in SILENT else replace(FAST, connect=SLACK)
    async with faulty(fault) as wrong, node(package, heartbeat=10) as right:
        began = time.monotonic()
        async with streaming(fixed(wrong.url, right.url, protocol=protocol), timing) as stream:
            await stream.until("ExtensionEvent")
            assert time.monotonic() - began < HASTY.connect + HASTY.close + HASTY.retry_cap + SLACK
            assert wrong.open == 0
        # aiohttp itself tries a second time when a connection breaks before its answer. With the short timeout the
        # other server may be late, too, on a busy machine, and all are tried again.
        assert wrong.seen <= 2 or fault in SILENT
        assert len(stream.of("connect")) == 1
        assert stream.of("disconnect") == []
        await right.empty()


@pytest.mark.parametrize("fault", SILENT)
@scenario
async def test_stops_at_once_in_the_middle_of_connecting(fault: str) -> None:
    """Cancelling while a server makes us wait leaves neither task nor socket, and does not wait for it."""
    async with faulty(fault) as wrong:
        async with streaming(fixed(wrong.url, protocol=3)):
            await wrong.news.until(lambda: wrong.open == 1)
            began = time.monotonic()
        assert time.monotonic() - began < FAST.close + SLACK
        await wrong.empty()


@pytest.mark.parametrize("fault", FAULTS)
@scenario
async def test_keeps_the_token_out_of_the_log(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    """Not even the libraries' own lines show the token, whole or percent-encoded."""
    caplog.set_level(logging.DEBUG)
    async with faulty(fault) as wrong:
        async with streaming(fixed(wrong.url, protocol=3, token=SECRET), replace(HASTY, connect=0.1)):
            await wrong.news.until(lambda: wrong.seen == 3)
        assert "connection to " in caplog.text
        for part in (SECRET, "s3cr3t"):
            assert part not in caplog.text


@scenario
async def test_waits_longer_after_each_failure() -> None:
    """The tries on a server that refuses are spaced by the growing delay, up to the cap."""
    timing = replace(FAST, retry_first=0.02, retry_cap=0.16)
    async with faulty("upgrade refused") as wrong:
        began = asyncio.get_running_loop().time()
        async with streaming(fixed(wrong.url, protocol=3), timing, random=lambda: 1.0):
            await wrong.news.until(lambda: wrong.seen == 6)
        assert asyncio.get_running_loop().time() - began >= 0.02 + 0.04 + 0.08 + 0.16 + 0.16
