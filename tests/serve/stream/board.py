"""A client of the board's stream, written from docs/api.md."""

from __future__ import annotations

from typing import Any

KEYS = {"calls": "call_id", "ended": "call_id", "extensions": "exten_user", "queues": "queue_id"}
LISTS = ("legs", "past_legs", "waiting", "past_waits")

Record = dict[str, Any]


class Board:
    """What it holds: records by id."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Record]] = {kind: {} for kind in KEYS}

    def take(self, event: str, data: Record) -> None:
        """Take one event."""
        if event == "state":
            self.held = {kind: {one[key]: one for one in data[kind]} for kind, key in KEYS.items()}
        elif event == "update" and data:
            for kind, key in KEYS.items():
                before = self.held["calls" if kind == "ended" else kind]
                found = {part[key]: _whole(before.get(part[key]), part) for part in data[kind]}
                self.held[kind].update(found)
                if kind == "ended":
                    self.held["calls"] = {id: one for id, one in before.items() if id not in found}
                elif kind == "calls":
                    self.held["ended"] = {id: one for id, one in self.held["ended"].items() if id not in found}
            for id in data["gone"]:
                self.held["calls"].pop(id, None)
                self.held["ended"].pop(id, None)
            for id in data["removed"]:
                del self.held["extensions"][id]

    def shown(self, kind: str) -> list[Record]:
        """Its records of a kind, without the evidence of what they hold."""
        return [bare(one) for one in self.held[kind].values()]


def _whole(held: Record | None, part: Record) -> Record:
    if held is None:
        return part
    found = {**held, **part}
    for name in LISTS:
        if name in part:
            found[name] = [held[name][one] if isinstance(one, int) else one for one in part[name]]
    return found


def bare(record: Record) -> Record:
    """A record without the evidence of the legs and waits that it holds."""
    return {
        name: [{**one, "confirmed_position": 0, "confirmed_at": None} for one in value] if name in LISTS else value
        for name, value in record.items()
    }
