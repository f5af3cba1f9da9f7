"""socket.io and Engine.IO text: `42["ExtensionEvent",{…}]`, with namespace and ack id, and polling payloads.

Engine.IO: a digit for the kind of packet, 4 is a message. socket.io inside it: 2 is an event. Payloads of polling
hold several packets: `<length>:<packet>…` in protocol 3 (length in UTF-16 units), separated by \\x1e in protocol 4.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_EVENT = re.compile(r'(?:4?2)(?:/[^,\["{]*,)?\d*(?=\[)')
_BINARY = re.compile(r"4?5\d+-")
_OTHER = re.compile(
    r"(?:0(?=\{)|1|[23](?:probe)?|5|6"  # Engine.IO: open, close, ping, pong, upgrade, noop
    r"|4(?:0|1|3|4)(?:/[^,\[{]*,?)?\d*(?:[\[{\"].*)?"  # socket.io: connect, disconnect, ack, error
    r")(?:\{.*\})?",
    re.DOTALL,
)
_LENGTH = re.compile(r"(\d{1,9}):(?=[0-6])")

HANDSHAKES = "handshakes and heartbeats of socket.io"


class Packet(NamedTuple):
    """The JSON array of an event; or "" and why it has none: `passed` for what is no event, `unread` for the rest."""

    array: str
    passed: str = ""
    unread: str = ""


def packet(text: str) -> Packet | None:
    """One packet; None if the text is not one."""
    if event := _EVENT.match(text):
        return Packet(text[event.end() :])
    if _BINARY.match(text):
        return Packet("", unread="not a frame: a binary event of socket.io, which this stream does not have")
    if _OTHER.fullmatch(text):
        return Packet("", passed=HANDSHAKES)
    return None


def packets(text: str) -> list[Packet] | None:
    """The packets of a text, be it one or a polling payload; None if it is neither."""
    parts = _payload(text) if _LENGTH.match(text) else text.split("\x1e") if "\x1e" in text else [text]
    if parts is None:
        return None
    found = [packet(part) for part in parts]
    if len(found) == 1:
        return None if found[0] is None else [found[0]]
    return [one or Packet("", unread="not a frame: a packet of no known kind") for one in found]


def _payload(text: str) -> list[str] | None:
    """The parts of a payload of protocol 3, by their lengths; None if the lengths do not fit."""
    units = text if text.isascii() else text.encode("utf-16-le", "surrogatepass")
    width = 1 if isinstance(units, str) else 2
    parts: list[str] = []
    at = 0
    while at < len(units):
        head = units[at : at + 11 * width]
        shown = head if isinstance(head, str) else head.decode("utf-16-le", "replace")
        length = _LENGTH.match(shown)
        if length is None:
            return None
        start = at + length.end() * width
        end = start + int(length[1]) * width
        if end > len(units):
            return None
        part = units[start:end]
        parts.append(part if isinstance(part, str) else part.decode("utf-16-le", "replace"))
        at = end
    return parts
