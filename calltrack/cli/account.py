"""The account's own words and hours for a command that needs nothing else of a configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calltrack.cli.configuration import read_toml

if TYPE_CHECKING:
    from calltrack.figures import Options


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
