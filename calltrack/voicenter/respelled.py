"""Keys that every frame has, in a case that is not documented, written as they should be before a line is decoded.

Theory of operation. To read a line field by field (`salvage`) costs ten times what decoding it costs, so a sender that
writes one key in its own case would make every frame cost that. A line with one or two such keys is therefore rewritten
as bytes, and decoded like any other. Where that could change more than the key (the documented key is there as well,
or custom data that has to stay as it came), the line is left to `salvage`. The spellings that were met are remembered,
`_REMEMBERED` or so; what a line becomes follows from the line alone, whether they are or not.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_MOST, _REMEMBERED = 2, 16
SPELLINGS: dict[bytes, bytes] = {}


def respelled(line: bytes) -> bytes:
    """The line with keys as documented that were met in another case before; itself if it has none."""
    found: dict[bytes, bytes] = {}
    for odd, name in SPELLINGS.items():
        if odd in line:
            found[odd] = name
    return _rewritten(line, found) if found else line


def rewritten(line: bytes, lacks: list[str], known: frozenset[str]) -> bytes:
    """The line with the keys that it lacks, if it has them in another case; itself if it cannot be rewritten.

    known: every documented key; one of them stands for itself.
    """
    found: dict[bytes, bytes] = {}
    for name in dict.fromkeys(lacks):
        for odd in set(_any_case(name).findall(line)):
            if odd[1:-1].decode() in known:
                return line
            found[odd] = b'"%b"' % name.encode()
    made = _rewritten(line, found)
    if made is not line:
        if len(SPELLINGS) >= _REMEMBERED:
            SPELLINGS.clear()
        SPELLINGS.update(found)
    return made


def is_faithful(body: Any, text: bytes) -> bool:
    """Whether no custom data of a rewritten line was rewritten with it: documented keys were nowhere in the line."""
    if text.count(b'"customdata"') == text.count(b'"customdata":{}'):
        return True
    devices = [getattr(body, name, None) for name in ("extension", "queue")]
    for several in ("extensions", "queues"):
        devices += getattr(body, several, None) or ()
    calls = [call for device in devices if device is not None for call in device.listed or ()]
    calls += [call for device in devices if (call := getattr(device, "current", None)) is not None]
    names = [name.decode() for name in set(SPELLINGS.values())]
    return not any(call.custom_data and any(name in call.custom_data for name in names) for call in calls)


def _rewritten(line: bytes, found: dict[bytes, bytes]) -> bytes:
    if len(found) > _MOST:
        return line
    text = line
    for odd, name in found.items():
        if name in line:
            return line
        text = text.replace(odd, name)
    return text


@cache
def _any_case(name: str) -> re.Pattern[bytes]:
    return re.compile(rb'"%b"(?=\s*:)' % name.encode(), re.IGNORECASE)
