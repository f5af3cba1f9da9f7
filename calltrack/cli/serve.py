"""`calltrack serve`: the service."""

from __future__ import annotations

import sys

import click


@click.command("serve", short_help="Serve the state, the changes and a board over HTTP.")
@click.option("--simulate", is_flag=True, help="Serve a simulated call centre: no account is needed.")
@click.option("--agents", type=click.IntRange(1, 5000), default=40, show_default=True, help="Of --simulate.")
@click.option("--queues", type=click.IntRange(1, 100), default=6, show_default=True, help="Of --simulate.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of --simulate: the same seed, the same traffic.")
@click.option("--speed", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True, help="Times real.")
@click.option("--listen", default="127.0.0.1:8078", show_default=True, metavar="HOST:PORT", help="Port 0: any.")
def command(simulate: bool, agents: int, queues: int, seed: int, speed: float, listen: str) -> None:
    """Serve the state, the changes and a board over HTTP, until Ctrl-C.

    \b
    Example:
      calltrack serve --simulate
    """
    import asyncio

    from calltrack.serve.engine import Engine
    from calltrack.serve.run import serve
    from calltrack.serve.simulated import Simulated

    if not simulate:
        raise click.UsageError("say --simulate")
    host, _, port = listen.rpartition(":")

    def started(url: str) -> None:
        click.echo(f"board and API on {url}; stop with Ctrl-C")

    asyncio.run(serve(Engine(Simulated(agents, queues, seed, speed)), host, int(port), started))
    sys.exit(0)
