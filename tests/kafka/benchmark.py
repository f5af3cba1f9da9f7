"""Frames a second of one worker, Kafka included, and what points cost: `python -m tests.kafka.benchmark`."""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from threading import Event, Thread

import click

from calltrack import Frame, Tracker
from calltrack.kafka.cluster import Cluster
from calltrack.kafka.code import code_version
from calltrack.kafka.partition import Settings, packed
from calltrack.kafka.records import frame_record, partition_of
from calltrack.kafka.working import Worker, collect_seldom
from calltrack.testing import lawful
from tests.kafka.broker import Brokers

_STREAMS = 8  # different call centres; the accounts share them
_TOGETHER = 5  # frames of an account that a worker has at a time while it catches up


def shifts(hours: float) -> list[list[bytes]]:
    """The frames of each call centre."""
    return [[frame.raw for frame in lawful(seed, agents=20, hours=hours)] for seed in range(_STREAMS)]


def fill(cluster: Cluster, accounts: int, partitions: int, hours: float) -> int:
    """Write the frames of a shift of every account, mixed as they would come; returns how many."""
    streams = shifts(hours)
    producer, count = cluster.producer(), 0
    for place in range(max(map(len, streams))):
        for number in range(accounts):
            stream = streams[number % _STREAMS]
            if place < len(stream):
                name = b"account%d" % number
                value = frame_record(1, stream[place])
                producer.produce(cluster.topics.frames, value, name, partition_of(name, partitions))
                count += 1
        producer.poll(0)
        while len(producer) > 100_000:
            producer.poll(0.1)
    producer.flush()
    return count


def alone(accounts: int, hours: float) -> tuple[float, list[Tracker]]:
    """Seconds of processor a frame of the trackers without Kafka, now and here, fed as a worker feeds them."""
    streams, trackers, count = shifts(hours), [Tracker() for _ in range(accounts)], 0
    begin = time.process_time()
    for place in range(0, max(map(len, streams)), _TOGETHER):
        for number, tracker in enumerate(trackers):
            for raw in streams[number % _STREAMS][place : place + _TOGETHER]:
                tracker.feed(Frame.decode(raw))
                count += 1
    return (time.process_time() - begin) / count, trackers


def points(trackers: list[Tracker]) -> tuple[float, float]:
    """Seconds and bytes that the state of an account takes in a point."""
    begin, size = time.process_time(), 0
    for tracker in trackers:
        size += len(packed(tracker.snapshot()))
    return (time.process_time() - begin) / len(trackers), size / len(trackers)


@click.command(help=__doc__)
@click.option("--accounts", default=200, show_default=True)
@click.option("--partitions", default=48, show_default=True)
@click.option("--hours", default=0.5, show_default=True)
def main(accounts: int, partitions: int, hours: float) -> None:
    with tempfile.TemporaryDirectory() as folder, Brokers(Path(folder)) as brokers:
        cluster = Cluster(brokers.url)
        cluster.create(partitions)
        count = fill(cluster, accounts, partitions, hours)
        worker = Worker(cluster, Settings(code_version(1000), "bench", partitions), session_s=6.0)
        collect_seldom()
        stop = Event()
        thread = Thread(target=worker.run, args=(stop,))
        begin, used = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
        thread.start()
        while worker.total("frames") < count:
            thread.join(0.02)
        stop.set()
        thread.join()
        after = resource.getrusage(resource.RUSAGE_SELF)
        took = time.monotonic() - begin
        processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        each, trackers = alone(accounts, hours)
        state, size = points(trackers)
        click.echo(
            f"{count} frames of {accounts} accounts, {worker.counts['points']} points: {count / processor:,.0f} frames "
            f"a second of processor, librdkafka's threads included; {took:.1f} s, {count / took:,.0f} a second"
        )
        click.echo(
            f"us a frame: {processor / count * 1e6:.0f}; the trackers alone, here and now, {each * 1e6:.0f}; "
            f"outside of them {(processor / count - each) * 1e6:.0f}. In a point an account takes {state * 1e3:.1f} ms "
            f"and {size / 1000:.0f} kB"
        )


if __name__ == "__main__":
    main()
