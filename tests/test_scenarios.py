"""Recorded histories are regression tests: drop a recording into fixtures/ and it is one."""

from pathlib import Path

import pytest

from calltrack import Recording, Tracker, read_recording
from calltrack.testing import prove
from tests.expect import outcome

FIXTURES = Path(__file__).parent.parent / "fixtures"
RECORDINGS = [
    path
    for path in sorted([*FIXTURES.glob("*.jsonl"), *FIXTURES.glob("scenarios/*.jsonl")])
    if not path.name.endswith(".changes.jsonl")
]
HISTORIES = [
    path for path in sorted(FIXTURES.rglob("*.jsonl*")) if not path.name.endswith((".changes.jsonl", ".truth.jsonl"))
]

# What a person reads out of each recording: (call's last digits, outcome, ring, talk, hold, legs), in order of ending.
FACTS: dict[str, list[tuple[str, str, int, int, int, int]]] = {
    "outgoing-answered": [("1", "answered", 8, 61, 0, 1)],
    "incoming-answered": [("1", "answered", 8, 61, 0, 1)],
    "rang-not-answered-here": [("1", "not answered here", 14, 0, 0, 1)],
    "queue-rings-again": [("1", "answered", 25, 61, 0, 3)],
    "queue-abandoned": [("1", "abandoned", 12, 0, 0, 1)],
    "dialed-again": [("1", "no answer", 28, 0, 0, 3)],
    "picked-up-from-queue": [("1", "answered", 0, 55, 5, 1)],
    "hold": [("1", "answered", 8, 21, 25, 1)],
    "consult-and-transfer": [
        ("1", "transferred", 8, 10, 20, 1),
        ("2", "transferred", 6, 13, 0, 2),
        ("3", "answered", 0, 49, 0, 1),
    ],
    "begins-in-mid-call": [("3", "answered", 10, 604, 0, 1), ("1", "answered", 8, 40, 0, 1)],
    "lost-events": [
        ("2", "answered", 9, 19, 0, 1),
        ("3", "lost", 8, 0, 0, 1),
        ("1", "answered", 8, 10, 60, 1),
    ],
    "answered-elsewhere": [("1", "answered", 8, 45, 0, 3)],
    "answered-by-one-not-seen": [("1", "answered elsewhere", 7, 0, 0, 1)],
    "internal-call": [("1", "answered", 6, 52, 0, 2)],
    "click2call": [("1", "answered", 13, 45, 0, 2)],
    "click2call-customer-does-not-answer": [("1", "no answer", 28, 0, 0, 2)],
    "click2call-agent-does-not-answer": [("1", "rejected", 18, 0, 0, 1)],
    "spy": [("2", "spied", 0, 0, 0, 1), ("1", "answered", 8, 30, 0, 1)],
    "sent-back-to-the-ivr": [("1", "answered", 13, 35, 0, 2)],
    "agent-status": [("1", "answered", 8, 20, 0, 1)],
    "reconnected": [("2", "lost", 3, 0, 0, 1), ("1", "answered", 8, 23, 0, 1), ("3", "answered", 0, 64, 0, 1)],
    "outage-in-every-state": [
        ("1", "not answered here", 29, 0, 0, 1),
        ("2", "busy", 29, 0, 0, 1),
        ("3", "answered", 2, 13, 22, 1),
        ("4", "spied", 0, 0, 0, 1),
        ("5", "answered", 0, 22, 0, 1),
    ],
    "repeated-and-late-frames": [("1", "answered", 8, 20, 0, 1)],
    "loose-types": [("1", "answered", 8, 10, 0, 1)],
}


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_gives_what_stands_beside_it(recording: Path) -> None:
    """Changes and final snapshot are those of the files beside the recording, byte for byte."""
    changes, snapshot = outcome(recording)

    assert recording.with_suffix(".changes.jsonl").read_text(encoding="utf-8") == changes
    assert recording.with_suffix(".snapshot.json").read_text(encoding="utf-8") == snapshot


@pytest.mark.parametrize("name", FACTS)
def test_a_recording_says_what_a_person_reads_in_it(name: str) -> None:
    """Outcome, durations and number of legs of every ended call are as computed by hand from the frames' stamps."""
    tracker = Tracker()
    for frame in read_recording(FIXTURES / "scenarios" / f"{name}.jsonl"):
        tracker.feed(frame)

    found = [
        (call.call_id[-1], call.outcome, call.ring_s, call.talk_s, call.hold_s, call.attempts)
        for call in tracker.snapshot().ended
    ]

    assert FACTS[name] == found


def test_every_scenario_has_its_facts() -> None:
    """A new scenario needs a person's reading too."""
    assert set(FACTS) == {path.stem for path in RECORDINGS if path.parent.name == "scenarios"}


@pytest.mark.parametrize("recording", HISTORIES, ids=lambda path: path.name)
def test_every_law_holds_of_every_recording(recording: Path) -> None:
    """Whatever is dropped into fixtures/, plain or compressed, cut and restored at every frame if it is small."""
    small = recording.stat().st_size < 100_000
    prove(Recording(recording, strict=True), thorough=small, hint=str(recording))
