"""`calltrack connect`: holds the sockets of the accounts that Kafka's group gives it."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click

from calltrack.cli.fleet import cluster_of, kafka_options, log_to_stderr, running_options, unique
from calltrack.cli.terminal import SIZE


@click.command("connect", short_help="Connect accounts to Kafka: what their sockets bring, into frames.")
@kafka_options
@running_options
@click.option(
    "--buffer", type=SIZE, default="256MB", show_default=True, help="What may wait while Kafka is away; more is a gap."
)
def command(
    servers: str,
    prefix: str,
    config: Path | None,
    name: str | None,
    session_s: float,
    group: str | None,
    metrics: tuple[str, int] | None,
    buffer: float,
) -> None:
    """Hold the live connections of the accounts in Kafka's topic `accounts`, and write every frame to `frames`.
    Start as many as you like, on any machines: they share the accounts, and the others take over from one that is
    killed. Accounts are added with `calltrack cluster account`; their secrets are files or variables of this process.

    \b
    Exit codes: 0 stopped by SIGINT or SIGTERM; 2 the command line or the topics are wrong, or Kafka refuses a record.
    A supervisor should restart it after 2.
    \b
    Example:
      calltrack connect --kafka kafka1:9092,kafka2:9092 --metrics 127.0.0.1:9465
    """
    from calltrack.kafka.connecting import GROUP, Connector
    from calltrack.kafka.metrics import ConnectorFigures, serving

    log_to_stderr()
    cluster = cluster_of(servers, prefix, config)
    owner = unique(name)
    connector = Connector(cluster, owner, group=group or GROUP, session_s=session_s, member=name, buffer=int(buffer))

    async def main() -> None:
        running = asyncio.ensure_future(connector.run())
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        try:
            await running
        except asyncio.CancelledError:
            click.echo("stopped", err=True)

    with serving(metrics, ConnectorFigures(connector), lambda: connector.ready) as url:
        click.echo(f"connector {owner} on {servers}" + (f", metrics on {url}/metrics" if url else ""), err=True)
        asyncio.run(main())
