"""What goes wrong between the vendor's server and a consumer, after a seed."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from heapq import heappop, heappush
from random import Random
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from calltrack.simulate.truth import Truth, whole_truth
from calltrack.simulate.vendor import Emitted, Vendor


class Line(NamedTuple):
    """What a consumer receives: when (UTC s), the frame, and whether it is garbled.

    A lost connection is a frame named "disconnect".
    """

    at: float
    frame: Emitted
    garbled: bool = False


RESTART = "server restart"
FRAME_FAULTS = {
    "lose": "lost",
    "repeat": "repeated",
    "delay": "late",
    "reorder": "swapped",
    "shuffle": "shuffled",
    "echo": "echoed",
    "corrupt": "garbled",
    "mangle": "mangled",
    "distant": "echoed far",
    "far_ahead": "far ahead",
}
"""The faults of single frames, and what a truth record calls a frame that one befell."""

_LATEST = 10.0  # s
_FARTHEST = 300  # frames between a frame and its distant echo
_EVENTS = ("ExtensionEvent", "QueueEvent")
_FAR = (3_600, 86_400, 31_536_000)  # s that a stamp is far ahead
_NONSENSE: tuple[Any, ...] = (None, "", "?", "nan", 0, -1, 10**15, 0.5, True, [], {}, [None])


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How much goes wrong: chances per frame, connections lost and servers restarted per hour.

    Delayed frames come 0.5-10 s after their time, reordered ones after the next frame. A shuffle is of the frames of up
    to ten seconds, in any order; an echo is a frame that comes at its time and again 0.5-10 s later, as from a second
    socket. A corrupted frame is no JSON any more; a mangled one is, but for one field's value. A distant echo is an
    ExtensionEvent or QueueEvent that comes again 1 to 300 frames later. A frame far ahead has the stamp of an hour, a
    day or a year later, and the next is right. `outage` is the mean time that a lost connection stays away, s; a
    restart takes ten times that. Clock steps per hour set the vendor's clock by up to 1,000 s, hour steps by an hour
    that the offset follows minutes later (vendor/clocks.py).
    Raises ValueError for a rate below 0 and for chances that add up to more than 1.
    """

    lose: float = 0.0
    repeat: float = 0.0
    delay: float = 0.0
    reorder: float = 0.0
    shuffle: float = 0.0
    echo: float = 0.0
    corrupt: float = 0.0
    mangle: float = 0.0
    distant: float = 0.0
    far_ahead: float = 0.0
    clock_steps: float = 0.0
    hour_steps: float = 0.0
    disconnects: float = 0.0
    restarts: float = 0.0
    outage: float = 20.0

    def __post_init__(self) -> None:
        if any(getattr(self, f.name) < 0 for f in fields(self)):
            raise ValueError("a fault's rate cannot be negative")
        if sum(getattr(self, name) for name in FRAME_FAULTS) > 1:
            raise ValueError("the chances of a frame's faults add up to more than 1")

    @classmethod
    def all(cls) -> "Faults":
        """Some of everything."""
        return cls(
            lose=0.002,
            repeat=0.002,
            delay=0.002,
            reorder=0.002,
            shuffle=0.0005,
            echo=0.002,
            corrupt=0.001,
            mangle=0.0005,
            distant=0.002,
            far_ahead=0.0005,
            clock_steps=0.2,
            hour_steps=0.05,
            disconnects=0.5,
            restarts=0.05,
        )


class FrameFaults:
    """Loses, repeats, delays, swaps, shuffles, echoes, garbles, mangles and misdates single frames."""

    def __init__(self, faults: Faults, random: Random) -> None:
        self._random = random
        self._late: list[tuple[float, int, Emitted]] = []
        self._distant: list[tuple[int, int, Emitted]] = []
        self._seen = 0
        self._swapped: list[Emitted] = []
        self._shuffled: list[Emitted] = []
        self._burst = 0
        self._count = 0
        self._chances = [(fault, getattr(faults, name)) for name, fault in FRAME_FAULTS.items()]

    def apply(self, frame: Emitted) -> tuple[list[Line], str]:
        """What arrives now, in order, and the name of what became of this frame ("" if nothing)."""
        arrived = []
        while self._late and self._late[0][0] <= frame.at:
            due, _, late = heappop(self._late)
            arrived.append(Line(due, late))
        if self._shuffled and frame.at - self._shuffled[0].at > _LATEST:
            arrived += self._deal(frame.at)
        self._seen += 1
        while self._distant and self._distant[0][0] < self._seen:
            arrived.append(Line(frame.at, heappop(self._distant)[2]))
        fault = self._draw()
        if fault in ("echoed far", "far ahead") and frame.event not in _EVENTS:
            fault = ""
        if fault == "lost":
            return arrived, fault
        if fault in ("late", "echoed"):
            self._count += 1
            heappush(self._late, (frame.at + self._random.uniform(0.5, _LATEST), self._count, frame))
        if fault == "echoed far":
            heappush(self._distant, (self._seen + self._random.randint(1, _FARTHEST), self._seen, frame))
        if fault == "swapped":
            self._swapped.append(frame)
        elif fault == "shuffled" or (self._shuffled and not fault):
            fault = "shuffled"
            if not self._shuffled:
                self._burst = self._random.randint(3, 9)
            self._shuffled.append(frame)
            if len(self._shuffled) == self._burst:
                arrived += self._deal(frame.at)
        elif fault != "late":
            if fault == "mangled":
                frame = mangle(self._random, frame)
            elif fault == "far ahead":
                frame = misdate(frame, self._random.choice(_FAR))
            arrived += [Line(frame.at, frame, fault == "garbled")] * (2 if fault == "repeated" else 1)
            arrived += [Line(frame.at, before) for before in self._swapped]
            self._swapped.clear()
        return arrived, fault

    def forget(self) -> None:
        """The connection is gone, and with it what was on its way."""
        self._late.clear()
        self._distant.clear()
        self._swapped.clear()
        self._shuffled.clear()

    def _deal(self, at: float) -> list[Line]:
        self._random.shuffle(self._shuffled)
        dealt = [Line(at, frame) for frame in self._shuffled]
        self._shuffled.clear()
        return dealt

    def _draw(self) -> str:
        number = self._random.random()
        for fault, chance in self._chances:
            if number < chance:
                return fault
            number -= chance
        return ""


