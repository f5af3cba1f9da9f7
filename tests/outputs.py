"""What the command line's outputs have of some frames: exported rows, the report, the state after each frame."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from calltrack import Snapshot, Tracker
from calltrack.core.changes import Anomaly, Change
from calltrack.core.observations import Frame
from calltrack.export.columns import columns, values
from calltrack.figures import TABLES, Facts, report

Row = dict[str, Any]
TIMES = {"started", "answered_at", "ended_at", "joined_at", "left_at", "since", "until"}


class Outputs:
    """Times of rows are seconds after `start` (UTC epoch, s)."""

    def __init__(self, frames: Iterable[Frame], start: float) -> None:
        tracker, facts = Tracker(), Facts()
        self.start = start
        self.changes: list[Change] = []
        self.states: list[Snapshot] = []
        for frame in frames:
            changes = tracker.feed(frame)
            facts.apply(changes, tracker.time)
            self.changes += changes
            self.states.append(tracker.snapshot())
        facts.learn(tracker.snapshot())
        self.report: Any = json.loads(msgspec.json.encode(report(facts)))
        self.tables = {table: [self._exported(row, table) for row in getattr(facts, table)] for table in TABLES}

    def legs(self, exten_user: str | None = None, call_id: str | None = None) -> list[Row]:
        """The legs at an extension, of a call; of all, if none is named."""
        return _only(self.tables["legs"], exten_user=exten_user, call_id=call_id)

    def leg(self, exten_user: str, call_id: str | None = None) -> Row:
        """The one leg at an extension, of a call."""
        (found,) = self.legs(exten_user, call_id)
        return found

    def call(self, call_id: str | None = None) -> Row:
        """The only call, or the only one of an id."""
        (found,) = _only(self.tables["calls"], call_id=call_id)
        return found

    def stay(self, call_id: str | None = None, queue_id: str | None = None) -> Row:
        """The only stay in a queue, of a call."""
        (found,) = _only(self.tables["queue_entries"], call_id=call_id, queue_id=queue_id)
        return found

    def work(self, agent: str) -> Row:
        """The work of an agent."""
        (found,) = _only(self.report["agents"], key=agent)
        return dict(found["work"])

    def queue(self, part: str, queue_id: str = "71") -> Row:
        """The figures of a queue."""
        (found,) = _only(self.report["queues"], key=queue_id)
        return dict(found[part])

    def counted(self) -> tuple[int, int]:
        """Calls, and answered ones, of the report."""
        every = self.report["total"]["calls"][0]
        return every["calls"], every["answered"]

    def at(self, seconds: float) -> Snapshot:
        """The live state after the last frame up to a moment."""
        return [one for one in self.states if one.time is not None and one.time <= self.start + seconds][-1]

    def anomalies(self) -> Counter[str]:
        """How many there were of each kind."""
        return Counter(one.kind.value for one in self.changes if isinstance(one, Anomaly))

    def _exported(self, row: Any, table: str) -> Row:
        found = {column.name: value for column, value in zip(columns(table), values(row, columns(table)), strict=True)}
        return {
            name: value.timestamp() - self.start if name in TIMES and value is not None else value
            for name, value in found.items()
        }


def has(found: Row, **expected: Any) -> bool:
    """Whether these columns have these values; says which have not."""
    differ = {name: found[name] for name, value in expected.items() if found[name] != value}
    assert not differ, f"{differ}, not {expected}"
    return True


def _only(rows: Iterable[Row], **wanted: str | None) -> list[Row]:
    return [row for row in rows if all(value in (None, row[name]) for name, value in wanted.items())]
