"""The worker's shell: the group assigns partitions, the machine in `partition.py` does the work.

The loop has one thread. A takeover happens within the group's callback: the heartbeat has its own thread, so a long one
costs no membership, and the partitions already owned wait for it.
"""

from __future__ import annotations

import gc
import logging
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import Event

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from calltrack.kafka.cluster import Cluster, batch, met
from calltrack.kafka.errors import NotDelivered
from calltrack.kafka.partition import Output, Partition, Record, Settings
from calltrack.kafka.points import Point, whole_points
from calltrack.kafka.records import Marker
from calltrack.kafka.takeover import Plan, begin, plan

_log = logging.getLogger("calltrack.kafka")

GROUP = "calltrack.workers"
SESSION = 6.0
"""Seconds without a heartbeat after which another worker takes over; brokers allow no less by default."""

_WAIT = 0.1  # s to wait for one
_LOOK = 1.0  # s between two looks at the lag
_NEWEST = 12  # records of `points` read first; the newest point is among the last
_DELIVERY = 60.0  # s to wait for what must be in Kafka before a step


def collect_seldom() -> None:
    """Spare a process that is a worker most of Python's search for cyclic garbage; call it before `run`.

    Tracking makes no such garbage, and the search through the states of hundreds of accounts takes a tenth of the
    time. What other code leaves is still found while it is young.
    """
    gc.freeze()
    gc.set_threshold(100_000, 1000, 1000)


