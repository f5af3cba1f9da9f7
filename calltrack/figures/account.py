"""An account's own words and hours, as the tables of a configuration file have them: `[account]` and `[[team]]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from calltrack.figures.opening import Opening
from calltrack.figures.shapes import Options, Team

_Name = Annotated[str, Meta(min_length=1, max_length=80)]
STATUS_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)
"""A status as a key of a table; what numbers there are is the vendor's to say."""


class AccountTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[account]`: what the account calls its statuses, by number, which are which, and when it is open."""

    statuses: dict[str, _Name] = {}
    available: tuple[int, ...] = Options().available
    wrap_up: tuple[int, ...] = ()
    open: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()

    def faults(self) -> Iterator[str]:
        """What cannot be meant, in words."""
        for number in self.statuses:
            if not STATUS_NUMBER.fullmatch(number):
                yield f"statuses: {number!r} is no number of a status"
        try:
            Opening(self.open, self.holidays)
        except ValueError as error:
            yield str(error)


class TeamTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[team]]`: agents by their ids, at any extension, and extensions by their SIP names, with any agent."""

    name: _Name
    agents: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()


def options_of(account: AccountTable | None, teams: list[TeamTable], zone: str = "") -> Options:
    """What figures are asked for with them; `zone` is the account's IANA name, "" for the stream's own offset."""
    account = account or AccountTable()
    return Options(
        available=account.available,
        wrap_up=account.wrap_up,
        status_names=tuple(sorted((int(number), name) for number, name in account.statuses.items())),
        teams=tuple(Team(one.name, one.agents, one.extensions) for one in teams),
        open=account.open,
        holidays=account.holidays,
        zone=zone if account.open or account.holidays else "",
    )
