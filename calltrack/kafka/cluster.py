"""The brokers and the four topics: connecting, creating and checking topics, reading ranges of them.

Everything that librdkafka is configured with is here. A file of its properties (TLS, SASL) may add to it; passwords
belong there, and are never shown.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, OffsetSpec, ResourceType

from calltrack.kafka.errors import ClusterError
from calltrack.kafka.takeover import Ends
from calltrack.live.private import private_values

_log = logging.getLogger("calltrack.kafka")

PREFIX = "calltrack."
PARTITIONS = 256
LARGEST_FRAME = 32 << 20
"""Bytes of one record of any topic, packed; the list of 10,000 extensions has 8 MB before."""

GROUPS = "__consumer_offsets"
"""Kafka's topic of the consumer groups: without it no partition is given to anyone."""

_NEEDED = "min.insync.replicas"
_DAY_MS = 86_400_000
_BATCH = 1000  # records taken at a time
_PATIENCE, _PAUSE = 60.0, 0.3  # s in which brokers may come back; s between two tries
_ANSWER = 10.0  # s that a broker has to answer
_FIRST_ANSWER = 1.0  # s that it has at the first try: one that was just killed never answers, and its successor does
_READY = 3.0  # s that one has to answer who asks whether a process is ready
_NONE_SINCE = -1  # the answer for a time after the last record
_ALWAYS = {
    "log_level": 2,  # what goes wrong is reported by our own messages, once
    "reconnect.backoff.max.ms": 1000,  # by default a broker that was away is looked for every 10 s only
}


class Topics(NamedTuple):
    """The names of the topics of one installation."""

    accounts: str
    frames: str
    changes: str
    points: str


class Copies(NamedTuple):
    """Of a topic: how many copies there are of each record, and how many must have it before it counts as written."""

    kept: int
    needed: int


