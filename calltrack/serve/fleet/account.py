"""One account on Kafka as the engine takes it: where it begins, and the frames that follow.

The engine's own tracker follows the account's frames, from the newest state that a worker has stored. So the state is
that of the workers, byte for byte, even while all of them are away; a state made of `changes` alone would lack what
changes do not carry (core/replica.py). The numbers of frames are the account's own, the same on every node.

A connection that is well brings a frame every ten seconds, be it a `tick`. So an account without one for longer has no
connector, or its broker is away: `stale_for` is the age of its last frame, after which the engine takes it for lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from math import inf
from pathlib import Path

from confluent_kafka import KafkaError, TopicPartition

from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.feed.source import SILENCE_S, OnFrame
from calltrack.kafka.cluster import met
from calltrack.kafka.history import Fenced, KafkaRecording
from calltrack.voicenter.frames import Frame

_TOGETHER = 500  # records taken at a time
_PAUSE = 0.03  # s between two looks at Kafka when there is nothing


class KafkaAccount:
    """A source, and what stands for its journal: Kafka keeps the frames.

    `url` is `kafka://HOST:PORT/ACCOUNT`. Reading begins when this is made, and raises ClusterError, or RecordingError
    for another URL and for an account that is neither defined nor has frames. `path`: what files beside it are named
    after, such as the limits that were set. `run` ends with ClusterError if Kafka refuses to be read.
    """

    speed = 1.0
    on_notice: Callable[[str], None] = staticmethod(lambda text: None)

    def __init__(self, url: str, path: Path) -> None:
        self.path = path
        recording = KafkaRecording(url)
        recording.whole = False
        tracker = recording.tracker()
        for frame in recording:
            tracker.feed(frame)
        self._known: Snapshot = tracker.snapshot()
        self.begin = self.position = self._known.position
        self._recording = recording
        # By the clock of the connector, which may be another; from the next frame on by one of our own.
        self._heard = time.monotonic() - (max(0.0, time.time() - recording.last_at) if recording.last_at else inf)
        self._error = ""

    @property
    def stale_for(self) -> float:
        """Seconds since the account's last frame."""
        return time.monotonic() - self._heard

    def status(self) -> str:
        """Which account it is, and where; or what hinders it."""
        name, servers = self._recording.account, self._recording.cluster.servers
        why = self._error or ("no connector has it, or no broker answers" if self.stale_for > SILENCE_S else "")
        return f"{name} on Kafka at {servers}{f' ({why})' if why else ''}"

    async def run(self, on_frame: OnFrame) -> None:
        """Give the frames as they come, until cancelled."""
        recording = self._recording
        fenced = Fenced(recording.account.encode(), recording.fenced.lease)
        consumer = recording.cluster.reader()
        offset, topic = recording.offset, recording.cluster.topics.frames
        consumer.assign([TopicPartition(topic, recording.partition, offset)])
        try:
            while True:
                messages = consumer.consume(_TOGETHER, 0)
                for message in messages:
                    if (error := message.error()) is not None:
                        if error.code() != KafkaError._PARTITION_EOF:
                            met(topic, error)
                            self._error = error.name()
                        continue
                    self._error = ""
                    frame = fenced.frame(message.key(), message.value() or b"")
                    if frame is None:
                        continue
                    self._heard = time.monotonic()
                    if (full := on_frame(frame)) is not None:
                        await full
                await asyncio.sleep(0 if messages else _PAUSE)
        finally:
            consumer.close()

    def tracker(self, position: int | None = None) -> Tracker:
        """One in the state in which this began."""
        return Tracker.restore(self._known)

    def frames(self, after: int, until: int | None = None, *, gaps: bool = False) -> Iterator[tuple[int, Frame]]:
        """None: what this began with is in its tracker."""
        return iter(())

    def checkpoints(self) -> Sequence[Snapshot]:
        """The state in which this began."""
        return [self._known]

    def checkpoint(self, tracker: Tracker) -> None:
        """Nothing: workers store states."""

    def append(self, frames: Sequence[Frame]) -> int:
        """Count them: they are in Kafka."""
        self.position += len(frames)
        return self.position

    def prune(self, keep_s: float | None = None, keep_bytes: int | None = None) -> int:
        """Nothing: the topics have a retention of their own."""
        return 0

    def repair(self) -> str:
        """Nothing."""
        return ""

    def close(self) -> None:
        """Nothing."""
