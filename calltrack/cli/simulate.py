"""`calltrack simulate`: recordings and a live server of a call centre that does not exist."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from calltrack.cli.simulate_options import cdr_faults_option, faults_option, plan_option, planned
from calltrack.cli.terminal import Number

if TYPE_CHECKING:
    from calltrack.simulate.faults import Faults
    from calltrack.simulate.plan import Plan
    from calltrack.simulate.posting import CdrFaults

_EVERY = 5.0  # s between two lines of progress in a pipe


def _world(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which call centre it is."""
    options = [
        click.option("--agents", type=click.IntRange(1, 5000), default=9, show_default=True, help="Extensions."),
        click.option("--queues", type=click.IntRange(1, 100), default=4, show_default=True, help="Queues."),
        click.option("--seed", type=int, default=0, show_default=True, help="The same seed, the same traffic."),
        click.option(
            "--faults",
            default="none",
            callback=faults_option,
            show_default=True,
            help="What goes wrong: none, all, and NAME=RATE,... (lose, repeat, delay, reorder, shuffle, echo, corrupt, "
            "mangle, distant, far_ahead: chance per frame; clock_steps, hour_steps, disconnects, restarts: per hour; "
            "outage: mean seconds).",
        ),
        click.option(
            "--plan",
            default="orderly",
            callback=plan_option,
            show_default=True,
            help="How the centre and the vendor's servers behave: orderly, captured (with the quirks of captured "
            "traffic), and NAME=VALUE,... as in captured,releases=0,servers=1. A wrong name lists all names.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def simulate() -> None:
    """Simulate a call centre: its event stream in a file or on a port, and the truth beside.

    \b
    Examples:
      calltrack simulate record day.jsonl --agents 20
      calltrack simulate serve --port 8080
    """


@simulate.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False, writable=True))
@_world
@click.option("--hours", type=Number(0, 100_000, above=True), default=8.0, show_default=True)
@click.option("--array", is_flag=True, help='Plain socket.io arrays ["event", {...}] without receive times.')
@click.option("--truth/--no-truth", default=True, show_default=True, help="Also write OUT.truth.jsonl.")
@click.option(
    "--cdr",
    "cdrs",
    metavar="FAULTS",
    callback=cdr_faults_option,
    help="Also write the CDR notifications to OUT.cdr.jsonl, with these faults: none, all, and NAME=RATE,... (lose, "
    "repeat, late, reorder: chance per record).",
)
def record(
    out: Path,
    agents: int,
    queues: int,
    seed: int,
    faults: Faults,
    plan: dict[str, Any],
    hours: float,
    array: bool,
    truth: bool,
    cdrs: CdrFaults | None,
) -> None:
    """Write a recording of simulated traffic, as long as wanted.

      \b
      Examples:
        calltrack simulate record day.jsonl
        calltrack simulate record big.jsonl --agents 200 --hours 24 --seed 7 --faults all
        calltrack simulate record bad.jsonl --faults lose=0.01,disconnects=2
        calltrack simulate record day.jsonl --faults lose=0.01 --cdr late=0.02
    calltrack simulate record real.jsonl --plan captured --faults distant=0.01,clock_steps=1
    """
    from calltrack.simulate.recording import records_path, truth_path, write_recording

    begin = time.monotonic()
    try:
        with _progress(hours) as progress:
            written = write_recording(
                out,
                planned(plan, agents, queues),
                seed=seed,
                hours=hours,
                faults=faults,
                notation="array" if array else "recording",
                truth=truth,
                cdrs=cdrs,
                progress=progress,
            )
    except OSError as error:
        raise click.UsageError(f"{out}: cannot be written: {error.strerror or error}") from error
    taken = time.monotonic() - begin
    beside = f", the truth in {truth_path(out)}" if truth else ""
    beside += f", {written.records} CDRs in {records_path(out)}" if cdrs is not None else ""
    click.echo(f"{out}: {written.lines} lines, {written.size / 1e6:.1f} MB, in {taken:.1f} s{beside}")


