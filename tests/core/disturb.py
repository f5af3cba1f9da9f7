"""Disturbed traffic before the laws: `python -m tests.core.disturb [--seeds 0-10000]`.

A seed chooses a stream of the simulator and what disturbs it: frames lost, swapped or repeated at any distance, clocks
that step or differ, stamps far ahead, lists that are missing, stamps that move, disconnects, silence. Exit code 1 if a
law is broken; each broken law comes with the seed that repeats it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import click

from calltrack.core.replica import Replica
from calltrack.laws.trial import Trial
from calltrack.testing.simulated import faulty, lawful
from calltrack.voicenter.frames import Frame

Item = tuple[str, Any]  # an event's name and its payload
Disturbance = Callable[[list[Item], Random], list[Item]]

HISTORIES = (0, 1, 3, 1000, 1000)  # ended calls that are kept
COMPARED_EVERY = 40  # frames; comparing the replica with a snapshot costs more than a frame
STEPS_S = (1, 2, 5, -3, -5, 20, -30, 120, -120, 3600, -3600, 86_400)


def lose(items: list[Item], random: Random) -> list[Item]:
    """Some frames never arrive."""
    share = random.choice((0.01, 0.05, 0.3))
    return [item for item in items if random.random() >= share]


def swap(items: list[Item], random: Random) -> list[Item]:
    """Some frames overtake others."""
    share, reach = random.choice((0.01, 0.1, 0.4)), random.choice((1, 3, 30))
    found = list(items)
    for place in range(len(found)):
        if random.random() < share:
            other = min(len(found) - 1, place + random.randint(1, reach))
            found[place], found[other] = found[other], found[place]
    return found


def echo(items: list[Item], random: Random) -> list[Item]:
    """Some frames come again, at any distance."""
    share, reach = random.choice((0.01, 0.1, 0.5)), random.choice((2, 20, 2000))
    later: dict[int, list[Item]] = {}
    found = list[Item]()
    for place, item in enumerate(items):
        found.append(item)
        found += later.pop(place, [])
        if random.random() < share:
            later.setdefault(place + random.randint(0, reach), []).append(item)
    return found + [item for place in sorted(later) for item in later[place]]


def step_clock(items: list[Item], random: Random) -> list[Item]:
    """The wall clock steps; of an hour's step the offset follows at once, some frames later, or never."""
    by, begin = random.choice(STEPS_S), random.randrange(len(items))
    end = random.choice((begin + 1, begin + 2, begin + 40, len(items)))
    follows = begin + random.choice((0, 3, 50, len(items)))
    found = list[Item]()
    for place, item in enumerate(items):
        if not begin <= place < end:
            found.append(item)
            continue
        event, payload = _moved(item, by)
        if by % 3600 == 0 and place >= follows and isinstance(payload, dict) and "servertimeoffset" in payload:
            payload["servertimeoffset"] += by // 60
        found.append((event, payload))
    return found


def skew_servers(items: list[Item], random: Random) -> list[Item]:
    """Frames are stamped by one of three servers, whose clocks differ."""
    skews = [random.randint(-4, 4) for _ in range(3)]
    return [_moved(item, random.choice(skews)) for item in items]


def stamp_wrongly(items: list[Item], random: Random) -> list[Item]:
    """Single stamps are far off, absurd or missing."""
    found = list[Item]()
    for item in items:
        event, payload = item
        if not isinstance(payload, dict) or random.random() >= 0.02:
            found.append(item)
        elif random.random() < 0.5:
            found.append((event, {**payload, "servertime": random.choice((None, 0, -1, 10**12))}))
        else:
            found.append(_moved(item, random.choice((86_400, 3600, -3600))))
    return found


def drop_lists(items: list[Item], random: Random) -> list[Item]:
    """Some events have no list, or null for one."""
    return [_inside(item, _listless) if random.random() < 0.05 else item for item in items]


def move_stamps(items: list[Item], random: Random) -> list[Item]:
    """The stamps of some calls move by up to 5 s, and click2call legs lose what distinguishes them."""

    def moved(data: dict[str, Any]) -> None:
        for call in data.get("calls") or ():
            if isinstance(call, dict) and random.random() < 0.2:
                if isinstance(call.get("callStarted"), int):
                    call["callStarted"] += random.randint(-5, 5)
                call.pop("c2cdirection", None)

    return [_inside(item, moved) if random.random() < 0.1 else item for item in items]


def flap(items: list[Item], random: Random) -> list[Item]:
    """Some lists lack a call for a frame."""

    def lacking(data: dict[str, Any]) -> None:
        for name in ("calls", "Calls"):
            if data.get(name):
                del data[name][random.randrange(len(data[name]))]

    return [_inside(item, lacking) if random.random() < 0.05 else item for item in items]


