"""The reader's rule: of an account, drop what is not newer than the last that you took. That is all of exactly-once.

What a worker writes is a function of the log of frames, so whatever a killed worker's successor, a zombie or a retry
writes again is the same bytes under the same numbers. There are two kinds of readers:

* `Facts`: for readers that want every change once (tables, streams, hooks). The number of a change is (frame, change);
  it only rises, whatever happens to workers, points and versions, so a sink may as well write each change under the key
  (account, frame, change) and keep no memory at all.
* `States`: for readers that keep the state (boards). It follows the newest generation, and begins again at its resets.

Keep `last` together with what you made of the changes, in the same transaction or file, and start from it.
"""

from __future__ import annotations

from typing import NamedTuple

from calltrack.kafka.records import Changed


class Number(NamedTuple):
    """A change of one account, or the one after which another follows."""

    frame: int = 0
    change: int = 0


class Taken(NamedTuple):
    """What is new in a record: changes as JSON, the first of them at `number`."""

    number: Number
    changes: tuple[bytes, ...]


class Facts:
    """Every change of every account once; `dropped` counts what came again."""

    def __init__(self, last: dict[bytes, Number] | None = None) -> None:
        self.last = dict(last or {})
        self.dropped = 0

    def take(self, account: bytes, record: Changed) -> Taken | None:
        """What is new in a record; None if nothing is."""
        last, count = self.last.get(account, _NONE), len(record.changes)
        end = Number(record.frame, record.first + count - 1)
        if end <= last or not count:
            self.dropped += count
            return None
        self.last[account] = end
        skip = max(0, last.change - record.first + 1) if last.frame == record.frame else 0
        self.dropped += skip
        return Taken(Number(record.frame, record.first + skip), tuple(map(bytes, record.changes[skip:])))


class Position(NamedTuple):
    """Where a state stands: positions compare as they follow each other."""

    generation: int = -1
    frame: int = 0
    change: int = 0


class Moved(NamedTuple):
    """How a state moves on: `reset`, a snapshot's JSON, replaces it; else `changes` apply to it."""

    position: Position
    changes: tuple[bytes, ...] = ()
    reset: bytes = b""


class States:
    """The state of every account, after every change once."""

    def __init__(self, last: dict[bytes, Position] | None = None) -> None:
        self.last = dict(last or {})

    def take(self, account: bytes, record: Changed) -> Moved | None:
        """What a record adds; None if nothing."""
        last = self.last.get(account, _NOWHERE)
        begin = Position(record.generation, record.frame, record.first)
        end = begin._replace(change=record.first + max(0, len(record.changes) - 1))
        if end <= last:
            return None
        self.last[account] = end
        if len(record.snapshot):
            return Moved(end, (), bytes(record.snapshot))
        skip = last.change - record.first + 1 if last >= begin else 0
        return Moved(end, tuple(map(bytes, record.changes[skip:])))


_NONE, _NOWHERE = Number(), Position()
