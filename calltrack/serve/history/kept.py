"""What a service has counted of a journal, for commands: facts, and answers that need not be made again.

A command reads the store beside the journal, also while a service writes it, and adds the answers that it has made.
It never begins one, and leaves one that other code made as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from calltrack.core.tracker import Tracker
from calltrack.figures import Facts
from calltrack.journal import Journal, JournalDamaged
from calltrack.serve.history.store import Store, beside, edition_of


class Counted(NamedTuple):
    """The facts of all frames of a journal, how many these are, and their edition."""

    facts: Facts
    frames: int
    edition: str


def kept_facts(path: Path, on_damaged: Callable[[JournalDamaged], None]) -> Counted | None:
    """The facts of a journal: from its store, if that has the whole journal, and the frames since.

    None if there is no such store; `on_damaged` gets each frame that did not read. Raises a JournalError.
    """
    with Journal.open(path, read_only=True) as journal, suppress(sqlite3.Error):
        with closing(Store(beside(path), begin=False)) as store:
            known = store.facts(journal) if store.begin <= journal.begin else None
            damage = store.damage()
        if known is None:
            return None
        (snapshot, facts), end = known, journal.position
        for position, reason in damage:
            if position <= snapshot.position:  # the service may have gone on meanwhile
                on_damaged(JournalDamaged(str(path), reason, position))
        journal.on_damaged = on_damaged
        tracker = Tracker.restore(snapshot)
        for _, frame in journal.frames(snapshot.position, end, gaps=True):
            facts.apply(tracker.feed(frame), tracker.time)
        facts.learn(tracker.snapshot())
        return Counted(facts, end - journal.begin, edition_of(journal, end))
    return None


def kept_answer(path: Path, asked: bytes) -> bytes | None:
    """What `keep_answer` was given, if the journal still has the same frames and no more; raises a JournalError."""
    with (
        Journal.open(path, read_only=True) as journal,
        suppress(sqlite3.Error),
        closing(Store(beside(path), begin=False)) as store,
    ):
        return store.answer(asked, edition_of(journal, journal.position))
    return None


def keep_answer(path: Path, asked: bytes, edition: str, answer: bytes) -> None:
    """Keep the answer to a question about the frames of an edition, if the store can be written."""
    with suppress(sqlite3.Error), closing(Store(beside(path), begin=False)) as store:
        store.keep(asked, edition, answer)
