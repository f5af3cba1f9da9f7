"""What must hold of any bytes at all: the checks that the fuzzer runs, and the tests on what it once found."""

from __future__ import annotations

import msgspec

from calltrack import Frame, Snapshot, Tracker
from calltrack.core.changes import Anomaly
from calltrack.core.errors import NotAFrame
from calltrack.laws.health import Health
from calltrack.words.sentences import line as reported


def decoded(data: bytes) -> list[Frame]:
    """The frames among the lines of what may be a recording; anything else but NotAFrame goes through."""
    frames = []
    for line in data.split(b"\n"):
        try:
            frames.append(Frame.decode(line))
        except NotAFrame as error:
            assert str(error)
    return frames


def check(data: bytes) -> None:
    """Bytes to frames, to changes, to a snapshot, to JSON and back; raises if any law is broken.

    Only NotAFrame is raised, `feed` raises nothing; every law of `Health` holds after every frame; an event that
    is said again in other bytes changes nothing; every change can be put into words and sent; a tracker that was stored
    and restored in the middle makes the same changes and the same snapshot.
    """
    frames = decoded(data)
    cut = len(frames) // 2
    tracker, other, health = Tracker(), Tracker(), Health()
    for number, frame in enumerate(frames):
        frame.payload()
        if number == cut:
            other = Tracker.restore(Snapshot.from_json(other.snapshot().to_json()))
        changes = tracker.feed(frame)
        sent = msgspec.json.encode(changes)
        assert sent == msgspec.json.encode(other.feed(frame)), "a restored tracker goes on otherwise"
        assert all(reported(change, False).isprintable() for change in changes), "a change cannot be put into a line"
        health.see(changes, frame)
        for one in health.sums(tracker.snapshot()):
            assert one.holds, f"{one.check}: {one.left} = {one.right}"
        if frame.event in ("ExtensionEvent", "QueueEvent"):
            again = Frame.decode(b" " + frame.raw)  # the same in other bytes
            changes = tracker.feed(again)
            assert changes == other.feed(again)
            assert all(isinstance(change, Anomaly) for change in changes), f"said again, it changes {changes[0]}"
            health.see(changes, again)
    snapshot = tracker.snapshot()
    text = snapshot.to_json()
    assert text == other.snapshot().to_json()
    assert text == Snapshot.from_json(text).to_json()
    assert text == Tracker.restore(Snapshot.from_json(text)).snapshot().to_json()
