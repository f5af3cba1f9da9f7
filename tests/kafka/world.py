"""A Kafka of lists, and the processes on it: workers and connectors run the real machines, by hand.

A process writes through a queue for each partition; what is in it is delivered later, in order. A killed process loses
the rest of its queues at a random place. A zombie is a process that is believed to be dead and goes on for a while.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from calltrack.kafka.line import Action, Buffer, Claim, Close, Line, Open, Phase, Write
from calltrack.kafka.partition import Output, Partition, Record, Settings
from calltrack.kafka.points import Point
from calltrack.kafka.records import Claimed, Marker, frame_record, opened
from calltrack.kafka.takeover import Ends, Plan, begin, plan

_NOTE = re.compile(rb'"disconnect","data":{"reason":"(\d+) frames lost')


class Stored(NamedTuple):
    """A record of a log."""

    key: bytes
    value: bytes


class Log:
    """One partition of one topic; `first` is the first offset that is kept."""

    def __init__(self) -> None:
        self.records: list[Stored | None] = []
        self.first = 0

    def append(self, key: bytes, value: bytes) -> int:
        """Returns the record's offset."""
        self.records.append(Stored(key, value))
        return len(self.records) - 1

    def compact(self) -> None:
        """Keep the last record of each key."""
        seen = set[bytes]()
        for offset in range(len(self.records) - 1, -1, -1):
            record = self.records[offset]
            if record is not None:
                self.records[offset] = None if record.key in seen else record
                seen.add(record.key)


Delivered = Callable[[int | None], None]  # the offset, or None if delivery failed


