import gc

import pytest
from msgspec.structs import replace

from calltrack import Frame, Tracker
from calltrack.core.changes import ConnectionLost
from calltrack.journal.zstd import zstd
from calltrack.kafka.errors import ClusterError
from calltrack.kafka.partition import Partition, Record, Settings
from calltrack.kafka.points import Point
from calltrack.kafka.records import Changed, Marker, claim_record, frame_record
from calltrack.kafka.rule import Facts
from calltrack.kafka.takeover import Ends, begin, plan
from calltrack.testing import lawful

ME = Settings("code", "me", 4, point_frames=10)
FRAMES = [frame_record(1, frame.raw) for frame in lawful(3, agents=4, hours=0.3)]


def taken(
    points: list[bytes], ends: Ends, settings: Settings = ME, generation: int = 0
) -> tuple[Partition, list[bytes]]:
    """A partition that is taken over, and what it writes first."""
    found = plan(points, ends, settings)
    partition, outputs = begin(found, settings, generation if found.claim else None, ())
    return partition, [output.value for output in outputs]


def fed(partition: Partition, records: list[bytes], first: int) -> list[bytes]:
    """What it writes for these records of one account."""
    read = [Record(offset, b"acme", one) for offset, one in enumerate(records, first)]
    return [output.value for output in partition.apply(read)]


def parts(point: Point | None) -> list[bytes]:
    """A point's records."""
    assert point is not None
    return [value for _, value in point.records()]


def facts(values: list[bytes]) -> list[tuple[int, int, bytes]]:
    """The changes of one account by the reader's rule."""
    reader, found = Facts(), list[tuple[int, int, bytes]]()
    for value in values:
        taken = reader.take(b"acme", Changed.of(value))
        if taken is not None:
            found += [(taken.number.frame, n, one) for n, one in enumerate(taken.changes, taken.number.change)]
    return found


def test_other_code_begins_a_generation_with_the_state_and_loses_nothing() -> None:
    """An upgrade: what was not written before it is written by the new code, under rising numbers."""
    old, first = taken([], Ends(0, 0, 0))
    first += fed(old, FRAMES[:20], 1)
    for offset in range(len(first)):
        old.acknowledged(offset)
    point = parts(old.cut(0.0))
    new, reset = taken(point, Ends(0, 30, 99), ME._replace(code="new"), generation=30)

    alone, expected = taken([], Ends(0, 0, 0))
    expected += fed(alone, FRAMES[:40], 1)
    assert [30, 30] == [new.generation, Changed.of(reset[0]).generation]
    assert Changed.of(reset[0]).frame == 20
    assert facts(expected) == facts([*first, *reset, *fed(new, FRAMES[20:40], 21)])


def test_frames_that_were_removed_before_they_were_read_are_a_gap() -> None:
    """The state goes on, as one that is unknown since."""
    old, first = taken([], Ends(0, 0, 0))
    fed(old, FRAMES[:20], 1)
    for offset in range(len(first) + 99):
        point = old.acknowledged(offset) or old.cut(0.0)
        if point is not None:
            break
    found = plan(parts(point), Ends(50, 60, 0), ME)
    partition, outputs = begin(found, ME, 60, ())

    assert (True, 50) == (found.claim, found.offset)
    lost = [change for output in outputs for change in Changed.of(output.value).decoded()]
    assert "frames were removed before they were read" in [
        one.gap.reason for one in lost if type(one) is ConnectionLost
    ]
    assert 50 == partition.offset


def test_numbers_rise_even_if_every_point_and_the_beginning_are_lost() -> None:
    """They go on from the first offset that is kept, which no account can have had."""
    partition, first = taken([b"nonsense"], Ends(1000, 1000, 0), generation=1000)
    values = [*first, *fed(partition, FRAMES[:20], 1001)]

    assert 1000 == Changed.of(values[0]).frame
    assert all(frame > 1000 for frame, _, _ in facts(values))


def test_a_corrupt_point_gives_way_to_an_older_one() -> None:
    """In the same generation, from where that one stands."""
    settings = ME._replace(point_frames=1)
    partition, _ = taken([], Ends(0, 0, 0), settings)
    points = []
    for offset, record in enumerate(FRAMES[:3], 1):
        for at, _ in enumerate(fed(partition, [record], offset)):
            partition.acknowledged(at)
        points.append(parts(partition.cut(0.0))[0])
    found = plan([points[0], points[1], points[2][:-20] + b"\0" * 20], Ends(0, 9, 9), settings)

    assert (3, False) == (found.offset, found.claim)
    assert ("a point cannot be read: its sum is wrong",) == found.refused


