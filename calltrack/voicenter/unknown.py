"""The fields of a frame that are not known: their names for one frame, and a counter for a stream.

New fields appear with every release of the vendor's, so decoding skips them. Who wants their names asks for them, and
pays then: about 15 times what decoding costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from msgspec import Struct

from calltrack.core import observations
from calltrack.voicenter import decode, wire
from calltrack.voicenter.loose import Field, fields

NAMES = 200
"""Names that a counter keeps."""
_LONGEST = 200  # characters kept of a name: strangers choose them
_SETTLED = 256  # frames of one event without a new name, after which only one in _EVERY is looked at
_EVERY = 64


def unknown_fields(raw: bytes) -> tuple[str, ...]:
    """The fields of a frame that are not understood, each with its path and once; () for an event without a class.

    raw: a text that `Frame.decode` takes.
    """
    _, body, _, _, by_field = decode.decode(raw)
    kind = type(body)
    if isinstance(body, observations.Notice):
        return ()
    if kind not in decode.KINDS:
        kind = kind.__mro__[1]
    payload = decode.plain(decode.payload_text(raw))
    return tuple(dict.fromkeys(_unknown(kind, payload, "", any_case=by_field)))


def _unknown(kind: type[Struct], value: object, path: str, *, any_case: bool) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    known = _known(kind)
    for key, item in value.items():
        at = f"{path}.{key}" if path else key
        one = known.get(key)
        if one is None and any_case and (other := known.get(key.lower())) is not None:
            one = other if other is _SKIPPED or other.key not in value else None
        if one is None:
            yield at
        elif one.nested is not None and not one.many:
            yield from _unknown(one.nested, item, at, any_case=any_case)
        elif one.nested is not None and isinstance(item, list):
            for each in item:
                yield from _unknown(one.nested, each, f"{at}[]", any_case=any_case)


_SKIPPED = Field("", "", Any, frozenset(), None, False)


@cache
def _known(kind: type[Struct]) -> dict[str, Field]:
    """A class's keys, as they are and in lower case."""
    known = {one.key: one for one in fields(kind) if not one.hidden} | dict.fromkeys(wire.SKIPPED, _SKIPPED)
    for key in tuple(known):
        known.setdefault(key.lower(), known[key])
    return known


KNOWN_KEYS = wire.SKIPPED | decode.documented_keys()
"""Every key that is understood, of any object in any frame."""


class UnknownFields:
    """Counts the names of unknown fields in a stream, at next to no cost.

    It looks at every frame of an event while new names keep coming. After 256 frames of that event without a new one
    it looks at one in 64, until one has a new name again. So a name that stays is found, and `counts` is exact for the
    `looked_at` frames; over all frames a name's share is about `counts[name] / looked_at[event]`. It keeps 200 names
    and counts the frames that have further ones in `others`; those never make it look more often.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        """Frames by "event.path"."""
        self.seen: dict[str, int] = {}
        """Frames by event."""
        self.looked_at: dict[str, int] = {}
        """Frames whose fields were looked at, by event."""
        self.others = 0
        """Frames looked at that have a name beyond those kept."""
        self._quiet: dict[str, int] = {}

    def see(self, frame: observations.Frame) -> None:
        """Count a frame; no more than a comparison for most."""
        event = frame.event
        if isinstance(frame.body, observations.Notice):
            return
        seen = self.seen[event] = self.seen.get(event, 0) + 1
        quiet = self._quiet.get(event, 0)
        if quiet >= _SETTLED and seen % _EVERY:
            return
        self.looked_at[event] = self.looked_at.get(event, 0) + 1
        self._quiet[event] = quiet + 1
        others = False
        for path in frame.unknown:
            name = f"{event}.{path}"[:_LONGEST]
            if name in self.counts:
                self.counts[name] += 1
            elif len(self.counts) < NAMES:
                self.counts[name] = 1
                self._quiet[event] = 0
            else:
                others = True
        self.others += others