class Worker:
    """One worker; `run` until the event is set, or an error ends it. lag: frames that wait in what it owns.

    settings: its name, its code. patience: seconds after which a partition is taken over again from a rival that has
    begun a generation of it.
    """

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        *,
        group: str = GROUP,
        session_s: float = SESSION,
        member: str | None = None,
        patience: float = 15.0,
        read_tail: bool = True,
    ) -> None:
        self.owned: dict[int, Partition] = {}
        self.counts: Counter[str] = Counter()
        self.takeovers: list[float] = []
        self.lag = 0
        self._cluster, self._settings, self._patience, self._read_tail = cluster, settings, patience, read_tail
        self._producer: Producer = cluster.producer()
        self._consumer: Consumer = cluster.member(group, session_s=session_s, member=member)
        self._begun: dict[int, float] = {}
        self._superseded: dict[int, float] = {}
        self._unreadable: Counter[int] = Counter()
        self._failure: Exception | None = None
        self._looked = 0.0

    def run(self, stop: Event) -> None:
        """Work; raises FleetError if Kafka does not let it. What was read is written and stored before it returns."""
        self._consumer.subscribe(
            [self._cluster.topics.frames],
            on_assign=lambda _, given: self._take(given),
            on_revoke=lambda _, taken: self._give(taken),
            on_lost=lambda _, taken: self._lost(taken),
        )
        try:
            while not stop.is_set():
                self._apply(batch(self._consumer, _WAIT))
                self._producer.poll(0)
                self._tick(time.monotonic())
                if self._failure is not None:
                    raise self._failure
            self._finish(self.owned)
        finally:
            self._consumer.close()

    @property
    def ready(self) -> str:
        """Why it is not ready; "" if it is: a broker answers, and every partition that it owns is taken over.

        A partition is when it is where its log ended as the worker was given it. Asks a broker; to be called from a
        thread that may wait.
        """
        behind = sum(not partition.caught_up for partition in list(self.owned.values()))
        return self._cluster.unreachable() or (f"{behind} partitions are still being taken over" if behind else "")

    def _apply(self, messages: Sequence[Message]) -> None:
        read = defaultdict[int, list[Record]](list)
        for message in messages:
            error = message.error()
            if error is None:
                record = Record(message.offset() or 0, message.key(), message.value() or b"")
                read[message.partition() or 0].append(record)
            elif error.code() != KafkaError._PARTITION_EOF:
                met(self._cluster.topics.frames, error)
        for number, records in read.items():
            partition = self.owned.get(number)
            if partition is None:
                continue
            new = [one for one in records if one.offset >= partition.offset]  # others were read before a seek
            gap = bool(new) and new[-1].offset >= partition.offset + len(new)
            # Without removed frames, what is missing is no record: another program's transaction.
            if gap and self._watermarks(number)[0] > partition.offset:
                self._take_again(number)
            else:
                self._write(number, partition, partition.apply(new))

    def _watermarks(self, number: int) -> tuple[int, int]:
        """The first and the next offset of `frames`, as far as is known here."""
        place = TopicPartition(self._cluster.topics.frames, number)
        try:
            low, high = self._consumer.get_watermark_offsets(place, cached=True)
        except KafkaException:
            return 0, 0
        return low, high

    def _write(self, number: int, partition: Partition, outputs: Iterable[Output]) -> None:
        delivered = partial(self._delivered, number, partition)
        for output in outputs:
            self._produce(self._cluster.topics.changes, number, output.account, output.value, delivered)

    def _produce(
        self, topic: str, number: int, key: bytes | None, value: bytes, delivered: Callable[..., None]
    ) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, number, delivered)
                return
            except BufferError:
                self._producer.poll(0.1)  # what is read faster than it is written waits here
            except KafkaException as error:
                raise NotDelivered(f"{topic}: {error.args[0].str()}") from None

    def _delivered(self, number: int, partition: Partition, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._fail(error, message)
            return
        point = partition.acknowledged(message.offset() or 0)
        if point is not None:
            self._store(number, point)

    def _fail(self, error: KafkaError | None, message: Message) -> None:
        if error is not None and self._failure is None:
            self._failure = NotDelivered(f"{message.topic()}: a record cannot be written: {error.str()}")

    def _store(self, number: int, point: Point) -> None:
        self.counts["points"] += 1
        for key, value in point.records():
            self._produce(self._cluster.topics.points, number, key, value, self._fail)

    def _tick(self, now: float) -> None:
        for number, partition in list(self.owned.items()):
            point = partition.cut(now)
            if point is not None:
                self._store(number, point)
            if number in self._begun and partition.caught_up:
                self.takeovers.append(now - self._begun.pop(number))
            if partition.superseded_at is not None:
                since = self._superseded.setdefault(number, now)
                if not partition.rival or now - since >= self._patience:
                    self._take_again(number, claim=True)
        if now >= self._looked + _LOOK:
            self._looked = now
            self._report_unreadable()
            self.lag = sum(max(0, self._watermarks(one)[1] - self.owned[one].offset) for one in self.owned)

    def _report_unreadable(self) -> None:
        for number, partition in self.owned.items():
            new = partition.unreadable - self._unreadable[number]
            if new:
                self._unreadable[number] += new
                where = number, new, partition.offset
                _log.warning("not what belongs there: partition=%d records=%d before_offset=%d", *where)

    def _take_again(self, number: int, *, claim: bool = False) -> None:
        _log.warning("partition taken over again: partition=%d", number)
        offsets = self._take_over([number], claim=claim)
        self._consumer.seek(TopicPartition(self._cluster.topics.frames, number, offsets[number]))

    def _take(self, given: list[TopicPartition]) -> None:
        offsets = self._take_over([one.partition for one in given])
        topic = self._cluster.topics.frames
        self._consumer.incremental_assign([TopicPartition(topic, one, offset) for one, offset in offsets.items()])

    def _give(self, taken: list[TopicPartition]) -> None:
        self._finish([one.partition for one in taken])
        self._lose(taken)

    def _lost(self, taken: list[TopicPartition]) -> None:
        _log.warning("partitions given up, the session with the brokers was lost: partitions=%d", len(taken))
        self._lose(taken)

    def _lose(self, taken: list[TopicPartition]) -> None:
        for one in taken:
            self._forget(one.partition)
        self._consumer.incremental_unassign(taken)

    def _forget(self, number: int) -> None:
        partition = self.owned.pop(number, None)
        if partition is not None:
            self._count(partition)
        self._begun.pop(number, None)
        self._superseded.pop(number, None)
        self._unreadable.pop(number, None)

    def _count(self, partition: Partition) -> None:
        for name in ("frames", "dropped", "unreadable"):
            self.counts[name] += getattr(partition, name)

    def total(self, name: str) -> int:
        """Of `frames`, `dropped` or `unreadable`: how many since the start."""
        now: int = sum(getattr(one, name) for one in list(self.owned.values()))
        return self.counts[name] + now

    def _finish(self, numbers: Iterable[int]) -> None:
        """Before partitions are another's: what was read is written, and a point spares the other the reading."""
        self._flush()
        for number in numbers:
            partition = self.owned.get(number)
            point = partition.cut(math.inf) if partition is not None else None
            if point is not None:
                self._store(number, point)
        self._flush()

    def _flush(self) -> None:
        if self._producer.flush(_DELIVERY):
            raise NotDelivered(f"the brokers at {self._cluster.servers} take no records")
        if self._failure is not None:
            raise self._failure

    def _take_over(self, numbers: Sequence[int], *, claim: bool = False) -> dict[int, int]:
        """Take partitions over; returns the offset of `frames` to read each from."""
        if not numbers:
            return {}
        now = time.monotonic()
        ends = self._cluster.ends(numbers)
        plans = {
            number: plan(values, ends[number], self._settings, claim=claim)
            for number, values in self._points(numbers).items()
        }
        generations = self._mark([number for number, one in plans.items() if one.claim])
        written = self._written({number: one for number, one in plans.items() if not one.claim})
        for number, one in plans.items():
            for reason in one.refused:
                _log.warning("point refused: partition=%d reason=%r", number, reason)
            self._forget(number)
            partition, outputs = begin(one, self._settings, generations.get(number), written.get(number, ()))
            self.owned[number], self._begun[number] = partition, now
            self._write(number, partition, outputs)
        _log.info("taken over: partitions=%d seconds=%.2f", len(numbers), time.monotonic() - now)
        return {number: one.offset for number, one in plans.items()}

    def _points(self, numbers: Iterable[int]) -> dict[int, list[bytes]]:
        topic = self._cluster.topics.points
        limits = self._cluster.limits(topic, numbers)
        found: dict[int, list[bytes]] = {number: [] for number in limits}

        def take(message: Message) -> None:
            found[message.partition() or 0].append(message.value() or b"")

        newest = {one: (max(low, high - _NEWEST), high) for one, (low, high) in limits.items()}
        self._cluster.read(topic, newest, take)
        rest = {
            one: (low, newest[one][0])
            for one, (low, _) in limits.items()
            if low < newest[one][0] and not whole_points(found[one]).points
        }
        self._cluster.read(topic, rest, take)
        return found

    def _written(self, plans: dict[int, Plan]) -> dict[int, list[tuple[bytes, bytes]]]:
        found: dict[int, list[tuple[bytes, bytes]]] = {number: [] for number in plans}
        if not self._read_tail:
            return found

        def take(message: Message) -> None:
            found[message.partition() or 0].append((message.key() or b"", message.value() or b""))

        ranges = {number: (one.tail, one.ends.changes) for number, one in plans.items()}
        self._cluster.read(self._cluster.topics.changes, ranges, take)
        return found

    def _mark(self, numbers: Sequence[int]) -> dict[int, int]:
        """Begin a generation of partitions; returns them."""
        offsets: dict[int, int] = {}

        def delivered(error: KafkaError | None, message: Message) -> None:
            self._fail(error, message)
            offsets[message.partition() or 0] = message.offset() or 0

        marker = Marker(self._settings.code, self._settings.owner).record()
        for number in numbers:
            self._produce(self._cluster.topics.frames, number, None, marker, delivered)
        if numbers:
            self._flush()
        return offsets
