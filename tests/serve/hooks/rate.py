"""How old a screen pop is when a slow receiver gets it, at a rate: `python -m tests.serve.hooks.rate --rate 200`.

Another receiver refuses everything meanwhile. Receivers run in this process too, so its figures are on the safe side.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time

from aiohttp import web

from tests.serve.hooks.test_webhooks import SECRET, Receiver, hook, receiver, ringing
from tests.serve.service import service


class Slow(Receiver):
    """Takes each delivery after `delay` s; `arrived` is when each call's pop came (monotonic s)."""

    def __init__(self, delay: float) -> None:
        super().__init__()
        self.delay = delay
        self.arrived: dict[str, float] = {}

    async def take(self, request: web.Request) -> web.Response:
        """One delivery."""
        body = json.loads(await request.read())
        self.arrived.setdefault(body["data"]["call_id"], time.monotonic())
        await asyncio.sleep(self.delay)
        return web.Response(status=204)


async def measure(rate: float, delay: float, seconds: float) -> None:
    """Print it."""
    count = int(rate * seconds)
    frames = ringing(count)[: 2 + count]
    given: dict[str, float] = {}
    async with receiver(Slow(delay)) as slow, receiver() as failing:
        assert isinstance(slow, Slow)
        failing.refuse = 10**9
        hooks = [hook(slow.url, name="slow"), hook(failing.url, name="failing")]
        async with service(hooks=hooks) as running:
            running.source.give(*frames[:2])
            await running.reached(2)
            begin, used = time.monotonic(), time.process_time()
            for number, frame in enumerate(frames[2:], 1):
                await asyncio.sleep(max(0.0, begin + number / rate - time.monotonic()))
                given[f"{number:022}"] = time.monotonic()
                running.source.give(frame)
            while len(slow.arrived) < count:
                await asyncio.sleep(0.05)
            took, used = time.monotonic() - begin, time.process_time() - used
    ages = sorted(slow.arrived[call] - at for call, at in given.items())
    p50, p99 = ages[len(ages) // 2], ages[int(len(ages) * 0.99)]
    print(f"{count} pops in {took:.1f} s ({count / took:.0f}/s) to a {delay * 1000:.0f} ms receiver; "
          f"age p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms; {used / count * 1000:.1f} ms of CPU each, receivers "
          f"included; {failing.asked} tries at the one that fails")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--delay", type=float, default=0.3)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    os.environ["HOOK_SECRET"] = SECRET
    asyncio.run(measure(options.rate, options.delay, options.seconds))
