"""The past as the process for it reads it: states, stories, facts, and changes some frames at a time.

A `Reader` is what the service asks; `JournalReader` finds it in the journal. Where frames are kept elsewhere there is
another (serve/fleet/).
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import NamedTuple, Protocol

from calltrack.core.changes import Change
from calltrack.core.records import Call, Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.figures import Facts
from calltrack.journal import Journal, PositionPruned, StreamPosition
from calltrack.serve.security.scope import About, Reach

FRAMES = 200
"""Frames whose changes are read together."""

Interval = tuple[Seconds, Seconds | None]
"""From a server time up to another, UTC epoch s; None while it lasts."""

_MARGIN = 60.0  # s around a call in which its frames are looked for: they trail its own times
_LONGEST = 100_000  # frames looked through for one call
_TRACKERS = 4  # kept where reading ended, so that who reads on needs no checkpoint

_log = logging.getLogger("calltrack.serve")


class Chunk(NamedTuple):
    """The changes of FRAMES frames, or of fewer at the journal's end, with their places; after frame `begin`."""

    begin: int
    end: int
    changes: list[tuple[StreamPosition, Change, About]]


class Reader(Protocol):
    """What can be asked of the past; made in the process that reads it. All raise JournalError or Gone."""

    def state_at(self, at: float) -> Snapshot:
        """The state at a server time, UTC epoch s."""

    def story(self, call: Call, until: int) -> list[Change]:
        """Every change of a call up to a frame, as far as it is kept."""

    def chunk(self, after: int) -> Chunk:
        """The changes of the frames after one, up to the next multiple of FRAMES."""

    def facts(self, interval: Interval, position: int) -> Facts:
        """What happened in an interval, up to a frame."""

    def changes(self, since: Seconds, position: int) -> Iterator[Change]:
        """The changes from a server time (UTC epoch s, -inf for all) up to a frame."""

    def close(self) -> None:
        """Let go of what it reads."""


class JournalReader(Reader):
    """The journal at `path`; opened again when another file stands there, as after a repair."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._journal: Journal | None = None
        self._inode = 0
        self._trackers: OrderedDict[int, tuple[Tracker, Reach]] = OrderedDict()

    def state_at(self, at: float) -> Snapshot:
        """The state at a server time, UTC epoch s; raises a JournalError."""
        journal = self.opened()
        return journal.tracker(journal.position_at(at)).snapshot()

    def story(self, call: Call, until: int) -> list[Change]:
        """Every change of a call up to a frame, as far as it is kept; raises a JournalError."""
        journal = self.opened()
        begin = journal.position_at((call.started or 0) - _MARGIN)
        if call.ended_at is not None:
            until = min(until, journal.position_at(call.ended_at + _MARGIN))
        tracker = journal.tracker(begin)
        found: list[Change] = []
        for _, frame in journal.frames(begin, min(until, begin + _LONGEST), gaps=True):
            found += [one for one in tracker.feed(frame) if getattr(one, "call_id", "") == call.call_id]
        return found

    def chunk(self, after: int) -> Chunk:
        """The changes of the frames after one, up to the next multiple of FRAMES; raises a JournalError.

        What each change is about is known from all that its call did before.
        """
        journal = self.opened()
        begin = max(after // FRAMES * FRAMES, min(journal.begin, after))
        end = min((after // FRAMES + 1) * FRAMES, journal.position)
        tracker, reach = self._tracker(journal, begin)
        changes: list[tuple[StreamPosition, Change, About]] = []
        for position, frame in journal.frames(begin, end, gaps=True):
            made = tracker.feed(frame)
            for number, (change, about) in enumerate(zip(made, reach.abouts(made), strict=True), 1):
                changes.append((StreamPosition(position, number), change, about))
        self._trackers[end] = tracker, reach
        while len(self._trackers) > _TRACKERS:
            self._trackers.popitem(last=False)
        return Chunk(begin, end, changes)

    def facts(self, interval: Interval, position: int) -> Facts:
        """What happened in an interval, up to a frame; raises a JournalError."""
        since, until = interval
        journal = self.opened()
        begin = before(journal, since)
        end = position if until is None else min(position, journal.position_at(until))
        tracker = journal.tracker(begin)
        facts = Facts.of(tracker.snapshot()) if begin else Facts()
        for _, frame in journal.frames(begin, max(begin, end), gaps=True):
            facts.apply(tracker.feed(frame), tracker.time)
        facts.learn(tracker.snapshot())
        return facts

    def changes(self, since: Seconds, position: int) -> Iterator[Change]:
        """The changes from a server time (UTC epoch s, -inf for all) up to a frame; raises a JournalError."""
        journal = self.opened()
        begin = before(journal, since)
        tracker = journal.tracker(begin)
        for _, frame in journal.frames(begin, max(begin, position), gaps=True):
            yield from tracker.feed(frame)

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()

    def _tracker(self, journal: Journal, begin: int) -> tuple[Tracker, Reach]:
        if (known := self._trackers.pop(begin, None)) is not None:
            return known
        tracker = journal.tracker(begin)
        snapshot = tracker.snapshot()
        return tracker, Reach(snapshot.calls, snapshot.extensions)

    def opened(self) -> Journal:
        """The journal, to read; raises a JournalError."""
        inode = self.path.stat().st_ino
        if self._journal is None or inode != self._inode:
            if self._journal is not None:
                self._journal.close()
            self._trackers.clear()
            self._journal, self._inode = Journal.open(self.path, read_only=True), inode
            self._journal.on_notice = _log.warning
        return self._journal


def before(journal: Journal, since: Seconds) -> int:
    """The position at a time (-inf for the beginning), or the first that is kept."""
    if since == -inf:
        return journal.begin
    try:
        return max(journal.begin, journal.position_at(since))
    except PositionPruned:
        return journal.begin
