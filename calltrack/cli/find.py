"""`calltrack find`: the calls of a recording that words name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from calltrack.cli.terminal import recording_argument, strict_option, tz_options

if TYPE_CHECKING:
    from datetime import tzinfo


@click.command("find", short_help="List the calls that an id, a number, a name, an extension or a time names.")
@recording_argument
@click.argument("words", nargs=-1, required=True)
@tz_options
@strict_option
def command(recording: str, words: tuple[str, ...], tz: tzinfo | None, strict: bool) -> None:
    """List the calls of RECORDING that match every one of WORDS: a call's id or its start or end, a phone number in any
    notation, a name of an agent or a caller, an extension, or a time of day such as 12:50 (on the stream's clock).

    \b
    Examples:
      calltrack find events.jsonl 050-1234567
      calltrack find events.jsonl Dana 12:50
    """
    from calltrack.cli.found import Found, listed

    found = Found(recording, words, strict=strict, zone=tz)
    for line in listed(found.matches, found.zone, found.snapshot.time, None):
        click.echo(line)
    found.reader.finish()
