"""Figures of past intervals: from the store where it has them, or the rows for them; else counted from the journal."""

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
from calltrack.serve.history.store import CLOSED, Store, beside, edition_of
from calltrack.serve.security.reports import report_seen
from calltrack.serve.security.scope import EVERYTHING, Scope

FINAL_S = 900
"""Seconds after the end of an interval from which on its figures are final: what may still be corrected is over."""

_AROUND = 86400  # s around an interval in which what belongs to its rows is looked for, such as after-call work


def past_report(
    reader: Reader, since: Seconds, until: Seconds | None, options: Options, position: int, scope: Scope
) -> tuple[bytes, str]:
    """The report of [since, until) as a role sees it, in JSON, and its tag; `until` None is the frame at a position."""
    json = whole_report(reader, since, until, options, position)
    if scope != EVERYTHING:
        json = msgspec.json.encode(report_seen(msgspec.json.decode(json, type=Report), scope))
    return json, tag_of(json)


def tag_of(json: bytes) -> str:
    """What distinguishes an answer, for an ETag; large ones are hashed where they are counted."""
    return blake2b(json, digest_size=12).hexdigest()


def whole_report(reader: Reader, since: Seconds, until: Seconds | None, options: Options, position: int) -> bytes:
    """The report of [since, until) in JSON, which is kept: for good once it is final, else until a frame comes.

    It is kept as JSON, because what is read back from that has no whole numbers where figures may have a fraction, and
    would be other bytes.
    """

    def counted(facts: Facts) -> bytes:
        return msgspec.json.encode(report(facts, since, until, options))

    if not isinstance(reader, JournalReader):
        return counted(reader.facts((since, until), position))
    journal = reader.opened()
    try:
        store = Store(beside(reader.path), begin=False)
    except sqlite3.Error:
        return counted(reader.facts((since, until), position))
    try:
        asked, edition = msgspec.json.encode((since, until, options)), edition_of(journal, position)
        if (kept := store.answer(asked, CLOSED, edition)) is not None:
            return kept
        facts = _stored(store, journal, since, until, position) or reader.facts((since, until), position)
        found = counted(facts)
        final = until is not None and facts.time is not None and until <= facts.time - FINAL_S
        store.keep(asked, CLOSED if final else edition, found, since)
        return found
    except sqlite3.Error:
        return counted(reader.facts((since, until), position))
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
