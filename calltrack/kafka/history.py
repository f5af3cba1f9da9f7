"""An account in Kafka, read as a recording: `kafka://HOST:PORT/ACCOUNT`, with `?prefix=…` for topics of another prefix.

The lines are its frames, by their number in the account's stream; a change of hands between connectors is one of them.
A file of librdkafka's properties is named by the variable CALLTRACK_KAFKA_CONFIG.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from os import PathLike, fspath
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from confluent_kafka import Message

from calltrack.core.errors import BadLine, NotAFrame, NotASnapshot, RecordingError
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.kafka.accounts import definitions
from calltrack.kafka.cluster import PREFIX, Cluster, properties
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


def at(url: str) -> tuple[Cluster, str]:
    """The cluster of a URL, and the name of its account, "" for none; raises RecordingError for another URL."""
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    if parts.scheme != "kafka" or not parts.netloc or (name and not is_account_name(name)):
        raise RecordingError(f"{url}: is not a place in Kafka; use kafka://HOST:PORT/ACCOUNT")
    prefix = parse_qs(parts.query).get("prefix", [PREFIX])[0]
    file = os.environ.get(CONFIG)
    return Cluster(parts.netloc, prefix=prefix, config=properties(Path(file)) if file else None), name


def place(url: str) -> Place:
    """The cluster and the account of a URL; raises RecordingError if it does not name them."""
    cluster, name = at(url)
    if not name:
        raise RecordingError(f"{url}: names no account; use kafka://HOST:PORT/ACCOUNT")
    return Place(cluster, name.encode())


class Fenced:
    """The frames of an account among the records of its partition: those of the newest lease.

    A claim of another connector is a `disconnect`, as for the worker. on_bad: called with the reason for a frame that
    cannot be decoded; a `malformed` one stands for it.
    """

    def __init__(self, account: bytes, lease: int = 0, on_bad: Callable[[str], None] = lambda reason: None) -> None:
        self.lease = lease
        self._account = account
        self._on_bad = on_bad

    def frame(self, key: bytes | None, value: bytes) -> Frame | None:
        """The frame that a record is, if it is one that counts."""
        if key != self._account:
            return None
        kind, lease, rest = _opened(value)
        if kind == CLAIM and lease > self.lease:
            first, self.lease = not self.lease, lease
            return None if first else Frame.of("disconnect", {"reason": CLAIMED})
        if kind in (CLAIM, MARKER) or lease < self.lease:
            return None
        self.lease = lease
        try:
            return Frame.decode(rest)
        except NotAFrame as error:
            self._on_bad(str(error))
            return Frame.of("malformed", {"error": str(error)})


class KafkaRecording(Recording):
    """The frames of one account, up to what is there when the iteration begins.

    After it, `offset` is where they go on in `frames`, `fenced` knows their lease, and `last_at` is when the last of
    them was written, UTC epoch s (0 if none was read). Raises ClusterError if Kafka
    cannot be read, and RecordingError for an account that is neither defined nor has frames.
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
        self.cluster, self._account = place(self.path)
        self.account = self._account.decode()
        self.partition = partition_of(self._account, self.cluster.check())
        self.offset = 0
        self.last_at = 0.0
        self.fenced = Fenced(self._account, on_bad=self._bad)
        self._known: tuple[Snapshot, int, int] | None = None

    def tracker(self) -> Tracker:
        """A new one, or with `whole` = False one that has the newest state which a worker has stored."""
        if self.whole:
            return Tracker()
        self._known = _stored(self.cluster, self.partition, self._account)
        return Tracker.restore(self._known[0]) if self._known is not None else Tracker()

    def __iter__(self) -> Iterator[Frame]:
        self.bad, self.first_bad, self.frames, self.line = 0, [], 0, 0
        self.fenced.lease = 0
        topic = self.cluster.topics.frames
        self.offset, end = self.cluster.limits(topic, [self.partition])[self.partition]
        if self._known is not None:
            snapshot, self.fenced.lease, offset = self._known
            self.frames = self.line = snapshot.position
            self.offset = max(self.offset, offset)
        values: list[tuple[bytes | None, bytes, float]] = []

        def take(message: Message) -> None:
            values.append((message.key(), message.value() or b"", message.timestamp()[1] / 1000))

        while self.offset < end:  # in pieces, so that memory does not follow the account's history
            piece = min(end, self.offset + _PIECE)
            self.cluster.read(topic, {self.partition: (self.offset, piece)}, take)
            for key, value, at in values:
                frame = self.fenced.frame(key, value)
                if frame is not None:
                    self.last_at = at
                    self.frames += 1
                    self.line += 1
                    yield frame
            values.clear()
            self.offset = piece
        if not self.frames and self.account not in (known := definitions(self.cluster)):
            near = ", ".join(get_close_matches(self.account, known)) or f"{len(known)} others"
            raise RecordingError(f"{self.name}: no such account, and no frames of it; there are: {near}")

    @property
    def bytes_read(self) -> int:
        """Nothing: a log has no size."""
        return 0

    def _bad(self, reason: str) -> None:
        self.line += 1  # the one that it will have
        self._report(reason)
        self.line -= 1


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
