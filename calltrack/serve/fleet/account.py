"""One account on Kafka as the engine takes it: where it begins, and the frames that follow.

The engine's own tracker follows the account's frames, from the newest state that a worker has stored. So the state is
that of the workers, byte for byte, even while all of them are away; a state made of `changes` alone would lack what
changes do not carry (core/replica.py). The numbers of frames are the account's own, the same on every node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from confluent_kafka import KafkaError, TopicPartition

from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.feed.source import OnFrame
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
    stale_for: float | None = None
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
        self._server = ""

    def status(self) -> str:
        """Which account it is, and where; or what hinders it."""
        name, servers = self._recording.account, self._recording.cluster.servers
        return f"{name} on Kafka at {servers}{self._server}"

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
                            self._server = f" ({error.name()})"
                        continue
                    self._server = ""
                    frame = fenced.frame(message.key(), message.value() or b"")
                    if frame is not None and (full := on_frame(frame)) is not None:
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
