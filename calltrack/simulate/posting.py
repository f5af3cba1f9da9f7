"""What goes wrong with records between the vendor and the address that they are posted to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from heapq import heappop, heappush
from random import Random

from msgspec import Struct

from calltrack.simulate.centre.things import Change
from calltrack.simulate.centre.world import World
from calltrack.simulate.vendor.clocks import Clocks
from calltrack.simulate.vendor.records import Part, Registrar
from calltrack.simulate.vendor.releases import Json

_SOON = (2.0, 6.0)  # s after the end of a call at which its records are posted
_AGAIN = (5.0, 60.0)  # s after which a record is posted again
_LATE = (600.0, 7200.0)
_SWAPPED = 20.0  # s by which a record can be behind those that follow it


@dataclass(frozen=True, slots=True, kw_only=True)
class CdrFaults:
    """How much goes wrong: chances per record.

    A repeated record comes again within a minute, as after a lost answer; a late one after 10 minutes to 2 hours; a
    reordered one after some that were made later. Raises ValueError for a chance below 0 and for a sum above 1.
    """

    lose: float = 0.0
    repeat: float = 0.0
    late: float = 0.0
    reorder: float = 0.0

    def __post_init__(self) -> None:
        chances = [getattr(self, field.name) for field in fields(self)]
        if any(chance < 0 for chance in chances) or sum(chances) > 1:
            raise ValueError("chances are 0 or more, and at most 1 in sum")

    @classmethod
    def all(cls) -> CdrFaults:
        """Something of everything."""
        return cls(lose=0.01, repeat=0.03, late=0.02, reorder=0.05)


FAULTS = {"lose": "lost", "repeat": "repeated", "late": "late", "reorder": "swapped"}
"""The faults, and what the truth calls a record that one befell."""


class Posted(Struct, frozen=True, omit_defaults=True):
    """A record and what became of it; `at` is when it is received, UTC s, None if never. `fault` as in FAULTS."""

    at: float | None
    body: Json
    fault: str = ""
    again: bool = False
    """This is the second time."""


class Postman:
    """Gives the records of ended calls when they arrive, after a seed."""

    def __init__(self, faults: CdrFaults, seed: int) -> None:
        self._faults = faults
        self._random = Random(f"cdr {seed}")
        self._due: list[tuple[float, int, Posted]] = []
        self._count = 0

    def take(self, parts: Iterable[Part]) -> list[Posted]:
        """Take records; returns those that are lost."""
        lost = []
        for part in parts:
            fault = self._fault()
            at = round(part.at + self._random.uniform(*_SOON), 3)
            if fault == "lose":
                lost.append(Posted(None, part.body, FAULTS[fault]))
                continue
            if fault == "late":
                at = round(at + self._random.uniform(*_LATE), 3)
            elif fault == "reorder":
                at = round(at + self._random.uniform(0.0, _SWAPPED), 3)
            self._put(Posted(at, part.body, FAULTS.get(fault, "")))
            if fault == "repeat":
                self._put(Posted(round(at + self._random.uniform(*_AGAIN), 3), part.body, FAULTS[fault], True))
        return lost

    def due(self, until: float | None) -> Iterator[Posted]:
        """Those that arrive up to a moment (None: all), in order."""
        while self._due and (until is None or self._due[0][0] <= until):
            yield heappop(self._due)[2]

    def _put(self, posted: Posted) -> None:
        self._count += 1
        heappush(self._due, (posted.at or 0.0, self._count, posted))

    def _fault(self) -> str:
        number = self._random.random()
        for field in fields(self._faults):
            number -= getattr(self._faults, field.name)
            if number < 0:
                return field.name
        return ""


class Records:
    """The CDRs of a simulated centre as they are received; to be given to `traffic`."""

    def __init__(self, faults: CdrFaults | None = None, seed: int = 0) -> None:
        self.posted: list[Posted] = []
        """Those that were received, or lost, since somebody last emptied the list; in the order of their receipt."""
        self._postman = Postman(faults or CdrFaults(), seed)
        self._registrar: Registrar | None = None

    def opened(self, clocks: Clocks, world: World) -> Callable[[Change], None]:
        """Begin with a centre as it is now; returns what is to see its changes."""
        self._registrar = Registrar(clocks, world)
        return self.see

    def see(self, change: Change) -> None:
        """Take a change."""
        assert self._registrar is not None
        self.posted += self._postman.due(change.at)
        self.posted += self._postman.take(self._registrar.see(change))

    def finish(self) -> list[Posted]:
        """What is still on its way arrives; returns all that is in `posted`."""
        self.posted += self._postman.due(None)
        return self.posted
