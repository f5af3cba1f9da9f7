"""Bytes → frames: three notations, and a tolerant decoder for whatever the strict one does not take.

A frame of the usual shape is decoded straight into its class. Any other (an unknown field, a value of the wrong
type, a field in other case) goes through `_tolerant`, which keeps what it can and names what it could not use.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, reduce
from hashlib import blake2s
from operator import or_
from typing import Any, NamedTuple, Self, cast, get_args
from zlib import crc32

import msgspec
from msgspec import Raw, Struct

from calltrack.core.errors import NotAFrame
from calltrack.voicenter.events import ALIASES, BODIES, KNOWN, Body, Notice, Number, Wire

_DIGITS = 310  # as many as a float can hold
_BAD_SHOWN = 60  # characters of an unusable value kept as evidence


class Frame(Struct, frozen=True, gc=False):
    """A socket.io event: its name, what it says, and when it was received (UTC epoch, s) if a recording knows.

    `unknown` names the fields that are not understood, `bad` the values that could not be used, each with its path;
    `payload()` has them as they came.
    """

    event: str
    body: Body
    at: float | None = None
    raw: bytes = b""
    unknown: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()

    @classmethod
    def of(cls, event: str, payload: object = None, at: float | None = None) -> Self:
        """A frame from an event's name and its decoded JSON; what a peer may send never makes it fail."""
        try:
            return cls.decode(msgspec.json.encode({"at": at, "event": event, "data": payload}))
        except (NotAFrame, UnicodeEncodeError, RecursionError) as error:
            name = str(event).encode("utf-8", "replace").decode()
            nothing = msgspec.json.encode([name])
            return cls(name, BODIES.get(name, Notice)(), at, nothing, (), (f"the whole payload: {error}",))

    @classmethod
    def decode(cls, line: bytes | str) -> Self:
        """A frame from one JSON text in any of the three notations (field guide §1).

        Raises NotAFrame, with the reason in words, if the text is not one.
        """
        try:
            if type(line) is not bytes:
                line = cast(str, line).encode()
            if not line.isascii():
                line.decode()  # fields that are skipped are not checked by the decoder
            try:
                item = (_array if line[:1] == b"[" else _named if line[:7] == b'{"name"' else _recorded)(line)
                return cls(item.event, item.data, item.at, line)
            except msgspec.ValidationError:
                pass
            return cls._decode_any(line)
        except UnicodeError as error:
            raise NotAFrame(f"not UTF-8: {error}") from None
        except RecursionError:
            raise NotAFrame("not a frame: nested too deeply") from None
        except msgspec.DecodeError as error:
            whole = _without_surrogates(cast(bytes, line))
            if whole is not None:
                return cls.decode(whole)
            raise NotAFrame(_why_not_json(cast(bytes, line), error)) from None

    @classmethod
    def _decode_any(cls, line: bytes) -> Self:
        event, raw, at = _envelope(line)
        kind = BODIES.get(event, Notice)
        try:
            return cls(event, _decoder(kind).decode(raw), at, line)
        except msgspec.ValidationError:
            notes = _Notes([], [])
            body = _tolerant(kind, _any.decode(raw), "", notes)
            return cls(event, body or kind(), at, line, tuple(notes.unknown), tuple(notes.bad))

    def payload(self) -> Any:
        """The event's JSON as it came, in plain dicts and lists; None if it had none.

        A number beyond what a float can hold, in a field that is not read, is infinite.
        """
        data = _envelope(self.raw).data
        try:
            return _any.decode(data)
        except msgspec.DecodeError:
            return json.loads(bytes(data), parse_int=_integer)


def fingerprint(raw: bytes) -> str:
    """What a frame's bytes are known again by; long ones by length and crc32, six times faster than blake2s."""
    if len(raw) > _LONG:
        return f"{len(raw):x}-{crc32(raw):08x}"
    return blake2s(raw, digest_size=16).hexdigest()


_LONG = 65_536  # bytes; the list of 10,000 extensions has 8 MB
_any = msgspec.json.Decoder()


def _decoder_of_frames(**config: Any) -> Callable[[bytes], Any]:
    """Decodes the frames of every known event in one notation; it has `event`, `data`, and maybe `at`."""
    kinds = {name: BODIES.get(name, Notice) for name in KNOWN} | {name: BODIES[ALIASES[name]] for name in ALIASES}
    shapes = [
        msgspec.defstruct(
            name,
            [("data", kind)] if config.get("array_like") else [("data", kind), ("at", float | None, None)],
            namespace={"event": ALIASES.get(name, name)} | ({"at": None} if config.get("array_like") else {}),
            tag=name,
            gc=False,
            **config,
        )
        for name, kind in sorted(kinds.items())
    ]
    return msgspec.json.Decoder(reduce(or_, shapes), strict=False).decode


