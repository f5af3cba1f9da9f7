"""`calltrack record`: what the live service sends, into a file."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from calltrack.cli.redact import key_option, redactor
from calltrack.cli.service import service, service_options
from calltrack.cli.terminal import SIZE, SPAN
from calltrack.words.values import safe

if TYPE_CHECKING:
    from calltrack.live import Supervisor
    from calltrack.recordings.writer import RecordingWriter

_TICK = 0.5  # s between two looks; half of what may be lost to a kill


class _Status:
    """What is known of the recording that goes on, for its line on the terminal."""

    def __init__(self, writer: RecordingWriter):
        self._writer = writer
        self._connection = "connecting"

    def see(self, event: str, payload: Any) -> None:
        """Take note of a connection fact."""
        if event == "connect":
            self._connection = f"connected to {safe(payload['server'])}"
        elif event == "disconnect":
            self._connection = f"connection lost: {safe(payload['reason'])}"

    def __str__(self) -> str:
        return f"{self._connection}; {self.amount()}"

    def amount(self) -> str:
        """How much is recorded."""
        files = f" in {self._writer.files} files" if self._writer.files > 1 else ""
        return f"{self._writer.frames} frames, {self._writer.size / 1e6:.1f} MB{files}"


@click.command("record", short_help="Record what the live service sends.")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--redact", is_flag=True, help="Replace names and numbers before anything is written.")
@key_option
@click.option("--rotate-size", type=SIZE, metavar="SIZE", help="Begin a new file at this size on disk: 100MB, 1GB.")
@click.option("--rotate-every", type=SPAN, metavar="TIME", help="Begin a new file after this time: 30m, 1h, 1d.")
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="Keep the newest N ended files. Default: all.")
@service_options
def command(
    out: Path,
    redact: bool,
    key_file: Path | None,
    rotate_size: float | None,
    rotate_every: float | None,
    keep: int | None,
    credentials: Path | None,
    login_url: str | None,
    servers: tuple[str, ...],
    protocol: str | None,
) -> None:
    """Record every frame of the live service to OUT, with the time it was received, until interrupted; compressed if
    OUT ends in .gz or .zst. A lost connection is a frame too. If the process is killed, what is older than a second is
    in the file. A file that is there already, and each one that rotation ends, goes on as OUT.0001, OUT.0002, ...

    \b
    The login: CALLTRACK_TOKEN; CALLTRACK_EMAIL and CALLTRACK_PASSWORD; or CALLTRACK_USERNAME and
    CALLTRACK_PASSWORD, from the environment or from a file that is yours alone (chmod 600).

    \b
    Examples:
      calltrack record day.jsonl.zst --credentials ~/.calltrack
      calltrack record day.jsonl.gz --rotate-every 1h --keep 48
      calltrack record shared.jsonl --redact
    """
    from calltrack.live import LiveError, LoginApi, Supervisor
    from calltrack.recordings.writer import RecordingWriter

    if key_file is not None and not redact:
        raise click.UsageError("--key-file is for --redact")
    change: Callable[[str, Any], tuple[str, Any]] = redactor(key_file).frame if redact else lambda *frame: frame
    try:
        api = LoginApi(**service(credentials, login_url, servers, protocol))
        size = None if rotate_size is None else int(rotate_size)
        with RecordingWriter(out, rotate_size=size, rotate_every=rotate_every, keep=keep) as writer:
            status = _Status(writer)

            def received(event: str, payload: Any, at: float) -> None:
                status.see(event, payload)
                writer.write(*change(event, payload), at)

            _run(Supervisor(api, received), writer, status)
    except LiveError as error:
        click.echo(f"calltrack: {safe(error)}", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"calltrack: {out}: cannot be written: {error.strerror}", err=True)
        sys.exit(2)
    click.echo(f"{out}: {status.amount()}", err=True)


def _run(supervisor: Supervisor, writer: RecordingWriter, status: _Status) -> None:
    """Record until SIGINT or SIGTERM; raises what the supervisor or the writer does."""
    from rich.console import Console

    # One way to stop: asyncio.run makes of SIGINT a cancelled task and a KeyboardInterrupt.
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        # Standard error passes through the status line's console meanwhile, so that the log does not break it.
        with Console(stderr=True, highlight=False, markup=False).status(str(status)) as shown:
            asyncio.run(_recording(supervisor, writer, lambda: shown.update(str(status))))
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


async def _recording(supervisor: Supervisor, writer: RecordingWriter, tell: Callable[[], None]) -> None:
    async def tick() -> None:
        while True:
            await asyncio.sleep(_TICK)
            writer.flush()
            tell()

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(supervisor.run())
            tasks.create_task(tick())
    except BaseExceptionGroup as group:
        failure = group.exceptions[0]
    raise failure
