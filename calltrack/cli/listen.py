"""`calltrack listen`: the live changes to standard output, for pipes."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, cast

import click

from calltrack.cli.terminal import colourful

if TYPE_CHECKING:
    from calltrack.changes import Change


@click.command("listen", short_help="Tell what happens as it happens, one line per change, for pipes.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option(
    "--credentials",
    "path",
    metavar="FILE",
    help="Lines NAME=value with the names below; nobody else may be able to read it.",
)
@click.option("--login-url", metavar="URL", help="Host of the login API, if it is not the vendor's.")
@click.option(
    "--server",
    "servers",
    metavar="URL",
    multiple=True,
    help="Server to take if the login API names none; without --login-url a token goes there as it is. Repeatable.",
)
@click.option("--protocol", type=click.Choice(["3", "4"]), help="Engine.IO's, if the login answer is not to decide.")
def command(form: str, path: str | None, login_url: str | None, servers: tuple[str, ...], protocol: str | None) -> None:
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

    from calltrack.live import (
        DEFAULT_SERVERS,
        Endpoints,
        Token,
        credentials_from_env,
        credentials_from_file,
        listen,
    )

    credentials = credentials_from_file(path) if path else credentials_from_env()
    if servers and not login_url and isinstance(credentials, Token):
        credentials = Token(credentials.token, use_login_api=False)
    stream = listen(
        credentials=credentials,
        endpoints=Endpoints.older(login_url) if login_url else None,
        servers=servers or DEFAULT_SERVERS,
        protocol=cast(Literal[3, 4], int(protocol)) if protocol else None,
    )
    output, colour = sys.stdout, colourful()
    # The blocking twin, for a pipe may block: its reader can be slow without the server noticing.
    # Ctrl-C is how one ends this, not a failure: 0, as `simulate serve` does.
    with suppress(KeyboardInterrupt), stream:
        for change in stream:
            told = msgspec.json.encode(change).decode() if form == "json" else _line(change, colour)
            output.write(f"{told}\n")
            output.flush()


def _line(change: Change, colour: bool) -> str:
    from calltrack.live import Missed
    from calltrack.story import line

    told = line(change, colour)
    return f"{told} {change.count} changes: this reader is too slow" if isinstance(change, Missed) else told
