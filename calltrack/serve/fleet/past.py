"""The past of an account on Kafka, from the topic `changes`: it has every change, numbered as the service numbers them.

Reading begins at a moment, found by the records' times of writing, and what was read is kept while the process lives.
Frames are not read, so silences that the account's connection survived do not count as gaps here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from confluent_kafka import Message

from calltrack.core.changes import Change
from calltrack.core.records import Call, Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.figures import Facts
from calltrack.figures.facts import SILENCE_S
from calltrack.journal import StreamPosition
from calltrack.kafka.errors import NotARecord
from calltrack.kafka.history import place
from calltrack.kafka.records import Changed, changes_of, partition_of
from calltrack.kafka.rule import Facts as Rule
from calltrack.serve.history.reading import FRAMES, Chunk, Interval, Reader
from calltrack.serve.security.scope import About, Reach
from calltrack.serve.stream.hub import Gone

_MARGIN = 600.0  # s that the clocks of the vendor and of Kafka may differ
_LEAD = 4 * 3600.0  # s before an interval that are read too, for what lasts into it
_LONGEST = 86400.0  # s that are read for changes that a client missed


class _Made(NamedTuple):
    """What one frame changed."""

    frame: int
    first: int
    changes: tuple[bytes, ...]


class ChangesReader(Reader):
    """The past of the account at a URL `kafka://HOST:PORT/ACCOUNT`; raises Gone for what Kafka has no more."""

    def __init__(self, url: str) -> None:
        self._cluster, self._account = place(url)
        self._partition = partition_of(self._account, self._cluster.check())
        self._made: list[_Made] = []
        self._since = inf
        self._next = 0
        self._rule = Rule()

    def state_at(self, at: float) -> Snapshot:
        """Raises Gone: past states are not stored. `calltrack snapshot --at` makes one by reading the frames."""
        raise Gone("past states of an account on Kafka are not stored; calltrack snapshot kafka://… --at makes one")

    def story(self, call: Call, until: int) -> list[Change]:
        """Every change of a call up to a frame, as far as it is kept."""
        self._read((call.started or 0) - _MARGIN)
        wanted = call.call_id.encode()
        return [
            change
            for made in self._made
            if made.frame <= until
            for change in changes_of(raw for raw in made.changes if wanted in raw)
            if getattr(change, "call_id", "") == call.call_id
        ]

    def chunk(self, after: int) -> Chunk:
        """The changes of the frames after one, up to the next multiple of FRAMES."""
        self._read(time.time() - _LONGEST)
        first, last = (self._made[0].frame, self._made[-1].frame) if self._made else (0, 0)
        if last <= after or first > after + 1:
            raise Gone("this far back no changes are read from Kafka")
        begin, end = max(after // FRAMES * FRAMES, first - 1), min((after // FRAMES + 1) * FRAMES, last)
        reach, changes = Reach(), list[tuple[StreamPosition, Change, About]]()
        for made in self._made:
            if made.frame > end:
                break
            found = changes_of(made.changes)
            abouts = reach.abouts(found)  # what a change is about is known from what its call did before
            if made.frame > begin:
                places = [StreamPosition(made.frame, made.first + number) for number in range(len(found))]
                changes += zip(places, found, abouts, strict=True)
        return Chunk(begin, end, changes)

    def facts(self, interval: Interval, position: int) -> Facts:
        """What happened in an interval, up to a frame; of what lasts longer than four hours into it, only the rest."""
        since, until = interval
        facts = Facts()
        self._read((since or 0) - _LEAD)
        for made in self._made:
            if made.frame > position:
                break
            for change in changes_of(made.changes):
                if until is not None and change.at is not None and change.at >= until:
                    break
                _apply(facts, change)
        if facts.first is not None and facts.first < since:
            facts.drop_before(since)
        return facts

    def changes(self, since: Seconds, position: int) -> Iterator[Change]:
        """The changes from a server time (UTC epoch s) up to a frame, as far as Kafka has them; -inf for a day's."""
        self._read(time.time() - _LONGEST if since == -inf else since - _MARGIN)
        for made in self._made:
            if made.frame <= position:
                yield from changes_of(made.changes)

    def close(self) -> None:
        """Forget what was read."""
        self._made.clear()
        self._since = inf

    def _read(self, since: float) -> None:
        """Have every change written from a time (UTC epoch s) to now."""
        topic = self._cluster.topics.changes
        begin, end = self._cluster.limits(topic, [self._partition])[self._partition]
        if since < self._since:
            self._made, self._rule, self._since = [], Rule(), since
            self._next = self._cluster.offset_at(topic, self._partition, since) or begin

        def take(message: Message) -> None:
            if message.key() != self._account:
                return
            try:
                taken = self._rule.take(self._account, Changed.of(message.value() or b""))
            except NotARecord:
                return  # readers pass over what no worker wrote
            if taken is not None:
                self._made.append(_Made(taken.number.frame, taken.number.change, taken.changes))

        self._cluster.read(topic, {self._partition: (max(begin, self._next), end)}, take)
        self._next = max(self._next, end)


def _apply(facts: Facts, change: Change) -> None:
    """Take a change; the connection was there between two changes unless one says otherwise."""
    at: Seconds | None = change.at
    if at is not None and facts.time is not None and not hasattr(change, "gap"):
        while at - facts.time > SILENCE_S:
            facts.apply((), facts.time + SILENCE_S)
    facts.apply((change,), at)
