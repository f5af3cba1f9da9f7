"""The calls that words name, in the whole journal: the answers of `calltrack find`, as a role sees them.

What is known of calls that ended stands in the figures' store; the frames after it are read. Where the store does not
reach back far enough, the frames are. The store is read piece by piece, and only what the first word may name is held.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from math import inf

from msgspec import Struct
from msgspec.structs import replace

from calltrack.core.records import Call, Seconds
from calltrack.core.tracker import Tracker
from calltrack.serve.history.reading import JournalReader, Reader, before
from calltrack.serve.history.store import Store, beside
from calltrack.serve.security.numbers import masked
from calltrack.serve.security.scope import Scope
from calltrack.words.finding import Calls, Traits, find, may_be

MOST = 100_000
"""Calls that the first word may name; more are not looked through."""


class Asked(Struct, frozen=True):
    """Words that a call has to match, all of them, when it lived (UTC epoch s), and which of the calls are wanted."""

    words: tuple[str, ...]
    since: Seconds = -inf
    until: Seconds = inf
    limit: int = 100
    offset: int = 0


class Found(Struct, frozen=True):
    """Some of the `total` calls that match, the newest first; `is_cut` if more than MOST had to be looked through."""

    total: int
    calls: list[Traits]
    is_cut: bool = False


def found(
    reader: Reader,
    asked: Asked,
    live: Sequence[Call],
    position: int,
    now: Seconds | None,
    zone: tzinfo,
    scope: Scope,
) -> Found:
    """The calls up to a frame at which some lived, and it was `now`; a time of day is on the clock of `zone`."""
    calls: dict[str, Traits] = {}
    by_number = scope.phone_numbers
    for one in _all(reader, asked.since, asked.until, live, position):
        calls.pop(one.call_id, None)  # what came before of the same call holds no more
        if one.lived(asked.since, asked.until) and scope.sees_any(one.extensions, one.queues):
            seen = one if by_number else _without_numbers(one)
            if may_be(seen, asked.words[0], zone, now, by_number=by_number):
                calls[one.call_id] = seen
        if len(calls) > MOST:
            return Found(0, [], is_cut=True)
    matching = find(calls.values(), asked.words, zone, now, by_number=by_number)
    matching.sort(key=lambda one: (one.started or 0, one.call_id), reverse=True)
    return Found(len(matching), matching[asked.offset : asked.offset + asked.limit])


def _all(reader: Reader, since: Seconds, until: Seconds, live: Iterable[Call], position: int) -> Iterator[Traits]:
    """What is known of each call; of one that comes twice the last holds."""
    calls = Calls()
    stored = _stored(reader, since, until, position, calls) if isinstance(reader, JournalReader) else None
    if stored is not None:
        yield from stored
    else:
        calls.see(reader.changes(since, position))
    yield from calls.all(live)


def _stored(
    reader: JournalReader, since: Seconds, until: Seconds, position: int, rest: Calls
) -> Iterator[Traits] | None:
    """Those of the store, and into `rest` those of the frames after it; None if it does not reach back to `since`."""
    journal = reader.opened()
    try:
        store = Store(beside(reader.path), begin=False)
    except sqlite3.Error:
        return None
    try:
        held = store.held(journal) if store.begin <= before(journal, since) else None
    except sqlite3.Error:
        held = None
    if held is None:
        store.close()
        return None
    tracker = Tracker.restore(held.snapshot)
    for _, frame in journal.frames(held.snapshot.position, max(held.snapshot.position, position), gaps=True):
        rest.see(tracker.feed(frame))
    return _read(store, since, until)


def _read(store: Store, since: Seconds, until: Seconds) -> Iterator[Traits]:
    try:
        for part in store.calls(since, until):
            yield from part
    finally:
        store.close()


def _without_numbers(one: Traits) -> Traits:
    """As a role without numbers sees it."""
    return replace(
        one,
        numbers=frozenset(masked(number, number=True) for number in one.numbers),
        names=frozenset(map(masked, one.names)),
    )
