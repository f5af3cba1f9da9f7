"""Figures of past intervals: from the store where it has the rows, else counted from the journal."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from math import inf

import msgspec

from calltrack.core.records import Seconds
from calltrack.core.tracker import Tracker
from calltrack.figures import Facts, Options, Report, report
from calltrack.journal import Journal
from calltrack.serve.history.reading import JournalReader, Reader
from calltrack.serve.history.store import Store, beside
from calltrack.serve.security.reports import report_seen
from calltrack.serve.security.scope import Scope

FINAL_S = 900
"""Seconds after the end of an interval from which on its figures are final: what may still be corrected is over."""

_AROUND = 86400  # s around an interval in which what belongs to its rows is looked for, such as after-call work


def past_report(
    reader: Reader, since: Seconds, until: Seconds | None, options: Options, position: int, scope: Scope
) -> tuple[bytes, str]:
    """The report of [since, until) as a role sees it, in JSON, and its tag; `until` None is the frame at a position."""
    json = msgspec.json.encode(report_seen(report_of(reader, since, until, options, position), scope))
    return json, tag_of(json)


def tag_of(json: bytes) -> str:
    """What distinguishes an answer, for an ETag; large ones are hashed where they are counted."""
    return blake2b(json, digest_size=12).hexdigest()


def report_of(reader: Reader, since: Seconds, until: Seconds | None, options: Options, position: int) -> Report:
    """The report of [since, until), which is kept once it is final."""
    if not isinstance(reader, JournalReader):
        return report(reader.facts((since, until), position), since, until, options)
    journal = reader.opened()
    try:
        store = Store(beside(reader.path))
    except (sqlite3.Error, OSError):
        return report(reader.facts((since, until), position), since, until, options)
    try:
        if until is not None and (kept := store.report(since, until, options)) is not None:
            return kept
        facts = _stored(store, journal, since, until, position) or reader.facts((since, until), position)
        found = report(facts, since, until, options)
        if until is not None and facts.time is not None and until <= facts.time - FINAL_S:
            store.keep(since, until, options, found)
        return found
    except sqlite3.Error:
        return report(reader.facts((since, until), position), since, until, options)
    finally:
        store.close()


def _stored(store: Store, journal: Journal, since: Seconds, until: Seconds | None, position: int) -> Facts | None:
    """Facts of an interval from the store, and the frames since it was written; None if it begins later."""
    end = inf if until is None else until + _AROUND
    known = store.facts(journal, since - _AROUND, end) if since >= store.covered else None
    if known is None or known[0].position > position:
        return None
    snapshot, facts = known
    if until is None or facts.time is None or until > facts.time - FINAL_S:
        tracker = Tracker.restore(snapshot)
        for _, frame in journal.frames(snapshot.position, position, gaps=True):
            facts.apply(tracker.feed(frame), tracker.time)
        facts.learn(tracker.snapshot())
    return facts
