"""A browser's HAR: the messages of its WebSockets and the answers of its polling, in the order of their times.

Chrome, Edge, Safari's and Firefox's tools, Charles and Proxyman write `_webSocketMessages` beside an entry.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct, field

from calltrack.recordings.forms.times import epoch


class _Message(Struct):
    type: str = ""
    time: float | str | None = None
    opcode: int | None = None
    data: str = ""


class _Content(Struct):
    text: str = ""
    encoding: str = ""


class _Response(Struct):
    content: _Content = field(default_factory=_Content)


class _Request(Struct):
    url: str = ""


class _Entry(Struct):
    startedDateTime: str = ""
    request: _Request = field(default_factory=_Request)
    response: _Response = field(default_factory=_Response)
    messages: list[_Message] | None = field(name="_webSocketMessages", default=None)


class Log(Struct):
    """The `log` of a HAR."""

    entries: list[_Entry]


class Message(NamedTuple):
    """A message: its text, when (UTC epoch s), whether the client sent it, and where it stands, in words.

    `foreign`: its socket does not say that it speaks socket.io.
    """

    text: str
    at: float | None
    sent: bool
    where: str
    foreign: bool = False


_log = msgspec.json.Decoder(Log, strict=False)


def of(fields: dict[str, Raw]) -> Log | None:
    """The log of a HAR; None if the object is none."""
    raw = fields.get("log")
    if raw is None:
        return None
    try:
        return _log.decode(raw)
    except msgspec.ValidationError:
        return None


def messages(log: Log) -> list[Message]:
    """Every message that may be of socket.io, by its time if all have one; several sockets are joined so."""
    found = [message for number, entry in enumerate(log.entries, 1) for message in _of_entry(entry, number)]
    if all(message.at is not None for message in found):
        found.sort(key=lambda message: message.at or 0)
    return found


def _of_entry(entry: _Entry, number: int) -> Iterator[Message]:
    foreign = "EIO=" not in entry.request.url and "/socket.io" not in entry.request.url
    for count, message in enumerate(entry.messages or (), 1):
        where = f"message {count} of entry {number}"
        binary = message.opcode == 2
        sent = message.type.lower() != "receive"
        yield Message("" if binary else message.data, epoch(message.time), sent, where, foreign)
    content = entry.response.content
    if "transport=polling" in entry.request.url and content.text:
        text = content.text
        if content.encoding == "base64":
            try:
                text = base64.b64decode(text, validate=True).decode()
            except (binascii.Error, UnicodeError):
                text = ""
        if text != "ok":  # the answer to what the client sends
            yield Message(text, epoch(entry.startedDateTime), False, f"the answer of entry {number}")
