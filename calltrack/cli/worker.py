"""`calltrack worker`: tracks the accounts that Kafka's group gives it."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

import click

from calltrack.cli.fleet import Member, kafka_options, member_options
from calltrack.cli.signals import on_stop
from calltrack.cli.terminal import Number
from calltrack.core.tracker import HISTORY

if TYPE_CHECKING:
    from calltrack.kafka.cluster import Cluster


@click.command("worker", short_help="Track accounts from Kafka: frames in, changes out.")
@kafka_options
@member_options
@click.option(
    "--history", type=click.IntRange(0, 10_000_000), default=HISTORY, show_default=True, help="Ended calls kept."
)
@click.option(
    "--point-every",
    type=Number(1, 86_400),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Store the state of a partition this often, if there is news; after 5000 frames in any case.",
)
def command(cluster: Cluster, member: Member, history: int, point_every: float) -> None:
    """Track the accounts of Kafka's topic `frames` and write what changes to `changes`. Start as many as you like, on
    any machines: they share the partitions, and the others take over from one that is killed. --history must be the
    same for all, or they write new generations of each other's work.

    \b
    Exit codes: 0 stopped by SIGINT or SIGTERM; 2 the command line or the topics are wrong, or
    Kafka refuses a record. A supervisor should restart it after 2.
    \b
    Examples:
      calltrack worker --kafka kafka1:9092,kafka2:9092
      calltrack worker --kafka kafka1:9092 --metrics 127.0.0.1:9464
    """
    from calltrack.kafka.code import code_version
    from calltrack.kafka.metrics import WorkerFigures
    from calltrack.kafka.partition import Settings
    from calltrack.kafka.working import GROUP, Worker, collect_seldom

    settings = Settings(code_version(history), member.owner, cluster.check(), history=history, point_s=point_every)
    worker = Worker(cluster, settings, group=member.group or GROUP, session_s=member.session_s, member=member.name)
    stop = Event()
    collect_seldom()
    with member.serving("worker", cluster, WorkerFigures(worker), lambda: worker.ready), on_stop(stop.set):
        worker.run(stop)
        click.echo("stopped", err=True)
