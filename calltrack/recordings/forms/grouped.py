"""Payloads without their event's name beside them: grouped under it, as in the vendor's own events.json, or bare.

A grouped file keeps the order of each event, not the order between them. It is taken from the server times.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct

from calltrack.recordings.forms.pieces import Found, Piece, Unread, found, is_event

FORM = "payloads grouped by event, ordered by server time"

_KINDS = {"extension": "ExtensionEvent", "queue": "QueueEvent", "dialer": "DialerEvent"}
_STATES = {
    "extensions": "AllExtensionsStatus",
    "queues": "loginStatus",
    "dialers": "AllDialersStatus",
    "users": "AllUsersStatus",
}
_list = msgspec.json.Decoder(list[Raw])
_object = msgspec.json.Decoder(dict[str, Raw])


class _Inner(Struct):
    eventName: Raw = Raw(b"null")
    servertime: Raw = Raw(b"null")


class _Payload(Struct):
    data: Raw = Raw(b"null")
    eventName: Raw = Raw(b"null")
    servertime: Raw = Raw(b"null")


class _Ordered(NamedTuple):
    """A frame in the order of server times; of equal ones the group that stands first."""

    time: float
    group: int
    number: int
    piece: Piece


def groups(fields: dict[str, Raw]) -> dict[str, Raw]:
    """The fields whose name is an event; {} if the object groups nothing."""
    return {
        key: raw
        for key, raw in fields.items()
        if is_event(key) and key != "error" and bytes(memoryview(raw)[:1]) in (b"{", b"[")
    }


def name_of_payload(fields: dict[str, Raw]) -> str:
    """The event of a payload by what the vendor writes into it; "" if that does not say."""
    inner = fields.get("data", Raw(b""))
    kinds = [fields.get("eventName")]
    if bytes(memoryview(inner)[:1]) == b"{":
        kinds.append(_object.decode(inner).get("eventName"))
    for raw in kinds:
        word = msgspec.json.decode(raw) if raw is not None else None
        if isinstance(word, str) and word.lower() in _KINDS:
            return _KINDS[word.lower()]
    names = {key.lower() for key, raw in fields.items() if bytes(memoryview(raw)[:1]) == b"["}
    stated = [event for key, event in _STATES.items() if key in names]
    return stated[0] if len(stated) == 1 and "servertime" in {key.lower() for key in fields} else ""


def read(text: bytes, grouped: dict[str, Raw], at: float | None) -> Iterator[Piece]:
    """The frames of all groups, merged by server time; one without a time stays behind the one before it."""
    position = line = 0
    streams: list[list[_Ordered]] = []
    for number, (event, raw) in enumerate(grouped.items()):
        stream: list[_Ordered] = []
        last = float("-inf")
        for item in _payloads(raw):
            begins = text.find(item, position)
            if begins >= 0:
                line += text.count(b"\n", position, begins)
                position = begins
            last = max(last, _servertime(item))
            piece = found(event, item, at, FORM)
            piece = piece._replace(line=line) if isinstance(piece, Found | Unread) else piece
            stream.append(_Ordered(last, number, len(stream), piece))
        streams.append(stream)
    for ordered in heapq.merge(*streams, key=lambda one: one[:3]):
        yield ordered.piece


def _payloads(raw: Raw) -> Iterator[bytes]:
    """One payload, a list of them, or an object of them (by reason); each may stand in a `data` with its name."""
    if bytes(memoryview(raw)[:1]) == b"[":
        for item in _list.decode(raw):
            yield _bare(bytes(item))
        return
    fields = _object.decode(raw)
    nested = [value for value in fields.values() if bytes(memoryview(value)[:1]) == b"{"]
    if nested and len(nested) == len(fields) and "data" not in fields:
        for value in nested:
            yield _bare(bytes(value))
    else:
        yield bytes(raw)


def _bare(item: bytes) -> bytes:
    """A payload out of an envelope that repeats its name."""
    if item[:1] != b"{":
        return item
    fields = _object.decode(item)
    for name in ("event", "name"):
        if name in fields and is_event(msgspec.json.decode(fields[name])):
            for payload in ("data", "payload"):
                if payload in fields:
                    return bytes(fields[payload])
    return item


def _servertime(item: bytes) -> float:
    """When the server says that it was, beside `data` or in it; before everything if it does not say."""
    if item[:1] != b"{":
        return float("-inf")
    outer = msgspec.json.decode(item, type=_Payload)
    times = [outer.servertime]
    if bytes(memoryview(outer.data)[:1]) == b"{":
        times.append(msgspec.json.decode(outer.data, type=_Inner).servertime)
    for raw in times:
        try:
            return float(msgspec.json.decode(raw))
        except (TypeError, ValueError):
            continue
    return float("-inf")
