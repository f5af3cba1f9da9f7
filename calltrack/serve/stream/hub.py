"""What is published, to everyone who listens: encoded once, written together, kept for those who come back.

    publish ─► ring ─► flush ─► one chunk of bytes for each Channel ─► all of its clients

A channel is a way of looking (role, filter, notation), and has as many clients as look that way. A client owns no
buffer: it is a place in its channel's last chunks. A client that is too slow for those goes on from the ring, and from
the journal where the ring ends, so a stuck client costs others nothing and loses nothing.

A flush comes 50 ms after the first change that waits for it, boards have one in 200 ms. Where there are so many clients
that to write takes long, the next flush waits as long as the last one took: each then carries more.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from operator import attrgetter
from typing import Protocol

import msgspec

from calltrack.core.changes import Change
from calltrack.journal import StreamPosition
from calltrack.serve.security.scope import About, Scope
from calltrack.serve.stream.channel import Channel, Chunk, Sink

FLUSH = 0.05
"""Seconds in which changes are gathered into one write."""
BOARDS = 0.2
"""The same, for those who show the state and no changes."""
REST = 1.0
"""How many times as long as a flush took the next one waits, if that is longer."""
HEARTBEAT = 5.0
"""Seconds after which every client hears the time, and a place to go on from."""
RING = 5000
"""Published changes kept in memory, about 10 MB."""
PIECE = 20
"""Changes in one write to a client that is late, about 25 kB: what one holds that does not read."""


class Published:
    """A change, where it stands in the stream, and what it is about."""

    __slots__ = ("_shown", "about", "change", "place")

    def __init__(self, place: StreamPosition, change: Change, about: About) -> None:
        self.place = place
        self.change = change
        self.about = about
        self._shown: dict[tuple[bool, bool], bytes] = {}

    def json(self, scope: Scope) -> bytes:
        """The change as this role sees it, encoded once for all who see it so."""
        rights = scope.phone_numbers, scope.recordings
        if (found := self._shown.get(rights)) is None:
            found = self._shown[rights] = msgspec.json.encode(scope.shown(self.change))
        return found


class Lens(Protocol):
    """A way of looking at what is published; equal ones share a channel."""

    @property
    def resumes(self) -> bool:
        """Whether a client that was too slow is sent what it missed; else it begins anew, and BOARDS is for it."""

    def __hash__(self) -> int: ...

    def changes(self, batch: Sequence[Published], flushed: StreamPosition) -> bytes:
        """What a client is sent of a batch, b"" for nothing; `flushed` is where the stream stands after it."""

    def beat(self, flushed: StreamPosition) -> bytes:
        """What a client is sent now and then."""

    def opening(self, flushed: StreamPosition) -> bytes:
        """What a client is sent first if it begins now."""

    def reset(self, flushed: StreamPosition, reason: str, *, missed: bool = True) -> bytes:
        """What a client is sent that cannot go on from where it was: the state to begin anew with, and why.

        missed: whether there were changes in between.
        """


class Gone(Exception):
    """What a client asks for is no longer kept, or never was; the reason in words."""


Recall = Callable[[StreamPosition, StreamPosition], Awaitable[tuple[list[Published], StreamPosition]]]
"""The next changes after one place up to another, from the journal, with the place reached; raises Gone."""


class Hub:
    """The ring and the channels; `recall` reads what the ring has no more. `place` is where the stream stands."""

    def __init__(self, recall: Recall, place: StreamPosition) -> None:
        self.flushed = place
        self.clients = self.resets = 0
        self.most_clients = self.most_of_a_role = 2**31
        self._roles: Counter[str] = Counter()
        self._present: dict[object, Callable[[], bool]] = {}
        """Of each client, whether it still may listen."""
        self._recall = recall
        self._ring: deque[Published] = deque()
        self._floor = place
        self._waiting: list[Published] = []
        self.latest = place
        self._channels: dict[Lens, Channel] = {}
        self._flush: asyncio.TimerHandle | None = None
        self._boards: asyncio.TimerHandle | None = None
        self._boards_at = 0.0
        self._pause = FLUSH
        self._closed = False
        self._recalls: set[asyncio.Future[tuple[list[Published], StreamPosition]]] = set()

    def publish(self, changes: Sequence[Change], abouts: Sequence[About]) -> None:
        """Have the changes of the next frame sent, which is durable."""
        position = self.latest.frame + 1
        for index, (change, about) in enumerate(zip(changes, abouts, strict=True), 1):
            self._waiting.append(Published(StreamPosition(position, index), change, about))
        self.latest = StreamPosition(position)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(self._pause, self.flush)

    def flush(self) -> None:
        """Send what waits to be sent."""
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        if self.latest == self.flushed:
            return
        batch, self._waiting, self.flushed = self._waiting, [], self.latest
        self._ring.extend(batch)
        while len(self._ring) > RING:
            self._floor = self._ring.popleft().place
        begin = time.perf_counter()
        for lens, channel in self._fewest_first():
            if lens.resumes:
                channel.put(lens.changes(batch, self.flushed), self.flushed)
        if self._boards is None and not all(lens.resumes for lens in self._channels):
            loop = asyncio.get_running_loop()
            self._boards = loop.call_at(max(self._boards_at, loop.time()), self._flush_boards)
        self._pause = max(FLUSH, REST * (time.perf_counter() - begin))

    def _flush_boards(self) -> None:
        """Send boards what has altered: all of them at once, for what altered is asked for once."""
        begin = time.perf_counter()
        if self._boards is not None:
            self._boards.cancel()
            self._boards = None
        for lens, channel in self._fewest_first():
            if not lens.resumes:
                channel.put(lens.changes((), self.flushed), self.flushed)
        took = time.perf_counter() - begin
        self._boards_at = asyncio.get_running_loop().time() + max(BOARDS - took, REST * took)

    def _fewest_first(self) -> list[tuple[Lens, Channel]]:
        """The channels: a thousand clients of one wait for a single board, and it does not wait for them."""
        return sorted(self._channels.items(), key=lambda one: one[1].clients)

    def beat(self) -> None:
        """Tell everyone the time, and end the streams of those who may not listen any more."""
        if not all(still() for still in self._present.values()):
            self._release()
        self.flush()
        for lens, channel in self._channels.items():
            channel.put(lens.beat(self.flushed), self.flushed)

    def begin_anew(self, reason: str) -> None:
        """Give everyone the state, which is another without a change."""
        self.flush()
        for lens, channel in self._fewest_first():
            if lens.resumes:
                channel.put(lens.reset(self.flushed, reason, missed=False), self.flushed)
        self._flush_boards()

    def close(self) -> None:
        """Send what waits, and end all streams."""
        self.flush()
        if self._boards is not None:
            self._flush_boards()
        self._closed = True
        self._release()
        for reading in self._recalls:
            reading.cancel()

    def _release(self) -> None:
        """Have every stream look whether it goes on."""
        for channel in self._channels.values():
            channel.release()

    def is_full(self, role: str) -> bool:
        """Whether a role, or all together, have as many clients as they may have."""
        return self.clients >= self.most_clients or self._roles[role] >= self.most_of_a_role

    async def stream(
        self,
        lens: Lens,
        after: StreamPosition | None,
        role: str = "",
        sink: Sink | None = None,
        still: Callable[[], bool] = lambda: True,
    ) -> AsyncGenerator[Chunk, None]:
        """Everything after a place, or from now on, as what is to be written, until the hub closes.

        `role` is whose client it is, and `still` whether it may go on, which is asked at each beat.
        With a `sink` what is new is written there, and only what it has missed is given.
        """
        with self._joined(lens, role, still) as channel:
            if after is None:
                if not lens.resumes and sum(one.clients for of, one in self._channels.items() if not of.resumes) == 1:
                    self._flush_boards()  # to nobody: the state that the first of them begins with is that of now
                at, seq = self.flushed, channel.end
                yield self._opening(lens, channel)
            else:
                at, seq = after, -1
            while not self._closed and still() and not (sink and sink.gone.done()):
                if seq < channel.first and not lens.resumes:
                    at, seq = self.flushed, channel.end
                    yield self._opening(lens, channel)
                elif seq < channel.first and at < self._floor:
                    try:
                        batch, at = await self._recalled(at)
                        piece = [Chunk(lens.changes(batch, at))]
                        del batch  # nothing is held here meanwhile: a client that does not read has its piece
                        if piece[0].plain:
                            yield piece.pop()
                    except Gone as gone:
                        self.flush()  # so that what follows the state is what comes after it
                        at, seq = self.flushed, channel.end
                        self.resets += 1
                        yield Chunk(lens.reset(at, str(gone)))
                elif seq < channel.first:
                    if at > self.flushed:
                        self.flush()
                    if at > self.flushed:
                        self.resets += 1
                        reason = "this position has not been reached: it is of another journal"
                        yield Chunk(lens.reset(self.flushed, reason))
                    begin = bisect_right(self._ring, at, key=attrgetter("place"))
                    batch = list(islice(self._ring, begin, begin + PIECE))
                    if len(batch) == PIECE:
                        at = batch[-1].place
                    else:
                        at, seq = self.flushed, channel.end
                    piece = [Chunk(lens.changes(batch, at))]
                    del batch
                    if piece[0].plain:
                        yield piece.pop()
                    else:
                        await asyncio.sleep(0)  # a client that may see nothing of it must not keep the others waiting
                elif sink is not None:
                    at, seq = await channel.follow(sink, at, seq)
                elif seq == channel.end:
                    await channel.more()
                else:
                    chunks, at, seq = channel.since(seq)
                    for chunk in chunks:
                        yield chunk

    async def _recalled(self, after: StreamPosition) -> tuple[list[Published], StreamPosition]:
        """What the journal has next; if the hub closes meanwhile, nothing."""
        reading = asyncio.ensure_future(self._recall(after, self._floor))
        self._recalls.add(reading)
        try:
            return await reading
        except asyncio.CancelledError:
            if not self._closed:
                raise
            return [], after
        finally:
            self._recalls.discard(reading)

    def _opening(self, lens: Lens, channel: Channel) -> Chunk:
        """What a client is sent first. Boards that begin between two updates share it, for to pack it takes long."""
        if lens.resumes:
            return Chunk(lens.opening(self.flushed))
        now = asyncio.get_running_loop().time()
        made, end, chunk = channel.opening or (0.0, -1, None)
        if chunk is None or end != channel.end or now - made > BOARDS:
            chunk = Chunk(lens.opening(self.flushed))
            channel.opening = now, channel.end, chunk
        return chunk

    @contextmanager
    def _joined(self, lens: Lens, role: str, still: Callable[[], bool]) -> Iterator[Channel]:
        channel = self._channels.setdefault(lens, Channel(self.flushed))
        channel.clients += 1
        self.clients += 1
        self._roles[role] += 1
        self._present[client := object()] = still
        try:
            yield channel
        finally:
            channel.clients -= 1
            self.clients -= 1
            self._roles[role] -= 1
            del self._present[client]
            if not channel.clients:
                del self._channels[lens]
