"""Bytes → the event's name, its body, when it was received, and what could not be used.

Theory of operation. A line is tried three ways, each only if the one before it refuses the line:

1. The strict classes of `wire`, in one pass over the whole frame: notation, event and fields.
2. The same classes with loose types (a number for text, null for anything), derived from the strict ones here. What
   came loose is then made as it should be, so everybody after this sees one type.
3. Field by field (`salvage`): for a value of no usable type, and for keys in a case that is not documented. A line
   with one or two such keys is rewritten instead (`respelled`) and goes the first way.

What comes of a line follows from the line alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache, reduce
from operator import or_
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct

from calltrack.cdr import popup
from calltrack.cdr import wire as cdr
from calltrack.core.errors import NotAFrame
from calltrack.core.observations import Body
from calltrack.voicenter import spellings, wire
from calltrack.voicenter.loose import fields, loose, tighten
from calltrack.voicenter.normalise import NORMALISE
from calltrack.voicenter.respelled import SPELLINGS, is_faithful, respelled, rewritten
from calltrack.voicenter.salvage import salvage
from calltrack.voicenter.texts import mended, or_mended

BODIES: dict[str, type[Struct]] = {
    spellings.EXTENSION_EVENT: wire.ExtensionEvent,
    spellings.QUEUE_EVENT: wire.QueueEvent,
    spellings.CAMPAIGN_EVENT: wire.CampaignEvent,
    spellings.ALL_EXTENSIONS: wire.AllExtensions,
    spellings.ALL_QUEUES: wire.AllQueues,
    spellings.ALL_CAMPAIGNS: wire.AllCampaigns,
    spellings.LOGIN: wire.Login,
    spellings.LOST: wire.Lost,
    spellings.TICK: wire.Tick,
    spellings.CDR: cdr.Record,
    spellings.POPUP: popup.Popup,
    **dict.fromkeys(spellings.OTHER_EVENTS, wire.Notice),
    **dict.fromkeys(spellings.FACTS, wire.Fact),
}
"""Every known event and the class of its payload."""


KINDS = frozenset(BODIES.values())


@cache
def documented_keys() -> frozenset[str]:
    """Every key that is read, of any object in any frame."""
    return frozenset().union(*map(_all_keys, KINDS))


def _all_keys(kind: type[Struct]) -> Iterator[str]:
    for one in fields(kind):
        if not one.hidden:
            yield one.key
        if one.nested is not None:
            yield from _all_keys(one.nested)


Decoded = tuple[str, Body, float | None, tuple[str, ...], bool]
"""Event, body, when it was received, what could not be used, and whether the frame was read field by field (so that
keys were found in any case). A plain tuple costs a tenth of a named one, and every frame makes one."""


class Envelope(NamedTuple):
    """A frame's outside: `data` is its payload's JSON text."""

    event: str
    data: Raw
    at: float | None


def decode(line: bytes) -> Decoded:
    """One JSON text in any of the three notations; raises NotAFrame, with the reason in words, if it is not one."""
    try:
        if not line.isascii():
            line.decode()  # the parser does not check the fields that it skips
        text = respelled(line) if SPELLINGS else line
        while True:
            item = (_array if text[:1] == b"[" else _named if text[:7] == b'{"name"' else _recorded)(text)
            body = item.data
            if body is None:
                break
            lacks = item.normalise(body)
            if not lacks or not _misspelled(text, lacks):
                if text is line:
                    return item.event, body, item.at, (), False
                if is_faithful(body, text):
                    return item.event, body, item.at, (), True
                break
            if text is not line or (text := rewritten(line, lacks, documented_keys())) is line:
                break
    except msgspec.ValidationError:
        pass
    except UnicodeError as error:
        raise NotAFrame(f"not UTF-8: {error}") from None
    except (msgspec.DecodeError, RecursionError):
        pass
    return _decode_odd(line)


def _decode_odd(line: bytes) -> Decoded:
    """A line that the strict classes do not take, half of a character in it or not."""
    try:
        return or_mended(_decode_loose, line)
    except RecursionError:
        raise NotAFrame("not a frame: nested too deeply") from None
    except msgspec.DecodeError as error:
        raise NotAFrame(_why_not_json(line, error)) from None


def _decode_loose(line: bytes) -> Decoded:
    try:
        item = (_array_loose if line[:1] == b"[" else _named_loose if line[:7] == b'{"name"' else _recorded_loose)(line)
        body = item.data
        if body is None:
            return item.event, body_of_nothing(item.event), item.at, (), False
        tighten(body)
    except msgspec.ValidationError:
        return _by_field(line)
    lacks = item.normalise(body)
    if lacks and _misspelled(line, lacks):
        return _by_field(line)
    return item.event, body, item.at, (), False


def body_of_nothing(event: str) -> Body:
    """What a frame without a payload says."""
    kind = BODIES.get(event, wire.Notice)
    body: Any = kind()
    NORMALISE[kind](body)
    if kind is wire.Notice:
        body.known = event in BODIES
    found: Body = body
    return found


def _by_field(line: bytes) -> Decoded:
    event, data, at = envelope(line)
    kind, bad = BODIES.get(event, wire.Notice), list[str]()
    body = salvage(kind, data, bad)
    if body is None:
        return event, body_of_nothing(event), at, tuple(bad) if event in BODIES else (), True
    NORMALISE[kind](body)
    if kind is wire.Notice:
        body.known = event in BODIES
    return event, body, at, tuple(bad), True


def _misspelled(line: bytes, lacks: list[str]) -> bool:
    """Whether the line has one of the missing keys in another case.

    A frame may lack a field for good, in each of its calls, so this has to be cheap: it counts the key in any case and
    as it should be.
    """
    lower = line.lower()
    return any(lower.count(f'"{name.lower()}"'.encode()) > line.count(f'"{name}"'.encode()) for name in set(lacks))


def _decoder(variant: Callable[[type[Struct]], type[Struct]], **config: Any) -> Callable[[bytes], Any]:
    """Decodes the frames of all known events in one notation.

    The result has `event`, `data`, `at`, and `normalise` for its data.
    """
    shapes = []
    for tag, name in sorted((dict(zip(BODIES, BODIES, strict=True)) | spellings.EVENT_ALIASES).items()):
        space = {"event": name, "normalise": staticmethod(NORMALISE[BODIES[name]])}
        fields: list[Any] = [("data", variant(BODIES[name]) | None, None)]
        if config.get("array_like"):
            space["at"] = None
        else:
            fields.append(("at", float | None, None))
        shapes.append(msgspec.defstruct(tag, fields, namespace=space, tag=tag, gc=False, **config))
    return msgspec.json.Decoder(reduce(or_, shapes), strict=False).decode


def _as_it_is(kind: type[Struct]) -> type[Struct]:
    return kind


_array, _array_loose = (_decoder(variant, array_like=True) for variant in (_as_it_is, loose))
_named, _named_loose = (_decoder(variant, tag_field="name") for variant in (_as_it_is, loose))
_recorded, _recorded_loose = (_decoder(variant, tag_field="event") for variant in (_as_it_is, loose))

_NULL = Raw(b"null")


class _Object(Struct):
    data: Raw = _NULL
    event: Raw = _NULL
    name: Raw = _NULL
    at: Raw = _NULL


_either = msgspec.json.Decoder(list[Raw] | _Object)
_name = msgspec.json.Decoder(str)
_at = msgspec.json.Decoder(float | None)


def envelope(line: bytes) -> Envelope:
    """A frame's outside alone; raises NotAFrame, or msgspec's DecodeError if the text is not JSON."""
    try:
        item = _either.decode(line)
    except msgspec.ValidationError:
        raise NotAFrame('not a frame: neither ["event", {…}] nor {"event": "…", "data": {…}}') from None
    at = None
    if isinstance(item, list):
        name, data = (item[0] if item else _NULL), (item[1] if len(item) > 1 else _NULL)
    else:
        name, data = (item.event if bytes(item.event) != b"null" else item.name), item.data
        try:
            at = _at.decode(item.at)
        except msgspec.ValidationError:
            at = None  # not a number: not known
    try:
        event = _name.decode(name)
    except msgspec.ValidationError:
        event = ""
    if not event:
        raise NotAFrame("not a frame: the event's name is missing")
    return Envelope(spellings.EVENT_ALIASES.get(event, event), data, at)


def payload_text(line: bytes) -> bytes:
    """The JSON text of a frame's payload; half a character in it may be a "?" already."""
    return bytes(or_mended(envelope, line).data)


def plain(data: bytes | Raw) -> Any:
    """JSON as plain dicts and lists; a number beyond what a float can hold is infinite, half a character a "?"."""
    try:
        return _any.decode(data)
    except msgspec.DecodeError:
        return json.loads(mended(bytes(data)), parse_int=_integer)


_any = msgspec.json.Decoder()
_DIGITS = 310  # as many as a float can hold


def _integer(digits: str) -> int | float:
    """Python refuses to make an int of thousands of digits."""
    return int(digits) if len(digits) < _DIGITS else float(digits)


def _why_not_json(line: bytes, error: msgspec.DecodeError) -> str:
    if "truncated" in str(error):
        return "not JSON: it ends in the middle"
    hint = ""
    if any(quote.encode() in line for quote in "“”"):
        hint = " (it contains a typographic quote; was it pasted from a document?)"
    return f"not JSON: {str(error).removeprefix('JSON is malformed: ')}{hint}"
