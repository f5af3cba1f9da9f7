"""A frame of the stream in plain Python again: the event's name as the server spells it, and its JSON."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from calltrack.voicenter.frames import Frame


def spoken(frame: Frame) -> tuple[str, Any]:
    """Return name and payload; a payload of None has no argument, a list of several has all of them."""
    try:
        item = msgspec.json.decode(frame.raw)
    except msgspec.DecodeError:
        # Numbers beyond 64 bits, halves of surrogate pairs: a server may send them, so they are handed on.
        item = json.loads(frame.raw)
    if isinstance(item, dict):
        return item["event"], item["data"]
    name, *rest = item
    return name, rest[0] if len(rest) == 1 else rest or None
