"""What is published, to everyone who listens: encoded once, written together, kept for those who come back.

    publish ─► ring ─► flush, at most every 50 ms ─► one chunk of bytes for each Channel ─► all of its clients

A channel is a way of looking (role, filter, notation), and has as many clients as look that way. A client owns no
buffer: it is a place in its channel's last chunks. A client that is too slow for those goes on from the ring, and from
the journal where the ring ends, so a stuck client costs others nothing and loses nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Protocol

import msgspec

from calltrack.core.changes import Change
from calltrack.journal import StreamPosition
from calltrack.serve.security.scope import About, Scope

FLUSH = 0.05
"""Seconds in which changes are gathered into one write."""
HEARTBEAT = 5.0
"""Seconds after which every client hears the time, and a place to go on from."""
RING = 5000
"""Published changes kept in memory, about 10 MB."""
CHUNKS = 64
"""Flushes that a client may lag behind before it reads from the ring."""
PIECE = 50
"""Changes in one write to a client that is late, about 100 kB: what one holds that does not read."""


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
        """Whether a client that was too slow is sent what it missed; else it begins anew."""

    def __hash__(self) -> int: ...

    def changes(self, batch: Sequence[Published], flushed: StreamPosition) -> bytes:
        """What a client is sent of a batch, b"" for nothing; `flushed` is where the stream stands after it."""

    def beat(self, flushed: StreamPosition) -> bytes:
        """What a client is sent now and then."""

    def opening(self, flushed: StreamPosition) -> bytes:
        """What a client is sent first if it begins now."""

    def joined(self, pieces: Sequence[bytes]) -> Sequence[bytes]:
        """The same pieces, in as few writes as the notation allows."""

    def reset(self, flushed: StreamPosition, reason: str) -> bytes:
        """What a client is sent that cannot go on from where it was: the state to begin anew with, and why."""


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
        self._turns: dict[str, int] = {}
        self._recall = recall
        self._ring: deque[Published] = deque()
        self._floor = place
        self._waiting: list[Published] = []
        self.latest = place
        self._channels: dict[Lens, _Channel] = {}
        self._flush: asyncio.TimerHandle | None = None
        self._closed = False

    def publish(self, changes: Sequence[Change], abouts: Sequence[About]) -> None:
        """Have the changes of the next frame sent, which is durable."""
        position = self.latest.frame + 1
        for index, (change, about) in enumerate(zip(changes, abouts, strict=True), 1):
            self._waiting.append(Published(StreamPosition(position, index), change, about))
        self.latest = StreamPosition(position)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(FLUSH, self.flush)

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
        for lens, channel in self._channels.items():
            channel.put(lens.changes(batch, self.flushed), self.flushed)

    def beat(self) -> None:
        """Tell everyone the time."""
        self.flush()
        for lens, channel in self._channels.items():
            channel.put(lens.beat(self.flushed), self.flushed)

    def close(self) -> None:
        """Send what waits, and end all streams."""
        self.flush()
        self._closed = True
        for channel in self._channels.values():
            channel.news.set()

    def end(self, roles: frozenset[str]) -> None:
        """End the streams of some roles; a client that still may comes back and goes on without loss."""
        for role in roles & self._turns.keys():
            self._turns[role] += 1
        for channel in self._channels.values():
            channel.news.set()

    def is_full(self, role: str) -> bool:
        """Whether a role, or all together, have as many clients as they may have."""
        return self.clients >= self.most_clients or self._roles[role] >= self.most_of_a_role

    async def stream(self, lens: Lens, after: StreamPosition | None, role: str = "") -> AsyncGenerator[bytes, None]:
        """Everything after a place, or from now on, as the pieces that are to be written, until the hub closes.

        `role` is whose client it is.
        """
        turn = self._turns.setdefault(role, 0)
        with self._joined(lens, role) as channel:
            if after is None:
                at, seq = self.flushed, channel.end
                yield lens.opening(at)
            else:
                at, seq = after, -1
            while not self._closed and turn == self._turns[role]:
                if seq < channel.first and not lens.resumes:
                    at, seq = self.flushed, channel.end
                    yield lens.opening(at)
                elif seq < channel.first and at < self._floor:
                    try:
                        batch, at = await self._recall(at, self._floor)
                        piece = lens.changes(batch, at)
                        del batch  # a client that does not read holds its piece and no more
                        if piece:
                            yield piece
                    except Gone as gone:
                        self.flush()  # so that what follows the state is what comes after it
                        at, seq = self.flushed, channel.end
                        self.resets += 1
                        yield lens.reset(at, str(gone))
                elif seq < channel.first:
                    if at > self.flushed:
                        self.flush()
                    if at > self.flushed:
                        self.resets += 1
                        yield lens.reset(self.flushed, "this position has not been reached: it is of another journal")
                    batch = list(islice((one for one in self._ring if one.place > at), PIECE))
                    if len(batch) == PIECE:
                        at = batch[-1].place
                    else:
                        at, seq = self.flushed, channel.end
                    piece = lens.changes(batch, at)
                    del batch
                    if piece:
                        yield piece
                elif seq == channel.end:
                    channel.news.clear()
                    await channel.news.wait()
                else:
                    pieces, at, seq = channel.since(seq)
                    for piece in lens.joined(pieces):
                        yield piece

    @contextmanager
    def _joined(self, lens: Lens, role: str) -> Iterator[_Channel]:
        channel = self._channels.setdefault(lens, _Channel(self.flushed))
        channel.clients += 1
        self.clients += 1
        self._roles[role] += 1
        try:
            yield channel
        finally:
            channel.clients -= 1
            self.clients -= 1
            self._roles[role] -= 1
            if not channel.clients:
                del self._channels[lens]


class _Channel:
    """The last chunks for one way of looking; `first` and `end` number them, `at` is the place behind the last."""

    def __init__(self, at: StreamPosition) -> None:
        self.clients = 0
        self.news = asyncio.Event()
        self.first = self.end = 0
        self.at = at
        self._chunks: deque[bytes] = deque()

    def put(self, chunk: bytes, at: StreamPosition) -> None:
        self.at = at
        if not chunk:
            return
        self._chunks.append(chunk)
        self.end += 1
        if len(self._chunks) > CHUNKS:
            self._chunks.popleft()
            self.first += 1
        self.news.set()

    def since(self, seq: int) -> tuple[list[bytes], StreamPosition, int]:
        """What follows chunk number `seq`; the place and the number reached."""
        return [self._chunks[at] for at in range(seq - self.first, len(self._chunks))], self.at, self.end