class Cluster:
    """Where Kafka is and how the topics are called; nothing is connected before it is used.

    servers: HOST:PORT, more after commas. prefix: of the topics' names, so that installations can share brokers.
    config: properties of librdkafka, for all clients.
    """

    def __init__(self, servers: str, *, prefix: str = PREFIX, config: Mapping[str, str] | None = None) -> None:
        self.servers, self._prefix = servers, prefix
        self.topics = Topics(*(prefix + name for name in Topics._fields))
        self._config: dict[str, Any] = {"bootstrap.servers": servers, **_ALWAYS, **(config or {})}
        self._opened: AdminClient | None = None

    def url(self, account: str) -> str:
        """The URL of an account, as commands take it."""
        query = "" if self._prefix == PREFIX else "?" + urlencode({"prefix": self._prefix})
        return f"kafka://{self.servers}/{account}{query}"

    def producer(self, *, timeout_s: float = 300.0) -> Producer:
        """A producer that keeps order and writes nothing twice; what it cannot deliver in `timeout_s` has failed."""
        return Producer(
            {
                **self._config,
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": "lz4",
                "linger.ms": 100,  # with 5, waking up for small batches takes five times the processor
                "batch.size": 1 << 20,
                "message.max.bytes": 2 * LARGEST_FRAME,
                "delivery.timeout.ms": int(timeout_s * 1000),
                "queue.buffering.max.messages": 500_000,
                "queue.buffering.max.kbytes": 1 << 19,
            }
        )

    def member(self, group: str, *, session_s: float, member: str | None = None) -> Consumer:
        """A consumer to which the group assigns partitions, and nothing else: offsets are not committed.

        session_s: a member that is not heard of for so long has lost its partitions. member: a name that lasts, so that
        a process that is restarted within that time gets its partitions again.
        """
        return Consumer(
            {
                **self._config,
                **self._reading(),
                "group.id": group,
                "session.timeout.ms": int(session_s * 1000),
                "heartbeat.interval.ms": max(100, int(session_s * 1000 / 4)),
                "partition.assignment.strategy": "cooperative-sticky",
                **({"group.instance.id": member} if member else {}),
            }
        )

    def reader(self) -> Consumer:
        """A consumer that is assigned partitions by hand."""
        return Consumer({**self._config, **self._reading(), "group.id": "calltrack.readers"})

    def create(
        self,
        partitions: int | None,
        *,
        replication: int | None = None,
        needed: int | None = None,
        retention_days: float = 7.0,
    ) -> int:
        """Create the topics that are missing; returns their number of partitions.

        partitions: what it must be; None for 256, or what it is. replication: copies. needed: how many copies must have
        a record before it counts as written. Both are what the brokers say if None. Raises ClusterError if the number
        of partitions is another.
        """
        found = self._found()
        count = partitions or next(iter(found.values()), PARTITIONS)
        size = {"max.message.bytes": str(LARGEST_FRAME)}
        if needed is not None:
            size[_NEEDED] = str(needed)
        log = {**size, "retention.ms": str(int(retention_days * _DAY_MS))}
        state = {**size, "cleanup.policy": "compact", "segment.bytes": str(2 * LARGEST_FRAME)}
        configs = Topics(state, log, log, {**state, "min.cleanable.dirty.ratio": "0.1"})  # type: ignore[arg-type]
        new = [
            NewTopic(name, num_partitions=count, replication_factor=replication or -1, config=config)  # type: ignore[arg-type]
            for name, config in zip(self.topics, configs, strict=True)
            if name not in found
        ]
        for name, future in self._admin().create_topics(new).items() if new else ():
            try:
                future.result(_ANSWER * 3)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise ClusterError(f"topic {name}: cannot be created: {error.args[0].str()}") from None
        end = time.monotonic() + _PATIENCE
        while len(self._found()) < len(self.topics) and time.monotonic() < end:
            time.sleep(_PAUSE)  # a broker that is busy learns of new topics a little later
        return self.check(partitions)

    def check(self, partitions: int | None = None) -> int:
        """The number of partitions; raises ClusterError if topics are missing or are not as they must be."""
        found = self._found()
        missing = [name for name in self.topics if name not in found]
        if missing:
            raise ClusterError(f"no topic {', '.join(missing)} at {self.servers}; run: calltrack cluster init")
        want = partitions or found[self.topics.frames]
        wrong = [f"{name} has {found[name]}" for name in self.topics if found[name] != want]
        if wrong:
            raise ClusterError(
                f"every topic must have {want} partitions, but {', '.join(wrong)}; the number is fixed for good, "
                "because it decides where an account's history is. Delete a new topic, or use another --prefix"
            )
        return want

    def unreachable(self) -> str:
        """Why no broker can be reached, asked now; "" if one answers within 3 s."""
        try:
            self._admin().list_topics(self.topics.accounts, timeout=_READY)
        except KafkaException as error:
            return f"no broker answers at {self.servers}: {error.args[0].str()}"
        return ""

    def copies(self) -> dict[str, Copies]:
        """Of the four topics and the groups' own, as far as they are there; raises ClusterError."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._copies()
            except (KafkaException, TimeoutError) as error:
                if time.monotonic() > end:
                    reason = error.args[0].str() if isinstance(error, KafkaException) else "no answer"
                    raise ClusterError(f"the brokers at {self.servers} describe no topic: {reason}") from None
            self._opened = None
            time.sleep(_PAUSE)

    def _copies(self) -> dict[str, Copies]:
        topics = self._admin().list_topics(timeout=_ANSWER).topics
        kept = {
            name: min(len(one.replicas) for one in topics[name].partitions.values())
            for name in (*self.topics, GROUPS)
            if name in topics
        }
        places = [ConfigResource(ResourceType.TOPIC, name) for name in kept]
        asked = self._admin().describe_configs(places, request_timeout=_ANSWER)
        needed = {one.name: int(future.result(_ANSWER)[_NEEDED].value) for one, future in asked.items()}
        return {name: Copies(count, needed[name]) for name, count in kept.items()}

    def ends(self, partitions: Iterable[int]) -> dict[int, Ends]:
        """What takeovers need to know of these partitions."""
        topics = self.topics
        first = self._offsets(topics.frames, partitions, OffsetSpec.earliest())
        frames = self._offsets(topics.frames, partitions, OffsetSpec.latest())
        changes = self._offsets(topics.changes, partitions, OffsetSpec.latest())
        return {one: Ends(first[one], frames[one], changes[one]) for one in first}

    def limits(self, topic: str, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
        """The first and the next offset of partitions."""
        low = self._offsets(topic, partitions, OffsetSpec.earliest())
        high = self._offsets(topic, partitions, OffsetSpec.latest())
        return {one: (low[one], high[one]) for one in low}

    def offset_at(self, topic: str, partition: int, at: float) -> int | None:
        """The first offset that was written at a time (UTC epoch s) or later; None if there is none."""
        spec = OffsetSpec.for_timestamp(int(max(0.0, at) * 1000))
        found = self._offsets(topic, [partition], spec, _NONE_SINCE)[partition]
        return found if found >= 0 else None

    def read(
        self,
        topic: str,
        ranges: Mapping[int, tuple[int, int]],
        take: Callable[[Message], None],
        *,
        patience: float = 60.0,
    ) -> None:
        """Hand every record of some partitions, from an offset up to another, to `take`.

        Raises ClusterError if nothing comes for `patience` seconds.
        """
        left = {partition: end for partition, (begin, end) in ranges.items() if begin < end}
        if not left:
            return
        consumer = self.reader()
        try:
            consumer.assign([TopicPartition(topic, one, ranges[one][0]) for one in left])
            while left:
                messages = batch(consumer, patience)
                if not messages:
                    raise ClusterError(f"{topic}: nothing can be read, the brokers at {self.servers} do not answer")
                for message in messages:
                    self._read_one(topic, message, left, take)
        finally:
            consumer.close()

    def _read_one(self, topic: str, message: Message, left: dict[int, int], take: Callable[[Message], None]) -> None:
        partition, offset, error = message.partition() or 0, message.offset(), message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                left.pop(partition, None)
            else:
                met(topic, error)
            return
        end = left.get(partition)
        if end is None or offset is None:
            return
        if offset < end:
            take(message)
        if offset >= end - 1:
            del left[partition]

    def _found(self) -> dict[str, int]:
        try:
            topics = self._admin().list_topics(timeout=_ANSWER).topics
        except KafkaException as error:
            raise ClusterError(f"no broker answers at {self.servers}: {error.args[0].str()}") from None
        return {name: len(topics[name].partitions) for name in self.topics if name in topics}

    def _offsets(self, topic: str, partitions: Iterable[int], spec: OffsetSpec, least: int = 0) -> dict[int, int]:
        asked, found, end = set(partitions), dict[int, int](), time.monotonic() + _PATIENCE
        patience = _FIRST_ANSWER
        while asked:
            places = {TopicPartition(topic, one): spec for one in asked}
            answers = self._admin().list_offsets(places, request_timeout=patience)
            reason = "no answer"
            for one, future in answers.items():
                try:
                    offset = future.result(2 * patience).offset
                    if offset >= least:  # a broker that was killed is said to answer -1001, without an error
                        found[one.partition] = offset
                except KafkaException as error:
                    reason = error.args[0].str()
                except TimeoutError:
                    pass
            asked -= found.keys()
            if asked and time.monotonic() > end:
                raise ClusterError(f"{topic}: its offsets cannot be asked for: {reason}")
            if asked:  # a broker that restarts, or a leader that moves: a client that lives on may not learn of it
                self._opened, patience = None, min(_ANSWER, 2 * patience)
                time.sleep(_PAUSE)
        return found

    def _admin(self) -> AdminClient:
        if self._opened is None:
            try:
                self._opened = AdminClient(self._config)
            except KafkaException as error:
                raise ClusterError(f"the properties for Kafka are not usable: {error.args[0].str()}") from None
        return self._opened

    @staticmethod
    def _reading() -> dict[str, Any]:
        return {
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
            "fetch.message.max.bytes": 2 << 20,
            "fetch.max.bytes": 2 * LARGEST_FRAME,
            "receive.message.max.bytes": 3 * LARGEST_FRAME,
        }


_DEADLY = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError._AUTHENTICATION,
    KafkaError.FENCED_INSTANCE_ID,
    KafkaError.INCONSISTENT_GROUP_PROTOCOL,
    KafkaError.INVALID_GROUP_ID,
    KafkaError.INVALID_SESSION_TIMEOUT,
}


def met(topic: str, error: KafkaError) -> None:
    """Take note of an error among the records: brokers that are away come back, so most pass; else ClusterError."""
    if error.fatal() or error.code() in _DEADLY:
        raise ClusterError(f"{topic}: cannot be read: {error.str()}")
    _log.info("kafka: topic=%s error=%s", topic, error.name())


def batch(consumer: Consumer, patience: float) -> list[Message]:
    """What there is, as soon as there is something; nothing after `patience` seconds."""
    first = consumer.poll(patience)
    return [] if first is None else [first, *consumer.consume(_BATCH, 0)]


def properties(path: Path) -> dict[str, str]:
    """The properties of a file, lines name=value; raises ClusterError if others may read it or it is none."""
    return private_values(path, ClusterError)
