"""The account's limits: when a figure of a queue or the time of an agent is worth a colour, an alert, or a call.

They are the service's, one set for all screens, kept in a file beside the journal. Every role may read those of its
queues; to set them takes a role that may (`limits = true` in the tokens' file) and that sees everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from calltrack.core.states import State
from calltrack.figures.account import STATUS_NUMBER
from calltrack.serve import kept
from calltrack.serve.security.scope import Scope
from calltrack.words.values import has_controls, safe

Level = Annotated[float, Meta(ge=0, le=1_000_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Key = Annotated[str, Meta(max_length=64)]
Pair = tuple[Level, Level]
"""From where on a first, and a second limit is passed; 0 is never."""
Shares = tuple[Share, Share]

_STATES = frozenset((State.RINGING, State.DIALING, State.TALKING, State.HOLD, State.SPYING))

_USUAL: dict[str, Pair] = {
    "Ringing": (20, 40),
    "Talking": (1200, 2700),
    "Hold": (120, 300),
    "3": (1800, 2700),
    "5": (3600, 7200),
    "7": (900, 1800),
    "9": (1800, 3600),
    "13": (1800, 3600),
}


class QueueLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of a queue, null for those of all queues: callers waiting, the longest wait (s), shares of the day.

    `level` is passed from above (answered in time), the others from below.
    """

    waiting: Pair | None = None
    longest_s: Pair | None = None
    level: Shares | None = None
    gone: Shares | None = None


class AllQueues(QueueLimits, frozen=True, forbid_unknown_fields=True):
    """Limits of every queue that has none of its own; null, and 0, is none."""

    waiting: Pair | None = (4, 8)
    longest_s: Pair | None = (60, 180)
    level: Shares | None = (0.8, 0.7)
    gone: Shares | None = (0.05, 0.1)


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that one account's boards share.

    `states` has seconds by state, or by the number of an agent status. `within_s` is the y of service level x/y.
    `agents_named` is whether a wall names agents over a limit. `name` is the board's, `short_names` those of queues.
    """

    name: Annotated[str, Meta(max_length=80)] = ""
    agents_named: bool = True
    within_s: Annotated[float, Meta(gt=0, le=86400)] = 20
    queue: AllQueues = AllQueues()
    queues: Annotated[dict[Key, QueueLimits], Meta(max_length=1000)] = {}
    short_names: Annotated[dict[Key, Annotated[str, Meta(max_length=40)]], Meta(max_length=1000)] = {}
    states: Annotated[dict[Key, Pair], Meta(max_length=200)] = field(default_factory=lambda: dict(_USUAL))

    def of(self, queue_id: str) -> AllQueues:
        """What holds for a queue: its own where it has some, else what holds for all."""
        own, common = self.queues.get(queue_id, QueueLimits()), self.queue
        pick = {name: getattr(own, name) or getattr(common, name) for name in QueueLimits.__struct_fields__}
        return AllQueues(**pick)

    def seen(self, scope: Scope) -> Limits:
        """As a role sees them."""
        if scope.sees_all:
            return self
        return replace(
            self,
            queues={name: one for name, one in self.queues.items() if scope.sees_queue(name)},
            short_names={name: one for name, one in self.short_names.items() if scope.sees_queue(name)},
        )

    def faults(self) -> Iterator[str]:
        """What cannot be meant, in words."""
        for where, one in (("queue", self.queue), *((f"queues.{name}", one) for name, one in self.queues.items())):
            for kind in ("waiting", "longest_s", "gone"):
                if (pair := getattr(one, kind)) and pair[0] and pair[1] and pair[0] > pair[1]:
                    yield f"{where}.{kind}: the first limit is above the second"
            if one.level and one.level[1] and one.level[0] < one.level[1]:
                yield f"{where}.level: the first limit is below the second"
        if has_controls(self.name):
            yield "name: must not contain control characters"
        for kind, named in (("queues", self.queues), ("short_names", self.short_names)):
            for name in named:
                if has_controls(name):
                    yield f"{kind}: an id must not contain control characters"
        for name, short in self.short_names.items():
            if has_controls(short):
                yield f"short_names.{safe(name)}: must not contain control characters"
        for name, pair in self.states.items():
            if name not in _STATES and not STATUS_NUMBER.fullmatch(name):
                yield f"states.{safe(name)}: neither a state ({', '.join(sorted(_STATES))}) nor a status number"
            elif pair[0] and pair[1] and pair[0] > pair[1]:
                yield f"states.{name}: the first limit is above the second"


class KeptLimits:
    """The limits of this service, kept in a file; one that cannot be read is set aside, and said to be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.limits = kept.read(path, Limits, Limits())

    def set(self, limits: Limits) -> None:
        """Keep others; raises OSError, and then the ones before still hold."""
        kept.write(self._path, limits)
        self.limits = limits
