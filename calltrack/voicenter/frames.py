"""The vendor's frame: made from bytes or from an event's name and payload, and what can be asked of it afterwards."""

from __future__ import annotations

import json
import re
from typing import Any, Self, cast
from zlib import crc32

import msgspec

from calltrack.core import observations
from calltrack.core.errors import NotAFrame
from calltrack.voicenter import decode as decoding
from calltrack.voicenter.unknown import unknown_fields

_START = re.compile(
    rb'\s*(?:\[\s*|\{\s*(?:"at"\s*:\s*[-+.\w]*\s*,\s*)?"(?:event|name)"\s*:\s*)"[^"\\]*"\s*,\s*(?:"data"\s*:\s*)?'
)
_STARTS, _ENDS = (b'["', b'{"at"', b'{"eve'), (b"}]", b"}}")  # as recorders write it
_NO_NAME = "(no name)"
_NAME_PRINTS = {name: crc32(name.encode()) for name in decoding.BODIES}
_WHITE = b" \t\r\n"
_CLOSED_BY = {ord("{"): ord("}"), ord("["): ord("]"), ord('"'): ord('"')}


class Frame(observations.Frame, frozen=True, gc=False):
    """A socket.io event of the vendor's, as an observation (field guide §1)."""

    source = "voicenter"

    @classmethod
    def decode(cls, line: bytes | str) -> Self:
        """A frame from one JSON text in any of the three notations.

        Raises NotAFrame, with the reason in words, if the text is not one.
        """
        if type(line) is not bytes:
            try:
                line = cast(str, line).encode()
            except UnicodeError as error:
                raise NotAFrame(f"not UTF-8: {error}") from None
        event, body, at, bad, _ = decoding.decode(line)
        return cls(event, body, at, line, bad)

    @classmethod
    def of(cls, event: str, payload: object = None, at: float | None = None) -> Self:
        """A frame from an event's name and its payload: decoded JSON, or JSON text (str, bytes).

        What a peer may send never makes it fail; what cannot be used is in `bad`.
        """
        name = str(event).encode("utf-8", "replace").decode() or _NO_NAME
        try:
            return cls.decode(_line(name, payload, at))
        except (NotAFrame, TypeError, ValueError, OverflowError, RecursionError) as error:
            body = decoding.body_of_nothing(name)
            return cls(name, body, at, msgspec.json.encode([name]), (f"the whole payload: {error}",))

    def payload(self) -> Any:
        """The event's JSON as it came, in plain dicts and lists; None if it had none.

        A number beyond what a float can hold is infinite, and half a character is "?".
        """
        return decoding.plain(decoding.payload_text(self.raw))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the fields that are not understood, each with its path; worked out when asked."""
        return unknown_fields(self.raw)

    def fingerprint(self) -> int:
        """The same for two frames of the same name and payload, in any notation and whenever they were received."""
        raw, event = self.raw, self.event
        usual = raw.startswith(_STARTS) and raw.endswith(_ENDS)
        data = memoryview(raw)[raw.find(b"{", 1) : -1] if usual else _payload(raw)
        return crc32(data, _NAME_PRINTS.get(event) or crc32(event.encode())) | len(data) << 32


def _line(name: str, payload: object, at: float | None) -> bytes:
    """The line of a recording."""
    if isinstance(payload, str | bytes | bytearray):
        text = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else bytes(payload)
        try:
            decoding.plain(text)
        except ValueError:  # not JSON text: text, or what socket.io sends as binary
            payload = payload if isinstance(payload, str) else text.decode("utf-8", "replace")
        else:
            return b'{"at":%b,"event":%b,"data":%b}' % (_json(at), _json(name), text)
    return _json({"at": at, "event": name, "data": payload})


def _json(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError):  # half a character, or a number of more than 64 bits
        return json.dumps(value, separators=(",", ":")).encode()


def _payload(raw: bytes) -> memoryview | bytes:
    """The payload's text; without a copy if nothing comes after it but the frame's own end."""
    start = _START.match(raw)
    if start is not None:
        begin, end = start.end(), len(raw)
        while end > begin and raw[end - 1] in _WHITE:
            end -= 1
        end -= 1
        while end > begin and raw[end - 1] in _WHITE:
            end -= 1
        if end > begin and _CLOSED_BY.get(raw[begin]) == raw[end - 1]:
            return memoryview(raw)[begin:end]
    return decoding.payload_text(raw)
