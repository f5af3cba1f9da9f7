from collections.abc import Callable

import msgspec
import pytest

from calltrack import Tracker
from calltrack.core.changes import Change
from calltrack.kafka.errors import NotARecord
from calltrack.kafka.points import Held, Point, whole_points
from calltrack.kafka.records import (
    Changed,
    Marker,
    changed_records,
    claim_record,
    definition_of,
    definition_record,
    frame_record,
    opened,
    partition_of,
)
from calltrack.live.accounts import Definition
from tests.frames import call, extension
from tests.test_layout import IMPURE, PACKAGE, imports

PURE = ["errors", "line", "partition", "points", "records", "rule", "takeover"]


def changes() -> tuple[Change, ...]:
    """What one frame changes."""
    return Tracker().feed(extension(2, "A", "NEWCALL", call("1", "Ringing", 2)))


@pytest.mark.parametrize("module", PURE)
def test_the_machines_are_pure(module: str) -> None:
    """No Kafka, no clock, no socket: so that a simulation can run them."""
    names = {name.split(".")[0] for name in imports(PACKAGE / "kafka" / f"{module}.py")}

    assert not names & {*IMPURE, "confluent_kafka"}


def test_a_frame_and_a_claim_are_read_as_they_are_written() -> None:
    """With their lease."""
    assert (b"F", 7, b"[]") == opened(frame_record(7, b"[]"))
    assert (b"C", 1 << 40, b"me") == opened(claim_record(1 << 40, "me"))


@pytest.mark.parametrize("value", [b"", b"F", b"F1234567", b"X12345678", b"{}"])
def test_other_bytes_are_refused(value: bytes) -> None:
    """In words."""
    with pytest.raises(NotARecord):
        opened(value)


@pytest.mark.parametrize("read", [Marker.of, Changed.of, definition_of])
def test_other_json_is_refused(read: Callable[[bytes], object]) -> None:
    """In words."""
    for value in (b"", b"{}", b"[1]", b"\xff"):
        with pytest.raises(NotARecord):
            read(value)


def test_changes_are_read_as_they_are_written() -> None:
    """Each as its JSON, and as a value."""
    made = changes()
    (value,) = changed_records(5, made[0].position, 1, made, 1_000_000)
    record = Changed.of(value)

    assert (5, 1, 1) == (record.generation, record.frame, record.first)
    assert list(made) == record.decoded()
    assert [msgspec.json.encode(change) for change in made] == [bytes(one) for one in record.changes]


def test_what_is_larger_than_a_record_is_split() -> None:
    """Down to one change."""
    made = changes()
    records = [Changed.of(value) for value in changed_records(5, 1, 1, made, 1)]

    assert [*range(1, len(made) + 1)] == [record.first for record in records]
    assert list(made) == [change for record in records for change in record.decoded()]


def test_a_definition_holds_no_secret() -> None:
    """It says where one is, and what holds one is refused without showing it."""
    definition = Definition("file:/run/acme", servers=("a.test",), protocol=4)
    assert definition == definition_of(definition_record(definition))
    with pytest.raises(NotARecord, match="file:PATH or env:PREFIX") as refused:
        definition_of(b'{"credentials":"hunter2"}')
    assert "hunter2" not in str(refused.value)


def test_the_partition_of_an_account_never_changes() -> None:
    """The number is part of the format."""
    assert [62, 0] == [partition_of(b"acme", 256), partition_of(b"acme", 1)]


def point(offset: int, number: int, size: int = 1000) -> Point:
    """With an account of incompressible bytes."""
    return Point("code", 3, offset, 0, 4, number, 0, (Held(b"acme", 1, bytes(range(256)) * (size // 256)),))


def test_a_point_is_read_from_its_parts_in_any_order() -> None:
    """However small they are."""
    records = list(point(9, 0).records(largest=300))

    assert len(records) > 3
    assert [point(9, 0)] == whole_points(value for _, value in reversed(records)).points


def test_the_newest_whole_point_comes_first() -> None:
    """One that is half written is none, and compaction leaves the one before."""
    first, second, third = (list(point(9 + n, n).records(largest=300)) for n in range(3))
    kept = dict([*first, *second, *third[:-1]])

    assert [point(10, 1)] == whole_points(kept.values()).points
    assert not {key for key, _ in first} & {key for key, _ in second}


def test_a_damaged_point_is_refused() -> None:
    """With the reason."""
    good = [value for _, value in point(9, 0).records()]
    (bad,) = (value for _, value in point(10, 1).records())
    found = whole_points([*good, bad[:-9] + b"\0" * 9, b"nonsense"])

    assert [point(9, 0)] == found.points
    assert ["a part of a point cannot be read", "a point cannot be read: its sum is wrong"] == sorted(found.refused)
