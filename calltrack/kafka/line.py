"""The connector's machine: one account in the hands of one connector. What happens in, what is to be done out.

A connector that is given an account first writes a claim to `accounts`; the claim's offset is its lease. It writes
the lease to `frames`, then opens the socket, and every frame has the lease. Workers drop frames of an older lease. So
of two connectors that believe they own an account, the one that claimed last is believed, and the change of hands is a
`disconnect` in the account's stream. A connector that meets a later claim than its own, and still owns the account
after a while, claims again.

Nothing received counts as seen before Kafka has it. What Kafka did not take, because the buffer was full or delivery
failed, is a gap: the socket is closed, a `disconnect` frame says how much was lost, and a new connection brings the
lists that heal it.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from calltrack.kafka.records import Claimed, claim_record, frame_record
from calltrack.voicenter.frames import Frame

PATIENCE = 15.0
"""Seconds after which a connector that still owns an account claims it again from another."""


class Claim(NamedTuple):
    """Write this under the account's `claim_key` to `accounts`, then call `claimed` with `number`."""

    number: int
    value: bytes


class Write(NamedTuple):
    """Write this under the account to `frames`, then call `delivered` with its size, or `failed` with `lost` too.

    lost: the frames that it reports as lost, which remain to be reported if it fails.
    """

    value: bytes
    lost: int = 0


class Open(NamedTuple):
    """Open the account's socket."""


class Close(NamedTuple):
    """Close the account's socket; what it still brings is dropped."""


Action = Claim | Write | Open | Close


class Phase(Enum):
    """Where a line stands."""

    IDLE = "not owned"
    CLAIMING = "claiming"
    OPEN = "open"
    BROKEN = "frames lost"
    RIVALLED = "claimed by another"


class Buffer:
    """The bytes that wait for Kafka, of all lines of a connector together."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0


class Line:
    """One account; every method returns what is to be done, in order. `now` is any clock that only goes forward, s."""

    def __init__(self, owner: str, buffer: Buffer, *, patience: float = PATIENCE) -> None:
        self.phase = Phase.IDLE
        self.lease = 0
        self.durable = self.lost = self.waiting = 0
        self._owner = owner
        self._buffer = buffer
        self._patience = patience
        self._claims = 0
        self._gap = 0
        self._rival_at = 0
        self._since = 0.0

    def own(self) -> list[Action]:
        """The account is this connector's now."""
        return self._claim() if self.phase is Phase.IDLE else []

    def disown(self) -> list[Action]:
        """The account is another's now, or is no more."""
        before, self.phase = self.phase, Phase.IDLE
        return [Close()] if before is Phase.OPEN else []

    def claimed(self, number: int, offset: int) -> list[Action]:
        """A claim is in `accounts`, at this offset."""
        if self.phase is not Phase.CLAIMING or number != self._claims:
            return []
        if offset < self._rival_at:
            self.phase = Phase.RIVALLED
            return []
        self.phase, self.lease = Phase.OPEN, offset
        self._gap = 0  # the claim says so itself
        return [self._write(claim_record(offset, self._owner)), Open()]

    def claim_failed(self, number: int, now: float) -> list[Action]:
        """A claim is not in `accounts` and will not be."""
        if self.phase is Phase.CLAIMING and number == self._claims:
            self.phase, self._since = Phase.RIVALLED, now
        return []

    def seen(self, offset: int, owner: str, now: float) -> list[Action]:
        """A claim of this account is in `accounts`."""
        if owner == self._owner or offset <= max(self.lease, self._rival_at) or self.phase is Phase.IDLE:
            return []
        self._rival_at, self._since = offset, now
        before = self.phase
        if before is not Phase.CLAIMING:  # else its own claim's offset decides
            self.phase = Phase.RIVALLED
        return [Close()] if before is Phase.OPEN else []

    def received(self, raw: bytes) -> list[Action]:
        """The socket brings a frame."""
        if self.phase is Phase.BROKEN:
            self._lose(1)
        if self.phase is not Phase.OPEN:
            return []
        if self._buffer.used + len(raw) > self._buffer.limit:
            self._lose(1)
            self.phase = Phase.BROKEN
            return [Close()]
        return [self._write(frame_record(self.lease, raw))]

    def delivered(self, size: int) -> list[Action]:
        """Kafka has a record."""
        self.durable += 1
        self._settle(size)
        return []

    def failed(self, size: int, lost: int = 0) -> list[Action]:
        """Kafka does not take a record, after all retries."""
        self._settle(size)
        if lost:
            self._gap += lost
        else:
            self._lose(1)
        before = self.phase
        if before is not Phase.OPEN:
            return []
        self.phase = Phase.BROKEN
        return [Close()]

    def too_large(self, size: int) -> list[Action]:
        """Kafka takes no record of this size. A new connection would bring the same list, so the stream goes on."""
        self._settle(size)
        self.lost += 1
        if self.phase is not Phase.OPEN:
            return []
        note = Frame.of("malformed", {"error": f"a frame of {size} bytes is larger than Kafka takes"})
        return [self._write(frame_record(self.lease, note.raw))]

    def tick(self, now: float) -> list[Action]:
        """Time passes; call it every second or so."""
        if self.phase is Phase.RIVALLED and now - self._since >= self._patience:
            return self._claim()
        if self.phase is Phase.BROKEN and not self.waiting:
            self.phase = Phase.OPEN
            lost, self._gap = self._gap, 0
            gap = Frame.of("disconnect", {"reason": f"{lost} frames lost on the way to Kafka"})
            return [self._write(frame_record(self.lease, gap.raw), lost), Open()]
        return []

    def _claim(self) -> list[Action]:
        self.phase = Phase.CLAIMING
        self._claims += 1
        return [Claim(self._claims, Claimed(self._owner).record())]

    def _write(self, value: bytes, lost: int = 0) -> Write:
        self.waiting += 1
        self._buffer.used += len(value)
        return Write(value, lost)

    def _settle(self, size: int) -> None:
        self.waiting -= 1
        self._buffer.used -= size

    def _lose(self, count: int) -> None:
        self.lost += count
        self._gap += count
