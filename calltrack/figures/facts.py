"""What happened, as rows, gathered change by change: the tables that figures are computed from."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any, Self

from msgspec.structs import replace

from calltrack.core import changes
from calltrack.core.changes import Change
from calltrack.core.records import Gap, Leg, Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.core.states import Outcome, State
from calltrack.figures import following
from calltrack.figures.checkpoint import Checkpoint, Names, Presence
from calltrack.figures.rows import AgentStateRow, CallRow, Id, LegRow, QueueEntryRow, Rows

SILENCE_S = 600
"""A stream without any frame for longer was not observed: a live one is asked for a sign of life every 60 s."""


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
        self.queue_accounts: dict[str, tuple[int | str, ...]] = {}
        self._calls: dict[str, CallRow] = {}  # done; by id, for a call may be resumed
        self._legs: list[LegRow] = []
        self._entries: dict[str, tuple[QueueEntryRow, ...]] = {}  # done, by call: its account may follow
        self._states: list[AgentStateRow] = []
        self._live_calls: dict[str, CallRow] = {}
        self._live_legs: dict[tuple[str, int], LegRow] = {}
        self._live_entries: dict[str, tuple[QueueEntryRow, ...]] = {}
        self._live_states: dict[str, AgentStateRow] = {}
        self._here: dict[str, Presence] = {}

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Facts that begin where a tracker is: what lives is known from its stamps, what is over is not."""
        facts = cls()
        facts.first = facts.time = at = snapshot.time
        facts.gaps = [gap for gap in snapshot.gaps if gap.until is None]
        facts.learn(snapshot)
        for extension in snapshot.extensions:
            facts._extension_appeared(changes.ExtensionAppeared(snapshot.position, at, extension.exten_user, extension))
        for call in snapshot.calls:
            facts._live_calls[call.call_id] = following.begun(call)
            for wait in call.waiting:
                facts._queue_joined(changes.QueueJoined(snapshot.position, at, wait.queue_id, call.call_id, wait))
            for leg in call.legs:
                facts._leg_changed(changes.LegStarted(snapshot.position, at, call.call_id, leg.exten_user, leg))
            facts._live_calls[call.call_id] = replace(
                facts._call(call.call_id), legs=call.attempts, rings=following.rang_before_answer(call)
            )
        return facts

    def apply(self, changes: Iterable[Change], time: Seconds | None = None) -> None:
        """Take the changes of one frame, or of many; `time` is the tracker's after them.

        Frames without changes count too: they show that the stream was there. So call it for every frame, or
        from time to time with no changes.
        """
        for change in changes:
            self._pass(change.at)
            apply = _APPLY.get(type(change))
            if apply is not None:
                apply(self, change)
        self._pass(time)

    def learn(self, snapshot: Snapshot) -> None:
        """Take from a snapshot what no change tells: names of queues and extensions, the server's UTC offset."""
        queues = {queue.queue_id: queue.name for queue in snapshot.queues if queue.name}
        extensions = {known.exten_user: known.user_name for known in snapshot.extensions if known.user_name}
        self.names = Names({**self.names.queues, **queues}, {**self.names.extensions, **extensions})
        self.offset_s = snapshot.resume.offset_s if snapshot.resume.offset_s is not None else self.offset_s

    @property
    def calls(self) -> Iterable[CallRow]:
        """Every call, the live ones last."""
        return (*self._calls.values(), *self._live_calls.values())

    @property
    def legs(self) -> Iterable[LegRow]:
        """Every leg, the live ones last."""
        return (*self._legs, *self._live_legs.values())

    @property
    def queue_entries(self) -> Iterable[QueueEntryRow]:
        """Every stay in a queue, the ones that last come last."""
        return (*chain.from_iterable(self._entries.values()), *chain.from_iterable(self._live_entries.values()))

    @property
    def agent_states(self) -> Iterable[AgentStateRow]:
        """Every stretch of an agent's status, the ones that last come last."""
        return (*self._states, *self._live_states.values())

    @property
    def all_presences(self) -> Iterable[Presence]:
        """Every stretch in which an extension was monitored, the ones that last come last."""
        return (*self.presences, *self._here.values())

    def drop_before(self, at: Seconds) -> Rows:
        """Forget what had ended before a moment (UTC epoch s), and return it; the time before counts as unobserved."""

        def old(end: Seconds | None) -> bool:
            return end is None or end < at

        dropped = Rows(
            tuple(row for row in self._calls.values() if old(row.ended_at)),
            tuple(row for row in self._legs if old(row.ended_at)),
            tuple(row for row in chain.from_iterable(self._entries.values()) if old(row.left_at)),
            tuple(row for row in self._states if old(row.until)),
        )
        self._calls = {row.call_id: row for row in self._calls.values() if not old(row.ended_at)}
        self._legs = [row for row in self._legs if not old(row.ended_at)]
        self._entries = by_call(row for row in chain.from_iterable(self._entries.values()) if not old(row.left_at))
        self._states = [row for row in self._states if not old(row.until)]
        self.gaps = [gap for gap in self.gaps if gap.until is None or gap.until >= at]
        self.presences = [one for one in self.presences if not old(one.until)]
        if self.first is not None and self.first < at:
            self.first = at
        return dropped

    def hand_out(self, history: int) -> Rows:
        """Forget the rows that no change can touch any more, and return them, to be given to `Checkpoint.after`.

        `history` is how many ended calls the tracker remembers: one of these may come back.
        """
        calls = [self._calls.pop(call_id) for call_id in list(self._calls)[: max(0, len(self._calls) - history)]]
        over = [one for one in self._entries if one not in self._calls and one not in self._live_calls]
        entries = chain.from_iterable([self._entries.pop(call_id) for call_id in over])
        rows = Rows(tuple(calls), tuple(self._legs), tuple(entries), tuple(self._states))
        self._legs, self._states = [], []
        return rows

    def checkpoint(self) -> Checkpoint:
        """Everything held, as a value."""
        done = Rows(
            tuple(self._calls.values()),
            tuple(self._legs),
            tuple(chain.from_iterable(self._entries.values())),
            tuple(self._states),
        )
        live = Rows(
            tuple(self._live_calls.values()),
            tuple(self._live_legs.values()),
            tuple(chain.from_iterable(self._live_entries.values())),
            tuple(self._live_states.values()),
        )
        return Checkpoint(
            self.first,
            self.time,
            self.offset_s,
            tuple(self.gaps),
            tuple(self.all_presences),
            self.names,
            dict(self.queue_accounts),
            done,
            live,
        )

    @classmethod
    def restore(cls, checkpoint: Checkpoint) -> Self:
        """Facts that go on from a checkpoint exactly as the ones that made it would have."""
        facts = cls()
        facts.first, facts.time, facts.offset_s = checkpoint.first, checkpoint.time, checkpoint.offset_s
        facts.gaps, facts.names = list(checkpoint.gaps), checkpoint.names
        facts.queue_accounts = dict(checkpoint.queue_accounts)
        facts.presences = [one for one in checkpoint.presences if one.until is not None]
        facts._here = {one.exten_user: one for one in checkpoint.presences if one.until is None}
        done, live = checkpoint.done, checkpoint.live
        facts._calls = {row.call_id: row for row in done.calls}
        facts._legs, facts._states = [*done.legs], [*done.agent_states]
        facts._entries = by_call(done.queue_entries)
        facts._live_calls = {row.call_id: row for row in live.calls}
        facts._live_legs = {(row.call_id, row.attempt): row for row in live.legs}
        facts._live_entries = by_call(live.queue_entries)
        facts._live_states = {row.exten_user: row for row in live.agent_states}
        return facts

    # What a change does to the rows

    def _pass(self, at: Seconds | None) -> None:
        if at is None or (self.time is not None and at <= self.time):
            return
        if self.time is None:
            self.first = at
        elif at - self.time > SILENCE_S and not (self.gaps and self.gaps[-1].until is None):
            self.gaps.append(Gap(self.time, at, "nothing was received"))
        self.time = at

    def _call(self, call_id: str) -> CallRow:
        """A live call's row; a bare one if nothing told of its start."""
        return self._live_calls.get(call_id) or CallRow(call_id, None, "", "", "", "", "", None)

    def _call_started(self, change: changes.CallStarted) -> None:
        self._live_calls[change.call_id] = CallRow(
            change.call_id,
            None,
            change.direction,
            change.caller,
            change.caller_name,
            change.did,
            "",
            change.started,
        )

    def _call_resumed(self, change: changes.CallResumed) -> None:
        row = self._calls.pop(change.call_id, None) or self._call(change.call_id)
        self._live_calls[change.call_id] = replace(row, ended_at=None, outcome=None, inferred="")

    def _call_linked(self, change: changes.CallLinked) -> None:
        row = self._call(change.call_id)
        self._live_calls[row.call_id] = replace(
            row, related=change.related, transferred_by=change.transferred_by or row.transferred_by
        )

    def _call_ended(self, change: changes.CallEnded) -> None:
        row = self._live_calls.pop(change.call_id, None) or self._call(change.call_id)
        self._calls[change.call_id] = following.ended(row, change.call)

    def _leg_changed(self, change: changes.LegChange) -> None:
        leg = change.leg
        key = leg.call_id, leg.attempt
        before = self._live_legs.get(key)
        if before is None:
            before = self._leg_started(leg)
        row = following.followed(before, leg)
        call = self._call(leg.call_id)
        if row.answered and not call.answered and leg.c2c != 1 and leg.state is not State.SPYING:
            self._live_calls[leg.call_id] = replace(call, answered=True, answered_at=leg.answered_at)
        if leg.state is State.HUNGUP:
            self._live_legs.pop(key, None)
            self._legs.append(row)
        else:
            self._live_legs[key] = row

    def _leg_started(self, leg: Leg) -> LegRow:
        agent = self._live_states.get(leg.exten_user)
        account = agent.account_id if agent is not None else None
        call = self._call(leg.call_id)
        ringing = leg.state is State.RINGING
        self._live_calls[leg.call_id] = call = replace(
            call,
            account_id=account if call.account_id is None else call.account_id,
            direction=following.direction(call, leg),
            caller=call.caller or leg.caller,
            caller_name=call.caller_name or leg.caller_name,
            did=call.did or leg.did,
            legs=call.legs + 1,
            rings=call.rings + (ringing and not call.answered),
        )
        if entries := self._live_entries.get(leg.call_id):
            self._live_entries[leg.call_id] = tuple(
                [replace(entry, account_id=call.account_id, rings=entry.rings + ringing) for entry in entries]
            )
        if (done := self._entries.get(leg.call_id)) and done[-1].account_id is None:
            self._entries[leg.call_id] = tuple([replace(entry, account_id=call.account_id) for entry in done])
        queue_id = leg.queue_id or (call.queue_id if leg.direction == "Incoming" else "")
        if queue_id and account is not None and account not in self.queue_accounts.get(queue_id, ()):
            self.queue_accounts[queue_id] = (*self.queue_accounts.get(queue_id, ()), account)
        return LegRow(
            leg.call_id,
            leg.exten_user,
            leg.attempt,
            account,
            agent.agent_id if agent is not None else None,
            agent.agent_name if agent is not None else "",
            queue_id,
            leg.direction,
            leg.internal,
            leg.c2c,
            picked_up=call.picked_up and leg.answered and not leg.ring_s,
            rang=bool(leg.direction == "Incoming" and leg.answered and leg.ring_s),
            started=leg.started,
        )

    def _queue_joined(self, change: changes.QueueJoined) -> None:
        wait = change.wait
        call = self._call(wait.call_id)
        self._live_calls[wait.call_id] = replace(call, queue_id=wait.queue_id)
        entry = QueueEntryRow(wait.queue_id, wait.call_id, call.account_id, wait.joined_at)
        self._live_entries[wait.call_id] = (*self._live_entries.get(wait.call_id, ()), entry)

    def _queue_left(self, change: changes.QueueLeft) -> None:
        wait = change.wait
        entries = self._live_entries.pop(wait.call_id, ())
        mine = next((one for one in entries if (one.queue_id, one.joined_at) == (wait.queue_id, wait.joined_at)), None)
        if rest := tuple(one for one in entries if one is not mine):
            self._live_entries[wait.call_id] = rest
        call = self._call(wait.call_id)
        if wait.outcome is Outcome.PICKED_UP:
            self._live_calls[wait.call_id] = replace(call, picked_up=True)
        row = mine or QueueEntryRow(wait.queue_id, wait.call_id, call.account_id, wait.joined_at)
        self._entries[row.call_id] = (*self._entries.get(row.call_id, ()), following.left(row, wait))

    def _extension_appeared(self, change: changes.ExtensionAppeared) -> None:
        known = change.extension
        since = known.agent_status_since if known.agent_status_since is not None else change.at
        last = next((one for one in reversed(self.presences) if one.exten_user == known.exten_user), None)
        if last is not None and last.until is not None and since is not None:
            since = max(since, last.until)
        self._here[known.exten_user] = Presence(known.exten_user, change.at)
        self._live_states[known.exten_user] = AgentStateRow(
            known.exten_user,
            known.account_id,
            known.agent_id,
            known.agent_name,
            known.agent_status,
            known.agent_status_name,
            since,
        )

    def _extension_removed(self, change: changes.ExtensionRemoved) -> None:
        if (here := self._here.pop(change.exten_user, None)) is not None:
            self.presences.append(replace(here, until=change.at))
        if (row := self._live_states.pop(change.exten_user, None)) is not None:
            self._states.append(replace(row, until=change.at))

    def _agent_changed(self, change: changes.AgentLoggedOn | changes.AgentLoggedOff) -> None:
        if isinstance(change, changes.AgentLoggedOn):
            self._cut(change.exten_user, change.at, agent_id=change.agent_id, agent_name=change.agent_name)
        else:
            self._cut(change.exten_user, change.at, agent_id=None, agent_name="")

    def _status_changed(self, change: changes.AgentStatusChanged) -> None:
        row = self._live_states.get(change.exten_user)
        known_since = row.since if row is not None else None
        since, at = change.since, change.at
        if since is None or at is None or since > at or (known_since is not None and since < known_since):
            since = at  # a stamp from before what is known, or from the future, tells nothing
        self._cut(change.exten_user, since, status=change.new, status_name=change.name)

    def _cut(self, exten_user: str, at: Seconds | None, **news: Id) -> None:
        """End the running stretch of an agent's status and begin the next; one without length leaves no row."""
        row = self._live_states.get(exten_user)
        if row is None:
            row = AgentStateRow(exten_user, None, None, "", None, "", at)
        elif at is not None and row.since is not None and at > row.since:
            self._states.append(replace(row, until=at))
            row = replace(row, since=at)
        self._live_states[exten_user] = replace(row, **news)

    def _connection_lost(self, change: changes.ConnectionLost) -> None:
        self.gaps.append(change.gap)

    def _connection_regained(self, change: changes.ConnectionRegained) -> None:
        if self.gaps and (self.gaps[-1].until is None or self.gaps[-1].since == change.gap.since):
            self.gaps.pop()
        self.gaps.append(change.gap)


def by_call(entries: Iterable[QueueEntryRow]) -> dict[str, tuple[QueueEntryRow, ...]]:
    """The stays in queues of each call, in their order."""
    found: dict[str, tuple[QueueEntryRow, ...]] = {}
    for entry in entries:
        found[entry.call_id] = (*found.get(entry.call_id, ()), entry)
    return found


_APPLY: dict[type[Change], Any] = {
    changes.CallStarted: Facts._call_started,
    changes.CallResumed: Facts._call_resumed,
    changes.CallLinked: Facts._call_linked,
    changes.CallEnded: Facts._call_ended,
    **dict.fromkeys(changes.LegChange.__subclasses__(), Facts._leg_changed),
    changes.QueueJoined: Facts._queue_joined,
    changes.QueueLeft: Facts._queue_left,
    changes.ExtensionAppeared: Facts._extension_appeared,
    changes.ExtensionRemoved: Facts._extension_removed,
    changes.AgentLoggedOn: Facts._agent_changed,
    changes.AgentLoggedOff: Facts._agent_changed,
    changes.AgentStatusChanged: Facts._status_changed,
    changes.ConnectionLost: Facts._connection_lost,
    changes.ConnectionRegained: Facts._connection_regained,
}
