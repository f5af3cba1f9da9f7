"""The worker's machine: one partition of `frames` in the hands of one worker. Offsets and bytes in, records out.

What it writes is a pure function of the log of frames, of the point that its generation began with, and of the code. A
generation is the offset of the marker that began it in `frames`, so no two have the same number, and within one every
worker writes the same bytes under the same positions. `takeover` begins one where it must.

A worker that meets another's marker beyond its own generation is superseded: whatever it would write is void, so it
writes no more. If it still owns the partition after a while, its shell takes the partition over again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Raw
from msgspec.structs import replace

from calltrack.core.changes import Change
from calltrack.core.errors import NotAFrame
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import HISTORY, Tracker
from calltrack.journal.zstd import zstd
from calltrack.kafka.errors import NotARecord
from calltrack.kafka.points import Held, Point
from calltrack.kafka.records import FRAME, LARGEST, MARKER, Changed, Marker, changed_records, opened
from calltrack.kafka.rule import Position
from calltrack.voicenter.frames import Frame

CLAIMED = "another connector has taken over"
REMOVED = "frames were removed before they were read"

WHOLE = 1 << 30
"""A number behind every change of a frame."""


class Settings(NamedTuple):
    """What a worker is: the same for all its partitions.

    code: names the code that makes changes of frames, with whatever configures it. owner: this worker's unique name.
    point_frames, point_s: a point is due after so many frames, or so many seconds in which there was one.
    """

    code: str
    owner: str
    partitions: int
    history: int = HISTORY
    largest: int = LARGEST
    point_frames: int = 5_000
    point_s: float = 300.0


class Record(NamedTuple):
    """A record of `frames`."""

    offset: int
    account: bytes | None
    value: bytes


class Output(NamedTuple):
    """A record to write to the same partition of `changes`."""

    account: bytes
    value: bytes


class Account:
    """What is held of one account.

    last: what is known to be in `changes` already. packed: the snapshot after frame `packed_at`, kept because most
    accounts of a partition are quiet between two points.
    """

    __slots__ = ("last", "lease", "packed", "packed_at", "tracker")

    def __init__(self, tracker: Tracker, lease: int, last: Position) -> None:
        self.tracker = tracker
        self.lease = lease
        self.last = last
        self.packed = b""
        self.packed_at = -1

    def state(self) -> bytes:
        """What a point has of it."""
        snapshot = self.tracker.snapshot()
        if snapshot.position != self.packed_at:
            self.packed, self.packed_at = packed(snapshot), snapshot.position
        return self.packed


class Partition:
    """Feed it every record of `frames` from `offset` on; write to `changes` what it returns, in order.

    horizon: the end of `frames` at the takeover. Before it the worker repeats what others may have written already.
    tail: an offset in `changes` that nothing written for `offset` or later is before. number: of its next point.
    base: the number that the frames of a new account are counted from: 0, or the first offset kept if what was before
    is lost, which is beyond every number that an account can have had. So numbers only rise, whatever is lost.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        generation: int,
        base: int,
        offset: int,
        horizon: int,
        tail: int,
        number: int,
        accounts: dict[bytes, Account],
        written: dict[bytes, Position],
    ) -> None:
        self.generation = generation
        self.offset = offset
        self.superseded_at: int | None = None
        self.frames = self.dropped = self.unreadable = 0
        self._settings = settings
        self._base = base
        self._horizon = horizon
        self._accounts = accounts
        self._written = written
        self._returned = self._acknowledged = 0
        self._tail, self._end, self._number = tail, 0, number
        self._cut: tuple[int, Point] | None = None
        self._cut_at, self._cut_frames = 0.0, -1  # the first point is due at once: the next worker then finds one

    @property
    def accounts(self) -> int:
        """How many accounts are held."""
        return len(self._accounts)

    @property
    def caught_up(self) -> bool:
        """Whether it has read everything that was there at the takeover."""
        return self.offset >= self._horizon

    @property
    def rival(self) -> bool:
        """Whether it is superseded by a worker that lives or has lived since the takeover, not by one before it."""
        return self.superseded_at is not None and self.superseded_at >= self._horizon

    def resets(self) -> Sequence[Output]:
        """What a new generation begins with: the state of every account."""
        return self._out([self._reset(name, held) for name, held in self._accounts.items()])

    def lose(self, reason: str) -> Sequence[Output]:
        """Every account has lost frames: what is known of it is unknown until its next lists."""
        lost = Frame.of("disconnect", {"reason": reason})
        return self._out([one for name, held in self._accounts.items() for one in self._feed(name, held, lost)])

    def apply(self, records: Iterable[Record]) -> Sequence[Output]:
        """Records of `frames`, in their order.

        Accounts are fed one after the other: each stays in the processor's cache, which takes a sixth off the time.
        The order between accounts means nothing to a reader.
        """
        accounts = defaultdict[bytes | None, list[bytes]](list)
        for offset, account, value in records:
            self.offset = offset + 1
            if self.superseded_at is not None:
                continue
            if value[:1] == MARKER:
                self._marker(offset, value)
            else:
                accounts[account].append(value)
        return self._out([one for name, values in accounts.items() for one in self._account(name or b"", values)])

    def cut(self, now: float) -> Point | None:
        """Make a point if one is due; returned by this or a later `acknowledged`, when it may be written."""
        frames, settings = self.frames - self._cut_frames, self._settings
        early = frames < settings.point_frames and (frames <= 0 or now - self._cut_at < settings.point_s)
        if self._cut is not None or self.superseded_at is not None or (early and self._cut_frames >= 0):
            return None
        self._cut_at, self._cut_frames = now, self.frames
        accounts = tuple([Held(name, one.lease, one.state()) for name, one in sorted(self._accounts.items())])
        code, partitions = settings.code, settings.partitions
        point = Point(code, self.generation, self.offset, self._tail, partitions, self._number, self._base, accounts)
        self._number += 1
        self._cut = self._returned, point
        return self._ready()

    def acknowledged(self, offset: int) -> Point | None:
        """The next of the returned records is in Kafka, at this offset of `changes`."""
        self._acknowledged += 1
        self._end = offset + 1
        return self._ready()

    @property
    def pending(self) -> int:
        """How many of the returned records are not known to be in Kafka."""
        return self._returned - self._acknowledged

    def _ready(self) -> Point | None:
        if self._cut is None or self._acknowledged < self._cut[0]:
            return None
        point, self._cut = self._cut[1], None
        if point.offset >= self._horizon:  # before it, others may have written what is behind this point already
            self._tail = max(self._tail, self._end)
        return replace(point, tail=self._tail)

    def _account(self, name: bytes, values: Sequence[bytes]) -> Iterator[Output]:
        held = self._accounts.get(name)
        for value in values:
            try:
                kind, lease, rest = opened(value)
            except NotARecord:
                self.unreadable += 1
                continue
            if held is None:
                if not name:
                    self.unreadable += 1
                    continue
                held = self._accounts[name] = self._newcomer(name)
                if held.last < Position(self.generation, self._base):
                    yield self._reset(name, held)
            if lease < held.lease:
                self.dropped += kind == FRAME
            elif kind == FRAME:
                held.lease = lease
                yield from self._feed(name, held, self._frame(rest))
            elif lease > held.lease:
                first, held.lease = not held.lease, lease
                if not first:
                    yield from self._feed(name, held, Frame.of("disconnect", {"reason": CLAIMED}))

    def _newcomer(self, name: bytes) -> Account:
        tracker = Tracker(history=self._settings.history, position=self._base)
        return Account(tracker, 0, self._written.get(name, Position(self.generation, self._base, -1)))

    def _marker(self, offset: int, value: bytes) -> None:
        try:
            marker = Marker.of(value)
        except NotARecord:
            self.unreadable += 1
            return
        if offset > self.generation and marker.owner != self._settings.owner:
            self.superseded_at = offset

    def _frame(self, raw: bytes) -> Frame:
        self.frames += 1
        try:
            return Frame.decode(raw)
        except NotAFrame as error:
            self.unreadable += 1
            return Frame.of("malformed", {"error": str(error)})

    def _feed(self, name: bytes, held: Account, frame: Frame) -> Sequence[Output]:
        changes: Sequence[Change] = held.tracker.feed(frame)
        if not changes:
            return ()
        number, last, first = changes[0].position, held.last, 1
        if number <= last.frame:
            # The tail of `changes` has it, or the beginning of it.
            changes, first = (changes[last.change :], last.change + 1) if number == last.frame else ((), 1)
            if not changes:
                return ()
        values = changed_records(self.generation, number, first, changes, self._settings.largest)
        return [Output(name, value) for value in values]

    def _reset(self, name: bytes, held: Account) -> Output:
        snapshot = held.tracker.snapshot()
        state = Raw(snapshot.to_json().encode())
        return Output(name, Changed(self.generation, snapshot.position, 0, snapshot=state).record())

    def _out(self, outputs: Iterable[Output]) -> Sequence[Output]:
        found = outputs if isinstance(outputs, list | tuple) else list(outputs)
        self._returned += len(found)
        return found


def packed(snapshot: Snapshot) -> bytes:
    """A snapshot as a point has it."""
    return zstd.compress(snapshot.to_json().encode(), level=1)
