"""Facts that follow the journal, in a process of their own: today's figures; what is over goes into the store.

The live process only says how far it has come. It sends no frames and no rows: both processes read the journal.
"""

from __future__ import annotations

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path

import msgspec
from msgspec import Struct

from calltrack.core.records import Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.figures import Facts, Options, Report, Rows, report
from calltrack.figures.hour import Hour, last_hour
from calltrack.figures.missed import MissedCallers, missed
from calltrack.figures.rows import joined, life
from calltrack.journal import Journal, JournalDamaged
from calltrack.serve.history.closed import tag_of
from calltrack.serve.history.editions import Answer, Editions
from calltrack.serve.history.reading import JournalReader, Reader, before
from calltrack.serve.history.store import Held, Store, beside, remove
from calltrack.serve.security.reports import report_seen
from calltrack.serve.security.scope import Scope
from calltrack.words.finding import Calls
from calltrack.words.numbers import normal

FRESH = 5.0
"""Seconds for which a report of today serves all who ask for the same."""

_REPORTS = 2  # of other intervals or options that are held
_FRAMES = 2000  # after which it stores, so that a start has no more than these to read again
_SECONDS = 600.0  # after which it stores what is new, if that is less


class Count:
    """Facts of a journal's frames, as far as `position`; what is final goes into a store."""

    def __init__(self, store: Store, journal: Journal, tracker: Tracker, facts: Facts) -> None:
        self.store, self.facts = store, facts
        self.position = self._stored = tracker.snapshot().position
        self._journal, self._tracker = journal, tracker
        self._since = time.monotonic()
        self._begin = journal.begin
        self._calls = Calls()
        self._damage: list[JournalDamaged] = []

    @classmethod
    def resumed(cls, store: Store, journal: Journal) -> Count | None:
        """Go on from what the store has; None if it has nothing of this journal."""
        held = store.held(journal)
        if held is None:
            return None
        return cls(store, journal, Tracker.restore(held.snapshot), Facts.restore(held.checkpoint))

    @classmethod
    def begun(cls, store: Store, journal: Journal, position: int) -> Count:
        """Begin after a frame, with an empty store."""
        tracker = journal.tracker(position)
        facts = Facts.of(tracker.snapshot()) if position else Facts()
        covered = inf if facts.first is None and position else -inf if facts.first is None else facts.first
        store.start(covered, position)
        return cls(store, journal, tracker, facts)

    def read(self, until: int) -> list[Rows]:
        """Read the frames up to a position; returns the rows that went into the store meanwhile."""
        stored = []
        self._journal.on_damaged = self._damage.append
        for position, frame in self._journal.frames(self.position, max(until, self.position), gaps=True):
            changes = self._tracker.feed(frame)
            self.facts.apply(changes, self._tracker.time)
            self._calls.see(changes)
            self.position = position
            if position - self._stored >= _FRAMES:
                stored.append(self._put())
        if self.position > self._stored and time.monotonic() - self._since > _SECONDS:
            stored.append(self._put())
        self.facts.learn(self._tracker.snapshot())
        return stored

    def keep(self) -> None:
        """Store everything now."""
        self._put()

    def _put(self) -> Rows:
        self._forget()
        snapshot = self._tracker.snapshot()
        self.facts.learn(snapshot)
        rows = self.facts.hand_out(self._journal.history)
        self.store.add(self._journal, rows, Held(snapshot, self.facts.checkpoint()), self._calls.news(), self._damage)
        self._calls = Calls()  # what is stored need not be held
        self._damage.clear()
        self._stored, self._since = self.position, time.monotonic()
        return rows

    def _forget(self) -> None:
        """Have no more than the journal still has."""
        if self._journal.begin > self._begin:
            self._begin = self._journal.begin
            if (until := self.store.forget(self._begin)) is not None:
                self.facts.drop_before(until)


class Today:
    """What the process for today's figures is asked."""

    def __init__(self) -> None:
        self._reports: OrderedDict[tuple[Seconds, Options], tuple[float, int, Report]] = OrderedDict()
        self._editions = Editions()
        self._counted = -1

    def follow(self, position: int, day: Seconds) -> bool:
        """Read up to a position, on a day that began at a moment; returns whether no `recount` is of use."""
        raise NotImplementedError

    def adopt(self, position: int, day: Seconds) -> None:
        """Go on from the store that `recount` has made."""
        raise NotImplementedError

    def report(
        self, position: int, day: Seconds, since: Seconds, options: Options, scope: Scope, held: str = ""
    ) -> tuple[Seconds, Answer]:
        """The figures from a moment of today until now, as a role sees them, and how long ago they were counted.

        Those that were counted less than FRESH s ago serve every role. `held` is the tag of the report that it has.
        """
        made, counted, found = self._reports.pop((since, options), (0.0, -1, None))
        if found is None or (counted != position and time.monotonic() - made >= FRESH):
            self.follow(position, day)
            found = report(self._facts(), since, None, options)
            made, counted = time.monotonic(), self._counted
        self._reports[since, options] = made, counted, found
        if len(self._reports) > _REPORTS:
            self._reports.popitem(last=False)
        json = msgspec.json.encode(report_seen(found, scope))
        tag, question = tag_of(json), (since, options, scope)
        altered = self._editions.altered(question, held, json)
        self._editions.keep(question, tag, json)
        sent = json if altered is None else altered
        return time.monotonic() - made, Answer(counted, tag, sent, altered is not None)

    def hour(
        self,
        position: int,
        day: Seconds,
        options: Options,
        queues: frozenset[str] | None,
        extensions: frozenset[str] | None,
    ) -> Hour:
        """The last hour of some queues and extensions, None for all."""
        self.follow(position, day)
        return last_hour(self._facts(), day, options, queues, extensions)

    def missed(self, position: int, day: Seconds, since: Seconds, queue: str, scope: Scope) -> MissedCallers:
        """As `missed_since`, of a moment of today."""
        self.follow(position, day)
        return missed_since(self._facts(), since, queue, scope)

    def _facts(self) -> Facts:
        """What happened today, as far as it was read."""
        raise NotImplementedError


