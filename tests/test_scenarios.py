"""Recorded histories are regression tests: drop a recording into fixtures/scenarios and it is one."""

import json
from pathlib import Path
from typing import Any

import pytest

from calltrack import Tracker, read_recording
from tests.expect import outcome

FIXTURES = Path(__file__).parent.parent / "fixtures"
RECORDINGS = sorted(path for path in FIXTURES.rglob("*.jsonl") if not path.name.endswith(".changes.jsonl"))

# What a person reads out of each recording: (call's last digits, outcome, ring, talk, hold, legs), in order of ending.
FACTS: dict[str, list[tuple[str, str, int, int, int, int]]] = {
    "outgoing-answered": [("1", "answered", 8, 61, 0, 1)],
    "incoming-answered": [("1", "answered", 8, 61, 0, 1)],
    "rang-not-answered-here": [("1", "not answered here", 14, 0, 0, 1)],
    "queue-rings-again": [("1", "answered", 25, 61, 0, 3)],
    "queue-abandoned": [("1", "abandoned", 12, 0, 0, 1)],
    "dialed-again": [("1", "no answer", 29, 0, 0, 3)],
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
        ("3", "answered", 8, 0, 0, 1),
        ("1", "answered", 8, 10, 60, 1),
    ],
    "answered-elsewhere": [("1", "answered", 8, 45, 0, 3)],
    "answered-by-one-not-seen": [("1", "answered elsewhere", 8, 0, 0, 1)],
    "internal-call": [("1", "answered", 6, 52, 0, 2)],
    "click2call": [("1", "answered", 13, 45, 0, 2)],
    "click2call-customer-does-not-answer": [("1", "no answer", 28, 0, 0, 2)],
    "click2call-agent-does-not-answer": [("1", "rejected", 18, 0, 0, 1)],
    "spy": [("2", "spied", 0, 0, 0, 1), ("1", "answered", 8, 30, 0, 1)],
    "sent-back-to-the-ivr": [("1", "answered", 13, 35, 0, 2)],
    "agent-status": [("1", "answered", 8, 20, 0, 1)],
    "reconnected": [("2", "lost", 3, 0, 0, 1), ("1", "answered", 8, 23, 0, 1), ("3", "answered", 0, 64, 0, 1)],
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


def test_the_lists_are_the_authority_in_every_recording() -> None:
    """After each extension event the tracked live legs are those of the frame's own list."""
    states = {"ringing": "Ringing", "dialing": "Dialing", "talking": "Talking", "hold": "Hold", "spying": "Spying"}

    def expected(call: dict[str, Any]) -> tuple[str, str]:
        state = states[call["callstatus"].lower()]
        if str(call.get("c2cdirection")) == "2" and state == "Talking" and not int(call["answered"]):
            state = "Dialing"
        return call.get("ivrid") or call["Ivrid"], state

    compared = 0
    for recording in RECORDINGS:
        tracker = Tracker()
        for frame in read_recording(recording):
            tracker.feed(frame)
            if frame.event == "ExtensionEvent":
                data = frame.payload()["data"]
                known = json.loads(tracker.snapshot().to_json())["extensions"]
                legs = next(one["legs"] for one in known if one["exten_user"] == data["extenUser"])
                want = sorted(expected(call) for call in data["calls"] or [])
                assert want == sorted((leg["call_id"], leg["state"]) for leg in legs)
                compared += 1
    assert compared > 100
