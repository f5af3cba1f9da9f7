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

from calltrack.testing import faulty, lawful
from tests.kafka.reference import compared
from tests.kafka.world import Connector, Log, Process, Topics, Worker

Control = Literal["", "no rule", "no tail"]
P = TypeVar("P", bound=Process)


class Outcome(NamedTuple):
    """What became of a seed: what differs, in words, and what was survived."""

    differences: list[str]
    frames: int
    changes: int
    kills: int
    dropped: int
    fenced: int


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
