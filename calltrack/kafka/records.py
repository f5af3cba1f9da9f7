"""The bytes of the records: frames, claims and markers in `frames`, changes in `changes`, definitions in `accounts`.

A record of `frames` begins with one byte that names its kind. The worker reads millions of them, so a frame's envelope
is of fixed length and in front of the vendor's own text:

====  =======================================================  ====================
kind  what follows                                             key
====  =======================================================  ====================
`F`   the lease, 8 bytes, big-endian; then the frame's text    account
`C`   the lease, 8 bytes; then who claims it, UTF-8            account
`M`   JSON of a `Marker`                                       none
====  =======================================================  ====================

Everything else is JSON, to be read with any tool.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple
from zlib import crc32

import msgspec
from msgspec import Raw, Struct

from calltrack.core.changes import Change
from calltrack.kafka.errors import NotARecord
from calltrack.live.accounts import Definition

FRAME, CLAIM, MARKER = b"F", b"C", b"M"

LARGEST = 900_000
"""Bytes of one record of `changes` or `points`; more is split. Kafka takes 1 MiB unless it is set otherwise."""

HEAD = 9
"""Bytes before the text of a frame: its kind and its lease."""

_LEASE = HEAD - 1


def partition_of(account: bytes, partitions: int) -> int:
    """The partition of an account in every topic; the same as that of librdkafka's default partitioner."""
    return crc32(account) % partitions


def frame_record(lease: int, raw: bytes) -> bytes:
    """A frame as a connector writes it."""
    return FRAME + lease.to_bytes(_LEASE, "big") + raw


def claim_record(lease: int, owner: str) -> bytes:
    """The claim that comes before the first frame of a lease."""
    return CLAIM + lease.to_bytes(_LEASE, "big") + owner.encode()


class Envelope(NamedTuple):
    """A frame or a claim: kind, lease, and what follows."""

    kind: bytes
    lease: int
    rest: bytes


def opened(value: bytes) -> Envelope:
    """The envelope of a frame or claim; raises NotARecord."""
    kind = value[:1]
    if kind not in (FRAME, CLAIM) or len(value) < HEAD:
        raise NotARecord("neither a frame nor a claim")
    return Envelope(kind, int.from_bytes(value[1:HEAD], "big"), value[HEAD:])


class Marker(Struct, frozen=True):
    """A worker begins a new generation of its partition: the marker's offset in `frames`.

    code: of the worker, see `Partition`. owner: which worker, so that it knows its own markers.
    """

    code: str
    owner: str

    def record(self) -> bytes:
        """The bytes of the record."""
        return MARKER + msgspec.json.encode(self)

    @classmethod
    def of(cls, value: bytes) -> Marker:
        """The marker of a record; raises NotARecord."""
        try:
            return _marker.decode(value[1:])
        except msgspec.MsgspecError:
            raise NotARecord("a marker that cannot be read") from None


class Changed(Struct, frozen=True, omit_defaults=True):
    """A record of `changes`: what one frame changed, or a part of that, each change as its JSON.

    Its changes have the numbers (frame, first), (frame, first + 1), and so on. With a `snapshot` (and first = 0) it is
    a reset: the state after `frame`, which a new generation goes on from. Readers: see rule.py.
    """

    generation: int
    frame: int
    first: int = 1
    changes: tuple[Raw, ...] = ()
    snapshot: Raw = Raw(b"")

    def record(self) -> bytes:
        """The bytes of the record."""
        return _encoder.encode(self)

    @classmethod
    def of(cls, value: bytes) -> Changed:
        """The changes of a record; raises NotARecord."""
        try:
            return _changed.decode(value)
        except msgspec.MsgspecError:
            raise NotARecord("changes that cannot be read") from None

    def decoded(self) -> list[Change]:
        """The changes as values; raises NotARecord if this version does not know one of them."""
        return changes_of(self.changes)


def changes_of(values: Iterable[bytes | Raw]) -> list[Change]:
    """Changes from their JSON; raises NotARecord if this version does not know one of them."""
    try:
        return [_change().decode(value) for value in values]
    except msgspec.MsgspecError:
        raise NotARecord("a change that this version does not know") from None


def changed_records(generation: int, frame: int, first: int, changes: Sequence[Change], largest: int) -> list[bytes]:
    """What a frame changed, from its change number `first` on, as records of at most `largest` bytes or one change."""
    whole = _encoder.encode(_Whole(generation, frame, first, changes))
    if len(whole) <= largest or len(changes) <= 1:
        return [whole]
    half = len(changes) // 2
    begin = changed_records(generation, frame, first, changes[:half], largest)
    return begin + changed_records(generation, frame, first + half, changes[half:], largest)


def definition_record(definition: Definition) -> bytes:
    """A record of `accounts`: how to log in to an account."""
    return _encoder.encode(definition)


def definition_of(value: bytes) -> Definition:
    """The definition of a record; raises NotARecord."""
    try:
        return _definition.decode(value)
    except (msgspec.MsgspecError, ValueError) as error:
        # Of text that is no definition nothing is shown: it may be a secret.
        reason = str(error).partition(" - at")[0] if isinstance(error, msgspec.ValidationError) else "it is not JSON"
        raise NotARecord(f"a definition that cannot be read: {reason}") from None


class Claimed(Struct, frozen=True):
    """A record of `accounts` under `claim_key`: who owns the account's socket now. Its offset there is the lease."""

    owner: str

    def record(self) -> bytes:
        """The bytes of the record."""
        return _encoder.encode(self)

    @classmethod
    def of(cls, value: bytes) -> Claimed:
        """The claim of a record; raises NotARecord."""
        try:
            return _claimed.decode(value)
        except msgspec.MsgspecError:
            raise NotARecord("a claim that cannot be read") from None


_CLAIM_KEY = b"\0claim"


def claim_key(account: bytes) -> bytes:
    """The key of an account's claims in `accounts`."""
    return account + _CLAIM_KEY


def account_of(key: bytes) -> tuple[bytes, bool]:
    """The account of a key of `accounts`, and whether the record is a claim."""
    return key.removesuffix(_CLAIM_KEY), key.endswith(_CLAIM_KEY)


class _Whole(Struct, omit_defaults=True, gc=False):
    """`Changed` as it is written: the changes are encoded in place, not each on its own first."""

    generation: int
    frame: int
    first: int = 1
    changes: Sequence[Change] = ()


_encoder = msgspec.json.Encoder()
_marker = msgspec.json.Decoder(Marker)
_changed = msgspec.json.Decoder(Changed)
_claimed = msgspec.json.Decoder(Claimed)
_definition = msgspec.json.Decoder(Definition)
_decoders: list[msgspec.json.Decoder[Change]] = []


def _change() -> msgspec.json.Decoder[Change]:
    if not _decoders:  # made on first use: most processes never decode a change
        _decoders.append(msgspec.json.Decoder(reduce(or_, _leaves(Change))))
    return _decoders[0]


def _leaves(kind: Any) -> list[Any]:
    below = [leaf for one in kind.__subclasses__() for leaf in _leaves(one)]
    return below or [kind]
