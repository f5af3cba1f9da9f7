"""A frame field by field: for values of no usable type and keys in a case that nobody documented.

What can be used is used, and everything else is named with its path. It works on the text, not on parsed values: a text
that is kept as it came (customdata) is the same whichever way its frame takes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

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
    table = keys(kind)
    found: dict[str, Any] = {}
    for key, value in members.items():
        one = table.get(key) or table.get(key.lower())
        if one is not None and (one.key == key or one.key not in members):
            _read(one, value, bad, f"{path}.{key}" if path else key, found)
    return kind(**found)


@cache
def keys(kind: type[Struct]) -> dict[str, Field]:
    """A class's fields by their key, and by their key in lower case."""
    named = {one.key: one for one in fields(kind) if not one.hidden}
    for one in tuple(named.values()):
        named.setdefault(one.key.lower(), one)
    return named


def _read(one: Field, raw: Raw, bad: list[str], path: str, found: dict[str, Any]) -> None:
    if one.nested is None:
        value = _value(one, raw, bad, path)
    elif one.many:
        value = _objects(one.nested, raw, bad, path)
    else:
        value = salvage(one.nested, raw, bad, path)
    if value is not None:
        found[one.name] = value


def _value(one: Field, raw: Raw, bad: list[str], path: str) -> Any:
    """A field's value; None if it is null or cannot be used."""
    if Raw in one.kinds:
        return raw
    try:
        value = _decoder(one.loose_type).decode(raw)
        made = as_it_should_be(one)
        return value if value is None or made is None else made(value)
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


@cache
def _decoder(hint: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(hint, strict=False)


def _unusable(bad: list[str], path: str, raw: Raw) -> None:
    shown = str(memoryview(raw)[: 4 * _BAD_SHOWN], "utf-8", "replace")
    bad.append(f"{path}: {shown[:_BAD_SHOWN]}{'…' * (len(shown) > _BAD_SHOWN)}")
