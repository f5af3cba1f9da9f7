"""What happened, as rows, gathered change by change: the tables that figures are computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self, TypeVar

from msgspec.structs import replace

from calltrack.core import changes
from calltrack.core.changes import Change
from calltrack.core.records import Gap, Id, Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.figures.calls import OpenCall
from calltrack.figures.checkpoint import Accounts, Checkpoint, Names, Presence
from calltrack.figures.contactrows import ContactRow
from calltrack.figures.contacts import Contacts
from calltrack.figures.rows import AgentStateRow, CallRow, LegRow, QueueEntryRow, Rows, joined
from calltrack.figures.statuses import Statuses
from calltrack.figures.window import SILENCE

SILENCE_S = 600
"""A stream without any frame for longer was not observed: a live one is asked for a sign of life every 60 s."""
FINAL_S = 60
"""For so long a change may correct what was handed out (changes.py)."""


class Facts:
    """Rows of calls, legs, queue entries and agent states, and what of the time was observed.

    Memory follows what happened since the last `drop_before` or `hand_out`. `first` and `time` are the server times of
    the first and the last frame, `offset_s` what the account's wall clock was ahead of UTC when `learn` was called.
    """

    def __init__(self) -> None:
        self.first: Seconds | None = None
        self.time: Seconds | None = None
        self.offset_s: Seconds | None = None
        self.gaps: list[Gap] = []
        self.presences: list[Presence] = []
        self.names = Names()
        self.accounts = Accounts()
        self._statuses = Statuses()
        self._done = Rows()  # what no change can touch any more
        self._live: dict[str, OpenCall] = {}
        self._ended: dict[str, OpenCall] = {}  # in the order of their ends: a change may still correct or resume one
        self._here: dict[str, Presence] = {}
        self._rows: Rows | None = None  # all of them, until something changes

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Facts that begin where a tracker is: with all that it knows of the live calls, and no others."""
        facts = cls()
        facts.first = facts.time = at = snapshot.time
        facts.gaps = [gap for gap in snapshot.gaps if gap.until is None]
        facts.learn(snapshot)
        for extension in snapshot.extensions:
            facts._extension_appeared(changes.ExtensionAppeared(snapshot.position, at, extension.exten_user, extension))
        for call in snapshot.calls:
            facts._live[call.call_id] = found = OpenCall.of(call)
            facts.accounts.learn(found.account_id, found.queues)
        return facts

    def apply(self, changes: Iterable[Change], time: Seconds | None = None) -> None:
        """Take the changes of one frame, or of many; `time` is the tracker's after them.

        Frames without changes count too: they show that the stream was there. So call it for every frame, or
        from time to time with no changes.
        """
        for change in changes:
            apply = _APPLY.get(type(change))
            if apply is not None:
                self._rows = None
                apply(self, change)
        self._pass(time)

    def learn(self, snapshot: Snapshot) -> None:
        """Take from a snapshot what no change says: names of queues, extensions and campaigns, accounts, UTC offset."""
        self._rows = None
        queues = {queue.queue_id: queue.name for queue in snapshot.queues if queue.name}
        extensions = {known.exten_user: known.user_name for known in snapshot.extensions if known.user_name}
        campaigns = {known.campaign_id: known.name for known in snapshot.campaigns if known.name}
        names = self.names
        self.names = Names(
            {**names.queues, **queues},
            {**names.extensions, **extensions},
            names.agents,
            {**names.campaigns, **campaigns},
        )
        for known in snapshot.extensions:
            self._statuses.belong(known.exten_user, known.account_id)
        self.offset_s = snapshot.resume.offset_s if snapshot.resume.offset_s is not None else self.offset_s

    def rows(self) -> Rows:
        """All rows, those of what still lasts last; they are made again when something has changed."""
        if self._rows is None:
            calls = [*self._ended.values(), *self._live.values()]
            states = (*self._statuses.over, *self._statuses.live.values())
            self._rows = self.named(joined((self._done, rows_of(calls), Rows(agent_states=states))))
        return self._rows

    @property
    def calls(self) -> Iterable[CallRow]:
        """Every call, the live ones last."""
        return self.rows().calls

    @property
    def legs(self) -> Iterable[LegRow]:
        """Every leg, those of live calls last."""
        return self.rows().legs

    @property
    def queue_entries(self) -> Iterable[QueueEntryRow]:
        """Every stay in a queue, those of live calls last."""
        return self.rows().queue_entries

    @property
    def agent_states(self) -> Iterable[AgentStateRow]:
        """Every stretch of an agent's status, the ones that last come last."""
        return self.rows().agent_states

    @property
    def contacts(self) -> Iterable[ContactRow]:
        """Every contact, in the order in which they began."""
        rows = self.rows()
        return Contacts(rows.calls, rows.legs, rows.queue_entries).rows()

    @property
    def all_presences(self) -> Iterable[Presence]:
        """Every stretch in which an extension was monitored, the ones that last come last."""
        return (*self.presences, *self._here.values())

    def drop_before(self, at: Seconds) -> Rows:
        """Forget what had ended before a moment (UTC epoch s), and return it; the time before counts as unobserved.

        A call that ended in the last minute stays: it can still be corrected. `named` completes the rows.
        """

        def old(end: Seconds | None) -> bool:
            return end is None or end < at

        def final(call: OpenCall) -> bool:
            over, time, learned = call.over, self.time, call.learned
            quiet = time is None or learned is None or time - learned > FINAL_S
            return over is not None and old(over.ended_at) and quiet

        done, self._rows = self._done, None
        dropped = Rows(
            tuple(row for row in done.calls if row.outcome and old(row.ended_at)),
            tuple(row for row in done.legs if row.outcome and old(row.ended_at)),
            tuple(row for row in done.queue_entries if row.outcome and old(row.left_at)),
            tuple(row for row in done.agent_states if old(row.until)),
        )
        self._done = Rows(
            tuple(row for row in done.calls if not (row.outcome and old(row.ended_at))),
            tuple(row for row in done.legs if not (row.outcome and old(row.ended_at))),
            tuple(row for row in done.queue_entries if not (row.outcome and old(row.left_at))),
            tuple(row for row in done.agent_states if not old(row.until)),
        )
        over = [call for call in self._ended.values() if final(call)]
        for call in over:
            del self._ended[call.call_id]
        states = self._statuses.drop(self.time, at)
        self.gaps = [gap for gap in self.gaps if gap.until is None or gap.until >= at]
        self.presences = [one for one in self.presences if not old(one.until)]
        if self.first is not None and self.first < at:
            self.first = at
        return joined((dropped, rows_of(over), Rows(agent_states=states)))

    def hand_out(self, history: int) -> Rows:
        """Forget the rows that no change can touch any more, and return them, to be given to `Checkpoint.after`.

        `history` is how many ended calls the tracker remembers: one of these may be corrected, or come back.
        """
        self._rows = None
        over = [self._ended.pop(call_id) for call_id in list(self._ended)[: max(0, len(self._ended) - history)]]
        rows = joined((self._done, rows_of(over), Rows(agent_states=self._statuses.drop(self.time))))
        self._done = Rows()
        return rows

    def checkpoint(self) -> Checkpoint:
        """Everything held, as a value."""
        calls = tuple(call.copy() for call in (*self._ended.values(), *self._live.values()))
        return Checkpoint(
            self.first,
            self.time,
            self.offset_s,
            tuple(self.gaps),
            tuple(self.all_presences),
            self.names.copy(),
            self.accounts.copy(),
            self._done,
            calls,
            tuple(self._statuses.over),
            tuple(self._statuses.live.values()),
        )

    @classmethod
    def restore(cls, checkpoint: Checkpoint) -> Self:
        """Facts that go on from a checkpoint exactly as the ones that made it would have."""
        facts = cls()
        facts.first, facts.time, facts.offset_s = checkpoint.first, checkpoint.time, checkpoint.offset_s
        facts.gaps, facts.names = list(checkpoint.gaps), checkpoint.names.copy()
        facts.accounts, facts._done = checkpoint.accounts.copy(), checkpoint.done
        facts.presences = [one for one in checkpoint.presences if one.until is not None]
        facts._here = {one.exten_user: one for one in checkpoint.presences if one.until is None}
        for call in checkpoint.calls:
            (facts._live if call.over is None else facts._ended)[call.call_id] = call.copy()
        facts._statuses = Statuses(checkpoint.statuses_over, checkpoint.statuses)
        return facts

    def named(self, rows: Rows) -> Rows:
        """Rows with what is known only later: the newest names of agents, and whose calls never reached one."""
        rows, account = self.named_agents(rows), self.accounts.of
        return replace(
            rows,
            calls=tuple([_owned(row, account) for row in rows.calls]),
            queue_entries=tuple([_owned(row, account) for row in rows.queue_entries]),
        )

    def named_agents(self, rows: Rows) -> Rows:
        """Rows with the newest names of agents."""
        names = self.names.agents
        return replace(
            rows,
            legs=tuple([_called(row, names) for row in rows.legs]),
            agent_states=tuple([_called(row, names) for row in rows.agent_states]),
        )

    # What a change does

    def _pass(self, at: Seconds | None) -> None:
        if at is None or (self.time is not None and at <= self.time):
            return
        if self.time is None:
            self.first = at
        elif at - self.time > SILENCE_S:
            last = self.gaps[-1].until if self.gaps else self.time
            if last is not None and last <= self.time:  # else the silence is part of a lost connection
                self.gaps.append(Gap(self.time, at, SILENCE))
        self.time = at

    def _call(self, change: Any) -> OpenCall | None:
        """The call that a change is about; none if it corrects one that is forgotten."""
        name = change.call_id
        call = self._live.get(name) or self._ended.get(name)
        if call is None and not isinstance(change, changes.LegRevised | changes.WaitRevised | changes.CallRevised):
            call = self._live[name] = OpenCall(name)
        if call is not None:
            call.learned = change.at
        return call

    def _call_started(self, change: changes.CallStarted) -> None:
        if (before := self._ended.pop(change.call_id, None)) is not None:  # the tracker has forgotten that one
            self._done = joined((self._done, rows_of((before,))))
        if (call := self._call(change)) is not None:
            call.caller, call.caller_name, call.did = change.caller, change.caller_name, change.did

    def _call_resumed(self, change: changes.CallResumed) -> None:
        if (call := self._call(change)) is not None:
            call.over = None
            self._ended.pop(call.call_id, None)
            self._live[call.call_id] = call

    def _call_linked(self, change: changes.CallLinked) -> None:
        if (call := self._call(change)) is not None:
            call.related, call.transferred_by = change.related, change.transferred_by or call.transferred_by

    def _call_ended(self, change: changes.CallEnded) -> None:
        if (call := self._call(change)) is not None:
            call.end(change.call)
            self._live.pop(call.call_id, None)
            self._ended[call.call_id] = call

    def _call_revised(self, change: changes.CallRevised) -> None:
        if (call := self._call(change)) is not None:
            call.end(change.call)

    def _leg_changed(self, change: changes.LegChange) -> None:
        if (call := self._call(change)) is not None:
            call.take_leg(change)
            if isinstance(change, changes.LegStarted):
                self._statuses.belong(change.exten_user, change.leg.account_id)
            self._statuses.confirm(change.exten_user, change.at)
            if change.leg.attempt == min(call.legs):
                self.accounts.learn(call.account_id, call.queues)

    def _queue_changed(self, change: changes.QueueChange) -> None:
        if (call := self._call(change)) is not None:
            call.take_wait(change)
            self.accounts.learn(call.account_id, (change.queue_id,))

    def _extension_appeared(self, change: changes.ExtensionAppeared) -> None:
        known = change.extension
        since = known.agent_status_since if known.agent_status_since is not None else change.at
        last = next((one for one in reversed(self.presences) if one.exten_user == known.exten_user), None)
        if last is not None and last.until is not None and since is not None:
            since = max(since, last.until)
        self._here[known.exten_user] = Presence(known.exten_user, change.at)
        self.accounts.learn(known.account_id)
        self.names.call(known.agent_id, known.agent_name)
        self._statuses.begin(known, since)

    def _extension_removed(self, change: changes.ExtensionRemoved) -> None:
        if (here := self._here.pop(change.exten_user, None)) is not None:
            self.presences.append(replace(here, until=change.at))
        self._statuses.end(change.exten_user, change.at)

    def _agent_changed(self, change: changes.AgentLoggedOn | changes.AgentLoggedOff) -> None:
        since = change.at if change.since is None else change.since
        if isinstance(change, changes.AgentLoggedOn):
            self.names.call(change.agent_id, change.agent_name)
            self._statuses.cut(change.exten_user, since, agent_id=change.agent_id, agent_name=change.agent_name)
        else:
            self._statuses.cut(change.exten_user, since, agent_id=None, agent_name="")
        self._statuses.confirm(change.exten_user, change.at)

    def _agent_renamed(self, change: changes.AgentRenamed) -> None:
        self.names.call(change.agent_id, change.agent_name)

    def _status_changed(self, change: changes.AgentStatusChanged) -> None:
        since = change.at if change.since is None else change.since
        self._statuses.cut(change.exten_user, since, status=change.new, status_name=change.name)
        self._statuses.confirm(change.exten_user, change.at)

    def _status_revised(self, change: changes.AgentStatusRevised) -> None:
        self._statuses.revise(change.exten_user, change.since)

    def _anomaly(self, change: changes.Anomaly) -> None:
        if change.kind is changes.AnomalyKind.EVENT_MISSED and change.call_id:
            call = self._live.get(change.call_id) or self._ended.get(change.call_id)
            if call is not None:
                call.learned = change.at
                call.miss(change)

    def _connection_lost(self, change: changes.ConnectionLost) -> None:
        self.gaps.append(change.gap)

    def _connection_regained(self, change: changes.ConnectionRegained) -> None:
        if self.gaps and (self.gaps[-1].until is None or self.gaps[-1].since == change.gap.since):
            self.gaps.pop()
        self.gaps.append(change.gap)


