"""`calltrack cluster`: the topics, and the accounts in them."""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import click

from calltrack.cli.fleet import kafka_options
from calltrack.cli.service import PROTOCOLS, AddressParam
from calltrack.cli.terminal import Number, ZoneParam
from calltrack.words.values import safe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from calltrack.kafka.cluster import Cluster, Copies
    from calltrack.live.accounts import Definition, Stack


@click.group()
def cluster() -> None:
    """Set up Kafka's topics, and the accounts that connectors connect.

    \b
    Examples:
      calltrack cluster init --kafka kafka1:9092
      calltrack cluster account acme --kafka kafka1:9092 --credentials file:/run/secrets/acme
      calltrack cluster accounts --kafka kafka1:9092
      calltrack cluster archive --kafka kafka1:9092 -o /var/lib/calltrack/archive
    """


@cluster.command(short_help="Create the topics that are missing, and check the others.")
@kafka_options
@click.option("--partitions", type=click.IntRange(1, 10_000), help="Of every topic; fixed for good. Default: 256.")
@click.option(
    "--replication", type=click.IntRange(1, 1000), help="Copies of each record. Default: what the brokers say."
)
@click.option(
    "--min-insync",
    "needed",
    type=click.IntRange(1, 1000),
    help="Copies that must have a record before it counts as written. Default: one less than --replication, at least "
    "1; without it what the brokers say.",
)
@click.option("--retention-days", type=Number(0.01, 36_500), default=7.0, show_default=True)
def init(
    cluster: Cluster,
    partitions: int | None,
    replication: int | None,
    needed: int | None,
    retention_days: float,
) -> None:
    """Create the topics that are missing, check those that are there, and say what a lost broker would mean.

    \b
    Exit codes: 0 the topics are there; 2 they cannot be, or have another number of partitions.
    \b
    Example:
      calltrack cluster init --kafka kafka1:9092 --partitions 256 --replication 3
    """
    if replication is not None:
        needed = needed or max(1, replication - 1)
        if needed > replication:
            raise click.UsageError(f"--min-insync {needed} of --replication {replication} copies can never be met")
    found = cluster.create(partitions, replication=replication, needed=needed, retention_days=retention_days)
    click.echo(f"{', '.join(cluster.topics)}: {found} partitions each")
    alike: dict[Copies, list[str]] = {}
    for name, copies in cluster.copies().items():
        alike.setdefault(copies, []).append(name)
    for copies, names in alike.items():
        click.echo(f"{', '.join(names)}: copies: {copies.kept}; a record counts as written with: {copies.needed}")
        for warning in _warnings(copies, replication, needed):
            click.echo(f"  warning: {warning}", err=True)


def _warnings(copies: Copies, replication: int | None, needed: int | None) -> Iterator[str]:
    """What is not as asked for, or what makes one broker's loss the installation's."""
    if replication is not None and copies.kept != replication:
        yield f"not {replication} copies; Kafka's kafka-reassign-partitions.sh changes that"
    if needed is not None and copies.needed != needed:
        yield f"min.insync.replicas is {copies.needed}, not {needed}; Kafka's kafka-configs.sh changes that"
    if copies.kept == 1:
        yield "one copy: while its broker is away nothing is tracked, and what its disk loses is lost"
    elif copies.needed == 1:
        yield "a record that only one broker has counts as written: it is lost with that broker"
    elif copies.needed >= copies.kept:
        yield "every copy must have a record: while one broker is away nothing is written"


