"""Reports from the socket alone and from all evidence, against the report of a socket that lost nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from calltrack import Frame, Tracker
from calltrack.figures import Facts, Figures, report
from calltrack.simulate import Faults
from calltrack.simulate.posting import CdrFaults
from tests.evidence.week import SIDES, made, merged

KNOWN = (
    *("waits.offered", "waits.answered", "waits.abandoned", "waits.asa_s", "waits.longest_wait_s"),
    *("work.handled", "work.aht_s"),
)
"""Figures that complete records know."""
BOUNDED = ("work.talk_s", "work.hold_s", "work.att_s")
"""Figures of which records say the sum of two: talk and hold."""


def figures(frames: Iterable[Frame]) -> Figures:
    """The totals of a report."""
    tracker = Tracker(history=100_000)
    facts = Facts.of(tracker.snapshot())
    for frame in frames:
        facts.apply(tracker.feed(frame), tracker.time)
    facts.learn(tracker.snapshot())
    return report(facts).total


def value(found: Figures, name: str) -> float:
    """A figure by the name that its bounds have."""
    one: Any = found
    for part in name.split("."):
        one = getattr(one, part)
    return float(one)


def reports(seed: int, hours: float, name: str) -> tuple[Figures, Figures, Figures]:
    """The truth, the socket alone, and all evidence."""
    what, true = made(seed, hours, *SIDES[name]), made(seed, hours, Faults(), CdrFaults())
    return figures(true.frames), figures(what.frames), figures(merged(what.frames, what.posts))
