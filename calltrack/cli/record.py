"""`calltrack record`: what the live service sends, into a file."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import click

from calltrack.cli.recorded import AllRecorded, Recorded
from calltrack.cli.redact import key_option, redactor
from calltrack.cli.service import LiveOptions, accounts_option, service_options
from calltrack.cli.signals import interruptible
from calltrack.cli.terminal import SIZE, SPAN
from calltrack.words.values import safe

_PLACE = "{account}"


@click.command("record", short_help="Record what the live service sends.")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--redact", is_flag=True, help="Replace names and numbers before anything is written.")
@key_option
@click.option("--rotate-size", type=SIZE, metavar="SIZE", help="Begin a new file at this size on disk: 100MB, 1GB.")
@click.option("--rotate-every", type=SPAN, metavar="TIME", help="Begin a new file after this time: 30m, 1h, 1d.")
@click.option(
    "--keep", type=click.IntRange(1, 1_000_000), metavar="N", help="Keep the newest N ended files. Default: all."
)
@accounts_option
@service_options
def command(
    out: Path,
    redact: bool,
    key_file: Path | None,
    rotate_size: float | None,
    rotate_every: float | None,
    keep: int | None,
    accounts: Path | None,
    live: LiveOptions,
) -> None:
    """Record every frame of the live service to OUT, with the time of receipt, until interrupted; compressed if OUT
    ends in .gz or .zst. A lost connection is a frame too. On a full disk the recording waits for room and goes on; it
    contains the number of missing frames. If the process is killed, everything older than a second is in the file. An
    existing file, and each file that rotation ends, is renamed to OUT.0001, OUT.0002, ...

    \b
    The login: CALLTRACK_TOKEN; CALLTRACK_EMAIL and CALLTRACK_PASSWORD; or CALLTRACK_USERNAME and
    CALLTRACK_PASSWORD, from the environment or from a file that is yours alone (chmod 600). With
    --accounts there is a recording for each account: OUT has {account} in it, which stands for the
    name.

    \b
    Examples:
      calltrack record day.jsonl.zst --credentials ~/.calltrack
      calltrack record day.jsonl.gz --rotate-every 1h --keep 48
      calltrack record shared.jsonl --redact
      calltrack record 'recordings/{account}.jsonl.zst' --accounts accounts.toml --rotate-every 1d
    """
    from calltrack.live import LiveError, LoginApi
    from calltrack.live.accounts import LOGINS_PER_S, AccountLogin
    from calltrack.live.spoken import spoken
    from calltrack.live.timing import Pace
    from calltrack.recordings.writer import RecordingWriter, encode, line_of

    if key_file is not None and not redact:
        raise click.UsageError("--key-file is for --redact")
    if (accounts is not None) != (_PLACE in str(out)):
        raise click.UsageError(f"--accounts and {_PLACE} in OUT go together: a recording for each account")
    line = line_of
    if redact:
        change = redactor(key_file).frame
        line = lambda frame: encode(*change(*spoken(frame)), frame.at)  # noqa: E731
    size = None if rotate_size is None else int(rotate_size)

    def opened(path: Path) -> RecordingWriter:
        return RecordingWriter(path, rotate_size=size, rotate_every=rotate_every, keep=keep)

    try:
        if accounts is None:
            api = LoginApi(**live.service())
            recordings = [Recorded(lambda: opened(out), line, api, api.network)]
        else:
            network, pace = live.network(), Pace(LOGINS_PER_S)
            recordings = [
                Recorded(
                    partial(opened, Path(str(out).replace(_PLACE, name))),
                    line,
                    AccountLogin(definition, pace, network),
                    network,
                    name,
                )
                for name, definition in live.accounts(accounts).items()
            ]
        status = AllRecorded(recordings)
        _run(status)
    except LiveError as error:
        click.echo(f"calltrack: {safe(error)}", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"calltrack: {out}: cannot be written: {error.strerror}", err=True)
        sys.exit(2)
    click.echo(f"{out}: {status.amount()}", err=True)


def _run(status: AllRecorded) -> None:
    """Record until SIGINT, SIGTERM or SIGHUP; raises what a recording does."""
    from rich.console import Console

    from calltrack.serve.systemd import notify

    # Standard error passes through the status line's console meanwhile, so that the log does not break it.
    with (
        suppress(KeyboardInterrupt),
        interruptible(),
        Console(stderr=True, highlight=False, markup=False).status(str(status)) as shown,
    ):
        asyncio.run(status.run(lambda: shown.update(str(status))))
    notify("STOPPING=1")