@simulate.command()
@_world
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8077, show_default=True, help="0 takes any free port.")
@click.option(
    "--protocol",
    type=click.Choice(["3", "4"]),
    default="3",
    show_default=True,
    help="Engine.IO protocol; 4 from socket.io 3 on.",
)
@click.option(
    "--speed",
    type=Number(0, 1_000_000, above=True),
    default=1.0,
    show_default=True,
    help="Simulated seconds per second.",
)
@click.option(
    "--token-life",
    type=Number(0, 1_000_000_000),
    default=3600.0,
    show_default=True,
    help="How long a token is valid, in seconds.",
)
@click.option("--truth", type=click.Path(path_type=Path, dir_okay=False), help="Write the truth to this file.")
@click.option("--tls", is_flag=True, help="Serve https and wss with a new certificate authority.")
@click.option(
    "--ca-out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the authority's certificate to this file (needs --tls).",
)
@click.option(
    "--public-url", default="", metavar="URL", help="URL that the login answers give instead of the listening address."
)
@click.option(
    "--socket-servers",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help="Number of servers, on consecutive ports.",
)
@click.option(
    "--socket-client",
    type=click.Path(path_type=Path, exists=True),
    help="Script served at GetSocketClient: a file, or the folder of npm's socket.io-client.",
)
@click.option("--post-cdr", metavar="URL", default="", help="Post a CDR notification there for what has ended.")
@click.option("--post-popup", metavar="URL", default="", help="Post the pop-up requests of calls there.")
@click.option(
    "--cdr",
    "cdrs",
    metavar="FAULTS",
    callback=cdr_faults_option,
    help="Of --post-cdr: none, all, and NAME=RATE,... (lose, repeat, late, reorder: chance per record).",
)
def serve(
    agents: int,
    queues: int,
    seed: int,
    faults: Faults,
    plan: dict[str, Any],
    host: str,
    port: int,
    protocol: str,
    speed: float,
    token_life: float,
    truth: Path | None,
    tls: bool,
    ca_out: Path | None,
    public_url: str,
    socket_servers: int,
    socket_client: Path | None,
    post_cdr: str,
    post_popup: str,
    cdrs: CdrFaults | None,
) -> None:
    """Serve the login API and the socket, as the vendor does, until interrupted.

    \b
    Examples:
      calltrack simulate serve
      calltrack simulate serve --protocol 4 --port 9000 --speed 10 --faults all
      calltrack simulate serve --tls --ca-out ca.pem --socket-client node_modules/socket.io-client
    """
    import asyncio

    from calltrack.simulate.posting import CdrFaults
    from calltrack.simulate.server.others import Others

    if ca_out and not tls:
        raise click.UsageError("--ca-out needs --tls")
    options = {
        "host": host,
        "port": port,
        "speed": speed,
        "token_life": token_life,
        "faults": faults,
        "seed": seed,
        "public_url": public_url,
        "socket_servers": socket_servers,
        "script": socket_client,
        "others": Others(cdr_url=post_cdr, popup_url=post_popup, cdr_faults=cdrs or CdrFaults()),
    }
    try:
        options["tls"] = _certified([host, public_url], ca_out) if tls else None
        asyncio.run(_serve(planned(plan, agents, queues), 4 if protocol == "4" else 3, truth, options))
    except KeyboardInterrupt:
        click.echo("stopped")
    except OSError as error:
        raise click.ClickException(f"cannot serve on {host}:{port}: {error.strerror or error}") from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _certified(addresses: list[str], ca_out: Path | None) -> Any:
    """A server's TLS context for these hosts or URLs; its authority goes to a file."""
    from urllib.parse import urlsplit

    from calltrack.simulate.server.certificate import Authority

    names = (urlsplit(address).hostname if "://" in address else address for address in addresses)
    authority = Authority(name for name in names if name)
    if ca_out:
        try:
            authority.write(ca_out)
        except OSError as error:
            raise click.UsageError(f"{ca_out}: cannot be written: {error.strerror or error}") from error
    return authority.context


async def _serve(plan: Plan, protocol: Any, truth: Path | None, options: dict[str, Any]) -> None:
    from contextlib import nullcontext

    import msgspec

    from calltrack.simulate.server import Simulator
    from calltrack.simulate.server.others import CODE

    with truth.open("wb") if truth else nullcontext() as file:

        def witness(_: Any, true: Any) -> None:
            if file:
                file.write(msgspec.json.encode(true) + b"\n")

        async with Simulator(plan, protocol=protocol, witness=witness, **options) as simulator:
            mine = simulator.credentials
            click.echo(f"serving on {', '.join(simulator.urls)}, Engine.IO {protocol}; stop with Ctrl-C")
            click.echo(f"  login API  {simulator.login_url}")
            click.echo(f"  account    {mine.username}, password {mine.password}")
            click.echo(f"  agent      SIP00001@agents.example, password {mine.password}")
            click.echo(f"  token      {mine.token}")
            click.echo(f"  REST       /hub/cdr/, /GetExtensionsCalls and /GetQueuesCallers there; code {CODE}")
            await simulator.wait_closed()


@contextmanager
def _progress(hours: float) -> Iterator[Callable[[float, int], None]]:
    """A bar on a terminal, a line now and then in a pipe; both on standard error."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if console.is_terminal:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("simulating", total=hours)
            yield lambda done, lines: progress.update(task, completed=done, description=f"{lines} lines")
        return
    printed = time.monotonic()

    def tell(done: float, lines: int) -> None:
        nonlocal printed
        if time.monotonic() - printed >= _EVERY:
            printed = time.monotonic()
            click.echo(f"{done:.1f} of {hours:g} h, {lines} lines", err=True)

    yield tell
