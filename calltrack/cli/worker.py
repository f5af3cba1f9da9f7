"""`calltrack worker`: tracks the accounts that Kafka's group gives it."""

from __future__ import annotations

import signal
from pathlib import Path
from threading import Event

import click

from calltrack.cli.fleet import cluster_of, kafka_options, log_to_stderr, running_options, unique
from calltrack.core.tracker import HISTORY


@click.command("worker", short_help="Track accounts from Kafka: frames in, changes out.")
@kafka_options
@running_options
@click.option("--history", type=click.IntRange(0), default=HISTORY, show_default=True, help="Ended calls kept.")
@click.option(
    "--point-every",
    type=click.FloatRange(min=1),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Store the state of a partition this often, if there is news; after 5000 frames in any case.",
)
def command(
    servers: str,
    prefix: str,
    config: Path | None,
    name: str | None,
    session_s: float,
    group: str | None,
    metrics: tuple[str, int] | None,
    history: int,
    point_every: float,
) -> None:
    """Track the accounts of Kafka's topic `frames` and write what changes to `changes`. Start as many as you like, on
    any machines: they share the partitions, and the others take over from one that is killed. --history must be the
    same for all, or they write new generations of each other's work.

    \b
    Exit codes: 0 stopped by SIGINT or SIGTERM; 2 the command line or the topics are wrong, or Kafka refuses a record.
    A supervisor should restart it after 2.
    \b
    Examples:
      calltrack worker --kafka kafka1:9092,kafka2:9092
      calltrack worker --kafka kafka1:9092 --metrics 127.0.0.1:9464
    """
    from calltrack.kafka.code import code_version
    from calltrack.kafka.metrics import WorkerFigures, serving
    from calltrack.kafka.partition import Settings
    from calltrack.kafka.working import GROUP, Worker

    log_to_stderr()
    cluster = cluster_of(servers, prefix, config)
    settings = Settings(code_version(history), unique(name), cluster.check(), history=history, point_s=point_every)
    worker = Worker(cluster, settings, group=group or GROUP, session_s=session_s, member=name)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with serving(metrics, WorkerFigures(worker), lambda: worker.ready) as url:
        click.echo(f"worker {settings.owner} on {servers}" + (f", metrics on {url}/metrics" if url else ""), err=True)
        worker.run(stop)
