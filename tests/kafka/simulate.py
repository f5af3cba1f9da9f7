"""A seeded world in which workers and connectors are killed, freeze and return: `python -m tests.kafka.simulate`.

At the end of each seed the changes of every account, read by the reader's rule, are byte for byte those of one process
that was given the same log; and no account has a frame that was received and neither written nor reported as lost.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cache
from random import Random
from typing import Literal, NamedTuple, TypeVar

import click
import msgspec

from calltrack import Frame, Tracker
from calltrack.kafka.partition import CLAIMED
from calltrack.kafka.records import Changed
from calltrack.kafka.rule import Facts, States
from calltrack.testing import faulty, lawful
from tests.kafka.world import Connector, Log, Process, Topics, Worker

Control = Literal["", "no rule", "no tail"]
P = TypeVar("P", bound=Process)
Line = tuple[int, int, bytes]  # frame, change, JSON
Moments = dict[tuple[bytes, int], bytes]  # the state of an account after a frame


class Outcome(NamedTuple):
    """What became of a seed: what differs, in words, and what was survived."""

    differences: list[str]
    frames: int
    changes: int
    kills: int
    dropped: int
    fenced: int


def one_process(frames: Log, wanted: set[tuple[bytes, int]]) -> tuple[dict[bytes, list[Line]], Moments, int]:
    """The changes of every account from the log alone, the state after the frames wanted, and frames fenced off."""
    trackers: dict[bytes, Tracker] = {}
    leases: dict[bytes, int] = {}
    counts: dict[bytes, int] = {}
    lines: dict[bytes, list[Line]] = {}
    states: Moments = {}
    fenced = 0
    for record in frames.records:
        assert record is not None
        account, kind, lease = record.key, record.value[:1], int.from_bytes(record.value[1:9], "big")
        if kind == b"M":
            continue
        tracker = trackers.setdefault(account, Tracker())
        if account not in counts:
            states[account, 0] = tracker.snapshot().to_json().encode()
        if kind == b"C":
            before, leases[account] = leases.get(account, 0), max(lease, leases.get(account, 0))
            if before == 0 or lease <= before:
                continue
            frame = Frame.of("disconnect", {"reason": CLAIMED})
        elif lease < leases.get(account, 0):
            fenced += 1
            continue
        else:
            leases[account] = lease
            frame = Frame.decode(record.value[9:])
        for number, change in enumerate(tracker.feed(frame), 1):
            lines.setdefault(account, []).append((change.position, number, msgspec.json.encode(change)))
        number = counts[account] = counts.get(account, 0) + 1
        if (account, number) in wanted:
            states[account, number] = tracker.snapshot().to_json().encode()
    return lines, states, fenced


def as_read(changes: Log, *, rule: bool = True) -> tuple[dict[bytes, list[Line]], int]:
    """The changes of every account as a reader gets them, and how many it drops.

    Without the rule it takes everything, and only begins again at resets.
    """
    facts = Facts()
    lines: dict[bytes, list[Line]] = {}
    for stored in changes.records:
        assert stored is not None
        account, changed = stored.key, Changed.of(stored.value)
        mine = lines.setdefault(account, [])
        taken = (facts if rule else Facts()).take(account, changed)
        if taken is not None:
            mine += [(taken.number.frame, number, one) for number, one in enumerate(taken.changes, taken.number.change)]
        elif len(changed.snapshot) and not rule:
            mine[:] = [line for line in mine if line[0] <= changed.frame]
    return lines, facts.dropped


def wrong_states(changes: Log, lines: dict[bytes, list[Line]], states: Moments) -> Iterator[str]:
    """Where a reader that follows the state is led astray: resets to another state, changes missing after them."""
    reader = States()
    since: dict[bytes, tuple[int, list[bytes]]] = {}
    for stored in changes.records:
        assert stored is not None
        moved = reader.take(stored.key, Changed.of(stored.value))
        if moved is not None and moved.reset:
            since[stored.key] = moved.position.frame, []
            if states.get((stored.key, moved.position.frame)) != moved.reset:
                yield f"{stored.key.decode()}: the reset after frame {moved.position.frame} is another state"
        elif moved is not None:
            since[stored.key][1].extend(moved.changes)
    for account, (frame, followed) in since.items():
        if followed != [line[2] for line in lines.get(account, ()) if line[0] > frame]:
            yield f"{account.decode()}: the state after frame {frame} is followed by other changes"


def compared(topics: Topics, *, rule: bool = True) -> tuple[list[str], int, int, int]:
    """What differs, how many changes there are, were dropped by the reader, and how many frames were fenced."""
    resets = {(stored.key, Changed.of(stored.value).frame) for stored in topics.changes.records if stored}
    expected, states, fenced = one_process(topics.frames, resets if rule else set())
    found, dropped = as_read(topics.changes, rule=rule)
    differences = [
        f"{account.decode()}: {len(found.get(account, []))} changes, not these {len(lines)}"
        for account, lines in sorted(expected.items())
        if found.get(account, []) != lines
    ]
    if rule:
        differences += wrong_states(topics.changes, expected, states)
    return differences, sum(map(len, expected.values())), dropped, fenced


@cache
def streams() -> tuple[tuple[bytes, ...], ...]:
    """A few call centres' traffic."""
    pieces = [faulty(seed, agents=4, hours=0.15) for seed in range(3)] + [lawful(9, agents=5, hours=0.15)]
    return tuple(tuple(frame.raw for frame in piece) for piece in pieces)


