"""What has altered of a record: the fields that are others than before, for a client that holds it as it was.

In a list of legs or waits a number stands for one that is as it was: its place in the list of before. One of which only
the evidence is newer is as it was: each frame of a queue confirms all who wait in it, which would be most of the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Struct

from calltrack.core.replica import bare

R = TypeVar("R", bound=Struct)

_LISTS = frozenset(("legs", "past_legs", "waiting", "past_waits"))

Altered = Struct | dict[str, Any]
"""A whole record, or the id of one that the client has, with the fields that altered."""


class Alteration(NamedTuple, Generic[R]):
    """A record, what it was, and the fields that altered: None and none of a new one."""

    now: R
    before: R | None
    fields: dict[str, Any]

    def said(self, key: str, shown: Callable[[R], R]) -> Altered:
        """What a client is sent that holds the record as it was; `key` is the field of its id."""
        one, parts = shown(self.now), {key: getattr(self.now, key)}
        for name, value in self.fields.items():
            part = getattr(one, name)
            if name in _LISTS:
                part = [mine if isinstance(mine, int) else its for mine, its in zip(value, part, strict=True)]
            parts[name] = part
        return parts


def alterations(records: Iterable[tuple[R, R | None]]) -> list[Alteration[R]]:
    """The records that are others than before, each with what it was then."""
    found = []
    for now, before in records:
        if before is None:
            found.append(Alteration(now, None, {}))
        elif now is not before and (fields := _fields(now, before)):
            found.append(Alteration(now, before, fields))
    return found


def _fields(now: Struct, before: Struct) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in now.__struct_fields__:
        value, old = getattr(now, name), getattr(before, name)
        if value == old:
            continue
        if name in _LISTS:
            value = _places(value, old)
            if value == [*range(len(old))]:
                continue
        fields[name] = value
    return fields


def _places(now: Iterable[Any], before: Iterable[Any]) -> list[Any]:
    held = {bare(one): place for place, one in enumerate(before)}
    return [held.get(bare(one), one) for one in now]
