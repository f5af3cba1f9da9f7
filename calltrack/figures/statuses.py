"""The stretches of agents' statuses, extension by extension."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from calltrack.core.records import Extension, Id, Seconds
from calltrack.figures.rows import AgentStateRow


class Statuses:
    """`live` has the running stretch of each extension, `over` the ones before."""

    def __init__(self, over: Iterable[AgentStateRow] = (), live: Iterable[AgentStateRow] = ()) -> None:
        self.over = list(over)
        self.live = {row.exten_user: row for row in live}

    def confirm(self, exten_user: str, at: Seconds | None) -> None:
        """Something changed at an extension, and its status did not."""
        row = self.live.get(exten_user)
        if row is not None and at is not None and (row.confirmed_at is None or at > row.confirmed_at):
            self.live[exten_user] = replace(row, confirmed_at=at)

    def begin(self, known: Extension, since: Seconds | None) -> None:
        """An extension is seen for the first time."""
        self.live[known.exten_user] = AgentStateRow(
            known.exten_user,
            known.account_id,
            known.agent_id,
            known.agent_name,
            known.agent_status,
            known.agent_status_name,
            since,
        )

    def end(self, exten_user: str, at: Seconds | None) -> None:
        """An extension is not monitored any more."""
        if (row := self.live.pop(exten_user, None)) is not None:
            self.over.append(replace(row, until=at))

    def cut(self, exten_user: str, at: Seconds | None, **news: Id) -> None:
        """End the running stretch and begin the next; one without length leaves no row."""
        row = self.live.get(exten_user)
        if row is None:
            row = AgentStateRow(exten_user, None, None, "", None, "", at)
        elif at is not None and row.since is not None and at > row.since:
            self.over.append(replace(row, until=at))
            row = replace(row, since=at, confirmed_at=None)
        self.live[exten_user] = replace(row, **news)

    def belong(self, exten_user: str, account_id: Id) -> None:
        """The account of an extension, by a leg or a snapshot: it can move to another, and no change says so."""
        row = self.live.get(exten_user)
        if row is not None and account_id is not None and row.account_id != account_id:
            self.live[exten_user] = replace(row, account_id=account_id)

    def revise(self, exten_user: str, since: Seconds | None) -> None:
        """The running stretch began at another time, and the one before ended then."""
        row = self.live.get(exten_user)
        if row is None or since is None:
            return
        self.live[exten_user] = replace(row, since=since)
        for index in range(len(self.over) - 1, -1, -1):
            before = self.over[index]
            if before.exten_user == exten_user and before.until == row.since:
                self.over[index] = replace(before, until=since)
                if before.since is not None and before.since >= since:
                    del self.over[index]
                return

    def drop(self, now: Seconds | None, before: Seconds | None = None) -> tuple[AgentStateRow, ...]:
        """Forget the stretches that ended before a moment, or all, and return them.

        One that ends after `now` was cut by a stamp that is not believed yet; it stays.
        """

        def final(row: AgentStateRow) -> bool:
            if row.until is None:
                return True
            return (now is None or row.until <= now) and (before is None or row.until < before)

        dropped = tuple(row for row in self.over if final(row))
        self.over = [row for row in self.over if not final(row)]
        return dropped
