"""`calltrack watch`: the live board."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from calltrack.cli.account import account_option, account_words
from calltrack.cli.replay import SpeedParam
from calltrack.cli.service import LiveOptions, service_options
from calltrack.cli.terminal import tz_options

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.feed.source import Source


@click.command("watch", short_help="Watch agents, calls and queues on a live board.")
@click.argument("recording", metavar="[RECORDING]", required=False)
@click.option("--replay", metavar="RECORDING", help="The same, as other commands have it.")
@click.option(
    "--speed", type=SpeedParam(), default="real", show_default=True, help="Of a recording: max, real, or 10x."
)
@account_option
@tz_options
@service_options
def command(
    recording: str | None,
    replay: str | None,
    speed: float,
    config: Path | None,
    tz: tzinfo | None,
    live: LiveOptions,
) -> None:
    """Watch agents, calls and queues on a live board in the terminal; "h" there shows the keys.

    It plays the RECORDING, or shows the live service. The login for that comes from the environment, or from a file
    with the same lines: CALLTRACK_TOKEN=…, or CALLTRACK_EMAIL=… and CALLTRACK_PASSWORD=…, or CALLTRACK_USERNAME=… and
    CALLTRACK_PASSWORD=….

    \b
    Examples:
      calltrack watch
      calltrack watch --credentials ~/.config/calltrack
      calltrack watch events.jsonl --speed 10x
    """
    if recording is not None and replay is not None:
        raise click.UsageError("one recording: as the argument, or with --replay")
    recording = replay if recording is None else recording
    if recording is not None and live:
        raise click.UsageError("a recording needs no login: leave out --credentials, --login-url, --server, --protocol")
    if recording == "-":
        raise click.UsageError("the board takes its keys from standard input, so a recording has to be a file")
    for stream, name in ((sys.stdout, "output"), (sys.stdin, "input"), (sys.stderr, "error")):
        if not stream.isatty():
            _fail(f"watch draws on a terminal, and standard {name} is none; calltrack replay writes lines")
    from calltrack.tui.app import Board

    names, zone = account_words(config, tz)
    board = Board(_live(live) if recording is None else _replay(recording, speed), names=names, zone=zone)
    board.run()
    if board.failure is not None:
        from calltrack.live import LiveError

        if not isinstance(board.failure, LiveError):
            raise board.failure
        _fail(str(board.failure))


def _live(live: LiveOptions) -> Source:
    from calltrack.feed.source import Live
    from calltrack.live import LiveError, LoginApi

    # On a terminal that is drawn on, no warning may be printed; the board's status has it.
    logging.getLogger("calltrack.live").addHandler(logging.NullHandler())
    try:
        return Live(LoginApi(**live.service()))
    except LiveError as error:
        _fail(str(error))


def _replay(path: str, speed: float) -> Source:
    from calltrack.feed.source import Replay
    from calltrack.recordings.recording import Recording

    # Lines that are no frames are counted in the board's status; here there is nowhere to report them to.
    return Replay(Recording(path, on_bad=lambda bad: None), speed)


def _fail(text: str) -> NoReturn:
    click.echo(f"calltrack: {text}", err=True)
    sys.exit(2)
