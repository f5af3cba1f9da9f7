"""Many accounts in one process, all kicked at once: `python -m tests.live.fleet [--accounts 500] [--rate 2000]`.

A vendor in a process of its own has a login API and a socket for each account, and sends so many events a second in
all. `calltrack serve --accounts` (or `listen`, or `record`) connects them. Once all are connected, every socket gets
`closeme` and is closed. Prints how long it took until all were connected at first, until all were back, the most logins
in any second, and memory and processor time of the command. Exit code 1 if they were not back within --limit seconds,
or there were more than 10 logins in a second.

With --void every token is void as well, so that all have to log in again; the limit is then that of the logins.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec
from aiohttp import web

from calltrack.live.accounts import LOGINS_PER_S
from calltrack.simulate import Plan, traffic

_PATIENCE = 600.0  # s
_MOST = 10  # logins in a second
_HOURS = 1.0  # of simulated time; each account begins somewhere in it
_clock = time.monotonic


class Vendor:
    """All accounts' login API and sockets; account N has the token N."""

    def __init__(self, accounts: int, rate: float) -> None:
        frames = [line.frame for lines, _ in traffic(Plan(agents=8), hours=_HOURS) for line in lines]
        self._texts = ["42" + msgspec.json.encode((frame.event, frame.data)).decode() for frame in frames]
        self._every = accounts / rate
        self._accounts = accounts
        self._generation = 0
        self.logins: list[float] = []
        self.sockets: dict[int, web.WebSocketResponse] = {}
        self.joined: dict[int, float] = {}
        self.sent = 0

    async def login(self, request: web.Request) -> web.Response:
        """The older stack's, for a token."""
        self.logins.append(_clock())
        number = (await request.json())["token"]
        url = f"http://{request.host}"
        socket = {"URL": url, "URLList": [url], "Version": "2.4.0", "Token": f"{number}.{self._generation}"}
        return web.json_response({"StatusCode": 200, "Data": {"Socket": socket}})

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """A socket of the older age: the opening, the lists, then an event every so often."""
        number, _, generation = request.query["token"].partition(".")
        if int(generation) != self._generation:
            return web.Response(status=401)
        account = int(number)
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        await socket.send_str('0{"sid":"x","upgrades":[],"pingInterval":60000,"pingTimeout":180000}')
        await socket.send_str("40")
        for text in self._texts[:3]:
            await socket.send_str(text)
        self.sockets[account], self.joined[account] = socket, _clock()
        sending = asyncio.create_task(self._send(socket, account))
        try:
            async for message in socket:
                if message.data == "2":
                    await socket.send_str("3")
        finally:
            sending.cancel()
            if self.sockets.get(account) is socket:
                del self.sockets[account]
        return socket

    async def _send(self, socket: web.WebSocketResponse, account: int) -> None:
        due = _clock() + self._every * (account / self._accounts)
        for number in range(3 + account % 100, 1_000_000_000):
            due += self._every
            await asyncio.sleep(due - _clock())
            await socket.send_str(self._texts[3 + number % (len(self._texts) - 3)])
            self.sent += 1

    async def all_there(self) -> float:
        """Wait until every account is connected; when the last one was."""
        async with asyncio.timeout(_PATIENCE):
            while len(self.sockets) < self._accounts:
                await asyncio.sleep(0.05)
        return max(self.joined.values())

    async def kick(self, *, void: bool) -> None:
        """Send everybody away."""
        self._generation += void
        kicked = list(self.sockets.values())
        self.sockets.clear()
        await asyncio.gather(*(self._kick(socket) for socket in kicked))

    @staticmethod
    async def _kick(socket: web.WebSocketResponse) -> None:
        await socket.send_str('42["closeme",{}]')
        await socket.close()

    def busiest_second(self) -> int:
        """The most logins in any second."""
        times = sorted(self.logins)
        return max(sum(1 for other in times[n:] if other < at + 1) for n, at in enumerate(times))


def started(command: str, folder: Path, port: int, accounts: int) -> subprocess.Popen[bytes]:
    """The command with a file of so many accounts."""
    file = folder / "accounts.toml"
    file.write_text(
        "".join(
            f'[[account]]\nname = "a{number}"\ncredentials = "env:A{number}"\nlogin_url = "http://127.0.0.1:{port}"\n'
            for number in range(accounts)
        )
    )
    how = {
        "serve": ["serve", "--listen", "127.0.0.1:0", "--journal", str(folder / "journals")],
        "record": ["record", str(folder / "{account}.jsonl")],
        "listen": ["listen", "--json"],
    }[command]
    secrets = {f"A{number}_TOKEN": str(number) for number in range(accounts)}
    with (folder / "out").open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "calltrack", *how, "--accounts", str(file)],
            env={**os.environ, **secrets, "NO_PROXY": "*"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def used(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Processor time in s, memory in MB."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    resident = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), resident / 1e6


async def measure(command: str, accounts: int, rate: float, seconds: float, limit: float, void: bool) -> bool:
    """Print the figures; whether they are within the limits."""
    vendor = Vendor(accounts, rate)
    app = web.Application()
    app.add_routes([web.post("/monitorAPI/Login/{kind}", vendor.login), web.get("/socket.io/", vendor.connect)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
    with TemporaryDirectory() as name:
        folder = Path(name)
        begin = _clock()
        process = started(command, folder, runner.addresses[0][1], accounts)
        try:
            first = await vendor.all_there() - begin
            click.echo(f"{accounts} accounts connected {first:.1f} s after the start")
            cpu, sent = used(process)[0], vendor.sent
            await asyncio.sleep(seconds)
            share = (used(process)[0] - cpu) / seconds
            click.echo(f"{(vendor.sent - sent) / seconds:.0f} events/s sent: {share:.0%} of a core")
            kicked = _clock()
            await vendor.kick(void=void)
            back = await vendor.all_there() - kicked
            click.echo(f"all back {back:.1f} s after all were kicked")
            await asyncio.sleep(seconds)
            click.echo(f"{used(process)[1]:.0f} MB")
        finally:
            process.send_signal(signal.SIGINT)
            code = await asyncio.to_thread(process.wait)
        log = Counter(line.split(":")[-1] for line in (folder / "out").read_text().splitlines() if "Traceback" in line)
    await runner.cleanup()
    busiest = vendor.busiest_second()
    click.echo(
        f"{len(vendor.logins)} logins, at most {busiest} in a second; exit code {code}; {sum(log.values())} errors"
    )
    return back <= limit and busiest <= _MOST and code == 0 and not log


@click.command(help=__doc__)
@click.option("--command", type=click.Choice(["serve", "listen", "record"]), default="serve", show_default=True)
@click.option("--accounts", default=500, show_default=True)
@click.option("--rate", default=2000.0, show_default=True, help="Events/s of all accounts together.")
@click.option("--seconds", default=10.0, show_default=True, help="Of steady traffic before and after.")
@click.option("--limit", default=30.0, show_default=True, help="Seconds to be back.")
@click.option("--void", is_flag=True, help="All have to log in again.")
def main(command: str, accounts: int, rate: float, seconds: float, limit: float, void: bool) -> None:
    limit = max(limit, accounts / LOGINS_PER_S + 10) if void else limit
    sys.exit(not asyncio.run(measure(command, accounts, rate, seconds, limit, void)))


if __name__ == "__main__":
    main()