Owned = TypeVar("Owned", CallRow, QueueEntryRow)
Named = TypeVar("Named", LegRow, AgentStateRow)


def _owned(row: Owned, account: Callable[[str], Id]) -> Owned:
    """A row with the account of its queue, if it has none of its own."""
    if row.account_id is not None or (found := account(row.queue_id)) is None:
        return row
    return replace(row, account_id=found)


def _called(row: Named, names: dict[str, str]) -> Named:
    """A row with its agent's newest name."""
    name = names.get(str(row.agent_id), row.agent_name)
    return row if name == row.agent_name else replace(row, agent_name=name)


def rows_of(calls: Iterable[OpenCall]) -> Rows:
    """The rows of calls, and of their legs and stays in queues."""
    calls = list(calls)
    return Rows(
        tuple(call.row() for call in calls),
        tuple(row for call in calls for row in call.leg_rows()),
        tuple(row for call in calls for row in call.entry_rows()),
    )


_APPLY: dict[type[Change], Any] = {
    changes.CallStarted: Facts._call_started,
    changes.CallResumed: Facts._call_resumed,
    changes.CallLinked: Facts._call_linked,
    changes.CallEnded: Facts._call_ended,
    changes.CallRevised: Facts._call_revised,
    **dict.fromkeys(changes.LegChange.__subclasses__(), Facts._leg_changed),
    **dict.fromkeys(changes.QueueChange.__subclasses__(), Facts._queue_changed),
    changes.ExtensionAppeared: Facts._extension_appeared,
    changes.ExtensionRemoved: Facts._extension_removed,
    changes.AgentLoggedOn: Facts._agent_changed,
    changes.AgentLoggedOff: Facts._agent_changed,
    changes.AgentRenamed: Facts._agent_renamed,
    changes.AgentStatusChanged: Facts._status_changed,
    changes.AgentStatusRevised: Facts._status_revised,
    changes.Anomaly: Facts._anomaly,
    changes.ConnectionLost: Facts._connection_lost,
    changes.ConnectionRegained: Facts._connection_regained,
}
