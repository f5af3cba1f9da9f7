"""Rows and figures of small recordings, as a person reads them out of the frames."""

from pathlib import Path

from calltrack import Tracker, read_recording
from calltrack.kpi import Facts, report

SCENARIOS = Path(__file__).parent.parent.parent / "fixtures" / "scenarios"


def gathered(name: str) -> Facts:
    """The facts of a scenario."""
    tracker, facts = Tracker(), Facts()
    for frame in read_recording(SCENARIOS / f"{name}.jsonl"):
        facts.apply(tracker.feed(frame), tracker.time)
    facts.learn(tracker.snapshot())
    return facts


def test_a_queue_that_rings_again() -> None:
    """Three rings, two of them again; answered after 34 s."""
    found = report(gathered("queue-rings-again"))

    waits = found.queues[0].waits
    assert waits is not None
    assert (1, 1, 0, 34) == (waits.offered, waits.answered, waits.abandoned, waits.asa_s)
    assert (3, 2, 3) == (waits.rings, waits.re_rings, waits.most_rings)
