"""Simulated frames as a consumer sees them, and the lists that they imply."""

from collections.abc import Iterable, Iterator
from typing import Any

from calltrack.simulate import Faults, Line, Plan, Truth, traffic

Json = dict[str, Any]
START = Plan().start


def frames(hours: float = 2.0, seed: int = 0, **plan: Any) -> Iterator[tuple[str, Json]]:
    """Event and data of every frame of faultless traffic."""
    for lines, _ in traffic(Plan(**plan), seed=seed, hours=hours):
        for line in lines:
            yield line.frame.event, line.frame.data


def events(name: str, hours: float = 2.0, seed: int = 0, **plan: Any) -> list[Json]:
    """The data of every frame of one event."""
    return [data for event, data in frames(hours, seed, **plan) if event == name]


def delivered(hours: float, seed: int, faults: Faults, **plan: Any) -> list[tuple[list[Line], Truth]]:
    """Traffic with faults and truth."""
    return list(traffic(Plan(**plan), seed=seed, hours=hours, faults=faults))


def shown(calls: Iterable[Json]) -> list[tuple[str, str]]:
    """ivrid and state of each call in a list; an unanswered click2call customer is Dialing."""
    return [(call["ivrid"], _state(call)) for call in calls]


def _state(call: Json) -> str:
    return "Dialing" if call.get("c2cdirection") == "2" and not call["answered"] else str(call["callstatus"])
