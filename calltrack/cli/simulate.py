"""`calltrack simulate`: recordings and a live server of a call centre that does not exist."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from calltrack.simulate.faults import Faults
    from calltrack.simulate.plan import Plan

_EVERY = 5.0  # s between two lines of progress in a pipe


def _faults(context: click.Context, option: click.Parameter, value: str) -> Faults:
    """The Faults that `none`, `all`, or `NAME=RATE,...` asks for."""
    from calltrack.simulate.faults import Faults

    if value in ("none", "all"):
        return Faults.all() if value == "all" else Faults()
    names = list(Faults.__dataclass_fields__)
    try:
        rates = {}
        for pair in value.split(","):
            name, _, rate = (part.strip() for part in pair.partition("="))
            if name not in names:
                raise ValueError(f"there is no fault {name!r}")
            rates[name] = _rate(name, rate)
        return Faults(**rates)
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r}: {error}. Say none, all, or NAME=RATE,... of: {', '.join(names)}."
        ) from None


def _rate(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} needs a number, as {name}=0.01") from None


def _world(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which call centre it is."""
    options = [
        click.option("--agents", type=click.IntRange(1, 5000), default=9, show_default=True, help="Extensions."),
        click.option("--queues", type=click.IntRange(1, 100), default=4, show_default=True, help="Queues."),
        click.option("--seed", type=int, default=0, show_default=True, help="The same seed, the same traffic."),
        click.option(
            "--faults",
            default="none",
            callback=_faults,
            show_default=True,
            help="What goes wrong: none, all, or NAME=RATE,... (lose, repeat, delay, reorder, shuffle, "
            "echo, corrupt, mangle: chance per frame; disconnects, restarts: per hour; outage: mean seconds).",
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
@click.option("--hours", type=click.FloatRange(0, min_open=True), default=8.0, show_default=True)
@click.option("--array", is_flag=True, help='Plain socket.io arrays ["event", {...}] without receive times.')
@click.option("--truth/--no-truth", default=True, show_default=True, help="Write OUT.truth.jsonl beside.")
def record(
    out: Path, agents: int, queues: int, seed: int, faults: Faults, hours: float, array: bool, truth: bool
) -> None:
    """Write a recording of simulated traffic, as long as wanted.

    \b
    Examples:
      calltrack simulate record day.jsonl
      calltrack simulate record big.jsonl --agents 200 --hours 24 --seed 7 --faults all
      calltrack simulate record bad.jsonl --faults lose=0.01,disconnects=2
    """
    from calltrack.simulate.plan import Plan
    from calltrack.simulate.recording import truth_path, write_recording

    plan, begin = Plan(agents=agents, queues=queues), time.monotonic()
    try:
        with _progress(hours) as progress:
            written = write_recording(
                out,
                plan,
                seed=seed,
                hours=hours,
                faults=faults,
                notation="array" if array else "recording",
                truth=truth,
                progress=progress,
            )
    except OSError as error:
        raise click.UsageError(f"{out}: cannot be written: {error.strerror or error}") from error
    taken = time.monotonic() - begin
    beside = f", the truth in {truth_path(out)}" if truth else ""
    click.echo(f"{out}: {written.lines} lines, {written.size / 1e6:.1f} MB, in {taken:.1f} s{beside}")


@simulate.command()
@_world
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8077, show_default=True, help="0: any free one.")
@click.option("--protocol", type=click.Choice(["3", "4"]), default="3", show_default=True, help="Engine.IO's.")
@click.option("--speed", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True, help="Times real.")
@click.option("--token-life", type=float, default=3600.0, show_default=True, help="Seconds that a token is valid.")
@click.option("--truth", type=click.Path(path_type=Path, dir_okay=False), help="Write what is true to this file.")
def serve(
    agents: int,
    queues: int,
    seed: int,
    faults: Faults,
    host: str,
    port: int,
    protocol: str,
    speed: float,
    token_life: float,
    truth: Path | None,
) -> None:
    """Serve the login API and the socket, as the vendor does, until interrupted.

    \b
    Examples:
      calltrack simulate serve
      calltrack simulate serve --protocol 4 --port 9000 --speed 10 --faults all
    """
    import asyncio

    from calltrack.simulate.plan import Plan

    options = {
        "host": host,
        "port": port,
        "speed": speed,
        "token_life": token_life,
        "faults": faults,
        "seed": seed,
    }
    try:
        asyncio.run(_serve(Plan(agents=agents, queues=queues), 4 if protocol == "4" else 3, truth, options))
    except KeyboardInterrupt:
        click.echo("stopped")
    except OSError as error:
        raise click.ClickException(f"cannot serve on {host}:{port}: {error.strerror or error}") from error


async def _serve(plan: Plan, protocol: Any, truth: Path | None, options: dict[str, Any]) -> None:
    from contextlib import nullcontext

    import msgspec

    from calltrack.simulate.server import Simulator

    with truth.open("wb") if truth else nullcontext() as file:

        def witness(_: Any, true: Any) -> None:
            if file:
                file.write(msgspec.json.encode(true) + b"\n")

        async with Simulator(plan, protocol=protocol, witness=witness, **options) as simulator:
            mine = simulator.credentials
            click.echo(f"serving on {simulator.url}, Engine.IO {protocol}; stop with Ctrl-C")
            click.echo(f"  login API  {simulator.login_url}")
            click.echo(f"  account    {mine.username}, password {mine.password}")
            click.echo(f"  agent      SIP00001@agents.example, password {mine.password}")
            click.echo(f"  token      {mine.token}")
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
    told = time.monotonic()

    def tell(done: float, lines: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _EVERY:
            told = time.monotonic()
            click.echo(f"{done:.1f} of {hours:g} h, {lines} lines", err=True)

    yield tell
