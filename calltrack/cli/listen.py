"""`calltrack listen`: the live changes to standard output, for pipes."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING

import click

from calltrack.cli.account import account_option, account_words
from calltrack.cli.service import LiveOptions, accounts_option, service_options
from calltrack.cli.signals import interruptible
from calltrack.cli.terminal import colourful, exact, tz_options

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo
    from pathlib import Path

    from calltrack.core.changes import Change


@click.command("listen", short_help="Print changes as they happen, one line each, for pipes.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@account_option
@tz_options
@accounts_option
@service_options
def command(form: str, config: Path | None, tz: tzinfo | None, accounts: Path | None, live: LiveOptions) -> None:
    """Print changes as they happen, one line each, until Ctrl-C (exit code 0).

    The login comes from the environment, never from the command line, which others can read: CALLTRACK_TOKEN, or
    CALLTRACK_EMAIL and CALLTRACK_PASSWORD, or CALLTRACK_USERNAME and CALLTRACK_PASSWORD. With --accounts each line
    begins with the account's name, or in JSON is {"account": ..., "change": {...}}.

    A reader that is too slow for the stream gets a "Missed" line, with what it missed and in JSON the state.

    \b
    Examples:
      calltrack listen
      calltrack listen --json --credentials ~/.calltrack | jq 'select(.change == "CallEnded")'
      calltrack listen --accounts accounts.toml --json
    """
    own, zone = account_words(config, tz)
    # In a thread, for a pipe may block: its reader can be slow without the server noticing.
    # Ctrl-C is how one ends this, not a failure: 0, as `simulate serve` does.
    with suppress(KeyboardInterrupt), interruptible():
        if accounts is None:
            _one(form, zone, own, live)
        else:
            _many(form, zone, own, accounts, live)


def _one(form: str, zone: tzinfo | None, own: dict[int, str], live: LiveOptions) -> None:
    from calltrack.live import listen

    lines = _Lines(form, zone, own)
    with listen(**live.service()) as stream:
        for change in stream:
            lines.write(change, lambda: stream.snapshot().resume.offset_s)


def _many(form: str, zone: tzinfo | None, own: dict[int, str], accounts: Path, live: LiveOptions) -> None:
    from calltrack.live.blocking import InThread
    from calltrack.live.streams import Streams

    streams = Streams(live.accounts(accounts), network=live.network())
    lines = {name: _Lines(form, zone, own, name) for name in streams.streams}
    with InThread(streams) as thread:

        def offset_s(name: str) -> float | None:
            return thread.wait_for(streams.offset_s(name), lambda: None)

        while batch := thread.wait_for(streams.batch(), list):
            for name, change in batch:
                lines[name].write(change, partial(offset_s, name))


class _Lines:
    """Writes the changes of one account to standard output; times are on the clock of `zone`, or the stream's own.

    own: the account's names of statuses.
    """

    def __init__(self, form: str, zone: tzinfo | None, own: dict[int, str], account: str = "") -> None:
        self._json = form == "json"
        self._zone = zone
        self._own = own
        self._account = account
        self._colour = colourful()

    def write(self, change: Change, offset_s: Callable[[], float | None]) -> None:
        """Write a change; `offset_s` says the stream's offset."""
        import msgspec

        from calltrack.figures.days import zone_of
        from calltrack.words.statuses import named_changes

        (change,) = named_changes((change,), self._own)
        if self._json:
            record = {"account": self._account, "change": change} if self._account else change
            text = exact(msgspec.json.encode(record).decode())
        else:
            if self._zone is None and (found := offset_s()) is not None:
                self._zone = zone_of(found)
            text = _line(change, self._colour, self._zone or UTC)
            text = f"{self._account} {text}" if self._account else text
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _line(change: Change, colour: bool, zone: tzinfo) -> str:
    from calltrack.live import Missed
    from calltrack.words.sentences import line

    text = line(change, colour, zone)
    return f"{text} {change.count} changes: this reader is too slow" if isinstance(change, Missed) else text
