"""Bytes and values as text: halves of characters mended, numbers spelled out, one member of a JSON text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)", re.DOTALL
)
_HALF = 6  # bytes of \ud800, half a surrogate pair
_any = msgspec.json.Decoder()
T = TypeVar("T")


def text(value: object) -> str:
    """A name, phone or id as text: "" where there is none, numbers spelled out."""
    if type(value) is str:
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else ""


def mended(line: bytes) -> bytes:
    r"""JSON with each half of a surrogate pair (`\ud800`) as "?"; every other byte stays as it is."""
    return _ESCAPE.sub(lambda found: b"?" if len(found[0]) == _HALF else found[0], line)


def or_mended(read: Callable[[bytes], T], line: bytes) -> T:
    """What `read` makes of JSON that msgspec may refuse for half a character; the line is mended only then."""
    try:
        return read(line)
    except msgspec.DecodeError:
        whole = mended(line)
        if whole == line:
            raise
    return read(whole)


def json_member(data: str, name: str) -> str:
    """The text of one member of a JSON object, in any case; "" if it has none."""
    try:
        value: Any = or_mended(_any.decode, data.encode())
    except (msgspec.DecodeError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    return next((text(item) for key, item in value.items() if key.lower() == name.lower()), "")
