"""Frames fed to a tracker of which two laws are checked at the end."""

from calltrack import Frame, Snapshot, Tracker
from calltrack.core.replica import Replica
from calltrack.core.snapshot import Snapshot as Kept


def proved(*frames: Frame) -> tuple[Tracker, Snapshot]:
    """A tracker after some frames; the changes must rebuild what it knows, and a restored one must know the same."""
    tracker, replica = Tracker(), Replica()
    for frame in frames:
        for change in tracker.feed(frame):
            replica.apply(change)
    snapshot = tracker.snapshot()
    assert [] == replica.differences(Replica.of(snapshot))
    assert snapshot == Tracker.restore(Kept.from_json(snapshot.to_json())).snapshot()
    return tracker, snapshot
