"""Each fault that docs/kafka.md names, on a real broker: `python -m tests.kafka.faults [NAME...]`, by default all.

Every one starts a broker, call centres, connectors and workers, makes its fault, looks for the behaviour that the
documentation promises, and compares every account's changes with one process's. Kills and freezes are in
`tests.kafka.demo`; corrupt points, records that are none, another version, another number of partitions and wrong
arguments are in `tests/kafka/test_broker.py`, for they take seconds. Exit code 1 if one is not as promised.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from confluent_kafka import Message, TopicPartition
from confluent_kafka.admin import AdminClient

from calltrack import Snapshot, read_recording
from calltrack.kafka.accounts import put
from calltrack.kafka.cluster import Cluster
from calltrack.kafka.connecting import Connector
from calltrack.kafka.partition import REMOVED
from calltrack.live.accounts import Definition
from tests.kafka.broker import missing
from tests.kafka.fleet import SESSION, Fleet

_AWAY = 60.0  # s
_LIVE = 30.0  # s in which two sockets of an account are live
_SMALL = 8_000  # bytes of a batch that Kafka takes in the trial of large messages
_DISK = 96  # MB


class Deaf(Connector):
    """A connector that does not hear of other claims, so that it goes on with a lease that is not the newest."""

    def _meet(self, message: Message) -> None:
        if not (message.key() or b"").endswith(b"claim"):
            super()._meet(message)


@contextmanager
def fleet(folder: Path, *, accounts: int = 6, agents: int = 5) -> Iterator[Fleet]:
    """An installation whose accounts are all connected."""
    with Fleet(folder, accounts=accounts, partitions=6, workers=2, agents=agents, point_every=3.0) as running:
        running.until_frames(10 * accounts)
        yield running


def broker_away(folder: Path) -> str:
    """The broker is away for a minute: what was received waits, nothing of it is lost; then accounts are given up."""
    with fleet(folder) as running:
        running.kill_broker(_AWAY)
        running.until_brokers()
        running.until_frames(60)
        if not running.said("accounts given up"):
            return "no connector says that it gave its accounts up"
        return _judged(running, expect_gap=False)


def two_sockets(folder: Path) -> str:
    """Two connectors hold every account's socket for 30 s: frames of the older lease are not tracked."""
    with fleet(folder) as running:
        over = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(_deaf(running.cluster, over)))
        thread.start()
        time.sleep(20.0 + _LIVE)  # after 15 s the connectors of the group claim again
        over.set()
        thread.join()
        running.end_connectors()
        verdict = running.verdict()
        if not verdict.fenced:
            return "no frame of an older lease was seen"
        click.echo(f"   {verdict.fenced} frames of an older lease not tracked")
        return "; ".join(verdict.differences)


async def _deaf(cluster: Cluster, over: threading.Event) -> None:
    os.environ.update(SIMULATED_TOKEN="simulated-account-token", NO_PROXY="*")
    running = asyncio.create_task(Deaf(cluster, "deaf", group="deaf", session_s=SESSION).run())
    while not over.is_set() and not running.done():
        await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def message_too_large(folder: Path) -> str:
    """Kafka takes no large records: a `malformed` frame stands for each, the log says so, the account goes on."""
    with Fleet(folder, accounts=1, partitions=6, workers=1, connectors=1, agents=300) as running:
        running.until_frames(1)
        running.set_topic(running.cluster.topics.frames, "max.message.bytes", str(_SMALL))
        running.kill("connect", 0)  # its successor's login brings the whole list
        running.until_frames(30)
        said = running.said("frame too large for Kafka: account=account0")
        running.end_connectors()
        return _judged(running) if said else "the connector's log does not name the account"


