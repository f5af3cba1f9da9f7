"""How a worker takes a partition over: what it reads first, and whether it goes on in the generation that it finds.

1. `plan` with the newest records of `points`: where to read `frames` from, and the end of them now.
2. If `plan.claim`: write a `Marker` to the partition of `frames`; its offset is the new generation. Else read `changes`
   from `plan.tail` to its end of now.
3. `begin`, write what it returns, and apply every record of `frames` from `partition.offset` on.

A new generation is needed where a worker cannot go on as the writer of the newest point would: other code made it,
there is none, or frames after it were removed before they were read. Its number distinguishes its changes, so its
worker need not know what others wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from calltrack.core.errors import NotASnapshot
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.kafka.errors import ClusterError, NotARecord
from calltrack.kafka.partition import REMOVED, WHOLE, Account, Output, Partition, Settings
from calltrack.kafka.points import Point, whole_points
from calltrack.kafka.records import Changed
from calltrack.kafka.rule import Position, States


class Ends(NamedTuple):
    """Of one partition: the first offset of `frames` that is kept, the next ones of `frames` and of `changes`."""

    first: int
    frames: int
    changes: int


class Plan(NamedTuple):
    """What to do. point: None to begin with nothing. offset: in `frames`. tail: in `changes`.

    refused: why newer points, or parts of points, cannot be used.
    """

    point: Point | None
    trackers: dict[bytes, Tracker]
    offset: int
    tail: int
    claim: bool
    ends: Ends
    refused: tuple[str, ...]


def plan(points: Iterable[bytes], ends: Ends, settings: Settings, *, claim: bool = False) -> Plan:
    """The plan for a partition; `claim` asks for a new generation in any case.

    Raises ClusterError if a point was made when the topics had another number of partitions.
    """
    found = whole_points(points)
    refused = list(found.refused)
    for point in found.points:
        if point.partitions != settings.partitions:
            raise ClusterError(
                f"the topics have {settings.partitions} partitions, but had {point.partitions} when a point was "
                "written; the number cannot be changed, because accounts would leave their history behind"
            )
        try:
            trackers = {held.account: _restored(held.snapshot()) for held in point.accounts}
        except NotARecord as error:
            refused.append(f"a point cannot be used: {error}")
            continue
        claim = claim or point.code != settings.code or point.offset < ends.first
        return Plan(point, trackers, max(point.offset, ends.first), point.tail, claim, ends, tuple(refused))
    return Plan(None, {}, ends.first, ends.changes, True, ends, tuple(refused))


def begin(
    plan: Plan, settings: Settings, generation: int | None, written: Iterable[tuple[bytes, bytes]]
) -> tuple[Partition, Sequence[Output]]:
    """The partition, and what to write first.

    generation: the offset of the marker if the plan asked for one. written: account and value of what was read of
    `changes`, in order; nothing with a new generation.
    """
    point = plan.point
    if generation is None:
        assert point is not None, "without a point there is a new generation"
        generation = point.generation
    last = _last(generation, written)
    accounts = {}
    for held in point.accounts if point else ():
        tracker = plan.trackers[held.account]
        known = Position(generation, tracker.snapshot().position, WHOLE)
        accounts[held.account] = Account(tracker, held.lease, max(known, last.get(held.account, known)))
    partition = Partition(
        settings,
        generation=generation,
        base=point.base if point else plan.ends.first,
        offset=plan.offset,
        horizon=plan.ends.frames,
        tail=plan.ends.changes if plan.claim else plan.tail,
        number=point.number + 1 if point else 0,
        accounts=accounts,
        written=last,
    )
    first = list(partition.resets()) if plan.claim else []
    if point is not None and point.offset < plan.ends.first:
        first += partition.lose(REMOVED)
    return partition, first


def _restored(snapshot: bytes) -> Tracker:
    try:
        return Tracker.restore(Snapshot.from_json(snapshot))
    except NotASnapshot as error:
        raise NotARecord(str(error)) from None


def _last(generation: int, written: Iterable[tuple[bytes, bytes]]) -> dict[bytes, Position]:
    reader = States()
    for account, value in written:
        try:
            record = Changed.of(value)
        except NotARecord:
            continue  # no worker wrote it; readers pass over it as well
        if record.generation == generation:
            reader.take(account, record)
    return reader.last
