"""What a reader of a form hands over: a frame that it found, something that is no event, or what it cannot read."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import msgspec

from calltrack.voicenter.spellings import EVENT_ALIASES, EVENTS

SENT = frozenset({"keepalive", "resync", "updateMonitoredExtensions"})
"""What a client sends (field guide §1); `keepalive` carries the token, so none of them is kept."""

BARE = frozenset({"ExtensionsUpdated", "QueuesUpdated", "DialersUpdated", "closeme", "connect", "disconnect"})
"""Events that say everything by their name."""


class Found(NamedTuple):
    """A frame: its event, its payload as JSON, when it was received (UTC epoch s), the form it stood in.

    `line` counts lines from the start of the text that was read.
    """

    event: str
    payload: bytes
    at: float | None
    form: str
    line: int = 0

    def as_line(self) -> bytes:
        """The frame on one line in the notation of recordings, or as the socket.io array if it has no time."""
        name, payload = msgspec.json.encode(self.event), self.payload
        if b"\n" in payload or b"\r" in payload:
            # Between values a line end is space; within a text JSON has none.
            payload = payload.replace(b"\r", b" ").replace(b"\n", b" ")
            with suppress(msgspec.DecodeError, UnicodeError):
                payload = msgspec.json.format(payload, indent=-1)
        if self.at is None:
            return b"[%b,%b]" % (name, payload)
        return b'{"at":%b,"event":%b,"data":%b}' % (msgspec.json.encode(self.at), name, payload)


class Passed(NamedTuple):
    """Something that is known to be no event: a heartbeat, a message that the client sent."""

    what: str


class Unread(NamedTuple):
    """Something that cannot be read as a frame, and why, in words without its text."""

    reason: str
    line: int = 0


Piece = Found | Passed | Unread


def is_event(name: object) -> bool:
    """Whether this is the name of an event whose meaning is known."""
    return isinstance(name, str) and (name in EVENTS or name in EVENT_ALIASES)


def found(event: str, payload: bytes | None, at: float | None, form: str) -> Piece:
    """A frame, unless the event is the client's, or lacks the payload that it needs."""
    if event in SENT:
        return Passed("sent by the client")
    if payload is None and event not in BARE:
        return Unread(f"not a frame: {event if is_event(event) else 'an event'} without a payload")
    return Found(event, payload or b"null", at, form)
