"""A point: the state of every account of a partition after some frame, from which a worker that takes over goes on.

It is one value, cut into records of bounded size. Points go alternately under two sets of keys, so that compaction
always leaves an older one whole while the newest is written. Nothing is taken on trust: each part has the sum of the
whole point, so parts of two points never pass for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zlib import crc32

import msgspec
from msgspec import Struct

from calltrack.journal.zstd import zstd
from calltrack.kafka.errors import NotARecord
from calltrack.kafka.records import LARGEST

FORMAT = 1

_SLOTS = 2
_HEAD_SIZE = 200  # bytes that a part's own fields may take


class Held(Struct, frozen=True, array_like=True):
    """One account: its name, the lease that its frames must have, and its snapshot's JSON as zstd."""

    account: bytes
    lease: int
    packed: bytes

    def snapshot(self) -> bytes:
        """The JSON for `Snapshot.from_json`; raises NotARecord."""
        try:
            return zstd.decompress(self.packed)
        except zstd.ZstdError:
            raise NotARecord("a snapshot that cannot be unpacked") from None


class Point(Struct, frozen=True):
    """The state of a partition before the frame at `offset`, by the worker code `code`, in `generation`.

    tail: an offset in `changes` that no change of that frame or a later one comes before. partitions: how many every
    topic has. number: of this point, from 0; which keys it goes under. base: the number that frames of a new account
    are counted from.
    """

    code: str
    generation: int
    offset: int
    tail: int
    partitions: int
    number: int
    base: int
    accounts: tuple[Held, ...]
    format: int = FORMAT

    @property
    def order(self) -> tuple[int, int, int]:
        """The greatest is the newest."""
        return self.generation, self.offset, self.tail

    def records(self, largest: int = LARGEST) -> Iterator[tuple[bytes, bytes]]:
        """The key and value of each of its parts."""
        whole = msgspec.msgpack.encode(self)
        size, total = max(1, largest - _HEAD_SIZE), crc32(whole)
        count = -(-len(whole) // size)
        for index in range(count):
            part = _Part(total, index, count, whole[index * size : (index + 1) * size])
            yield b"%d/%d" % (self.number % _SLOTS, index), msgspec.msgpack.encode(part)


class _Part(Struct, frozen=True, array_like=True):
    total: int
    index: int
    count: int
    data: bytes


class Found(NamedTuple):
    """The points that can be believed, the newest first, and why others cannot."""

    points: list[Point]
    refused: list[str]


def whole_points(values: Iterable[bytes]) -> Found:
    """The whole points among records of `points`, in whatever order and number they come."""
    parts: dict[tuple[int, int], dict[int, bytes]] = {}
    refused: list[str] = []
    for value in values:
        try:
            part = _part.decode(value)
        except msgspec.MsgspecError:
            refused.append("a part of a point cannot be read")
            continue
        parts.setdefault((part.total, part.count), {})[part.index] = part.data
    points: list[Point] = []
    for (total, count), data in parts.items():
        whole = b"".join(data[index] for index in range(count) if index in data)
        if len(data) < count:
            continue  # half written, or half replaced by a later one
        try:
            if crc32(whole) != total:
                raise NotARecord("its sum is wrong")
            point = _point.decode(whole)
            if point.format != FORMAT:
                raise NotARecord(f"it has format {point.format}, this version reads {FORMAT}")
            points.append(point)
        except (msgspec.MsgspecError, NotARecord) as error:
            refused.append(f"a point cannot be read: {error}")
    return Found(sorted(points, key=lambda point: point.order, reverse=True), refused)


_part = msgspec.msgpack.Decoder(_Part)
_point = msgspec.msgpack.Decoder(Point)