_array = _decoder_of_frames(array_like=True)
_named = _decoder_of_frames(tag_field="name")
_recorded = _decoder_of_frames(tag_field="event")


class _Object(Struct):
    data: Raw = Raw(b"null")
    event: Any = None
    name: Any = None
    at: Any = None


class _Enveloped(NamedTuple):
    event: str
    data: Raw
    at: float | None


_either = msgspec.json.Decoder(list[Raw] | _Object)


def _envelope(line: bytes) -> _Enveloped:
    try:
        item = _either.decode(line)
    except msgspec.ValidationError:
        raise NotAFrame('not a frame: neither ["event", {…}] nor {"event": "…", "data": {…}}') from None
    if isinstance(item, list):
        name = _any.decode(item[0]) if item else None
        data = item[1] if len(item) > 1 else Raw(b"null")
        at = None
    else:
        name, data = item.name if item.event is None else item.event, item.data
        at = item.at if isinstance(item.at, int | float) and not isinstance(item.at, bool) else None
    if not isinstance(name, str) or not name:
        raise NotAFrame("not a frame: the event's name is missing")
    return _Enveloped(ALIASES.get(name, name), data, at)


def _integer(digits: str) -> int | float:
    """Python refuses to make an int of thousands of digits."""
    return int(digits) if len(digits) < _DIGITS else float(digits)


def _without_surrogates(line: bytes) -> bytes | None:
    """A name that was cut inside a character is JSON all the same; the broken character becomes "?".

    None if that is not what is wrong with the line.
    """
    if b"\\ud" not in line.lower():
        return None
    try:
        text = json.dumps(json.loads(line), ensure_ascii=False)
    except (ValueError, RecursionError):
        return None
    whole = text.encode("utf-8", "replace")
    return whole if whole != text.encode("utf-8", "surrogatepass") else None


def _why_not_json(line: bytes, error: msgspec.DecodeError) -> str:
    if "truncated" in str(error):
        return "not JSON: it ends in the middle"
    hint = ""
    if any(quote.encode() in line for quote in "“”"):
        hint = " (it contains a typographic quote; was it pasted from a document?)"
    return f"not JSON: {str(error).removeprefix('JSON is malformed: ')}{hint}"


@cache
def _decoder(kind: type[Body]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, strict=False)


class _Notes(NamedTuple):
    unknown: list[str]
    bad: list[str]

    def unusable(self, path: str, value: object) -> None:
        shown = json.dumps(value)
        self.bad.append(f"{path or 'payload'}: {shown[:_BAD_SHOWN]}{'…' * (len(shown) > _BAD_SHOWN)}")


def _tolerant(kind: type[Body | Wire], value: object, path: str, notes: _Notes) -> Any:
    """Field by field, in any case (field guide §1: case varies); None if the value is no object at all."""
    if not isinstance(value, dict):
        if value is not None:
            notes.unusable(path, value)
        return None
    fields = _fields(kind)
    usable: dict[str, Any] = {}
    for key, item in value.items():
        at = f"{path}.{key}" if path else key
        field = fields.get(key) or fields.get(key.lower())
        if field is None or (field.name != key and field.name in value):
            if kind is not Notice:
                notes.unknown.append(at)
        elif field.type is Raw:
            usable[field.name] = Raw(msgspec.json.encode(item))
        elif field.nested is None:
            try:
                if field.type == str | None and isinstance(item, int | float) and not isinstance(item, bool):
                    item = str(item)
                elif field.type == Number and isinstance(item, float | str):
                    item = int(float(item))
                usable[field.name] = msgspec.convert(item, field.type, strict=False)
            except (msgspec.ValidationError, ValueError, OverflowError):
                notes.unusable(at, item)
        elif not field.many:
            usable[field.name] = _tolerant(field.nested, item, at, notes)
        elif item is not None:
            if not isinstance(item, list) or any(not isinstance(one, dict) for one in item if one is not None):
                notes.unusable(at, item)
                return None  # a list that cannot be read says nothing, least of all that everything has ended
            found = [_tolerant(field.nested, one, f"{at}[]", notes) for one in item]
            usable[field.name] = [one for one in found if one is not None]
    return kind(**usable)


class _Field(NamedTuple):
    name: str
    type: Any
    nested: type[Wire] | None
    many: bool


@cache
def _fields(kind: type[Body | Wire]) -> dict[str, _Field]:
    """A class's fields by their name, and by their name in lower case."""
    found: dict[str, _Field] = {}
    for field in msgspec.structs.fields(kind):
        inner = next((arg for arg in get_args(field.type) if arg is not type(None)), None)
        many = inner is not None and bool(get_args(inner))
        nested = get_args(inner)[0] if many else inner
        if not (isinstance(nested, type) and issubclass(nested, Wire)):
            nested, many = None, False
        entry = _Field(field.name, field.type, nested, many)
        found[field.name] = entry
        found.setdefault(field.name.lower(), entry)
    return found
