"""`calltrack record`: what the live service sends, into a file."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli.redact import key_option, redactor
from calltrack.cli.service import LiveOptions, service_options
from calltrack.cli.signals import interruptible
from calltrack.cli.terminal import SIZE, SPAN
from calltrack.words.values import safe

if TYPE_CHECKING:
    from calltrack.live import Supervisor
    from calltrack.live.health import Health
    from calltrack.recordings.recorder import Recorder
    from calltrack.recordings.writer import RecordingWriter

_TICK = 0.5  # s between two looks; half of what may be lost to a kill


class _Status:
    """What is known of the recording that goes on, for its line on the terminal."""

    def __init__(self, writer: RecordingWriter, recorder: Recorder, health: Callable[[], Health]):
        self._writer = writer
        self._recorder = recorder
        self._health = health

    def __str__(self) -> str:
        trouble = f"; {self._recorder.trouble}, waiting for room" if self._recorder.trouble else ""
        return f"{safe(self._health())}; {self.amount()}{trouble}"

    def amount(self) -> str:
        """How much is recorded."""
        files = f" in {self._writer.files} files" if self._writer.files > 1 else ""
        missing = f", {self._recorder.missing} frames missing" if self._recorder.missing else ""
        return f"{self._writer.frames} frames, {self._writer.size / 1e6:.1f} MB{files}{missing}"


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
    live: LiveOptions,
) -> None:
    """Record every frame of the live service to OUT, with the time of receipt, until interrupted; compressed if OUT
    ends in .gz or .zst. A lost connection is a frame too. On a full disk the recording waits for room and goes on; it
    contains the number of missing frames. If the process is killed, everything older than a second is in the file. An
    existing file, and each file that rotation ends, is renamed to OUT.0001, OUT.0002, ...

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
    from calltrack.live.spoken import spoken
    from calltrack.recordings.recorder import Recorder
    from calltrack.recordings.writer import RecordingWriter, encode, line_of

    if key_file is not None and not redact:
        raise click.UsageError("--key-file is for --redact")
    line = line_of
    if redact:
        change = redactor(key_file).frame
        line = lambda frame: encode(*change(*spoken(frame)), frame.at)  # noqa: E731
    try:
        api = LoginApi(**live.service())
        size = None if rotate_size is None else int(rotate_size)
        with RecordingWriter(out, rotate_size=size, rotate_every=rotate_every, keep=keep) as writer:
            recorder = Recorder(writer, line, lambda: supervisor.resync())
            supervisor = Supervisor(api, on_frame=recorder.take, network=api.network)
            status = _Status(writer, recorder, lambda: supervisor.health)
            _run(supervisor, recorder, out, status)
    except LiveError as error:
        click.echo(f"calltrack: {safe(error)}", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"calltrack: {out}: cannot be written: {error.strerror}", err=True)
        sys.exit(2)
    click.echo(f"{out}: {status.amount()}", err=True)


def _run(supervisor: Supervisor, recorder: Recorder, out: Path, status: _Status) -> None:
    """Record until SIGINT, SIGTERM or SIGHUP; raises what the supervisor or the writer does."""
    from rich.console import Console

    from calltrack.serve.systemd import notify

    # Standard error passes through the status line's console meanwhile, so that the log does not break it.
    with (
        suppress(KeyboardInterrupt),
        interruptible(),
        Console(stderr=True, highlight=False, markup=False).status(str(status)) as shown,
    ):
        asyncio.run(_recording(supervisor, recorder, out, lambda: shown.update(str(status))))
    notify("STOPPING=1")


async def _recording(supervisor: Supervisor, recorder: Recorder, out: Path, tell: Callable[[], None]) -> None:
    from calltrack.serve.systemd import notify, watchdog

    async def tick() -> None:
        trouble = ""
        while True:
            await asyncio.sleep(_TICK)
            recorder.flush()
            if recorder.trouble != trouble:
                trouble = recorder.trouble
                said = f"{trouble}: waiting for room" if trouble else "written again"
                click.echo(f"calltrack: {out}: {said}", err=True)
            tell()

    # Ready before there is a connection: a login API that is down must not fail the start.
    notify("READY=1")
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(supervisor.run())
            tasks.create_task(tick())
            tasks.create_task(watchdog())
    except BaseExceptionGroup as group:
        failure = group.exceptions[0]
    raise failure
