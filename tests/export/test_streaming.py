"""Rows leave as they end, and are the same as those of facts that keep everything."""

import tracemalloc
from collections.abc import Iterator

import pytest

from calltrack import Frame, Snapshot, Tracker
from calltrack.export import rows
from calltrack.figures import TABLES, Facts
from calltrack.simulate import Plan, traffic

HOURS = 6


def frames(hours: float = HOURS, agents: int = 12) -> Iterator[Frame]:
    """A simulated day, or part of it."""
    for lines, _ in traffic(Plan(agents=agents, queues=3), seed=5, hours=hours):
        for line in lines:
            yield Frame.of(line.frame.event, line.frame.data)


@pytest.fixture(scope="module")
def day() -> list[Frame]:
    return list(frames())


@pytest.fixture(scope="module")
def facts(day: list[Frame]) -> Facts:
    """Facts that keep everything."""
    tracker, facts = Tracker(), Facts()
    for frame in day:
        facts.apply(tracker.feed(frame), tracker.time)
    return facts


@pytest.mark.parametrize("table", TABLES)
def test_streamed_rows_are_all_rows(day: list[Frame], facts: Facts, table: str) -> None:
    """None lost, none doubled, each as it ended."""
    kept, streamed = list(getattr(facts, table)), list(rows(day, table))
    assert len(kept) > 20
    assert sorted(map(repr, kept)) == sorted(map(repr, streamed))


@pytest.mark.slow
def test_memory_does_not_follow_the_traffic() -> None:
    """Eight hours have four times the calls of two, and take not even twice the memory."""

    def peak(hours: float) -> int:
        tracemalloc.start()
        for _ in rows(frames(hours), "legs", Tracker(history=10)):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(8) < 2 * peak(2)


def test_begins_in_the_middle() -> None:
    """With a tracker that knows what was before, the calls that lived then have rows with what is known of them."""
    stream = list(frames(2))
    tracker = Tracker()
    for frame in stream[:400]:
        tracker.feed(frame)
    snapshot = tracker.snapshot()
    assert snapshot.calls

    restored = Tracker.restore(Snapshot.from_json(snapshot.to_json()))
    found = {row.call_id: row for row in rows(stream[400:], "calls", restored)}  # type: ignore[attr-defined]
    whole = {row.call_id: row for row in rows(stream, "calls")}  # type: ignore[attr-defined]
    for call in snapshot.calls:
        assert whole[call.call_id] == found[call.call_id]
