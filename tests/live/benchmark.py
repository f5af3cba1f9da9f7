"""What tracking costs on one live connection: `python -m tests.live.benchmark [--protocol 4] [--unknown]`.

A server in a process of its own floods one client with the frames of a simulated centre of 200 agents. Turn by turn, so
that a noisy machine hits both alike, they are counted by the bare python-socketio client, with a handler that only
counts, handed on as frames by a Supervisor, and read as changes from `calltrack.live.connect`. Prints the CPU time of
each for one event, and the median ratios of the turns. With --unknown every call has a field that is not known.

Then the latency, p50 and p99: at a steady pace, from the server's send to the change in `async for`; and in the flood,
where what was sent earlier waits in the socket, from the moment in which the client takes a frame off the socket.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import aiohttp
import click
import msgspec
import socketio
from aiohttp import web

from calltrack import Change, Frame, Tracker
from calltrack.core import observations
from calltrack.live import LoginApi, Stream, Supervisor, Token
from calltrack.live.login import Protocol
from calltrack.simulate import Plan, traffic

_END = "TheEnd"  # the server's last event: unknown, so that it makes a change
_HOURS = 4.0  # of simulated time; a frame that came twice would be quicker
_PACE = 1000  # frames/s
_clock = time.perf_counter  # the same in all processes of a machine
_cpu = time.process_time


def with_unknown(payload: Any) -> Any:
    """The payload, with a field that no version of ours knows in each of its objects."""
    if isinstance(payload, list):
        return [with_unknown(one) for one in payload]
    if isinstance(payload, dict):
        return {name: with_unknown(one) for name, one in payload.items()} | {"fieldOfTomorrow": "x"}
    return payload


async def serve(protocol: Protocol, agents: int, unknown: bool) -> None:
    """Tell the port; send each client all frames, as fast as it takes them or at the pace that its token asks for."""
    frames = [line.frame for lines, _ in traffic(Plan(agents=agents), hours=_HOURS) for line in lines]
    if unknown:
        frames = [frame._replace(data=with_unknown(frame.data)) for frame in frames]
    texts = ["42" + msgspec.json.encode((frame.event, frame.data)).decode() for frame in frames]

    async def connected(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=0, compress=False)
        await socket.prepare(request)
        await socket.send_str('0{"sid":"x","upgrades":[],"pingInterval":600000,"pingTimeout":600000}')
        if protocol == 4:
            await socket.receive()
        await socket.send_str("40" if protocol == 3 else '40{"sid":"y"}')
        pace, begin = float(request.query["token"]), _clock()
        for number, text in enumerate(texts[: int(pace) * 10] if pace else texts):
            if pace and frames[number].event == "ExtensionEvent":
                await asyncio.sleep(begin + number / pace - _clock())
                # A field that the tracker skips says when it was sent.
                reported = {**frames[number].data, "callerID": _clock()}
                await socket.send_str("42" + msgspec.json.encode(("ExtensionEvent", reported)).decode())
            else:
                await socket.send_str(text)
        await socket.send_str(f'42["{_END}",{{}}]')
        async for _ in socket:
            pass
        return socket

    app = web.Application()
    app.add_routes([web.get("/socket.io/", connected)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], len(frames), flush=True)
    await asyncio.Event().wait()


async def bare(url: str) -> float:
    """CPU seconds that python-socketio alone takes."""
    client, over, begin = socketio.AsyncClient(reconnection=False), asyncio.Event(), 0.0
    count = 0

    def hear(event: str, *_: Any) -> None:
        nonlocal begin, count
        count += 1
        begin = begin or _cpu()
        if event == _END:
            over.set()

    client.on("*", hear)
    await client.connect(f"{url}?token=0", transports=["websocket"])
    await over.wait()
    taken = _cpu() - begin
    await client.disconnect()
    return taken


async def handed_on(url: str, protocol: Protocol) -> float:
    """CPU seconds that the same frames take without a tracker."""
    begin, over = 0.0, asyncio.Event()

    def take(frame: Frame) -> None:
        nonlocal begin
        begin = begin or _cpu()
        if frame.event == _END:
            over.set()

    supervisor = Supervisor(LoginApi(Token("0", use_login_api=False), servers=[url], protocol=protocol), on_frame=take)
    run = asyncio.create_task(supervisor.run())
    await over.wait()
    taken = _cpu() - begin
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    return taken


async def tracked(
    url: str, protocol: Protocol, pace: int, tracker: Tracker, note: Callable[[Change], None] | None = None
) -> float:
    """CPU seconds that the same frames take as changes; `note` is given each as it is read."""
    api = LoginApi(Token(str(pace), use_login_api=False), servers=[url], protocol=protocol)
    begin = 0.0
    async with Stream(api, tracker=tracker, limit=100_000) as stream:
        async for change in stream:
            begin = begin or _cpu()
            if note:
                note(change)
            if getattr(change, "seen", "") == _END:
                break
        assert type(change).__name__ != "Missed"
        return _cpu() - begin


class Stamped(Tracker):
    """Knows when the frame of each position came, by the clock given."""

    def __init__(self, moment: Callable[[Any], float]) -> None:
        super().__init__()
        self.moment, self.came, self.took = moment, dict[int, float](), list[float]()

    def feed(self, frame: observations.Frame) -> tuple[Change, ...]:
        """Note the moment, and feed."""
        at = self.moment(frame)
        changes = super().feed(frame)
        if changes:
            self.came[changes[0].position] = at
        return changes

    def note(self, change: Change) -> None:
        """The change is read now."""
        if came := self.came.get(change.position):
            self.took.append(_clock() - came)


def shown(took: list[float]) -> str:
    """Both figures, in ms."""
    cuts = quantiles(took, n=100)
    return f"p50 {cuts[49] * 1e3:.2f} ms, p99 {cuts[98] * 1e3:.2f} ms ({len(took)} changes)"


def taken_off() -> Callable[[Frame], float]:
    """When the last message was taken off the socket: that of the frame which is being fed."""
    receive, last = aiohttp.ClientWebSocketResponse.receive, 0.0

    async def noted(self: aiohttp.ClientWebSocketResponse, timeout: float | None = None) -> aiohttp.WSMessage:
        nonlocal last
        message = await receive(self, timeout)
        last = _clock()
        return message

    aiohttp.ClientWebSocketResponse.receive = noted  # type: ignore[assignment, method-assign]
    return lambda _: last


def sent(frame: Frame) -> float:
    """When the server sent it; 0 if it does not say."""
    return float(frame.payload()["callerID"]) if frame.event == "ExtensionEvent" else 0.0


async def compare(url: str, protocol: Protocol, frames: int, turns: int) -> float:
    """Print the figures, return the ratio."""
    ratios, passing = [], []
    for _ in range(turns):
        alone, passed = await bare(url), await handed_on(url, protocol)
        with_tracking = await tracked(url, protocol, 0, Tracker())
        ratios.append(alone / with_tracking)
        passing.append(alone / passed)
        alone_us, passed_us, tracked_us = (1e6 * taken / frames for taken in (alone, passed, with_tracking))
        click.echo(f"CPU/event: bare {alone_us:5.1f} µs   handed on {passed_us:5.1f} µs   tracked {tracked_us:5.1f} µs")
    ratio = median(ratios)
    click.echo(f"the bare client takes {median(passing):.2f} times as much as frames handed on, {ratio:.2f} as tracked")
    paced = Stamped(sent)
    await tracked(url, protocol, _PACE, paced, paced.note)
    click.echo(f"latency at {_PACE} frames/s, from the server's send: {shown(paced.took)}")
    flooded = Stamped(taken_off())
    await tracked(url, protocol, 0, flooded, flooded.note)
    click.echo(f"latency in the flood, from the socket: {shown(flooded.took)}")
    return ratio


@click.command(help=__doc__)
@click.option("--protocol", type=click.Choice(["3", "4"]), default="3", show_default=True, help="Engine.IO's.")
@click.option("--agents", default=200, show_default=True)
@click.option("--turns", default=5, show_default=True)
@click.option("--limit", default=0.8, show_default=True, help="Exit 1 if the ratio is under this.")
@click.option("--unknown", is_flag=True, help="A field that is not known in every object.")
@click.option("--serve", "serving", is_flag=True, hidden=True)
def main(protocol: str, agents: int, turns: int, limit: float, unknown: bool, serving: bool) -> None:
    spoken: Protocol = 4 if protocol == "4" else 3
    if serving:
        asyncio.run(serve(spoken, agents, unknown))
        return
    me = [sys.executable, "-m", "tests.live.benchmark", "--serve", "--protocol", protocol, "--agents", str(agents)]
    me += ["--unknown"] if unknown else []
    with subprocess.Popen(me, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            port, frames = map(int, server.stdout.readline().split())
            click.echo(f"{frames} frames of {agents} agents, Engine.IO {protocol}")
            ratio = asyncio.run(compare(f"http://127.0.0.1:{port}", spoken, frames, turns))
        finally:
            server.terminate()
    sys.exit(ratio < limit)


if __name__ == "__main__":
    main()