class World:
    """One seed. zombies: whether a process may go on after it is believed dead. codes: versions of the worker."""

    def __init__(self, seed: int, *, zombies: bool = True, codes: Sequence[str] = ("a",), read_tail: bool = True):
        self.random = Random(seed)
        self.topics = Topics(Log(), Log(), Log(), Log())
        self.kills = 0
        self._zombies, self._codes, self._read_tail = zombies, codes, read_tail
        self._names = 0
        self._accounts = [b"acme", b"bolt", b"core"]
        self._vendors: dict[bytes, Iterator[bytes]] = {name: iter(()) for name in self._accounts}
        for name in self._accounts:
            self.topics.accounts.append(b"definition of " + name, b"")
        self.ghosts: list[Process] = []
        self.worker = self._new_worker()
        self.connectors = [self._new_connector(), self._new_connector()]
        self.owner = {name: self.random.choice(self.connectors) for name in self._accounts}
        for name, connector in self.owner.items():
            connector.own(name)

    def run(self, steps: int) -> None:
        """Disturbed for so many steps, then calm until everything is read."""
        for _ in range(steps):
            self._step()
        for ghost in self.ghosts:
            ghost.kill(self.random)
        while any([*(one.deliver(self.random) for one in [*self.connectors, self.worker])]) or not self.worker.idle:
            self.worker.step()
            for connector in self.connectors:
                connector.step()

    def _step(self) -> None:
        random = self.random
        processes: list[Worker | Connector] = [self.worker, *self.connectors, *self._alive()]
        process = random.choice(processes)
        fail = 0.01 if isinstance(process, Connector) else 0.0
        if random.random() < 0.5:
            process.step()
        else:
            process.deliver(random, fail=fail)
        for _ in range(random.randint(0, 4)):
            self._emit()
        chance = random.random()
        if chance < 0.01:
            self.worker = self._replaced(self.worker, self._new_worker())
        elif chance < 0.02:
            self._move(random.choice(self._accounts))
        elif chance < 0.025:
            dead = random.choice(self.connectors)
            new = self._replaced(dead, self._new_connector())
            self.connectors = [new if one is dead else one for one in self.connectors]
            for name in [name for name, owner in self.owner.items() if owner is dead]:
                self.owner[name] = new
                new.own(name)
        elif chance < 0.03:
            self.topics.points.compact()
        elif chance < 0.05 and self.ghosts:
            self.ghosts.pop(random.randrange(len(self.ghosts))).kill(random)

    def _emit(self) -> None:
        """The vendor sends the next frame of an account to every socket that is open."""
        name = self.random.choice(self._accounts)
        listening = [
            one for one in [*self.connectors, *self._alive()] if isinstance(one, Connector) and name in one.sockets
        ]
        raw = next(self._vendors[name], None)
        if raw is None:
            self._vendors[name] = iter(self.random.choice(streams()))
        for connector in listening if raw else ():
            connector.receive(name, raw or b"")

    def _move(self, name: bytes) -> None:
        """A rebalance: another connector is given the account, and the one before learns of it, or does not yet."""
        before, after = self.owner[name], self.random.choice(self.connectors)
        if before is not after:
            self.owner[name] = after
            after.own(name)
            if not self._zombies or self.random.random() < 0.5:
                before.disown(name)

    def _replaced(self, old: P, new: P) -> P:
        if self._zombies and self.random.random() < 0.5:
            self.ghosts.append(old)
        else:
            self.kills += 1
            old.kill(self.random)
        return new

    def _alive(self) -> Iterator[Worker | Connector]:
        for ghost in self.ghosts:
            assert isinstance(ghost, Worker | Connector)
            yield ghost

    def _new_worker(self) -> Worker:
        self._names += 1
        code = self.random.choice(self._codes)
        return Worker(f"w{self._names}", code, self.topics, self.random, read_tail=self._read_tail)

    def _new_connector(self) -> Connector:
        self._names += 1
        return Connector(f"c{self._names}", self.topics, self.random.choice((20_000, 10_000_000)))


def run(seed: int, *, control: Control = "", zombies: bool = True, steps: int = 400) -> Outcome:
    """One seed; the controls leave one thing out, and must differ in some seeds."""
    codes = ("a", "b") if seed % 3 == 0 and not control else ("a",)
    world = World(seed, zombies=zombies, codes=codes, read_tail=control != "no tail")
    world.run(steps)
    differences, changes, dropped, fenced = compared(world.topics, rule=not control)
    if not control:
        differences += [loss for connector in world.connectors for loss in connector.silent_losses()]
    return Outcome(differences, len(world.topics.frames.records), changes, world.kills, dropped, fenced)


@click.command(help=__doc__)
@click.option("--seeds", default=1000, show_default=True)
@click.option("--first", default=0, show_default=True)
def main(seeds: int, first: int) -> None:
    outcomes = [(seed, run(seed)) for seed in range(first, first + seeds)]
    for seed, outcome in outcomes:
        for difference in outcome.differences:
            click.echo(f"seed {seed}: {difference}")
    bad = sum(bool(outcome.differences) for _, outcome in outcomes)
    total = [
        sum(getattr(one, name) for _, one in outcomes) for name in ("frames", "changes", "kills", "dropped", "fenced")
    ]
    click.echo(
        f"{seeds} seeds, {bad} differ; {total[0]} frames, {total[1]} changes, {total[2]} kills, "
        f"{total[3]} doubled changes dropped by the rule, {total[4]} frames of an older lease dropped"
    )
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
