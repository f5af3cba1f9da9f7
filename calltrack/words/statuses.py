"""The account's own names of agent statuses, put into what is shown: `statuses` of `[account]` in the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from calltrack.core import changes as ch
from calltrack.core.changes import Change
from calltrack.core.records import Extension
from calltrack.core.snapshot import Snapshot
from calltrack.figures.rows import AgentStateRow

Names = Mapping[int, str]
"""Names by the number of the status; a number without one keeps its usual name."""


def named_snapshot(snapshot: Snapshot, names: Names) -> Snapshot:
    """A snapshot whose extensions have the account's names of statuses."""
    return replace(snapshot, extensions=tuple(_named(one, names) for one in snapshot.extensions)) if names else snapshot


def named_changes(changes: Iterable[Change], names: Names) -> tuple[Change, ...]:
    """Changes with the account's names of statuses."""
    return tuple(_changed(one, names) for one in changes) if names else tuple(changes)


def named_rows(rows: Iterable[Struct], names: Names) -> Iterator[Struct]:
    """Rows of tables with the account's names of statuses."""
    for row in rows:
        if isinstance(row, AgentStateRow) and row.status is not None and row.status in names:
            row = replace(row, status_name=names[row.status])
        yield row


def _changed(change: Change, names: Names) -> Change:
    if isinstance(change, ch.AgentStatusChanged) and change.new is not None:
        return replace(change, name=names.get(change.new, change.name))
    if isinstance(change, ch.ExtensionAppeared):
        return replace(change, extension=_named(change.extension, names))
    return change


def _named(known: Extension, names: Names) -> Extension:
    name = None if known.agent_status is None else names.get(known.agent_status)
    return known if name is None else replace(known, agent_status_name=name)