class Break(NamedTuple):
    """A connection lost: when (UTC s), why, and for how long (s)."""

    at: float
    reason: str
    outage: float

    @property
    def restart(self) -> bool:
        """The server itself went down."""
        return self.reason == RESTART


class Breaks:
    """When connections are lost: two Poisson streams, of drops and of restarts."""

    def __init__(self, faults: Faults, random: Random, begin: float) -> None:
        self._faults = faults
        self._random = random
        self._rate = (faults.disconnects + faults.restarts) / 3600
        self._next = self._after(begin)

    def due(self, at: float) -> Break | None:
        """The break that has come by `at`, if any; the next comes after its end."""
        if at < self._next:
            return None
        restart = self._random.random() * self._rate * 3600 < self._faults.restarts
        outage = self._random.expovariate(1 / self._faults.outage) * (10 if restart else 1)
        begin = self._next
        self._next = self._after(begin + outage)
        return Break(begin, RESTART if restart else "transport close", outage)

    def _after(self, at: float) -> float:
        return at + self._random.expovariate(self._rate) if self._rate else math.inf


def received(
    vendor: Vendor, feed: Iterable[tuple[Emitted, Truth]], faults: Faults, seed: int
) -> Iterator[tuple[list[Line], Truth]]:
    """What a consumer gets of a feed, and the truth with the number of lines that it has by then.

    After a lost connection come the snapshots of that moment; nothing is replayed (field guide §6).
    """
    random = Random(f"faults {seed}")
    frames, breaks = FrameFaults(faults, random), Breaks(faults, random, vendor.world.now)
    n, returns = 0, -math.inf
    for frame, truth in feed:
        if returns == -math.inf and (lost := breaks.due(frame.at)):
            returns = lost.at + lost.outage
            frames.forget()
            n += 1
            yield [Line(lost.at, Emitted(lost.at, "disconnect", {"reason": lost.reason}))], Truth(n, lost.at)
        if returns == -math.inf:
            lines, fault = frames.apply(frame)
            n += len(lines)
            yield lines, replace(truth, n=n, fault=fault)
            continue
        yield [], replace(truth, n=n, fault="gap")
        if frame.at >= returns:
            returns = -math.inf
            lines = [Line(frame.at, greeting) for greeting in vendor.greeting()]
            n += len(lines)
            yield lines, replace(whole_truth(vendor.world), n=n, clock=lines[-1].frame.clock)


def garble(random: Random, text: bytes) -> bytes:
    """The text made into no JSON: cut, a NUL in it, or a quote made typographic (the doc has one)."""
    place = random.randrange(1, len(text))
    kind = random.randrange(3)
    if kind == 0:
        return text[:place]
    if kind == 1:
        return text[:place] + b"\0" + text[place + 1 :]
    quote = text.find(b'"', place)
    quote = text.index(b'"') if quote < 0 else quote
    return text[:quote] + "”".encode() + text[quote + 1 :]


def misdate(frame: Emitted, by: int) -> Emitted:
    """The frame with a stamp that is `by` seconds ahead; the times of its calls stay."""
    names = [name for name in ("servertime", "telephonyservertime") if name in frame.data]
    return frame._replace(data={**frame.data, **{name: frame.data[name] + by for name in names}})


def mangle(random: Random, frame: Emitted) -> Emitted:
    """The frame with one field's value, anywhere in it, made nonsense."""
    data = msgspec.json.decode(msgspec.json.encode(frame.data))
    spots = list(_spots(data))
    if spots:
        holder, key = random.choice(spots)
        holder[key] = random.choice(_NONSENSE)
    return frame._replace(data=data)


def _spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in decoded JSON where a value stands."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from _spots(value[key])