@cluster.command()
@kafka_options
@click.argument("name")
@click.option("--credentials", metavar="WHERE", help="file:PATH or env:PREFIX, where connectors find the login.")
@click.option(
    "--login-url",
    metavar="URL",
    type=AddressParam(),
    default="",
    help="The login API's host, if it is not the vendor's.",
)
@click.option(
    "--server",
    "hosts",
    metavar="URL",
    type=AddressParam(scheme=False),
    multiple=True,
    help="As for calltrack record. Repeatable.",
)
@click.option("--protocol", type=click.Choice(["3", "4"]), help="Engine.IO's; default: what the login answer says.")
@click.option("--stack", type=click.Choice(["older", "newer"]), default="older", help="As for calltrack record.")
@click.option("--remove", is_flag=True, help="Disconnect the account. What is in Kafka of it stays.")
def account(
    cluster: Cluster,
    name: str,
    credentials: str | None,
    login_url: str,
    hosts: tuple[str, ...],
    protocol: str | None,
    stack: Stack,
    remove: bool,
) -> None:
    """Add the account NAME, change it, or remove it. Its secret stays where it is: Kafka gets to know only where. A
    file's path must be absolute, and the same for every connector.

    \b
    Exit codes: 0 stored or removed; 1 there is no such account to remove; 2 the command line or the
    topics are wrong.
    \b
    Examples:
      calltrack cluster account acme --kafka kafka1:9092 --credentials file:/run/secrets/acme
      calltrack cluster account acme --kafka kafka1:9092 --remove
    """
    from difflib import get_close_matches

    from calltrack.kafka.accounts import definitions, put
    from calltrack.live.accounts import Definition, is_account_name

    if not is_account_name(name):
        raise click.UsageError(f"{safe(name)} is not a name; use letters, digits, and . _ - between them")
    if remove == bool(credentials):
        raise click.UsageError("give --credentials, or --remove")
    definition = None
    if credentials:
        try:
            definition = Definition(credentials, login_url, hosts, PROTOCOLS.get(protocol), stack)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        _check_path(name, definition)
    elif name not in (known := definitions(cluster)):
        near = get_close_matches(name, known)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        click.echo(f"calltrack: there is no account {name}{hint}", err=True)
        sys.exit(1)
    put(cluster, {name: definition})
    click.echo(f"{name}: {'removed' if remove else 'stored'}")


def _check_path(name: str, definition: Definition) -> None:
    """Raise UsageError for a file that each connector would look for in its own working directory."""
    kind, _, path = definition.credentials.partition(":")
    if kind == "file" and not PurePosixPath(path).is_absolute() and not PureWindowsPath(path).is_absolute():
        raise click.UsageError(f"{name}: file:{safe(path)} is read by connectors, elsewhere: use an absolute path")


@cluster.command()
@kafka_options
@click.option(
    "--add",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="First store every account of FILE, TOML as for calltrack record --accounts.",
)
def accounts(cluster: Cluster, add: Path | None) -> None:
    """List the accounts, and where their logins are.

    \b
    Example:
      calltrack cluster accounts --kafka kafka1:9092 --add accounts.toml
    """
    from calltrack.kafka.accounts import definitions, put
    from calltrack.live.accounts import read_accounts

    if add is not None:
        added = read_accounts(add)
        for name, definition in added.items():
            _check_path(name, definition)
        put(cluster, added)
    for name, definition in sorted(definitions(cluster).items()):
        click.echo(f"{safe(name)}  {safe(definition.credentials)}  {safe(definition.login_url)}".rstrip())


@cluster.command(short_help="Write the changes of all accounts as Parquet.")
@kafka_options
@click.option(
    "-o",
    "--output",
    "out",
    metavar="FOLDER",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files go; a later run adds what is new.",
)
@click.option("--tz", metavar="ZONE", type=ZoneParam(), help="Whose days, such as Asia/Jerusalem. Default: UTC's.")
def archive(cluster: Cluster, out: Path, tz: tzinfo | None) -> None:
    """Write the changes of all accounts as Parquet, by account and day, each once; the next run adds what is new. Run
    it more often than Kafka's retention of `changes` (7 days): what was removed before it was read is reported, with
    exit code 1. docs/archive.md has queries.

    \b
    Example:
      calltrack cluster archive --kafka kafka1:9092 -o /var/lib/calltrack/archive
      cd /var/lib/calltrack/archive
      duckdb -c "select day, count(*) from 'changes/**/*.parquet' group by all"
    """
    from datetime import UTC

    from calltrack.export.changes import ChangesFolder
    from calltrack.kafka.changes import pieces
    from calltrack.kafka.rule import Facts, Number

    folder = ChangesFolder(out, tz or UTC)
    read = folder.read
    facts = Facts({name.encode(): Number(*last) for name, last in read.last.items()})
    count = removed = 0
    for piece in pieces(cluster, read.following, facts):
        folder.write(piece.partition, piece.begin, piece.end, piece.rows)
        count, removed = count + len(piece.rows), removed + piece.removed
    click.echo(f"{count} changes of {len(read.last)} accounts in {safe(out)}", err=True)
    if removed:
        click.echo(f"{removed} records were removed from Kafka before they were read: changes are missing", err=True)
        sys.exit(1)
