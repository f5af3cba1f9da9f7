"""Simulated frames as a consumer sees them, and the lists that they imply."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

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


class Heard(NamedTuple):
    """One frame of a long faultless stream, and what was true after it."""

    at: float
    event: str
    body: Json
    truth: Truth


def stream(hours: float, seed: int = 0, faults: Faults | None = None, **plan: Any) -> list[Heard]:
    """Frames that arrive at once, with the truth after each."""
    found = traffic(Plan(**plan), seed=seed, hours=hours, faults=faults)
    return [Heard(line.at, line.frame.event, line.frame.data, truth) for lines, truth in found for line in lines]


def legs(heard: Iterable[Heard]) -> Iterator[tuple[Heard, str, Json]]:
    """Each ExtensionEvent about a call, with the extension's name and the call."""
    for each in heard:
        if each.event == "ExtensionEvent" and (call := each.body["data"].get("currentCall")):
            yield each, each.body["data"]["extenUser"], call
