"""A frame as a row of the journal, and back, with a sum over all of it: what reads is what was written."""

from __future__ import annotations

from typing import NamedTuple, Self
from zlib import crc32

import msgspec
from msgspec.structs import replace

from calltrack.core.clock import PlainClock
from calltrack.core.errors import NotAFrame
from calltrack.core.observations import times_of
from calltrack.journal.packing import Packer
from calltrack.voicenter.decode import body_of_nothing
from calltrack.voicenter.frames import Frame

_odd = msgspec.json.Decoder(tuple[str, tuple[str, ...]])


def sum_of(*values: object, data: bytes = b"") -> int:
    """The sum over the values of a row."""
    return crc32(data, crc32(repr(values).encode()))


class Row(NamedTuple):
    """A row of the table `frames`.

    position: from 1. latest: the greatest server time up to here, UTC epoch s. offset_s: the server's, for the next
    row's times. received: the frame's own time of receipt, UTC epoch s. packed: its text. odd: for a frame that its
    text does not give back (`Frame.of` of what is no JSON), its event and what was unknown and bad in it.
    """

    position: int
    latest: float | None
    offset_s: float | None
    received: float | None
    packed: bytes
    odd: bytes | None
    sum: int

    @classmethod
    def of(cls, frame: Frame, before: Row | None, packer: Packer) -> Self:
        """The row that follows another (None: the first); raises ValueError of a frame without its text."""
        if not frame.raw:
            raise ValueError("a frame without its text cannot be kept")
        clock = PlainClock()
        position, latest = 1, None
        if before is not None:
            position, latest, clock.offset_s = before.position + 1, before.latest, before.offset_s
        clock.tell(*times_of(frame.body))
        if clock.at is not None and (latest is None or clock.at > latest):
            latest = float(clock.at)
        offset_s = None if clock.offset_s is None else float(clock.offset_s)
        received = None if frame.at is None else float(frame.at)
        odd = None
        if frame.bad and not _given_back(frame):
            odd = msgspec.json.encode((frame.event, frame.bad))
        row = cls(position, latest, offset_s, received, packer.pack(frame.raw), odd, 0)
        return row._replace(sum=row.real_sum())

    def frame(self, packer: Packer) -> Frame:
        """The frame; raises ValueError, with the reason, if the row is not as it was written."""
        self.check()
        raw = packer.unpack(self.packed)
        if self.odd is not None:
            event, bad = _odd.decode(self.odd)
            return Frame(event, body_of_nothing(event), self.received, raw, bad)
        try:
            frame = Frame.decode(raw)
        except NotAFrame as error:
            raise ValueError(str(error)) from None
        return frame if frame.at == self.received else replace(frame, at=self.received)

    def check(self) -> None:
        """Raises ValueError if the row is not as it was written."""
        if not isinstance(self.packed, bytes) or self.real_sum() != self.sum:
            raise ValueError("its sum is wrong")

    def real_sum(self) -> int:
        """The sum over everything but itself."""
        return sum_of(self.position, self.latest, self.offset_s, self.received, self.odd, data=self.packed)


def _given_back(frame: Frame) -> bool:
    try:
        return replace(Frame.decode(frame.raw), at=frame.at) == frame
    except NotAFrame:
        return False


def gap(position: int, first: int) -> Frame:
    """What stands for a frame that does not read: the first of a run is a lost connection, the others say why."""
    reason = f"frame {position} of the journal is damaged"
    if position == first:
        return Frame.of("disconnect", {"reason": reason})
    return Frame.of("malformed", {"error": reason})
