"""Editions of a report: what was answered last to each question, and what altered since the one that a client has.

They are kept as JSON, as clients have them. What altered has a form of its own (docs/api.md): a JSON Merge Patch can
neither say null nor alter a list, and a JSON Patch names the whole path of each of some thousand figures.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

import msgspec

BUDGET = 32_000_000
"""Bytes of all editions that are kept: 24 of a call centre of 200 agents."""

_EACH = 8  # of one question
_NEW = object()


class Answer(NamedTuple):
    """A report in JSON, what distinguishes it (for an ETag), and the frame up to which it is counted.

    altered: whether `json` is what altered since the report that the client has.
    """

    position: int
    tag: str
    json: bytes
    altered: bool


class Editions:
    """The last editions of each question, as far as the budget goes; what was answered longest ago goes first."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget, self._size = budget, 0
        self._kept: OrderedDict[Hashable, OrderedDict[str, bytes]] = OrderedDict()

    def keep(self, question: Hashable, tag: str, json: bytes) -> None:
        """Keep what is answered now."""
        mine = self._kept.setdefault(question, OrderedDict())
        self._kept.move_to_end(question)
        if tag not in mine:
            self._size += len(json)
            mine[tag] = json
        mine.move_to_end(tag)
        if len(mine) > _EACH:
            self._drop(question)
        while self._size > self._budget:
            self._drop(next(iter(self._kept)))

    def altered(self, question: Hashable, held: str, json: bytes) -> bytes | None:
        """What altered since the edition that a client has; None if it is no longer kept."""
        mine = self._kept.get(question)
        if mine is None or (before := mine.get(held)) is None:
            return None
        return msgspec.json.encode(alteration(msgspec.json.decode(before), msgspec.json.decode(json)))

    def _drop(self, question: Hashable) -> None:
        mine = self._kept[question]
        self._size -= len(mine.popitem(last=False)[1])
        if not mine:
            del self._kept[question]


def alteration(before: Any, now: Any) -> Any:
    """What alters one value of JSON into another (docs/api.md)."""
    if isinstance(before, dict) and isinstance(now, dict) and before.keys() <= now.keys():
        return _parts((name, before.get(name, _NEW), value) for name, value in now.items())
    if isinstance(before, list) and isinstance(now, list) and (order := _order(before, now)):
        held = (_NEW if place is None else before[place] for place in order)
        moved = {} if order == [*range(len(before))] else {"order": order}
        return moved | _parts((str(place), *pair) for place, pair in enumerate(zip(held, now, strict=True)))
    return [now] if isinstance(now, (dict, list)) else now


def _parts(values: Iterable[tuple[str, Any, Any]]) -> dict[str, Any]:
    return {name: alteration(before, now) for name, before, now in values if before != now}


def _order(before: list[Any], now: list[Any]) -> list[int | None]:
    """The place that each entry had, None for a new one; empty if the lists have nothing in common."""
    if not all(isinstance(one, dict) and one for one in (*before, *now)):
        return [*range(len(now))] if len(before) == len(now) else []
    was = {_id(one): place for place, one in enumerate(before)}
    order = [was.get(_id(one)) for one in now]
    return [] if set(order) <= {None} else order


def _id(entry: dict[str, Any]) -> str:
    """What an entry of a list is known by: its first member, such as the key of an agent or the number of a status."""
    return str(next(iter(entry.values())))