def test_a_point_with_states_of_another_format_is_refused() -> None:
    """The frames that are kept are read from their beginning, in a new generation."""
    partition, _ = taken([], Ends(0, 0, 0))
    fed(partition, FRAMES[:20], 1)
    point = next(point for at in range(999) if (point := partition.acknowledged(at) or partition.cut(0.0)))
    (held,) = point.accounts
    other = held.snapshot().replace(b'"format":', b'"format":9')
    found = plan(parts(replace(point, accounts=(replace(held, packed=zstd.compress(other)),))), Ends(5, 60, 0), ME)

    assert (True, 5, {}) == (found.claim, found.offset, found.trackers)
    assert "a point cannot be used: a snapshot of format 9" in found.refused[0]


def test_another_number_of_partitions_is_refused() -> None:
    """Accounts would leave their history behind."""
    partition, _ = taken([], Ends(0, 0, 0))

    with pytest.raises(ClusterError, match="have 8 partitions, but had 4"):
        plan(parts(partition.cut(0.0)), Ends(0, 0, 0), ME._replace(partitions=8))


def test_a_point_waits_until_what_is_before_it_is_in_kafka() -> None:
    """Else a successor would take for written what is not."""
    partition, first = taken([], Ends(0, 0, 0))
    values = fed(partition, FRAMES[:20], 1)
    count = len(first) + len(values)

    assert partition.cut(0.0) is None
    assert [None] * (count - 1) == [partition.acknowledged(offset) for offset in range(count - 1)]
    point = partition.acknowledged(count - 1)
    assert point is not None and (21, count) == (point.offset, point.tail)


def test_a_frame_of_an_older_lease_is_dropped() -> None:
    """And the new lease is a lost connection."""
    partition, _ = taken([], Ends(0, 0, 0))
    fed(partition, [claim_record(5, "a"), frame_record(5, FRAMES[0][9:]), frame_record(5, FRAMES[1][9:])], 1)
    claimed = fed(partition, [claim_record(9, "b")], 4)
    late = fed(partition, [frame_record(5, FRAMES[2][9:]), claim_record(5, "a")], 5)

    assert any(type(change) is ConnectionLost for change in Changed.of(claimed[0]).decoded())
    assert ([], 1) == (late, partition.dropped)


def test_who_meets_a_later_generation_writes_no_more() -> None:
    """Neither changes nor points; its own markers are none."""
    partition, _ = taken([], Ends(0, 0, 0), generation=2)
    fed(partition, [Marker("code", "me").record()], 3)
    assert fed(partition, FRAMES[:1], 4)
    fed(partition, [Marker("code", "another").record()], 5)

    assert [] == fed(partition, FRAMES[1:9], 6)
    assert (5, True, None) == (partition.superseded_at, partition.rival, partition.cut(99.0))


def test_nothing_that_can_stand_in_the_log_stops_a_worker() -> None:
    """It is counted, and what is meant as a frame is in the account's stream as one that cannot be read."""
    partition, _ = taken([], Ends(0, 0, 0))
    junk = [
        b"",
        b"M",
        b"Mx",
        b"?",
        b"F",
        b"C1",
        frame_record(0, b"{"),
        frame_record(0, b"\xff\xfe"),
        claim_record(0, ""),
    ]
    fed(partition, junk, 1)
    partition.apply([Record(99, None, frame_record(0, b"[]"))])

    assert 9 == partition.unreadable
    assert 2 == partition.frames


def test_the_state_goes_on_as_if_nothing_had_happened() -> None:
    """Restored from a point, the same tracker."""
    partition, first = taken([], Ends(0, 0, 0))
    count = len(first) + len(fed(partition, FRAMES[:30], 1))
    for offset in range(count):
        partition.acknowledged(offset)
    found = plan(parts(partition.cut(0.0)), Ends(0, 40, 99), ME)
    alone = Tracker()
    for record in FRAMES[:30]:
        alone.feed(Frame.decode(record[9:]))

    assert alone.snapshot().to_json() == found.trackers[b"acme"].snapshot().to_json()


def test_tracking_leaves_no_cyclic_garbage() -> None:
    """So a worker may spare the search for it."""
    partition, _ = taken([], Ends(0, 0, 0))
    gc.collect()
    gc.disable()
    try:
        fed(partition, FRAMES, 1)
        assert 0 == gc.collect()
    finally:
        gc.enable()
