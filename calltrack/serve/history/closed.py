"""Figures of past intervals: from the store where it has them, or the rows for them; else counted from the journal."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from math import inf
from typing import NamedTuple

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


class Past(NamedTuple):
    """A report in JSON, and the frame up to which it is counted."""

    json: bytes
    position: int


def past_report(
    reader: Reader, since: Seconds, until: Seconds | None, options: Options, position: int, scope: Scope
) -> tuple[Past, str]:
    """The report of [since, until) as a role sees it, and its tag; `until` None is the frame at a position or later."""
    found = whole_report(reader, since, until, options, position)
    if scope != EVERYTHING:
        seen = report_seen(msgspec.json.decode(found.json, type=Report), scope)
        found = found._replace(json=msgspec.json.encode(seen))
    return found, tag_of(found.json)


def tag_of(json: bytes) -> str:
    """What distinguishes an answer, for an ETag; large ones are hashed where they are counted."""
    return blake2b(json, digest_size=12).hexdigest()


def whole_report(reader: Reader, since: Seconds, until: Seconds | None, options: Options, position: int) -> Past:
    """The report of [since, until), which is kept: for good once it is final, else until a frame comes.

    It is kept as JSON, because what is read back from that has no whole numbers where figures may have a fraction, and
    would be other bytes. It is of the frames up to a position, or of those that the store has if these are more: who
    waited for their turn need not wait until all frames are read.
    """

    def counted(facts: Facts) -> bytes:
        return msgspec.json.encode(report(facts, since, until, options))

    def read() -> Past:
        return Past(counted(reader.facts((since, until), position)), position)

    if not isinstance(reader, JournalReader):
        return read()
    journal = reader.opened()
    try:
        store = Store(beside(reader.path), begin=False)
    except sqlite3.Error:
        return read()
    try:
        asked = msgspec.json.encode((since, until, options))
        if (kept := _kept(store, journal, asked, position)) is not None:
            return kept
        known = _stored(store, journal, since, until, position)
        facts, position = known or (reader.facts((since, until), position), position)
        found = counted(facts)
        final = until is not None and facts.time is not None and until <= facts.time - FINAL_S
        store.keep(asked, CLOSED if final else edition_of(journal, position), found, since)
        return Past(found, position)
    except sqlite3.Error:
        return read()
    finally:
        store.close()


def _kept(store: Store, journal: Journal, asked: bytes, position: int) -> Past | None:
    """The answer that is kept of the frames up to a position, or of those that the store has if these are more."""
    if (answer := store.answer(asked, CLOSED, edition_of(journal, position))) is not None:
        return Past(answer, position)
    held = store.held(journal)
    if held is None or held.snapshot.position <= position:
        return None
    position = held.snapshot.position
    answer = store.answer(asked, edition_of(journal, position))
    return None if answer is None else Past(answer, position)


def _stored(
    store: Store, journal: Journal, since: Seconds, until: Seconds | None, position: int
) -> tuple[Facts, int] | None:
    """Facts of an interval from the store and the frames since, and how many these are; None if it begins later."""
    end = inf if until is None else until + _AROUND
    known = store.facts(journal, since - _AROUND, end) if since >= store.covered else None
    if known is None:
        return None
    snapshot, facts = known
    position = max(position, snapshot.position)
    if until is None or facts.time is None or until > facts.time - FINAL_S:
        tracker = Tracker.restore(snapshot)
        for _, frame in journal.frames(snapshot.position, position, gaps=True):
            facts.apply(tracker.feed(frame), tracker.time)
        facts.learn(tracker.snapshot())
    return facts, position
