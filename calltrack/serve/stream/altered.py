"""What has altered of a record: the fields that are others than before, for a client that holds it as it was.

In a list of legs or waits a number stands for one that is as it was: its place in the list of before. One of which only
the evidence is newer is as it was: each frame of a queue confirms all who wait in it, which would be most of the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

_LISTS = frozenset(("legs", "past_legs", "waiting", "past_waits"))

Altered = Struct | dict[str, Any]
"""A whole record, or the id of one that the client has, with the fields that altered."""


def altered(records: Iterable[tuple[Struct, Struct | None]], key: str) -> list[Altered]:
    """What altered of records, each with what it was before, None for a new one; `key` is the field of the id."""
    found: list[Altered] = []
    for now, before in records:
        if before is None:
            found.append(now)
        elif fields := _fields(now, before):
            found.append({key: getattr(now, key), **fields})
    return found


def _fields(now: Struct, before: Struct) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in now.__struct_fields__:
        value, old = getattr(now, name), getattr(before, name)
        if value != old:
            if name in _LISTS:
                value = _places(value, old)
                if value == [*range(len(old))]:
                    continue
            fields[name] = value
    return fields


def _places(now: Iterable[Any], before: Iterable[Any]) -> list[Any]:
    held = {_bare(one): place for place, one in enumerate(before)}
    return [held.get(_bare(one), one) for one in now]


def _bare(one: Any) -> Any:
    """A leg or a wait without its evidence."""
    return replace(one, confirmed_position=0, confirmed_at=None)
