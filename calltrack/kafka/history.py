"""An account in Kafka, read as a recording: `kafka://HOST:PORT/ACCOUNT`, with `?prefix=…` for topics of another prefix.

The lines are its frames, by their number in the account's stream; a change of hands between connectors is one of them.
A file of librdkafka's properties is named by the variable CALLTRACK_KAFKA_CONFIG.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from confluent_kafka import Message

from calltrack.core.errors import BadLine, NotAFrame, NotASnapshot, RecordingError
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.kafka.cluster import Cluster, properties
from calltrack.kafka.errors import NotARecord
from calltrack.kafka.partition import CLAIMED
from calltrack.kafka.points import whole_points
from calltrack.kafka.records import CLAIM, MARKER, opened, partition_of
from calltrack.live.accounts import is_account_name
from calltrack.recordings.recording import Recording
from calltrack.voicenter.frames import Frame

CONFIG = "CALLTRACK_KAFKA_CONFIG"

_NEWEST = 12  # records of `points` that the newest point is among


class Place(NamedTuple):
    """Where a URL points."""

    cluster: Cluster
    account: bytes


def place(url: str) -> Place:
    """The cluster and the account of a URL; raises RecordingError if it is not one."""
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    if parts.scheme != "kafka" or not parts.netloc or not is_account_name(name):
        raise RecordingError(f"{url}: is not a place in Kafka; use kafka://HOST:PORT/ACCOUNT")
    prefix = parse_qs(parts.query).get("prefix", ["calltrack."])[0]
    file = os.environ.get(CONFIG)
    return Place(Cluster(parts.netloc, prefix=prefix, config=properties(Path(file)) if file else None), name.encode())


class KafkaRecording(Recording):
    """The frames of one account, up to what is there when the iteration begins.

    Raises ClusterError if Kafka cannot be read.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        strict: bool = False,
        on_bad: Callable[[BadLine], None] | None = None,
    ) -> None:
        super().__init__("-", strict=strict, on_bad=on_bad)
        self.path = self.name = fspath(path)
        self._cluster, self._account = place(self.path)
        self._partition = partition_of(self._account, self._cluster.check())
        self._known: tuple[Snapshot, int, int] | None = None

    def tracker(self) -> Tracker:
        """A new one, or with `whole` = False one that has the newest state which a worker has stored."""
        if self.whole:
            return Tracker()
        self._known = _stored(self._cluster, self._partition, self._account)
        return Tracker.restore(self._known[0]) if self._known is not None else Tracker()

    def __iter__(self) -> Iterator[Frame]:
        self.bad, self.first_bad, self.frames, self.line = 0, [], 0, 0
        lease = 0
        topic = self._cluster.topics.frames
        begin, end = self._cluster.limits(topic, [self._partition])[self._partition]
        if self._known is not None:
            snapshot, lease, offset = self._known
            self.frames = self.line = snapshot.position
            begin = max(begin, offset)
        values: list[bytes] = []

        def take(message: Message) -> None:
            if message.key() == self._account:
                values.append(message.value() or b"")

        while begin < end:  # in pieces, so that memory does not follow the account's history
            piece = min(end, begin + _PIECE)
            self._cluster.read(topic, {self._partition: (begin, piece)}, take)
            for value in values:
                kind, given, rest = _opened(value)
                if kind == CLAIM and given > lease:
                    first, lease = not lease, given
                    if not first:
                        yield self._next(Frame.of("disconnect", {"reason": CLAIMED}))
                elif kind not in (CLAIM, MARKER) and given >= lease:
                    lease = given
                    yield self._next(self._decoded(rest))
            values.clear()
            begin = piece

    @property
    def bytes_read(self) -> int:
        """Nothing: a log has no size."""
        return 0

    def _next(self, frame: Frame) -> Frame:
        self.frames += 1
        self.line += 1
        return frame

    def _decoded(self, raw: bytes) -> Frame:
        try:
            return Frame.decode(raw)
        except NotAFrame as error:
            self.line += 1
            self._report(str(error))
            self.line -= 1
            return Frame.of("malformed", {"error": str(error)})  # as the worker does


_PIECE = 20_000  # records


def _opened(value: bytes) -> tuple[bytes, int, bytes]:
    try:
        return opened(value)
    except NotARecord:
        return MARKER, 0, b""


def _stored(cluster: Cluster, partition: int, account: bytes) -> tuple[Snapshot, int, int] | None:
    """The account's newest stored state, its lease, and the offset of `frames` to go on from."""
    topic, values = cluster.topics.points, list[bytes]()
    low, high = cluster.limits(topic, [partition])[partition]

    def take(message: Message) -> None:
        values.append(message.value() or b"")

    newest = max(low, high - _NEWEST)
    cluster.read(topic, {partition: (newest, high)}, take)
    if newest > low and not whole_points(values).points:
        cluster.read(topic, {partition: (low, newest)}, take)
    for point in whole_points(values).points:
        for held in point.accounts:
            if held.account == account:
                try:
                    return Snapshot.from_json(held.snapshot()), held.lease, point.offset
                except (NotARecord, NotASnapshot):
                    continue
    return None
