"""How smooth the board is with many agents: python -m tests.page.smooth [--agents 500] [--speed 11] [--seconds 10].

The simulated centre runs faster than life until it makes 200 changes a second. That is harder than life: at that speed
every timer changes at every tick, five times a second.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from typing import NamedTuple
from urllib.request import urlopen

from playwright.sync_api import Browser

from tests.page.browser import browser
from tests.page.served import TIMEOUT, served, simulated

_MEASURE = """seconds => new Promise(done => {
  const gaps = [], tasks = [], begin = performance.now();
  let last = begin;
  const note = list => tasks.push(...list.getEntries().map(one => one.duration));
  new PerformanceObserver(note).observe({type: "longtask"});
  const frame = at => {
    gaps.push(at - last);
    last = at;
    if (at - begin < seconds * 1000) requestAnimationFrame(frame);
    else done({gaps: gaps.slice(1), tasks});
  };
  requestAnimationFrame(frame);
})"""
"""Times between frames, and tasks of more than 50 ms, ms."""


class Smoothness(NamedTuple):
    """What was measured; times between two frames in ms, and shares of one processor that the page's thread took."""

    agents: int
    changes_per_s: float
    median: float
    p95: float
    p99: float
    longest: float
    long_tasks: int
    longest_task: float
    busy: float
    script: float
    style: float
    layout: float


def measure(chromium: Browser, agents: int = 500, speed: float = 11, seconds: float = 10) -> Smoothness:
    """Look at a busy centre for so many seconds."""
    begun = time.time()
    with served(*simulated("--agents", str(agents), "--queues", "20", "--speed", f"{speed:g}x")) as running:
        _wait_until(running.address, begun)
        page = chromium.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(running.address)
        page.locator("[data-agent]").nth(agents - 1).wait_for(state="attached", timeout=TIMEOUT * 1000)
        metrics = page.context.new_cdp_session(page)
        metrics.send("Performance.enable", {"timeDomain": "threadTicks"})  # what this thread computes, alone

        def spent() -> dict[str, float]:
            return {one["name"]: one["value"] for one in metrics.send("Performance.getMetrics")["metrics"]}

        counter = _Counter(running.address)
        before, start = spent(), time.monotonic()
        found = page.evaluate(_MEASURE, seconds)
        after, changes = spent(), counter.stop()
        page.close()
    gaps, took = sorted(found["gaps"]), time.monotonic() - start
    return Smoothness(
        agents=agents,
        changes_per_s=changes / took,
        median=gaps[len(gaps) // 2],
        p95=gaps[int(len(gaps) * 0.95)],
        p99=gaps[int(len(gaps) * 0.99)],
        longest=gaps[-1],
        long_tasks=len(found["tasks"]),
        longest_task=max(found["tasks"], default=0.0),
        busy=(after["TaskDuration"] - before["TaskDuration"]) / took,
        script=(after["ScriptDuration"] - before["ScriptDuration"]) / took,
        style=(after["RecalcStyleDuration"] - before["RecalcStyleDuration"]) / took,
        layout=(after["LayoutDuration"] - before["LayoutDuration"]) / took,
    )


def _wait_until(address: str, moment: float) -> None:
    """The half hour before the first moment comes at once; wait until it is over."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        with urlopen(f"{address}api/state", timeout=TIMEOUT) as answer:
            if (json.load(answer)["time"] or 0) > moment:
                return
        assert time.monotonic() < deadline, "the simulated centre never came to the present"


class _Counter:
    """Counts what the service sends to all, until it is stopped."""

    def __init__(self, address: str) -> None:
        self._changes = 0
        self._stopped = threading.Event()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._count, args=(f"{address}api/changes",), daemon=True)
        self._thread.start()
        assert self._begun.wait(TIMEOUT)

    def _count(self, address: str) -> None:
        with urlopen(address, timeout=TIMEOUT) as stream:
            for line in stream:
                self._begun.set()
                if self._stopped.is_set():
                    return
                self._changes += line.startswith(b"event: change")

    def stop(self) -> int:
        """Everything counted so far."""
        self._stopped.set()
        self._thread.join(TIMEOUT)
        return self._changes


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--agents", type=int, default=500)
    parser.add_argument("--speed", type=float, default=11, help="times faster than life")
    parser.add_argument("--seconds", type=float, default=10)
    asked = parser.parse_args()
    with browser() as chromium:
        found = measure(chromium, asked.agents, asked.speed, asked.seconds)
    print(f"{found.agents} agents, {found.changes_per_s:.0f} changes/s")
    gaps = f"median {found.median:.1f} ms, p95 {found.p95:.1f}, p99 {found.p99:.1f}, longest {found.longest:.1f}"
    print(f"between two frames: {gaps}")
    print(f"tasks over 50 ms: {found.long_tasks}, the longest {found.longest_task:.0f} ms")
    parts = f"{found.script:.0%} in its own code, {found.style:.0%} in styles, {found.layout:.0%} in layout"
    print(f"the page's thread took {found.busy:.0%} of a processor: {parts}")


if __name__ == "__main__":
    main()
