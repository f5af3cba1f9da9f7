"""The fields that the vendor's releases add: those seen since 2023-12, and those that no document names.

New fields come with every release (field guide §1), so what a consumer does not know is the normal case. The names
here are invented; a release keeps about three of four of the one before.
"""

from functools import lru_cache
from random import Random
from typing import Any, Literal, NamedTuple

Level = Literal["frame", "extension", "call", "queue", "waiting", "campaign"]
Json = dict[str, Any]

_FIRST = ("billing", "carrier", "edge", "ledger", "pulse", "relay", "shadow", "tenant", "tier", "trace")
_SECOND = ("Bucket", "Digest", "Grade", "Hint", "Marker", "Ref", "Scope", "Score", "Tag", "Zone")
_KINDS = ("number", "text", "flag", "nothing", "object", "list", "fraction")
_SLOTS = 4  # invented fields per level


class _Field(NamedTuple):
    name: str
    kind: str


@lru_cache(maxsize=256)
def invented(release: int, level: Level) -> tuple[_Field, ...]:
    """The fields of a level that no document names; none before release 2."""
    if release < 2:
        return ()
    return tuple(_field(level, slot, (release + slot) // _SLOTS) for slot in range(_SLOTS))


@lru_cache(maxsize=1024)
def _field(level: Level, slot: int, edition: int) -> _Field:
    random = Random(f"{level} {slot} {edition}")
    number = edition * _SLOTS + slot
    return _Field(f"{random.choice(_FIRST)}{random.choice(_SECOND)}{number}", random.choice(_KINDS))


def add_invented(said: Json, release: int, level: Level, key: int) -> None:
    """Add them to what a frame says of one thing; `key` makes the values of one thing differ from another's."""
    if release > 1:
        for name, kind in invented(release, level):
            said[name] = _value(kind, key)


def _value(kind: str, key: int) -> Any:
    values: Json = {
        "number": key % 100_000,
        "text": f"v{key % 977}",
        "flag": key % 2 == 0,
        "nothing": None,
        "object": {"id": key % 1000, "parts": [{"n": key % 7}]},
        "list": [key % 10, f"{key % 10}"],
        "fraction": key % 1000 / 8,
    }
    return values[kind]
