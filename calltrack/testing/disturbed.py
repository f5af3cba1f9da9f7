"""The reader's rule as a law: a reader of `changes` takes each change once, whatever happens to workers.

`disturbed(seed)` gives records as they stand in Kafka after kills, zombies and upgrades; `prove_reader` puts your own
reader before many of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import NamedTuple

import msgspec
from msgspec import Raw

from calltrack.core.changes import Change
from calltrack.core.tracker import Tracker
from calltrack.kafka.records import Changed, changed_records
from calltrack.testing.simulated import faulty


class Row(NamedTuple):
    """A change as a reader is to take it: of which account, its number (frame, change), its JSON."""

    account: str
    frame: int
    change: int
    text: bytes


class Disturbed(NamedTuple):
    """Records of `changes`, account and value, in the order of the log; and what is to be taken, by account."""

    records: list[tuple[bytes, bytes]]
    expected: list[Row]


def disturbed(seed: int = 0, *, agents: int = 4, hours: float = 0.2) -> Disturbed:
    """The records of two accounts of one partition; the same seed, the same records."""
    random = Random(f"disturbed {seed}")
    streams = [_stream(seed * 2 + index, agents, hours) for index in range(2)]
    logs = [list(_log(name, made, random)) for name, made in zip((b"acme", b"bolt"), streams, strict=True)]
    records: list[tuple[bytes, bytes]] = []
    while any(logs):
        log = random.choice([log for log in logs if log])
        records += [log.pop(0) for _ in range(min(len(log), random.randint(1, 5)))]
    expected = [
        Row(name, frame, number, msgspec.json.encode(change))
        for name, made in zip(("acme", "bolt"), streams, strict=True)
        for frame, changes, _ in made
        for number, change in enumerate(changes, 1)
    ]
    return Disturbed(records, expected)


def prove_reader(read: Callable[[Iterable[tuple[bytes, bytes]]], Sequence[Row]], *, seeds: int = 20) -> None:
    """Raise AssertionError, with the seed, if a reader loses, doubles or changes something.

    read: takes the records (account, value) and returns what it has at the end, in any order of the accounts.
    """
    for seed in range(seeds):
        records, expected = disturbed(seed)
        found = sorted(read(records), key=lambda row: row.account)  # stable: the order within an account counts
        if found != expected:
            lost, doubled = len(set(expected) - set(found)), len(found) - len(set(found))
            strange = len(set(found) - set(expected))
            raise AssertionError(
                f"of {len(expected)} changes {lost} are lost, {doubled} doubled, {strange} of the reader's are none, "
                f"or their order is another; disturbed({seed})"
            )


_Made = tuple[int, tuple[Change, ...], Raw]


def _stream(seed: int, agents: int, hours: float) -> list[_Made]:
    """Number, changes and state of each frame that changes something."""
    tracker, found = Tracker(), list[_Made]()
    for frame in faulty(seed, agents=agents, hours=hours):
        if changes := tracker.feed(frame):
            found.append((changes[0].position, changes, Raw(tracker.snapshot().to_json().encode())))
    return found


def _log(account: bytes, made: list[_Made], random: Random) -> Iterable[tuple[bytes, bytes]]:
    """Workers one after the other: each begins before the place where the last one ended, perhaps with other code."""
    generation, place = 3, 0
    yield account, _reset(generation, 0, Raw(Tracker().snapshot().to_json().encode()))
    while place < len(made):
        largest = random.choice((300, 3000, 1_000_000))
        begin, place = place, min(len(made), place + random.randint(1, 30))
        for frame, changes, _ in made[begin:place]:
            for value in changed_records(generation, frame, 1, changes, largest):
                yield account, value
                if random.random() < 0.03:
                    yield account, value  # a retry
        back = min(place, random.choice((0, 0, 3, 20)))
        if random.random() < 0.3:
            ghost = generation  # writes on for a while, behind the new one's back
            for frame, changes, _ in made[place - back : place]:
                yield from ((account, value) for value in changed_records(ghost, frame, 1, changes, largest))
        if random.random() < 0.2 and place - back > 0:
            generation += random.randint(1, 50)
            frame, _, state = made[place - back - 1]
            yield account, _reset(generation, frame, state)
        place -= back if place < len(made) else 0


def _reset(generation: int, frame: int, state: Raw) -> bytes:
    return Changed(generation, frame, 0, snapshot=state).record()
