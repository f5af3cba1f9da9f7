"""The state of an account whose source has gone silent: what a lost connection leaves, without a frame that says so."""

from __future__ import annotations

from msgspec.structs import replace

from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import Tracker
from calltrack.voicenter.frames import Frame


def unheard(snapshot: Snapshot, reason: str) -> Snapshot:
    """A state as unknown since its last frame, for a reason; its position is the same."""
    tracker = Tracker.restore(snapshot)
    tracker.feed(Frame.of("disconnect", {"reason": reason}))
    return replace(tracker.snapshot(), position=snapshot.position)
