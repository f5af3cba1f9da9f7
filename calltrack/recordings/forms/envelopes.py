"""One JSON value as frames: whatever people and their tools wrap around an event's name and its payload.

A name is taken where it cannot mean anything else: beside a payload, as the key of a group, or by the `eventName`
that the vendor's own payloads carry. Two names or two payloads in one object are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw

from calltrack.recordings.forms import cdrs, grouped, har
from calltrack.recordings.forms.packets import packets
from calltrack.recordings.forms.pieces import Found, Passed, Piece, Unread, found, is_event
from calltrack.recordings.forms.times import epoch
from calltrack.recordings.forms.values import why_not
from calltrack.voicenter.texts import or_mended

_NAMES = ("event", "name", "type", "eventName", "event_name", "eventType", "topic")
_PAYLOADS = ("data", "payload", "body", "args", "arguments", "params", "content", "message", "value", "detail")
_TIMES = (
    *("at", "time", "timestamp", "ts", "received", "receivedAt", "received_at", "@timestamp", "date", "datetime"),
    *("wallTime", "_time"),
)
_WRAPPERS = (
    *("payloadData", "log", "message", "msg", "line", "text", "raw", "frame", "data", "payload", "body", "value"),
    *("params", "response", "_source", "jsonPayload", "textPayload", "record", "args", "MESSAGE"),
)
_LISTS = ("frames", "events", "messages", "records", "entries", "items", "rows", "logs", "hits", "data", "packets")
_DIRECTIONS = ("type", "direction", "dir", "method", "opcode")
_SENT = frozenset({"send", "sent", "out", "outgoing", "client", "upstream", "network.websocketframesent"})
_RECEIVED = frozenset({"receive", "received", "in", "incoming", "server", "downstream", "message"})
ARRAYS = "socket.io arrays"
"""The form of `["event", payload]`, which the surroundings may know a better name of."""

_DEEPEST = 6
_SHOWN = 6  # names of fields in a reason

_object = msgspec.json.Decoder(dict[str, Raw])
_list = msgspec.json.Decoder(list[Raw])
_any = msgspec.json.Decoder()


def read_value(text: bytes, at: float | None = None, name: str = "", depth: int = 0) -> list[Piece]:
    """The frames of a JSON value; `at` and `name` are what stood before it, where something did.

    Half a character in it is a "?". Raises msgspec.DecodeError if it is not JSON.
    """
    return or_mended(lambda whole: list(_read(whole, at, name, depth)), text)


def _read(text: bytes, at: float | None, name: str, depth: int) -> Iterator[Piece]:
    text = text.strip()
    kind = text[:1]
    if depth > _DEEPEST:
        yield Unread("not a frame: nested too deeply")
    elif kind == b"{":
        yield from _read_object(text, at, name, depth)
    elif kind == b"[":
        yield from _read_list(text, at, name, depth)
    elif kind == b'"':
        inner = _any.decode(text)
        pieces = read_text(inner, at, name, depth + 1)
        yield from pieces or [Unread("not a frame: a text that holds none")]
    else:
        _any.decode(text)
        yield Unread("not a frame: a number, true, false or null")


def read_text(text: str, at: float | None = None, name: str = "", depth: int = 0) -> list[Piece] | None:
    """The frames of a text that is a packet, a polling payload, or JSON; None if it is none of them."""
    text = text.strip()
    if text[:1] in ("{", "["):
        try:
            return read_value(text.encode("utf-8", "replace"), at, name, depth)
        except (msgspec.DecodeError, RecursionError):
            return None
    split = packets(text)
    if split is None:
        return None
    pieces: list[Piece] = []
    for packet in split:
        if packet.passed:
            pieces.append(Passed(packet.passed))
        elif packet.unread:
            pieces.append(Unread(packet.unread))
        else:
            try:
                pieces += (
                    piece._replace(form="socket.io packets") if isinstance(piece, Found) else piece
                    for piece in read_value(packet.array.encode("utf-8", "replace"), at, "", depth + 1)
                )
            except msgspec.DecodeError as error:
                pieces.append(Unread(why_not(error)))
    return pieces


def _read_list(text: bytes, at: float | None, name: str, depth: int) -> Iterator[Piece]:
    items = _list.decode(text)
    if not items:
        yield Unread("not a frame: an empty list")
        return
    first = _plain(items[0])
    if isinstance(first, str) and is_name(first):
        yield found(first, bytes(items[1]) if len(items) > 1 else None, at, ARRAYS)
        return
    second = _plain(items[1]) if len(items) > 2 else None
    if is_event(second) and (moment := epoch(first)) is not None:
        yield found(str(second), bytes(items[2]), moment, "[time, event, payload]")
        return
    if name:
        yield found(name, text if len(items) > 1 else bytes(items[0]), at, "the event's name before its payload")
        return
    line = position = 0
    for raw in items:
        item = bytes(raw)
        begins = text.find(item, position)
        line += text.count(b"\n", position, begins)
        for piece in _read(item, at, "", depth + 1):
            yield _moved(piece, line)
        line += item.count(b"\n")
        position = begins + len(item)


def _moved(piece: Piece, lines: int) -> Piece:
    """A piece of an array; an array of frames is called so, whatever notation its frames have."""
    if isinstance(piece, Passed):
        return piece
    return piece._replace(line=piece.line + lines)


def _read_object(text: bytes, at: float | None, name: str, depth: int) -> Iterator[Piece]:
    fields = _object.decode(text)
    at = next((moment for key in _TIMES if (moment := epoch(_plain(fields.get(key)))) is not None), at)
    if (archive := har.of(fields)) is not None:
        for message in har.messages(archive):
            if message.sent:
                yield Passed("sent by the client")
            else:
                pieces = read_text(message.text, message.at, depth=depth + 1)
                if message.foreign and not any(isinstance(piece, Found) for piece in pieces or ()):
                    yield Passed("messages of other sockets")
                    continue
                for piece in pieces or [Unread(f"not a frame: {message.where} is no event of socket.io")]:
                    yield piece._replace(form="HAR") if isinstance(piece, Found) else piece
        return
    if (records := cdrs.read(fields)) is not None:
        yield from records
        return
    if _is_sent(fields):
        yield Passed("sent by the client")
        return
    named = {key: value for key in _NAMES if isinstance(value := _plain(fields.get(key)), str) and is_name(value)}
    known = {value for value in named.values() if is_event(value)}
    if len(known) > 1:
        yield Unread(f"not a frame: it has several names of events, in {', '.join(named)}")
        return
    if known or {"event", "name"} & named.keys():
        key = next(key for key, value in named.items() if value in known or not known)
        payload = _payload(fields)
        if isinstance(payload, Unread):
            yield payload
            return
        if payload is not None or known:
            yield found(named[key], payload, at, f'{{"{key}": …, payload}} objects')
            return
    if name:
        yield found(name, text, at, "the event's name before its payload")
        return
    if groups := grouped.groups(fields):
        yield from grouped.read(text, groups, at)
        return
    if own := grouped.name_of_payload(fields):
        yield found(own, text, at, "payloads without a name, known by their fields")
        return
    yield from _unwrapped(fields, at, depth) or [Unread(_what(fields))]


def _payload(fields: dict[str, Raw]) -> bytes | Unread | None:
    """The payload beside a name; the first of a list of arguments; JSON that stands in a string."""
    present = [key for key in _PAYLOADS if key in fields and bytes(fields[key])[:1] in (b"{", b"[", b'"')]
    objects = [key for key in present if bytes(fields[key])[:1] == b"{"]
    if len(objects) > 1:
        return Unread(f"not a frame: it has several payloads, {' and '.join(objects)}")
    key = (objects or present or [""])[0]
    if not key:
        return next((bytes(fields[key]) for key in _PAYLOADS if key in fields), None)
    raw = bytes(fields[key])
    if raw[:1] == b"[":
        items = _list.decode(raw)
        return bytes(items[0]) if items else None
    if raw[:1] == b'"':
        inner = str(_any.decode(raw)).strip().encode("utf-8", "replace")
        try:
            or_mended(_any.decode, inner)
        except (msgspec.DecodeError, RecursionError):
            return raw
        return inner
    return raw


def _unwrapped(fields: dict[str, Raw], at: float | None, depth: int) -> list[Piece]:
    """What stands in a field of a log's record, or in a list of frames that an object holds."""
    for key in (*_WRAPPERS, *_LISTS):
        raw = bytes(fields.get(key, Raw(b"")))
        if raw[:1] == b'"':
            pieces = read_text(str(_any.decode(raw)), at, depth=depth + 1)
        elif raw[:1] in (b"{", b"["):
            pieces = list(_read(raw, at, "", depth + 1))
        else:
            continue
        if pieces and not all(isinstance(piece, Unread) for piece in pieces):
            form = "arrays in an object" if raw[:1] == b"[" else "records of a log"
            return [
                piece._replace(form=form) if isinstance(piece, Found) and piece.form == ARRAYS else piece
                for piece in pieces
            ]
    return []


def _is_sent(fields: dict[str, Raw]) -> bool:
    """Whether a message says that the client sent it."""
    words = {str(_plain(fields.get(key))).lower() for key in _DIRECTIONS}
    return bool(words & _SENT) and any(key in fields for key in ("data", "payloadData", "params", "text", "message"))


def is_name(text: str) -> bool:
    """Whether a text can be an event's name: a word, and not the direction of a message."""
    return 0 < len(text) <= 64 and text.isidentifier() and text.lower() not in _RECEIVED | _SENT


def _plain(raw: Raw | None) -> Any:
    """A field's value if it is a text or number."""
    if raw is None or bytes(memoryview(raw)[:1]) in (b"{", b"["):
        return None
    return _any.decode(raw)


def _what(fields: dict[str, Raw]) -> str:
    """What an object is seen to be: its fields' names, but none that may be personal."""
    names = [key for key in fields if key.isidentifier() and len(key) <= 32]
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(fields) > _SHOWN else "")
    return f"not a frame: an object without an event's name (its fields: {shown or 'none'})"
