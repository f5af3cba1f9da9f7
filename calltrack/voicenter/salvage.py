"""A frame field by field: for values of no usable type and keys in a case that is not documented.

What can be used is used, and everything else is named with its path. It works on the text, not on parsed values: a text
that is kept as it came (customdata) is the same whichever way its frame takes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct

from calltrack.voicenter.loose import Field, as_it_should_be, fields

_BAD_SHOWN = 60  # characters of an unusable value that are kept as evidence
_EMPTY = frozenset({b"null", b"[]", b"{}", b'""'})
_object = msgspec.json.Decoder(dict[str, Raw])
_list = msgspec.json.Decoder(list[Raw])


def salvage(kind: type[Struct], raw: Raw, bad: list[str], path: str = "") -> Any:
    """An instance of a wire class with all that can be read of it; None if the text is not an object.

    `bad` gets each value that cannot be used, with its path.
    """
    try:
        members = _object.decode(raw)
    except msgspec.ValidationError:
        if bytes(raw) not in _EMPTY:
            _unusable(bad, path or "payload", raw)
        return None
    table = _readers(kind)
    found: dict[str, Any] = {}
    for key, value in members.items():
        one = table.get(key) or table.get(key.lower())
        if one is not None and (one.key == key or one.key not in members):
            _read(one, value, bad, f"{path}.{key}" if path else key, found)
    return kind(**found)


class _Reader(NamedTuple):
    """How a field's text is read."""

    key: str
    field: Field
    decode: Callable[[Raw], Any] | None
    made: Callable[[Any], Any] | None


@cache
def _readers(kind: type[Struct]) -> dict[str, _Reader]:
    """A class's fields by their key, and by their key in lower case."""
    named = {}
    for one in fields(kind):
        if not one.hidden:
            decode = None
            if one.nested is None and Raw not in one.kinds:
                decode = msgspec.json.Decoder(one.loose_type, strict=False).decode
            named[one.key] = _Reader(one.key, one, decode, as_it_should_be(one))
    for reader in tuple(named.values()):
        named.setdefault(reader.key.lower(), reader)
    return named


def _read(reader: _Reader, raw: Raw, bad: list[str], path: str, found: dict[str, Any]) -> None:
    one = reader.field
    if one.nested is None:
        value = _value(reader, raw, bad, path)
    elif one.many:
        value = _objects(one.nested, raw, bad, path)
    else:
        value = salvage(one.nested, raw, bad, path)
    if value is not None:
        found[one.name] = value


def _value(reader: _Reader, raw: Raw, bad: list[str], path: str) -> Any:
    """A field's value; None if it is null or cannot be used."""
    if reader.decode is None:
        return raw
    try:
        value = reader.decode(raw)
        return value if value is None or reader.made is None else reader.made(value)
    except (msgspec.ValidationError, ValueError, OverflowError):
        if bytes(raw) not in _EMPTY:
            _unusable(bad, path, raw)
        return None


def _objects(kind: type[Struct], raw: Raw, bad: list[str], path: str) -> list[Any] | None:
    """A list of objects; None if it cannot be read, because then it does not say that something has ended."""
    try:
        items = [item for item in _list.decode(raw) if bytes(item) != b"null"]
    except msgspec.ValidationError:
        if bytes(raw) != b"null":
            _unusable(bad, path, raw)
        return None
    if any(bytes(memoryview(item)[:1]) != b"{" for item in items):
        _unusable(bad, path, raw)
        return None
    return [salvage(kind, item, bad, f"{path}[]") for item in items]


def _unusable(bad: list[str], path: str, raw: Raw) -> None:
    shown = str(memoryview(raw)[: 4 * _BAD_SHOWN], "utf-8", "replace")
    bad.append(f"{path}: {shown[:_BAD_SHOWN]}{'…' * (len(shown) > _BAD_SHOWN)}")
