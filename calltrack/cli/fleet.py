"""What `calltrack connect`, `worker` and `cluster` share: where Kafka is, and how a member of a fleet runs."""

from __future__ import annotations

import functools
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from calltrack.cli.logged import log_lines
from calltrack.cli.terminal import Address, Number

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

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
    click.option(
        "--prefix",
        default="calltrack.",
        show_default=True,
        help="What the topics' names begin with; in a URL kafka://HOST:PORT/ACCOUNT?prefix=NAME.",
    ),
    click.option(
        "--kafka-config",
        "config",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Properties of librdkafka, lines name=value, for TLS and SASL; yours alone (chmod 600).",
    ),
)


_RUNNING = (
    click.option(
        "--name", metavar="NAME", help="A name that lasts: a restart within the session timeout keeps its work."
    ),
    click.option(
        "--session-timeout",
        "session_s",
        type=Number(0.5, 3600),
        default=6.0,
        show_default=True,
        metavar="SECONDS",
        help="Silence after which others take over. Brokers refuse less than 6 by default.",
    ),
    click.option(
        "--group",
        metavar="NAME",
        help="The consumer group; the same for all of one installation. Default: calltrack.connectors, .workers.",
    ),
    click.option(
        "--metrics", metavar="HOST:PORT", type=Address("127.0.0.1:9464"), help="Serve /metrics and /health/ready here."
    ),
)


def kafka_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name a cluster; its parameter `cluster` is what they name.

    Raises ClusterError before the command runs.
    """

    @functools.wraps(command)
    def with_cluster(*, servers: str, prefix: str, config: Path | None, **rest: Any) -> None:
        from calltrack.kafka.cluster import Cluster, properties

        command(Cluster(servers, prefix=prefix, config=properties(config) if config else None), **rest)

    for option in reversed(_WHERE):
        option(with_cluster)
    return with_cluster


@dataclass(frozen=True)
class Member:
    """How a process takes part in a fleet. owner: a name of this very process, so that two lives of one worker are two
    owners. name: its lasting name in the group, if it has one."""

    owner: str
    name: str | None
    session_s: float
    group: str | None
    metrics: tuple[str, int] | None

    @contextmanager
    def serving(self, role: str, cluster: Cluster, figures: Collector, ready: Callable[[], str]) -> Iterator[None]:
        """Serve its metrics meanwhile, if it should, and say on standard error what runs."""
        from calltrack.kafka.metrics import serving

        with serving(self.metrics, figures, ready) as url:
            metrics = f", metrics on {url}/metrics" if url else ""
            click.echo(f"{role} {self.owner} on {cluster.servers}{metrics}", err=True)
            yield


def member_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a member of a fleet, in its parameter `member`."""

    @functools.wraps(command)
    def with_member(
        *args: Any,
        name: str | None,
        session_s: float,
        group: str | None,
        metrics: tuple[str, int] | None,
        **rest: Any,
    ) -> None:
        log_lines("%(asctime)s %(levelname)s %(message)s")
        owner = f"{name or socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        command(*args, member=Member(owner, name, session_s, group, metrics), **rest)

    for option in reversed(_RUNNING):
        option(with_member)
    return with_member
