"""A whole installation on this machine, disturbed, and judged at the end: `python -m tests.kafka.demo`.

It starts a broker (from Maven), call centres, 2 connectors and 3 workers, kills and freezes them at random, and
compares the changes of every account with those of one process that is given the same log. With --kills 0 it disturbs
nothing, prints the processes, and waits: kill any of them yourself, then press Ctrl-C.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import quantiles

import click

from tests.kafka.broker import missing
from tests.kafka.fleet import SESSION, Fleet


def disturb(fleet: Fleet, random: Random, *, brokers: bool) -> str:
    """One disturbance; returns what it was."""
    chance = random.random()
    role = "worker" if random.random() < 0.6 else "connect"
    slot = random.randrange(len(fleet.workers if role == "worker" else fleet.connectors))
    if brokers and chance < 0.1:
        fleet.kill_broker(random.uniform(0.0, 3.0))
        return "the broker is killed and started again"
    if chance < 0.3:
        fleet.freeze(role, slot, SESSION + random.uniform(0.5, 3.0))
        return f"{role} {slot} is frozen and goes on as a zombie"
    fleet.kill(role, slot)
    return f"{role} {slot} is killed"


def watched(fleet: Fleet) -> None:
    """Start again what ends, until Ctrl-C."""
    for role, processes in (("worker", fleet.workers), ("connector", fleet.connectors)):
        click.echo(f"{role}s: " + ", ".join(str(process.pid) for process in processes))
    click.echo(f"broker: {fleet.broker.url}; kill -9 any process, then press Ctrl-C here")
    try:
        while True:
            time.sleep(1.0)
            for ended in fleet.restart_ended():
                click.echo(f"{ended}; started again")
    except KeyboardInterrupt:
        click.echo("")


@click.command(help=__doc__)
@click.option("--accounts", default=50, show_default=True)
@click.option("--partitions", default=48, show_default=True)
@click.option("--kills", default=20, show_default=True, help="Disturbances; 0 to make them yourself.")
@click.option("--pause", default=4.0, show_default=True, help="Seconds between two.")
@click.option("--speed", default=20.0, show_default=True, help="Simulated seconds per second.")
@click.option("--seed", default=1, show_default=True)
@click.option("--brokers/--no-brokers", default=True, show_default=True, help="Whether the broker is killed too.")
def main(accounts: int, partitions: int, kills: int, pause: float, speed: float, seed: int, *, brokers: bool) -> None:
    if lacking := missing():
        raise click.ClickException(lacking)
    random = Random(seed)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # the call centres lose clients, as they should
    with (
        tempfile.TemporaryDirectory() as folder,
        Fleet(Path(folder), accounts=accounts, partitions=partitions, speed=speed) as fleet,
    ):
        fleet.until_frames(accounts)
        click.echo(f"{accounts} accounts are connected, {partitions} partitions, 3 workers, 2 connectors")
        if not kills:
            watched(fleet)
        for number in range(1, kills + 1):
            click.echo(f"{number}: {disturb(fleet, random, brokers=brokers)}")
            time.sleep(random.uniform(0.5, 1.5) * pause)
            for ended in fleet.restart_ended():
                click.echo(f"   {ended}; started again")
        fleet.end_connectors()
        verdict = fleet.verdict()
        for difference in verdict.differences:
            click.echo(difference)
        click.echo(
            f"{len(fleet.kills)} disturbances, {verdict.frames} records of frames, {verdict.changes} changes of "
            f"{accounts} accounts; {len(verdict.differences)} differences from one process, {verdict.dropped} doubled "
            f"changes dropped by the reader's rule, {verdict.fenced} frames of an older lease not tracked"
        )
        took = sorted(fleet.takeovers())
        if len(took) > 1:
            tenths = quantiles(took, n=10, method="inclusive")
            click.echo(f"takeover, s: p50 {tenths[4]:.1f}, p90 {tenths[8]:.1f}, longest {took[-1]:.1f}")
        sys.exit(bool(verdict.differences))


if __name__ == "__main__":
    main()