def disk_full(folder: Path) -> str:
    """The broker's disk is full, and then it is not: nothing is tracked twice or otherwise; what was lost is a gap."""
    disk = folder / "broker-0" / "data"
    disk.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}m", "tmpfs", disk], check=True)
    try:
        properties = {"log.index.size.max.bytes": 65536}
        with Fleet(folder, accounts=6, partitions=2, workers=2, point_every=3.0, broker=properties) as running:
            running.until_frames(60)
            filler = disk / "filler"
            with filler.open("wb") as file:
                try:
                    while file.write(bytes(1 << 20)):
                        file.flush()
                except OSError:
                    pass
            time.sleep(15.0)
            filler.unlink()
            if "No space left" not in running.brokers.log(0).read_text(errors="replace"):
                return "the broker did not notice"
            running.brokers.kill(0)  # Kafka ends by itself when it cannot write; a supervisor starts it again
            running.brokers.start(0)
            running.until_brokers()
            running.until_frames(60)
            return _judged(running)
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def secret_missing(folder: Path) -> str:
    """An account whose secret is not there is named in the log, and the others go on."""
    with fleet(folder) as running:
        url = running.vendors.urls["account0"]
        put(running.cluster, {"forgotten": Definition("env:FORGOTTEN", login_url=url)})
        end = time.monotonic() + 60
        while not running.said("forgotten") and time.monotonic() < end:
            time.sleep(0.2)
        if not running.said("FORGOTTEN_TOKEN"):
            return "the log does not say which secret is missing"
        running.until_frames(30)
        return _judged(running)


def frames_removed(folder: Path) -> str:
    """Kafka removes frames before a worker has read them: every account of theirs has a gap, and goes on."""
    with fleet(folder) as running:
        if missed := _without(running, lambda stored: stored.position > 0):
            return f"no state is stored of {missed}"
        running.end_workers(signal.SIGKILL)
        running.until_frames(60)
        topic = running.cluster.topics.frames
        ends = running.cluster.limits(topic, range(running.partitions)).items()
        admin = AdminClient({"bootstrap.servers": running.brokers.url})
        removed = admin.delete_records([TopicPartition(topic, number, end) for number, (_, end) in ends])
        for future in removed.values():
            future.result(30)
        running.start_workers(2)
        running.until_frames(60)
        missed = _without(running, lambda stored: REMOVED in [gap.reason for gap in stored.gaps])
        return f"no gap in {missed}" if missed else ""


def _without(running: Fleet, wanted: Callable[[Snapshot], bool]) -> str:
    """The accounts whose newest stored state is not as wanted, after a minute at most."""
    left, end = set(running.vendors.urls), time.monotonic() + 60
    while left and time.monotonic() < end:
        time.sleep(1.0)
        for name in list(left):
            recording = read_recording(running.cluster.url(name))
            recording.whole = False
            if wanted(recording.tracker().snapshot()):
                left.remove(name)
    return ", ".join(sorted(left))


FAULTS: dict[str, Callable[[Path], str]] = {
    one.__name__.replace("_", "-"): one
    for one in (broker_away, two_sockets, message_too_large, disk_full, secret_missing, frames_removed)
}


def _judged(running: Fleet, *, expect_gap: bool = True) -> str:
    """Why an installation is not as it must be, or ""."""
    running.end_connectors()
    verdict = running.verdict()
    click.echo(
        f"   {verdict.frames} records of frames, {verdict.changes} changes, {verdict.dropped} doubled and dropped"
    )
    lost = running.said("frames lost")
    if lost and not expect_gap:
        return "frames were lost"
    return "; ".join(verdict.differences)


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(list(FAULTS)))
def main(names: tuple[str, ...]) -> None:
    if lacking := missing():
        raise click.ClickException(lacking)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # the call centres lose clients, as they should
    failed = 0
    for name in names or FAULTS:
        click.echo(f"{name}: {(FAULTS[name].__doc__ or '').strip()}")
        folder = Path(tempfile.mkdtemp())
        try:
            reason = FAULTS[name](folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        failed += bool(reason)
        click.echo(f"   {reason or 'as promised'}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
