"""The rows of one table as they become final, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from calltrack.core.tracker import Tracker
from calltrack.figures import Facts, Rows
from calltrack.voicenter.frames import Frame

_EVERY = 1000  # frames between two looks for rows that are over
_OF_CALLS = ("calls", "queue_entries")
_RESUMED_S = 900  # a call that is redialed comes back under its id within this


def rows(frames: Iterable[Frame], table: str, tracker: Tracker | None = None) -> Iterator[Struct]:
    """The rows of a table (calltrack.figures.TABLES) in the order of their ends, those that still last at the end last.

    `tracker` is one that knows what was before the first frame. A call that rings again under its id within 15 minutes
    is one row. The account of a call that never reached an agent is known at the end, so its rows come there. Memory
    follows what is live, 15 minutes, and those.
    """
    tracker = tracker or Tracker()
    facts = Facts.of(tracker.snapshot())
    waiting: list[Any] = []
    for count, frame in enumerate(frames, 1):
        facts.apply(tracker.feed(frame), tracker.time)
        if count % _EVERY == 0 and facts.time is not None:
            for row in getattr(facts.named_agents(facts.drop_before(facts.time - _RESUMED_S)), table):
                if table in _OF_CALLS and row.account_id is None:
                    waiting.append(row)
                else:
                    yield row
    yield from getattr(facts.named(Rows(**{table: tuple(waiting)})), table)
    yield from getattr(facts, table)
