"""`calltrack connect`: holds the sockets of the accounts that Kafka's group gives it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from calltrack.cli.fleet import Member, kafka_options, member_options
from calltrack.cli.signals import interruptible
from calltrack.cli.terminal import SIZE

if TYPE_CHECKING:
    from calltrack.kafka.cluster import Cluster


@click.command("connect", short_help="Connect accounts to Kafka: what their sockets bring, into frames.")
@kafka_options
@member_options
@click.option(
    "--buffer", type=SIZE, default="256MB", show_default=True, help="What may wait while Kafka is away; more is a gap."
)
def command(cluster: Cluster, member: Member, buffer: float) -> None:
    """Hold the live connections of the accounts in Kafka's topic `accounts`, and write every frame to `frames`.
    Start as many as you like, on any machines: they share the accounts, and the others take over from one that is
    killed. Accounts are added with `calltrack cluster account`; their secrets are files or variables of this process.

    \b
    Exit codes: 0 stopped by SIGINT or SIGTERM; 2 the command line or the topics are wrong, or
    Kafka refuses a record. A supervisor should restart it after 2.
    \b
    Example:
      calltrack connect --kafka kafka1:9092,kafka2:9092 --metrics 127.0.0.1:9465
    """
    from calltrack.kafka.connecting import GROUP, Connector
    from calltrack.kafka.metrics import ConnectorFigures

    connector = Connector(
        cluster,
        member.owner,
        group=member.group or GROUP,
        session_s=member.session_s,
        member=member.name,
        buffer=int(buffer),
    )
    with member.serving("connector", cluster, ConnectorFigures(connector), lambda: connector.ready):
        with suppress(KeyboardInterrupt), interruptible():
            asyncio.run(connector.run())
        click.echo("stopped", err=True)