class Process:
    """What writes to logs, later."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self._queues: dict[int, tuple[Log, deque[tuple[bytes, bytes, Delivered]]]] = {}

    def send(self, log: Log, key: bytes, value: bytes, delivered: Delivered) -> None:
        """Put a record into the queue of a log."""
        queue = self._queues.setdefault(id(log), (log, deque()))[1]
        queue.append((key, value, delivered))

    def deliver(self, random: Random, *, most: int = 20, fail: float = 0.0) -> bool:
        """Deliver some of one queue; returns whether there was anything."""
        full = [pair for pair in self._queues.values() if pair[1]]
        if not full:
            return False
        log, queue = random.choice(full)
        for _ in range(min(len(queue), random.randint(1, most))):
            key, value, delivered = queue.popleft()
            offset = None if random.random() < fail else log.append(key, value)
            if self.alive:  # else the acknowledgement finds nothing
                delivered(offset)
        return True

    def kill(self, random: Random) -> None:
        """A prefix of each queue is on its way and arrives."""
        self.alive = False
        for log, queue in self._queues.values():
            for key, value, _ in list(queue)[: random.randint(0, len(queue))]:
                log.append(key, value)
            queue.clear()


class Topics(NamedTuple):
    """The partition of each topic; one is enough, for partitions know nothing of each other."""

    accounts: Log
    frames: Log
    changes: Log
    points: Log


class Worker(Process):
    """Owns the partition for as long as it believes so."""

    def __init__(self, name: str, code: str, topics: Topics, random: Random, *, read_tail: bool = True) -> None:
        super().__init__(name)
        self.settings = Settings(code, name, 1, largest=random.choice((400, 4000, 900_000)), point_frames=30)
        self._topics, self._random, self._read_tail = topics, random, read_tail
        self.partition: Partition | None = None
        self._plan: Plan | None = None
        self._marker: int | None = None
        self._steps = self._patience = 0

    def step(self) -> None:
        """One thing: a step of the takeover, or some frames."""
        if self.partition is None:
            self._take_over()
            return
        partition, frames = self.partition, self._topics.frames.records
        self._steps += 1
        read = frames[partition.offset : partition.offset + self._random.randint(1, 25)]
        records = [Record(offset, one.key, one.value) for offset, one in enumerate(read, partition.offset) if one]
        assert len(records) == len(read)
        self._write(partition, partition.apply(records))
        self._store(partition.cut(self._steps))
        if partition.superseded_at is not None:
            self._patience += 1
            if not partition.rival or self._patience > 6:
                self.partition, self._plan, self._patience = None, None, 0
                self._take_over(claim=True)

    @property
    def idle(self) -> bool:
        """Whether it has nothing to do."""
        partition = self.partition
        if partition is None or partition.superseded_at is not None or partition.pending:
            return False
        return partition.offset == len(self._topics.frames.records)

    def _take_over(self, *, claim: bool = False) -> None:
        topics = self._topics
        if self._plan is None:
            ends = Ends(topics.frames.first, len(topics.frames.records), len(topics.changes.records))
            values = [record.value for record in topics.points.records if record is not None]
            self._plan, self._marker = plan(values, ends, self.settings, claim=claim), None
            if self._plan.claim:
                self.send(topics.frames, b"", Marker(self.settings.code, self.name).record(), self._marked)
        elif self._plan.claim and self._marker is None:
            return
        else:
            tail = topics.changes.records[self._plan.tail : self._plan.ends.changes]
            written = [record for record in tail if record is not None] if self._read_tail else []
            self.partition, first = begin(self._plan, self.settings, self._marker, written)
            self._write(self.partition, first)

    def _marked(self, offset: int | None) -> None:
        self._marker = offset

    def _write(self, partition: Partition, outputs: Sequence[Output]) -> None:
        for output in outputs:
            self.send(
                self._topics.changes,
                output.account,
                output.value,
                lambda offset: self._store(partition.acknowledged(offset or 0)),
            )

    def _store(self, point: Point | None) -> None:
        for key, value in point.records(self._random.choice((300, 900_000))) if point else ():
            self.send(self._topics.points, key, value, lambda _: None)


class Connector(Process):
    """Holds accounts for as long as it believes so; `sockets` are those that are open."""

    def __init__(self, name: str, topics: Topics, limit: int) -> None:
        super().__init__(name)
        self.lines: dict[bytes, Line] = {}
        self.sockets: set[bytes] = set()
        self.heard: dict[tuple[bytes, int], list[bytes]] = {}
        self._topics, self._buffer = topics, Buffer(limit)
        self._read = self._steps = 0

    def own(self, account: bytes) -> None:
        """The group gives it an account."""
        line = self.lines.setdefault(account, Line(self.name, self._buffer, patience=10))
        self._do(account, line.own())

    def disown(self, account: bytes) -> None:
        """It learns that the account is another's."""
        if account in self.lines:
            self._do(account, self.lines[account].disown())

    def receive(self, account: bytes, raw: bytes) -> None:
        """A socket brings a frame."""
        line = self.lines[account]
        if line.phase is Phase.OPEN:
            self.heard.setdefault((account, line.lease), []).append(raw)
        self._do(account, line.received(raw))

    def silent_losses(self) -> list[str]:
        """Leases of which frames are missing in the log, and the account's stream does not say so."""
        found = []
        for (account, lease), heard in self.heard.items():
            mine = [record for record in self._topics.frames.records if record is not None and record.key == account]
            kept = [record.value[9:] for record in mine if record.value[:9] == frame_record(lease, b"")]
            notes = [int(note[1]) for raw in kept if (note := _NOTE.search(raw))]
            later = any(record.value[:1] == b"C" and opened(record.value).lease > lease for record in mine)
            missing = len(heard) - (len(kept) - len(notes))
            if missing > sum(notes) and not later and self.lines[account].phase is not Phase.BROKEN:
                found.append(f"{account.decode()}: {missing} frames are missing, {sum(notes)} are reported")
        return found

    def step(self) -> None:
        """Read the claims, let time pass."""
        self._steps += 1
        records = self._topics.accounts.records
        for offset in range(self._read, len(records)):
            record = records[offset]
            if record is not None and record.key in self.lines:
                owner = Claimed.of(record.value).owner
                self._do(record.key, self.lines[record.key].seen(offset, owner, self._steps))
        self._read = len(records)
        for account, line in self.lines.items():
            self._do(account, line.tick(self._steps))

    def _do(self, account: bytes, actions: list[Action]) -> None:
        line = self.lines[account]
        for action in actions:
            match action:
                case Open():
                    self.sockets.add(account)
                case Close():
                    self.sockets.discard(account)
                case Claim(number, value):
                    self.send(self._topics.accounts, account, value, self._claimed(account, line, number))
                case Write(value, lost):
                    self.send(self._topics.frames, account, value, self._settled(account, line, len(value), lost))

    def _claimed(self, account: bytes, line: Line, number: int) -> Delivered:
        def delivered(offset: int | None) -> None:
            failed = offset is None
            self._do(account, line.claim_failed(number, self._steps) if failed else line.claimed(number, offset or 0))

        return delivered

    def _settled(self, account: bytes, line: Line, size: int, lost: int) -> Delivered:
        return lambda offset: self._do(account, line.failed(size, lost) if offset is None else line.delivered(size))
