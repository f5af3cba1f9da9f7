"""What `calltrack connect`, `worker` and `cluster` share: where Kafka is, names, and running until interrupted."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from calltrack.cli.terminal import ParamType

if TYPE_CHECKING:
    from calltrack.kafka.cluster import Cluster

_WHERE = (
    click.option(
        "--kafka",
        "servers",
        metavar="HOST:PORT",
        envvar="CALLTRACK_KAFKA",
        required=True,
        help="The brokers, with commas between them; or CALLTRACK_KAFKA.",
    ),
    click.option("--prefix", default="calltrack.", show_default=True, help="What the topics' names begin with."),
    click.option(
        "--kafka-config",
        "config",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Properties of librdkafka, lines name=value, for TLS and SASL; yours alone (chmod 600).",
    ),
)


class Address(ParamType[tuple[str, int]]):
    """HOST:PORT."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Returns host and port."""
        if isinstance(value, tuple):
            return value
        host, colon, port = str(value).rpartition(":")
        if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            self.fail(f"{value!r} is not an address; use 127.0.0.1:9464", param, ctx)
        return host, int(port)


_RUNNING = (
    click.option(
        "--name", metavar="NAME", help="A name that lasts: a restart within the session timeout keeps its work."
    ),
    click.option(
        "--session-timeout",
        "session_s",
        type=click.FloatRange(min=0.5),
        default=6.0,
        show_default=True,
        metavar="SECONDS",
        help="Silence after which others take over. Brokers refuse less than 6 by default.",
    ),
    click.option("--group", metavar="NAME", help="The consumer group; the same for all of one installation."),
    click.option("--metrics", metavar="HOST:PORT", type=Address(), help="Serve /metrics and /health/ready here."),
)


def kafka_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options servers, prefix and config."""
    for option in reversed(_WHERE):
        command = option(command)
    return command


def running_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options name, session_s, group and metrics."""
    for option in reversed(_RUNNING):
        command = option(command)
    return command


def cluster_of(servers: str, prefix: str, config: Path | None) -> Cluster:
    """The cluster that the options name; raises ClusterError."""
    from calltrack.kafka.cluster import Cluster, properties

    return Cluster(servers, prefix=prefix, config=properties(config) if config is not None else None)


def unique(name: str | None) -> str:
    """A name of this very process: two lives of one worker are two owners."""
    return f"{name or socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def log_to_stderr() -> None:
    """What happens while it runs: a line each."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
