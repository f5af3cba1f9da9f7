"""A stream before three trackers that must agree, and before the laws of `health`.

One tracker is fed as the stream comes. One is fed every frame but a Tick, which is time that passes, twice: the second
time must change nothing. One is cut again and again: saved as JSON, read back and restored; it must go on as if nothing
had happened.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from calltrack.core.changes import Change
from calltrack.core.observations import Tick
from calltrack.core.snapshot import Snapshot
from calltrack.core.tracker import HISTORY, Tracker
from calltrack.laws.health import Health, Sum
from calltrack.voicenter.frames import Frame

_SPARSER = 1.3  # of the frames so far, to the next cut: a snapshot costs more, the longer the stream


class Trial:
    """Feed it a stream; `tracker` is the one fed as the stream comes, `health` has its anomalies and its view.

    history: as a tracker's. thorough: cut at every frame, not ever more seldom.
    """

    def __init__(self, *, history: int = HISTORY, thorough: bool = False):
        self.tracker = Tracker(history=history)
        self.health = Health(history=history)
        self._twice = Tracker(history=history)
        self._cut = Tracker(history=history)
        self._thorough = thorough
        self._position = 0
        self._next_cut = 1
        self._repeats = self._strays = self._lossy = self._cuts = 0

    def feed(self, frame: Frame) -> tuple[Change, ...]:
        """The frame to all of them; returns what it changed."""
        self._position += 1
        changes = self.tracker.feed(frame)
        self.health.see(changes, frame)
        self._twice.feed(frame)
        if not isinstance(frame.body, Tick):
            self._repeats += bool(self._twice.feed(frame))
        self._strays += self._cut.feed(frame) != changes
        if self._position >= self._next_cut:
            self._next_cut = self._position + 1 if self._thorough else int(self._position * _SPARSER) + 1
            self._restore()
        return changes

    def laws(self) -> Iterator[Sum]:
        """Every law, as it stands after the frames so far."""
        snapshot, twice = self.tracker.snapshot(), self._twice.snapshot()
        yield from self.health.sums(snapshot)
        same = _state(snapshot) == _state(twice)
        yield Sum.none("frames that change something when fed again", self._repeats + (not same))
        same = snapshot.to_json() == self._cut.snapshot().to_json()
        yield Sum.none("frames that change something else after a restart", self._strays + (not same))
        yield Sum.none(f"snapshots that JSON does not hold, of {self._cuts}", self._lossy)

    def broken(self) -> list[Sum]:
        """The laws that do not hold."""
        return [law for law in self.laws() if not law.holds]

    def _restore(self) -> None:
        snapshot = self._cut.snapshot()
        saved = snapshot.to_json()
        found = Snapshot.from_json(saved)
        self._cuts += 1
        self._lossy += found != snapshot or found.to_json() != saved
        self._cut = Tracker.restore(found)


def _state(snapshot: Snapshot) -> object:
    """What a snapshot says, without the evidence: a frame fed twice confirms twice."""
    found = msgspec.to_builtins(snapshot)
    return _without_evidence({name: found[name] for name in _COMPARED})


_COMPARED = ("calls", "extensions", "queues", "ended", "campaigns", "gaps")


def _without_evidence(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_evidence(one) for name, one in value.items() if not name.startswith("confirmed_")}
    return [_without_evidence(one) for one in value] if isinstance(value, list | tuple) else value
