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
@click.option("--json", "as_json", is_flag=True, help="As JSON lines: one object per call, times with their offset.")
@tz_options
@strict_option
def command(recording: str, words: tuple[str, ...], as_json: bool, tz: tzinfo | None, strict: bool) -> None:
    """List the calls of RECORDING that match every one of WORDS: a call's id or its start or end, a phone number in any
    notation, a name of an agent or a caller, an extension, or a time of day such as 12:50 (on the stream's clock).

    \b
    Examples:
      calltrack find events.jsonl 050-1234567
      calltrack find events.jsonl Dana 12:50
      calltrack find events.jsonl 050-1234567 --json | jq -r .call_id
    """
    from calltrack.cli.found import Found, as_lines, listed

    found = Found(recording, words, strict=strict, zone=tz)
    lines = as_lines(found.matches, found.zone) if as_json else None
    for line in lines or listed(found.matches, found.zone, found.snapshot.time, None):
        click.echo(line)
    found.reader.finish()
