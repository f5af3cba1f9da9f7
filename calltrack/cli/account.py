"""The account's own words and hours for a command that needs nothing else of a configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli.configuration import read_toml

if TYPE_CHECKING:
    from datetime import tzinfo

    from calltrack.figures import Options

account_option = click.option(
    "--config",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The account's own words and hours: [account] and [[team]] of a configuration file (docs/configuration.md).",
)
"""--config, for `account_options` or `account_words`."""


def account_options(file: Path | None, zone: str | None) -> tuple[Options, str]:
    """How figures are counted by `[account]` and `[[team]]` of a file, and the zone that is named: given, or in it.

    Everything else in the file is for `calltrack serve`. Raises click.ClickException.
    """
    import msgspec

    from calltrack.figures.account import AccountTable, TeamTable, options_of

    document = read_toml(file, click.ClickException) if file is not None else {}
    try:
        account = msgspec.convert(document.get("account", {}), AccountTable)
        teams = msgspec.convert(document.get("team", []), list[TeamTable])
    except msgspec.ValidationError as error:
        raise click.ClickException(f"{file}: {error}") from None
    if fault := next(account.faults(), ""):
        raise click.ClickException(f"{file}: account: {fault}")
    named = zone or document.get("zone") or ""
    return options_of(account, teams, str(named)), str(named)


def account_words(file: Path | None, zone: tzinfo | None) -> tuple[dict[int, str], tzinfo | None]:
    """The account's names of statuses by number, and the clock on which times are shown: given, or in the file."""
    from calltrack.figures.days import UnknownZone, zone_named

    options, named = account_options(file, None)
    try:
        return dict(options.status_names), zone or (zone_named(named) if named else None)
    except UnknownZone as error:
        raise click.ClickException(f"{file}: zone: {error}") from None