def disconnect(items: list[Item], random: Random) -> list[Item]:
    """The connection is lost for some frames, and said so or not."""
    found = list(items)
    for _ in range(random.randint(1, 5)):
        begin = random.randrange(len(found))
        lost: list[Item] = [("disconnect", {"reason": "transport close"})] if random.random() < 0.7 else []
        logins = [item for item in found if item[0] in ("loginSuccess", "loginStatus", "AllExtensionsStatus")][:3]
        found[begin : begin + random.randint(0, 20)] = [*lost, *(logins if random.random() < 0.5 else [])]
        if not found:
            return items
    return found


def withhold_offset(items: list[Item], random: Random) -> list[Item]:
    """No offset until the middle."""
    until = random.randrange(len(items))
    return [
        (event, {key: value for key, value in payload.items() if key != "servertimeoffset"})
        if place < until and isinstance(payload, dict)
        else (event, payload)
        for place, (event, payload) in enumerate(items)
    ]


DISTURBANCES: tuple[Disturbance, ...] = (
    lose,
    swap,
    echo,
    step_clock,
    skew_servers,
    stamp_wrongly,
    drop_lists,
    move_stamps,
    flap,
    disconnect,
    withhold_offset,
)


def disturbed(seed: int) -> Iterator[Frame]:
    """The stream of a seed."""
    random = Random(f"disturb {seed}")
    make = faulty if random.random() < 0.2 else lawful
    hours = random.choice((0.1, 0.3))
    stream = make(seed, agents=random.choice((2, 4, 9)), hours=hours, captured=random.random() < 0.7)
    items: list[Item] = [(frame.event, frame.payload()) for frame in stream]
    for disturb in random.sample(DISTURBANCES, random.randint(1, 4)):
        items = disturb(items, random) or items
    for event, payload in items:
        yield Frame.of(event, payload)


def broken(seed: int) -> list[str]:
    """What is wrong with what the tracker makes of a seed's stream; empty if nothing is."""
    trial, later = Trial(history=Random(f"history {seed}").choice(HISTORIES)), list[Replica]()
    for position, frame in enumerate(disturbed(seed)):
        changes = trial.feed(frame)
        for replica in later:
            for change in changes:
                replica.apply(change)
        if position % COMPARED_EVERY == 0:
            snapshot = trial.tracker.snapshot()
            if found := trial.health.differences(snapshot):
                return [f"position {position}: the changes do not rebuild {found}"]
            known = Replica.of(snapshot)
            for replica in later:
                if found := replica.differences(known):
                    return [f"position {position}: a later replica does not rebuild {found}"]
            later = [*later[-2:], known]
    return [f"{law.check}: {law.left}, not {law.right}" for law in trial.broken()]


def _moved(item: Item, by: int) -> Item:
    """An event as stamped by a clock that is off by so many seconds; the stamps of its calls stay."""
    event, payload = item
    if not isinstance(payload, dict):
        return item
    payload = {**payload}
    for name in ("servertime", "telephonyservertime"):
        if isinstance(payload.get(name), int) and payload[name] > 0:
            payload[name] += by
    return event, payload


def _inside(item: Item, change: Callable[[dict[str, Any]], None]) -> Item:
    """An event with a copy of its data changed."""
    event, payload = item
    if event not in ("ExtensionEvent", "QueueEvent") or not isinstance(payload, dict):
        return item
    data = payload.get("data")
    if not isinstance(data, dict):
        return item
    copied = {
        key: [{**one} if isinstance(one, dict) else one for one in value] if isinstance(value, list) else value
        for key, value in data.items()
    }
    change(copied)
    return event, {**payload, "data": copied}


def _listless(data: dict[str, Any]) -> None:
    for name in ("calls", "Calls"):
        if name in data:
            data[name] = None


@click.command(help=__doc__)
@click.option("--seeds", default="0-10000", show_default=True, help="FIRST-LAST.")
def main(seeds: str) -> None:
    first, last = map(int, seeds.split("-"))
    bad = 0
    for seed in range(first, last + 1):
        if found := broken(seed):
            bad += 1
            click.echo(f"seed {seed}: {'; '.join(found)}\n  repeat: python -m tests.core.disturb --seeds {seed}-{seed}")
        if (seed - first) % 100 == 99:
            click.echo(f"{seed - first + 1} seeds, {bad} bad")
    click.echo(f"{last - first + 1} seeds, {bad} bad")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
