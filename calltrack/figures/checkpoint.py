"""Everything that facts hold, as a value: to store beside a tracker's snapshot, and to go on from."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from calltrack.core.errors import NotASnapshot
from calltrack.core.records import Gap, Seconds
from calltrack.figures.calls import OpenCall
from calltrack.figures.rows import AgentStateRow, Id, Rows, joined

FORMAT = 3


class Presence(Struct, frozen=True):
    """A stretch in which an extension was monitored; `until` is None while it is."""

    exten_user: str
    since: Seconds | None
    until: Seconds | None = None


class Names(Struct, frozen=True):
    """What things are called, newest names by id; the changes have the names of agents alone."""

    queues: dict[str, str] = {}
    extensions: dict[str, str] = {}
    agents: dict[str, str] = {}
    campaigns: dict[str, str] = {}

    def call(self, agent_id: Id, name: str) -> None:
        """An agent is called this now."""
        if agent_id is not None and name:
            self.agents[str(agent_id)] = name

    def copy(self) -> Names:
        """The same as a value of its own."""
        return Names(dict(self.queues), dict(self.extensions), dict(self.agents), dict(self.campaigns))


class Accounts(Struct, frozen=True):
    """Whose calls waited in which queue, and all accounts seen: whose a call is that never reached an agent."""

    queues: dict[str, list[Id]] = {}
    seen: list[Id] = []

    def learn(self, account_id: Id, queues: Iterable[str] = ()) -> None:
        """A call of this account waited in these queues."""
        if account_id is None:
            return
        known = [self.seen, *[self.queues.setdefault(queue, []) for queue in queues]]
        for accounts in known:
            if not any(str(one) == str(account_id) for one in accounts):
                accounts.append(account_id)

    def of(self, queue_id: str) -> Id:
        """The account of a queue: that of its calls which reached an agent, else the stream's only one."""
        accounts = self.queues.get(queue_id) or self.seen
        return accounts[0] if len(accounts) == 1 else None

    def copy(self) -> Accounts:
        """The same as a value of its own."""
        return Accounts({queue: list(known) for queue, known in self.queues.items()}, list(self.seen))


class Checkpoint(Struct, frozen=True):
    """Everything that facts hold, to store beside a tracker's snapshot and to go on from.

    `done` is final; `calls` are live or may be corrected, `statuses_over` too; `statuses` last.
    """

    first: Seconds | None
    time: Seconds | None
    offset_s: Seconds | None
    gaps: tuple[Gap, ...]
    presences: tuple[Presence, ...]
    names: Names
    accounts: Accounts
    done: Rows
    calls: tuple[OpenCall, ...] = ()
    statuses_over: tuple[AgentStateRow, ...] = ()
    statuses: tuple[AgentStateRow, ...] = ()
    format: int = FORMAT

    def to_json(self) -> bytes:
        """The whole checkpoint as JSON."""
        return msgspec.json.encode(self)

    def after(self, handed_out: Iterable[Rows]) -> Checkpoint:
        """The checkpoint of facts that had not handed out these rows."""
        return replace(self, done=joined((*handed_out, self.done)))

    @classmethod
    def from_json(cls, text: str | bytes) -> Checkpoint:
        """The checkpoint that `to_json` wrote; raises NotASnapshot if it is not one."""
        try:
            checkpoint = msgspec.json.decode(text, type=Checkpoint)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise NotASnapshot(f"not a checkpoint of facts: {error}") from None
        if checkpoint.format != FORMAT:
            raise NotASnapshot(f"a checkpoint of format {checkpoint.format}, this version reads {FORMAT}")
        return checkpoint
