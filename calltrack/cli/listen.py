"""`calltrack listen`: the live changes to standard output, for pipes."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING

import click

from calltrack.cli.service import LiveOptions, service_options
from calltrack.cli.signals import interruptible
from calltrack.cli.terminal import colourful, tz_options

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.core.changes import Change


@click.command("listen", short_help="Tell what happens as it happens, one line per change, for pipes.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@tz_options
@service_options
def command(form: str, tz: tzinfo | None, live: LiveOptions) -> None:
    """Tell what happens as it happens: one line per change, until Ctrl-C (exit code 0).

    The login comes from the environment, never from the command line, which others can read: CALLTRACK_TOKEN, or
    CALLTRACK_EMAIL and CALLTRACK_PASSWORD, or CALLTRACK_USERNAME and CALLTRACK_PASSWORD.

    A reader that is too slow for the stream gets a "Missed" line, with what it missed and in JSON the state.

    \b
    Examples:
      calltrack listen
      calltrack listen --json --credentials ~/.calltrack | jq 'select(.change == "CallEnded")'
      calltrack listen --login-url http://127.0.0.1:8077
    """
    import msgspec

    from calltrack.figures.days import zone_of
    from calltrack.live import listen

    stream = listen(**live.service())
    output, colour = sys.stdout, colourful()
    # The blocking twin, for a pipe may block: its reader can be slow without the server noticing.
    # Ctrl-C is how one ends this, not a failure: 0, as `simulate serve` does.
    zone = tz
    with suppress(KeyboardInterrupt), interruptible(), stream:
        for change in stream:
            if zone is None and form == "text" and (offset_s := stream.snapshot().resume.offset_s) is not None:
                zone = zone_of(offset_s)
            told = msgspec.json.encode(change).decode() if form == "json" else _line(change, colour, zone or UTC)
            output.write(f"{told}\n")
            output.flush()


def _line(change: Change, colour: bool, zone: tzinfo) -> str:
    from calltrack.live import Missed
    from calltrack.words.sentences import line

    told = line(change, colour, zone)
    return f"{told} {change.count} changes: this reader is too slow" if isinstance(change, Missed) else told
