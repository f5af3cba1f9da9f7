"""Rows as they become final, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from calltrack.core.tracker import Tracker
from calltrack.figures import TABLES, Facts, Rows
from calltrack.figures.contacts import Contacts
from calltrack.figures.rows import joined
from calltrack.voicenter.frames import Frame

_OF_CALLS = ("calls", "queue_entries")
_CONTACTS = "contacts"  # what belongs to one is known at the end
_EVERY = 1000  # frames between two looks for rows that are over
_RESUMED_S = 900  # a call that is redialed comes back under its id within this


def rows(frames: Iterable[Frame], table: str, tracker: Tracker | None = None) -> Iterator[Struct]:
    """The rows of a table (calltrack.figures.TABLES) in the order of their ends, those that still last at the end last.

    `tracker` is one that knows what was before the first frame. A call that rings again under its id within 15 minutes
    is one row. The account of a call that never reached an agent is known at the end, so its rows come there. Memory
    follows what is live, 15 minutes, and those. Contacts are made at the end from all calls, legs and stays, which are
    kept for that.
    """
    return _rows(frames, (table,), tracker)


def all_rows(frames: Iterable[Frame], tracker: Tracker | None = None) -> Iterator[Struct]:
    """The rows of all tables together, those of each table as `rows` has them."""
    return _rows(frames, tuple(TABLES), tracker)


def _rows(frames: Iterable[Frame], tables: tuple[str, ...], tracker: Tracker | None) -> Iterator[Struct]:
    tracker = tracker or Tracker()
    facts = Facts.of(tracker.snapshot())
    of_rows = [table for table in tables if table != _CONTACTS]
    waiting: dict[str, list[Any]] = {table: [] for table in of_rows}
    kept: list[Rows] = []
    for count, frame in enumerate(frames, 1):
        facts.apply(tracker.feed(frame), tracker.time)
        if count % _EVERY == 0 and facts.time is not None:
            part = facts.named_agents(facts.drop_before(facts.time - _RESUMED_S))
            if _CONTACTS in tables:
                kept.append(part)
            for table in of_rows:
                for row in getattr(part, table):
                    if table in _OF_CALLS and row.account_id is None:
                        waiting[table].append(row)
                    else:
                        yield row
    late = facts.named(Rows(**{table: tuple(rows) for table, rows in waiting.items()}))
    left = facts.rows()
    for table in of_rows:
        yield from getattr(late, table)
        yield from getattr(left, table)
    if _CONTACTS in tables:
        whole = facts.named(joined((*kept, left)))
        yield from Contacts(whole.calls, whole.legs, whole.queue_entries).rows()
