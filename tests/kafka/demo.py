"""A whole installation on this machine, disturbed, and judged at the end: `python -m tests.kafka.demo`.

It starts a broker (from Maven), call centres, 2 connectors and 3 workers, kills and freezes them at random, and
compares the changes of every account with those of one process that is given the same log. With --brokers 3 every topic
has three copies, two of which must have a record, and the brokers are killed too. With --kills 0 it disturbs nothing,
prints the processes, and waits: kill any of them yourself, then press Ctrl-C (or send it SIGTERM), and it compares; a
second time ends it at once. Exit code 1 if an account differs.
"""

from __future__ import annotations

import logging
import math
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any

import click

from calltrack.cli.signals import interruptible
from tests.kafka.broker import FENCED, missing
from tests.kafka.fleet import Fleet


def disturb(fleet: Fleet, random: Random, *, brokers: bool) -> str:
    """One disturbance; returns what it was."""
    chance, nodes = random.random(), fleet.brokers.nodes
    role = "worker" if random.random() < 0.6 else "connect"
    slot = random.randrange(len(fleet.workers if role == "worker" else fleet.connectors))
    if brokers and len(fleet.brokers.up) == len(nodes) and chance < (0.1 if len(nodes) == 1 else 0.3):
        node, away = random.choice(nodes), random.uniform(0.0, 3.0 if len(nodes) == 1 else 4 * FENCED)
        fleet.kill_broker(away, node)
        return f"broker {node} is killed and started again after {away:.1f} s"
    if chance < 0.4:
        fleet.freeze(role, slot, fleet.session + random.uniform(0.5, 3.0))
        return f"{role} {slot} is frozen and goes on as a zombie"
    fleet.kill(role, slot)
    return f"{role} {slot} is killed"


def standing(fleet: Fleet) -> str:
    """What runs."""
    brokers = ", ".join(f"{node} (pid {fleet.brokers.pid(node)})" for node in fleet.brokers.up)
    lines = [f"brokers: {brokers}, at {fleet.brokers.url}"]
    for role, processes in (("workers", fleet.workers), ("connectors", fleet.connectors)):
        lines.append(f"{role}: " + ", ".join(f"{slot} (pid {one.pid})" for slot, one in enumerate(processes)))
    return "\n".join(lines)


def supervised(fleet: Fleet, seconds: float) -> None:
    """Start again what ends, for so long, and say so."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(0.5, left))
        for ended in fleet.restart_ended():
            click.echo(f"   {ended}")


def summed(role: str, waits: list[float]) -> str:
    """The longest waits of a frame around the disturbances of a role, in a line."""
    tenths = quantiles(sorted(waits), n=10, method="inclusive") if len(waits) > 1 else [*waits] * 9
    return (
        f"longest wait of a frame around each of {len(waits)} disturbances of a {role}, s: "
        f"p50 {tenths[4]:.1f}, p90 {tenths[8]:.1f}, longest {max(waits):.1f}"
    )


@click.command(help=__doc__)
@click.option("--accounts", default=50, show_default=True)
@click.option("--partitions", default=48, show_default=True)
@click.option("--kills", default=20, show_default=True, help="Disturbances; 0 to make them yourself.")
@click.option("--pause", default=4.0, show_default=True, help="Seconds between two.")
@click.option("--speed", default=20.0, show_default=True, help="Simulated seconds per second.")
@click.option("--seed", default=1, show_default=True)
@click.option("--brokers", type=click.IntRange(1, 9), default=1, show_default=True, help="Each a controller too.")
@click.option(
    "--session-timeout", "session", default=1.5, show_default=True, help="Of workers and connectors, in seconds."
)
@click.option("--kill-brokers/--spare-brokers", default=True, show_default=True)
def main(kills: int, pause: float, seed: int, *, kill_brokers: bool, **installation: Any) -> None:
    if lacking := missing():
        raise click.ClickException(lacking)
    random, accounts = Random(seed), installation["accounts"]
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # the call centres lose clients, as they should
    with interruptible(), tempfile.TemporaryDirectory() as folder, Fleet(Path(folder), **installation) as fleet:
        fleet.until_frames(accounts)
        copies = f"{fleet.brokers.copies} copies of which {fleet.brokers.needed} must have a record"
        click.echo(f"{accounts} accounts are connected, {fleet.partitions} partitions, {copies}")
        click.echo(standing(fleet))
        if not kills:
            click.echo("kill -9 any process, then press Ctrl-C here")
            with suppress(KeyboardInterrupt):
                supervised(fleet, math.inf)
        for number in range(1, kills + 1):
            click.echo(f"{number}: {disturb(fleet, random, brokers=kill_brokers)}")
            supervised(fleet, random.uniform(0.5, 1.5) * pause)
        click.echo("no more frames; every account's changes are compared with one process's")
        fleet.end_connectors()
        verdict = fleet.verdict()
        for difference in verdict.differences:
            click.echo(difference)
        click.echo(
            f"{len(fleet.kills)} disturbances, {verdict.frames} records of frames, {verdict.changes} changes of "
            f"{accounts} accounts; {len(verdict.differences)} differences from one process, {verdict.dropped} doubled "
            f"changes dropped by the reader's rule, {verdict.fenced} frames of an older lease not tracked"
        )
        for role, waits in fleet.waits().items():
            click.echo(summed(role, waits))
        sys.exit(bool(verdict.differences))


if __name__ == "__main__":
    main()