def missed_since(facts: Facts, since: Seconds, queue: str, scope: Scope) -> MissedCallers:
    """Whom a queue ("" for any) has missed since a moment, as far as a role sees it, and nobody has spoken to since."""
    seen = _seen(facts, scope)
    calls = (call for call in facts.calls if call.ended_at is None or call.ended_at >= since)
    return missed(calls, normal, lambda call: queue in ("", call.queue_id) and (seen is None or call.call_id in seen))


def past_missed(reader: Reader, since: Seconds, position: int, queue: str, scope: Scope) -> MissedCallers:
    """The same, counted from a reader of the past up to a position."""
    return missed_since(reader.facts((since, None), position), since, queue, scope)


def _seen(facts: Facts, scope: Scope) -> set[str] | None:
    """The calls that a role sees, as `Scope.sees_call`; None for all."""
    if scope.sees_all:
        return None
    legs = {leg.call_id for leg in facts.legs if scope.sees_any((leg.exten_user,), (leg.queue_id,))}
    return legs | {entry.call_id for entry in facts.queue_entries if scope.sees_queue(entry.queue_id)}


class Recounting(Today):
    """Where there is no journal: today is counted again by a reader of the past, which keeps what it has read."""

    def __init__(self, make: Callable[[], Reader]) -> None:
        super().__init__()
        self._reader, self._found = make(), Facts()

    def learn(self, known: Snapshot) -> None:
        """Take what no change says: the names of queues and extensions."""
        self._found.learn(known)

    def follow(self, position: int, day: Seconds) -> bool:
        """Count today up to a position."""
        if position != self._counted:
            self._found = self._reader.facts((day, None), position)
            self._counted = position
        return True

    def _facts(self) -> Facts:
        return self._found


class Follower(Today):
    """Follows the journal at `path`."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._reader = JournalReader(path)
        self._path = beside(path)
        self._journal: Journal | None = None
        self._count: Count | None = None
        self._day: Seconds = 0
        self._today: list[Rows] = []

    def follow(self, position: int, day: Seconds) -> bool:
        """Read up to a position, on a day that began at a moment; returns whether the store has the whole journal."""
        journal = self._reader.opened()
        if self._count is None or journal is not self._journal:
            self._begin(journal, day)
        assert self._count is not None
        if day > self._day:
            self._day, self._today = day, [_since(day, joined(self._today))]
        self._today += [_since(day, rows) for rows in self._count.read(position)]
        self._counted = self._count.position
        return journal.begin > 0 or self._count.store.covered == -inf

    def adopt(self, position: int, day: Seconds) -> None:
        """Go on from the store that `recount` has made."""
        if self._count is not None:
            self._count.store.close()
        self._count = None
        remove(self._path)
        made = _new(self._path)
        made.rename(self._path)
        self.follow(position, day)

    def _facts(self) -> Facts:
        assert self._count is not None
        return Facts.restore(self._count.facts.checkpoint().after(self._today))

    def _begin(self, journal: Journal, day: Seconds) -> None:
        store = Store(self._path) if self._count is None else self._count.store
        self._journal, self._day = journal, day
        self._count, self._today = None, []
        with suppress(sqlite3.DatabaseError):  # damaged, so it is made anew
            self._today = [_since(day, rows) for rows in store.rows(day, inf)]
            self._count = Count.resumed(store, journal)
        if self._count is None:
            self._count, self._today = Count.begun(store, journal, before(journal, day)), []


def follow(today: Today, position: int, day: Seconds) -> bool:
    """`Today.follow` of whatever the process has made."""
    return today.follow(position, day)


def adopt(today: Today, position: int, day: Seconds) -> None:
    """`Today.adopt` of whatever the process has made."""
    today.adopt(position, day)


def learn(today: Today, known: Snapshot) -> None:
    """`Recounting.learn` of a process that has made one."""
    assert isinstance(today, Recounting)
    today.learn(known)


def recount(reader: JournalReader, position: int) -> None:
    """Make a store of the whole journal, up to a position, for `Follower.adopt`."""
    path = _new(beside(reader.path))
    remove(path)
    store, journal = Store(path), reader.opened()
    count = Count.begun(store, journal, journal.begin)
    count.read(position)
    count.keep()
    store.close()


def _new(path: Path) -> Path:
    return path.with_name(f"{path.name}-new")


def _since(at: Seconds, rows: Rows) -> Rows:
    """The rows that ended since a moment, or last."""

    def late(row: Struct) -> bool:
        end = life(row)[1]
        return end is None or end >= at

    return Rows(**{name: tuple(filter(late, getattr(rows, name))) for name in rows.__struct_fields__})
