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
from calltrack.kafka.partition import Settings
from calltrack.kafka.records import frame_record, partition_of
from calltrack.kafka.working import Worker, collect_seldom
from calltrack.testing import lawful
from tests.kafka.broker import Brokers

_STREAMS = 8  # different call centres; the accounts share them


def fill(cluster: Cluster, accounts: int, partitions: int, hours: float) -> int:
    """Write the frames of a shift of every account, mixed as they would come; returns how many."""
    streams = [[frame.raw for frame in lawful(seed, agents=20, hours=hours)] for seed in range(_STREAMS)]
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


def alone(hours: float) -> float:
    """Frames a second of processor of the tracker without Kafka, now and here, to compare with."""
    frames = [frame.raw for frame in lawful(0, agents=20, hours=hours * 4)]
    tracker, begin = Tracker(), time.process_time()
    for raw in frames:
        tracker.feed(Frame.decode(raw))
    return len(frames) / (time.process_time() - begin)


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
        click.echo(
            f"{count} frames of {accounts} accounts, {worker.counts['points']} points: {count / processor:,.0f} frames "
            f"a second of processor, librdkafka's threads included; {took:.1f} s, {count / took:,.0f} a second. "
            f"The tracker alone, here and now: {alone(hours):,.0f} a second of processor"
        )


if __name__ == "__main__":
    main()
