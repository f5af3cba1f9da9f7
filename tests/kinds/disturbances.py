"""What may happen to a day's frames without a change of what is right."""

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

Item = tuple[str, Any]  # an event's name and its payload
Disturbance = Callable[[list[Item], Random], list[Item]]

OWN = ("servertime", "telephonyservertime")
INNER = ("callStarted", "callAnswered", "JoinTimeStamp", "representativeUpdated")
EVENTS = ("ExtensionEvent", "QueueEvent")


def echoed(items: list[Item], random: Random) -> list[Item]:
    """Some events come again, at any distance (ruling 4)."""
    found = list(items)
    for _ in range(3):
        place = random.randrange(len(found))
        if found[place][0] in EVENTS:
            found.insert(random.randint(place + 1, len(found)), deepcopy(found[place]))
    return found


def respelled(items: list[Item], random: Random) -> list[Item]:
    """Other cases, types and places of fields, and unknown ones (field guide §1)."""
    call_id = random.choice(("ivrid", "Ivrid", "IvrUniqueID", "ivruniqueid"))

    def spelled(name: str, value: Any) -> Any:
        if name == "answered":
            return random.choice((value, bool(value), str(value)))
        if name in ("callStarted", "callAnswered", "servertime"):
            return random.choice((value, value, float(value), str(value)))
        if name in ("callstatus", "direction"):
            return random.choice((value, value.lower(), value.upper()))
        return value

    found = list[Item]()
    for event, payload in items:
        payload = _walked(payload, spelled, {"ivrid": call_id})
        payload[f"new{random.randrange(5)}"] = {"x": [1, 2]}
        if event in EVENTS and random.random() < 0.3:
            for name in {"reason", "cause", "servertime", "servertimeoffset", "ivruniqueid"} & set(payload):
                payload["data"][name] = payload.pop(name)
        found.append((event, payload))
    return found


def without_some_offsets(items: list[Item], random: Random) -> list[Item]:
    """A frame without an offset takes the last one seen (field guide §2)."""
    return [
        (event, {name: value for name, value in payload.items() if name != "servertimeoffset"})
        if event != "loginSuccess" and random.random() < 0.5
        else (event, payload)
        for event, payload in items
    ]


def summer_time(items: list[Item], random: Random) -> list[Item]:
    """The wall clock steps by an hour, and the offset with it."""
    return stepped(items, random.randrange(3, len(items)), random.choice((3600, -3600)))


def stepped(items: list[Item], place: int, by: int, follows: int = 0) -> list[Item]:
    """The wall clock steps by hours before the second of a frame; so many frames later the offset follows."""
    clock = [payload.get("servertime", 0) for _, payload in items]
    place = next(number for number, stamp in enumerate(clock) if stamp >= clock[place])

    def moved(name: str, value: Any) -> Any:
        unit = 1000 if name == "representativeUpdated" else 1
        return value + by * unit if name in INNER and value >= clock[place] * unit else value

    found = items[:place]
    for number, (event, payload) in enumerate(items[place:]):
        payload = _walked(payload, moved, {})
        payload |= {name: payload[name] + by for name in OWN if name in payload}
        if number >= follows and "servertimeoffset" in payload:
            payload["servertimeoffset"] += by // 60
        found.append((event, payload))
    return found


def _walked(value: Any, change: Callable[[str, Any], Any], names: dict[str, str]) -> Any:
    """A copy, with the values of fields changed, and their names."""
    if isinstance(value, dict):
        return {names.get(name, name): change(name, _walked(inner, change, names)) for name, inner in value.items()}
    return [_walked(one, change, names) for one in value] if isinstance(value, list) else value
