"""How fast the state of an account is read from Kafka: `python -m tests.kafka.reading`.

One node serves accounts over HTTP while a worker tracks them. Measured: the first answer of an account that was not
open yet, and the current calls of an account that is open (warm). Exit code 1 if the median of the warm ones takes
0.2 s or more.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles

import click

from tests.kafka.broker import missing
from tests.kafka.fleet import Fleet
from tests.kafka.test_serve import get, served


@click.command(help=__doc__)
@click.option("--accounts", default=20, show_default=True)
@click.option("--agents", default=50, show_default=True)
@click.option("--asked", default=200, show_default=True, help="Questions to the open account.")
def main(accounts: int, agents: int, asked: int) -> None:
    if lacking := missing():
        raise click.ClickException(lacking)
    with (
        tempfile.TemporaryDirectory() as folder,
        Fleet(Path(folder), accounts=accounts, partitions=4, workers=1, connectors=1, agents=agents, speed=10) as fleet,
    ):
        fleet.until_frames(50 * accounts)
        opened, warm, calls = asyncio.run(measured(fleet, Path(folder), accounts, asked))
    tenths = [tenth * 1000 for tenth in quantiles(warm, n=10)]
    opened.sort()
    click.echo(
        f"opening an account, {len(opened)} times: p50 {opened[len(opened) // 2]:.2f} s, longest {opened[-1]:.2f} s"
    )
    click.echo(f"/api/calls of an open account with {calls} calls: p50 {tenths[4]:.0f} ms, p90 {tenths[8]:.0f} ms")
    sys.exit(tenths[4] >= 200)


async def measured(fleet: Fleet, folder: Path, accounts: int, asked: int) -> tuple[list[float], list[float], int]:
    """Seconds to the first answer of each account, and to each answer of an open one; how many calls it had."""
    opened, warm, calls = [], [], 0
    for number in range(min(accounts, 5)):
        begin = time.perf_counter()
        async with served(f"kafka://{fleet.brokers.url}/account{number}", folder) as (_, client):
            await get(client, "/api/calls")
            opened.append(time.perf_counter() - begin)
            if number == 0:
                for _ in range(asked):
                    begin = time.perf_counter()
                    calls = (await get(client, "/api/calls"))[1]["total"]
                    warm.append(time.perf_counter() - begin)
                    await asyncio.sleep(0.02)
    return opened, warm, calls


if __name__ == "__main__":
    main()
