"""`calltrack serve`: the service."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from calltrack.cli.configuration import config_options, effective
from calltrack.cli.logged import log_lines
from calltrack.cli.replay import SpeedParam
from calltrack.cli.service import AddressParam, LiveOptions, accounts_option, service_options
from calltrack.cli.signals import on_stop
from calltrack.cli.terminal import SPAN, Address, Number
from calltrack.words.values import safe

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.feed.source import Source
    from calltrack.serve.config import Config

_JOURNAL = Path("calltrack.journal")
_JOURNALS = Path("calltrack-journals")
_USUAL = "127.0.0.1:8078"
_TOGETHER = 500  # frames of a simulated past in one write


def _without_login(ctx: click.Context, param: click.Parameter, url: str | None) -> str | None:
    if url and "@" in url:
        raise click.BadParameter("an address must not contain a user name or a password", ctx, param)
    return url


@click.command("serve", short_help="Serve the state, the changes and a board over HTTP.")
@click.option("--simulate", is_flag=True, help="Serve a simulated call centre: no account is needed.")
@click.option("--agents", type=click.IntRange(1, 5000), default=40, show_default=True, help="Of --simulate.")
@click.option("--queues", type=click.IntRange(1, 100), default=6, show_default=True, help="Of --simulate.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of --simulate: the same seed, the same traffic.")
@click.option("--replay", metavar="RECORDING", help="Serve a recording; with --journal, from where that ends.")
@click.option(
    "--kafka",
    "fleet",
    metavar="URL",
    envvar="CALLTRACK_SERVE_KAFKA",
    callback=_without_login,
    help="Serve an account that workers track: kafka://HOST:PORT/ACCOUNT; or all of them: kafka://HOST:PORT.",
)
@click.option("--no-socket", is_flag=True, help="Serve what is posted ([cdr] in --config) or polled: no login.")
@click.option(
    "--poll",
    type=SPAN,
    metavar="TIME",
    help="While the socket is down, or with --no-socket, ask for active calls as often: 10s. Needs --poll-url, and "
    "the account's code in CALLTRACK_CODE.",
)
@click.option(
    "--poll-url", metavar="URL", type=AddressParam(), help="Where GetExtensionsCalls and GetQueuesCallers are."
)
@click.option("--speed", type=SpeedParam(), default="real", show_default=True, help="Of these two: max, real, or 10x.")
@click.option(
    "--journal",
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=f"Where every frame is kept. Default: {_JOURNAL}; with --simulate and --replay one that goes in the end; "
    f"with --accounts a folder of them, {_JOURNALS}; with --kafka a folder for limits that are set.",
)
@click.option("--keep-days", type=Number(0, 36_500, above=True), help="Of the journal, older frames go.")
@click.option("--keep-mb", type=Number(1, 1_000_000_000), help="The oldest frames go when the journal is bigger.")
@click.option("--listen", type=Address(_USUAL), default=_USUAL, show_default=True, help="Port 0: any.")
@click.option("--zone", metavar="NAME", help="Whose days figures are counted by, as Asia/Jerusalem; else the stream's.")
@click.option(
    "--tokens",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Who may see what; yours alone (chmod 600). Needed for --listen on any address but loopback's.",
)
@click.option(
    "--audit",
    "audit_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Note who looked at what, a JSON line each; yours alone.",
)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Of stderr.")
@accounts_option
@service_options
@config_options
def command(
    simulate: bool,
    agents: int,
    queues: int,
    seed: int,
    replay: str | None,
    fleet: str | None,
    no_socket: bool,
    poll: float | None,
    poll_url: str | None,
    speed: float,
    path: Path | None,
    keep_days: float | None,
    keep_mb: float | None,
    listen: tuple[str, int],
    zone: str | None,
    tokens: Path | None,
    audit_file: Path | None,
    log_format: str,
    config: Config | None,
    show_config: bool,
    accounts: Path | None,
    live: LiveOptions,
) -> None:
    """Serve the state, the changes and a board over HTTP, until Ctrl-C.

    Every frame is stored in a journal before it is published. The login comes from the environment, or from a file
    with the same lines: CALLTRACK_TOKEN=…, or CALLTRACK_EMAIL=… and CALLTRACK_PASSWORD=…, or CALLTRACK_USERNAME=…
    and CALLTRACK_PASSWORD=…. CALLTRACK_SERVE_TOKEN is a token that sees everything;
    CALLTRACK_SERVE_KAFKA is --kafka, and CALLTRACK_KAFKA_CONFIG names a file of librdkafka's properties (TLS, SASL)
    for it. Topics of another prefix: kafka://HOST:PORT/ACCOUNT?prefix=mine.

    \b
    Examples:
      calltrack serve --simulate
      calltrack serve --credentials ~/.config/calltrack --journal calls.journal --keep-days 90
      calltrack serve --accounts accounts.toml --journal /var/lib/calltrack
      calltrack serve --config /etc/calltrack/serve.toml
      calltrack serve --kafka kafka://kafka1:9092/acme
    """
    click.get_current_context().with_resource(on_stop(sys.exit))  # while it starts; then the service has its own
    import asyncio
    import logging
    from itertools import islice

    from calltrack.cli.manyaccounts import many_accounts
    from calltrack.figures.days import zone_named
    from calltrack.journal import open_repaired
    from calltrack.serve.accounts import OnlyAccount
    from calltrack.serve.config import Config
    from calltrack.serve.engine import Engine, Retention
    from calltrack.serve.parts import Parts
    from calltrack.serve.run import Listen, check_tokens, serve
    from calltrack.serve.security.access import access
    from calltrack.serve.security.audit import Audit
    from calltrack.serve.security.oidc import Provider

    if sum(map(bool, (simulate, replay, fleet, no_socket, accounts, live))) > 1:
        raise click.UsageError(
            "one source: --simulate, --replay, --kafka, --no-socket, --accounts, or the live service with its login"
        )
    if fleet and config is not None and config.cdr is not None:
        raise click.UsageError("[cdr] is for a service with a journal; with --kafka the frames are the connector's")
    if accounts and poll is not None:
        raise click.UsageError("--poll asks with the code of one account; serve that account alone, without --accounts")
    if path is not None and path.exists() and path.is_dir() != bool(accounts or fleet):
        raise click.UsageError(f"--journal {safe(path)} is a {'folder' if path.is_dir() else 'file'}")
    if fleet and poll is not None:
        raise click.UsageError("--poll goes with the live service or --no-socket")
    if fleet and (keep_days is not None or keep_mb is not None):
        raise click.UsageError("--keep-days and --keep-mb are of a journal; Kafka's topics have their own retention")
    if simulate and not speed:
        raise click.UsageError("a simulation has no end, so it has no speed max; say 100x")
    if replay == "-" and path is not None:
        raise click.UsageError("--replay - begins anew each time, so it cannot go on with a --journal")

    named = None if zone is None else zone_named(zone)
    tables = config or Config()
    doors = access(tokens, people=[one.visitor() for one in tables.oidc.role] if tables.oidc else ())
    people = None if tables.oidc is None else Provider(tables.oidc)
    address = Listen(*listen)
    check_tokens(doors, address)
    if not fleet:
        doors.check(live.accounts(accounts) if accounts else [""])
    if show_config:
        click.echo("\n".join(effective(click.get_current_context(), tables)))
        return
    keep = Retention(None if keep_days is None else keep_days * 86400, None if keep_mb is None else int(keep_mb * 1e6))
    _log_as(log_format)
    audit = Audit(audit_file)
    log = logging.getLogger("calltrack.serve")
    if accounts is not None:
        many = many_accounts(live, accounts, path or _JOURNALS, keep, named, tables, doors.roles)
        asyncio.run(serve(many, doors, address, _started, audit=audit, people=people))
        click.echo("stopped")
        return
    if fleet is not None:
        from calltrack.cli.kafkaaccounts import kafka_accounts

        with TemporaryDirectory(prefix="calltrack-") as folder:
            served = kafka_accounts(fleet, path or Path(folder), tables, named, doors)
            asyncio.run(serve(served, doors, address, _started, audit=audit, people=people))
        click.echo("stopped")
        return
    source: Source
    if no_socket:
        from calltrack.feed.source import Nothing

        source = Nothing()
    elif not simulate and not replay:
        # Before a journal is made: without a login there is nothing to keep.
        from calltrack.feed.source import Live
        from calltrack.live import LoginApi

        source = Live(LoginApi(**live.service()))
    if poll is not None:
        source = _polled(None if simulate or replay else source, poll, poll_url, named)
    with ExitStack() as stack:
        if path is None and (simulate or replay):
            path = Path(stack.enter_context(TemporaryDirectory(prefix="calltrack-"))) / _JOURNAL
        journal = stack.enter_context(open_repaired(path or _JOURNAL, log.error))
        journal.on_notice = log.warning
        journal.rebuild(lambda position: log.info("checkpoints are made anew: frame %d", position))
        again = journal.position > 0
        if simulate:
            from calltrack.serve.simulated import Simulated

            source = Simulated(agents, queues, seed, speed, journal.tracker().time if again else None)
            if not again:
                # Kept before the engine begins: it is the past, which no webhook reports.
                past = source.history()
                while some := list(islice(past, _TOGETHER)):
                    journal.append(some)
        elif replay:
            from calltrack.feed.source import Replay
            from calltrack.recordings.recording import Recording

            source = Replay(Recording(replay), speed, skip=journal.position)

        async def main() -> None:
            anew = again and not replay and (not no_socket or poll is not None)
            engine = Engine(source, journal, anew=anew, retention=keep, zone=named, options=tables.options(zone))
            only = OnlyAccount(Parts.of(engine, tables, roles=doors.roles))
            await serve(only, doors, address, _started, audit=audit, people=people)

        asyncio.run(main())
    click.echo("stopped")


def _log_as(form: str) -> None:
    """Log to standard error from now on."""
    import logging

    log_lines("%(asctime)s %(levelname)s %(name)s: %(message)s")
    if form == "json":
        from pythonjsonlogger.json import JsonFormatter

        names = {"levelname": "level", "name": "logger", "exc_info": "exception"}
        formatter = JsonFormatter("%(levelname)s %(name)s %(message)s", rename_fields=names, timestamp="at")
        logging.getLogger().handlers[0].setFormatter(formatter)


def _polled(source: Source | None, every_s: float, url: str | None, zone: tzinfo | None) -> Source:
    """A source with polling beside it."""
    import os

    from calltrack.feed.polled import Polled
    from calltrack.rest.polling import LEAST_S

    code = os.environ.get("CALLTRACK_CODE", "").strip()
    if source is None:
        raise click.UsageError("--poll goes with the live service or --no-socket")
    if not url or not code:
        raise click.UsageError("--poll needs --poll-url, and CALLTRACK_CODE in the environment")
    if every_s < LEAST_S:
        raise click.UsageError(f"--poll: the vendor allows it every {LEAST_S:g} s at most")
    return Polled(source, url, code, every_s, zone)


def _started(url: str) -> None:
    click.echo(f"board and API on {url}; stop with Ctrl-C")
    sys.stdout.flush()
