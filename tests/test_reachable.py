"""The tables model-checked: every joint state of a call's legs, its wait and its extensions, and every way out.

Joint states are enumerated from the table by breadth; what a call and an extension are in each is asked of the same
code that the tracker runs, and compared with the rule as style rule 3 words it.
"""

from collections import deque
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from calltrack import AnomalyKind, State, Tracker, read_recording
from calltrack.core.changes import Anomaly, LegChange, LegEnded, LegStarted
from calltrack.core.held import HeldCall, HeldExtension
from calltrack.core.machine import PATHS
from calltrack.core.records import Extension, Leg, Wait
from calltrack.core.states import Outcome
from calltrack.core.table import CALL, DIALING, EXTENSION, HUNGUP, LEG, NEW, QUEUED, TALKING, UNKNOWN
from tests.frames import call, extension

FIXTURES = Path(__file__).parent.parent / "fixtures"
MOST_LEGS = 2


class Part(NamedTuple):
    """A live leg: where, in which state, and which leg of a click2call (0: none)."""

    name: str
    state: State
    c2c: int


class Joint(NamedTuple):
    """A call as a whole: its live legs, its wait (Queued, Unknown or None), and after what a winner is awaited."""

    legs: tuple[Part, ...] = ()
    wait: State | None = None
    awaited: Outcome | None = None


def steps(joint: Joint) -> Iterator[Joint]:
    """Every joint state that one step of the table, of a queue, or of the connection leads to."""
    legs, wait, awaited = joint
    if len(legs) < MOST_LEGS:
        for edge in LEG:
            if edge.source is NEW:
                for name in "AB":
                    for c2c in (0, 1) if edge.dest in (DIALING, TALKING, UNKNOWN) else (0,):
                        yield met(joint, (*legs, Part(name, edge.dest, c2c)))
    for place, leg in enumerate(legs):
        others = legs[:place] + legs[place + 1 :]
        for (source, _), path in PATHS.items():
            if source is leg.state:
                if path[-1].dest is HUNGUP:
                    yield Joint(others, wait, awaited)
                    if leg.state is State.RINGING:
                        yield Joint(others, wait, Outcome.ANSWERED_ELSEWHERE)
                else:
                    yield met(joint, (*others, Part(leg.name, path[-1].dest, leg.c2c)))
        if leg.c2c == 1 and leg.state is TALKING:
            yield Joint((*others, Part(leg.name, DIALING, 2)), wait, awaited)
    if wait is None:
        yield Joint(legs, QUEUED, awaited)
    else:
        for outcome in (Outcome.ANSWERED, Outcome.LOST, None):  # None: the caller gave up
            yield Joint(legs, None, outcome)
        yield Joint(legs, QUEUED, awaited)
    yield Joint(legs, wait, None)  # nobody was seen in all that time
    yield Joint(tuple(leg._replace(state=UNKNOWN) for leg in legs), UNKNOWN if wait else None, awaited)


def met(joint: Joint, legs: tuple[Part, ...]) -> Joint:
    """With these legs; an answer that is the customer's ends the awaiting."""
    answered = any(leg.state in (TALKING, State.HOLD) and leg.c2c != 1 for leg in legs)
    return Joint(tuple(sorted(legs)), joint.wait, None if answered else joint.awaited)


@cache
def reachable() -> dict[Joint, set[Joint]]:
    """Every joint state that can come to be, with what can follow."""
    found, queue = dict[Joint, set[Joint]](), deque([Joint()])
    while queue:
        joint = queue.popleft()
        if joint not in found:
            found[joint] = {Joint(tuple(sorted(after.legs)), after.wait, after.awaited) for after in steps(joint)}
            queue += found[joint]
    return found


def states(joint: Joint) -> tuple[State, dict[str, State]]:
    """What the tracker's code derives for the call, and for each extension."""
    held = HeldCall("1", NEW, "", "", "", None)
    legs = [Leg("1", leg.name, n, leg.state, "", None, None, c2c=leg.c2c) for n, leg in enumerate(joint.legs, 1)]
    held.legs = tuple(legs)
    if joint.wait:
        held.waiting = (Wait("55", "1", "", "", joint.wait, None),)
    if joint.awaited:
        held.awaited_since = 0
        held.past_waits = (Wait("55", "1", "", "", HUNGUP, None, outcome=joint.awaited),)
    extensions = {}
    for name in "AB":
        known = HeldExtension(Extension(name))
        known.legs = tuple(leg for leg in legs if leg.exten_user == name)
        known.unknown = False
        extensions[name] = known.derived()
    return held.derived(), extensions


def test_a_call_and_its_extensions_are_what_the_rule_says_in_every_joint_state() -> None:
    """Hold, else Talking, else Dialing, else Ringing, ...; click2call leg 1 never makes a call Talking."""
    call_order = [State.HOLD, TALKING, DIALING, State.RINGING, UNKNOWN, QUEUED, State.SPYING]
    extension_order = [TALKING, DIALING, State.HOLD, State.RINGING, State.SPYING, UNKNOWN]
    seen = set[State]()
    for joint in reachable():
        parts = [(leg.name, DIALING if leg.c2c == 1 and leg.state is TALKING else leg.state) for leg in joint.legs]
        found = {state for _, state in parts} | ({joint.wait} if joint.wait else set())
        expected = next((state for state in call_order if state in found), HUNGUP)
        if not found and joint.awaited:
            expected = UNKNOWN if joint.awaited is Outcome.LOST else State.RINGING
        at = {name: next((state for state in extension_order if (name, state) in parts), State.IDLE) for name in "AB"}
        assert (expected, at) == states(joint), joint
        seen |= {expected, *at.values()}
    assert {*CALL, *EXTENSION, HUNGUP, State.IDLE} == seen


def test_every_joint_state_has_a_way_to_hungup() -> None:
    """And none is a dead end: something can follow, also on an ended call, which may ring again."""
    after = reachable()
    before: dict[Joint, set[Joint]] = {joint: set() for joint in after}
    for joint, following in after.items():
        assert following - {joint}, joint
        for one in following:
            before[one].add(joint)
    over = {joint for joint in after if states(joint) == (HUNGUP, {"A": State.IDLE, "B": State.IDLE})}
    assert {Joint()} == over
    escaping, queue = set(over), deque(over)
    while queue:
        for joint in before[queue.popleft()] - escaping:
            escaping.add(joint)
            queue.append(joint)
    assert set() == set(after) - escaping
    assert len(after) > 1000


def test_every_edge_of_the_table_is_reached_by_a_fixture() -> None:
    """In fixtures/: else add a scenario (fixtures/README.md)."""
    taken = set[tuple[State, State]]()
    for recording in FIXTURES.rglob("*.jsonl"):
        if recording.name.endswith(".changes.jsonl"):
            continue
        tracker, legs = Tracker(), dict[tuple[str, int], State]()
        for frame in read_recording(recording):
            for change in tracker.feed(frame):
                if isinstance(change, LegChange):
                    key = change.call_id, change.leg.attempt
                    taken.add((NEW if isinstance(change, LegStarted) else legs[key], change.leg.state))
                    legs[key] = change.leg.state

    assert set() == {(edge.source, edge.dest) for edge in LEG} - taken


# (reason, callstatus, answered) one after another, as field guide §4 has them, most to least common.
NEW_CALL, ANSWER, HANGUP = "NEWCALL", "ANSWER", "HANGUP"
RANG = [(NEW_CALL, "Ringing", 0), (HANGUP, "Ringing", 0)]
DIALED = [(NEW_CALL, "Dialing", 0), (HANGUP, "Dialing", 0)]
TALKED = [(NEW_CALL, "Ringing", 0), (ANSWER, "Talking", 1)]
HELD = [("HOLD", "Hold", 1), ("UNHOLD", "Talking", 1)]
LAWFUL: dict[str, list[tuple[Any, ...]]] = {
    "outgoing, answered": [(NEW_CALL, "Dialing", 0), (ANSWER, "Talking", 1), (HANGUP, "Talking", 1)],
    "incoming, answered": [*TALKED, (HANGUP, "Talking", 1)],
    "rang, not answered here": RANG,
    "queue rings again until someone answers": [*RANG * 24, *TALKED, (HANGUP, "Talking", 1)],
    "busy, no answer, unallocated number": DIALED * 3,
    "picked up from the queue": [(NEW_CALL, "Talking", 0), (HANGUP, "Talking", 0)],
    "hold": [*TALKED, *HELD, *HELD, (HANGUP, "Talking", 1)],
    "hangup while on hold": [*TALKED, ("HOLD", "Hold", 1), (HANGUP, "Hold", 1)],
    "the far end of a transfer": [(NEW_CALL, "Talking", 1), (HANGUP, "Talking", 1)],
    "spy": [(NEW_CALL, "Spying", 0), (HANGUP, "Spying", 0)],
    "click2call": [
        (NEW_CALL, "Dialing", 0, 1),
        (ANSWER, "Talking", 1, 1),
        (NEW_CALL, "Talking", 0, 2),
        (ANSWER, "Talking", 1, 2),
        (HANGUP, "Talking", 1, 2),
    ],
    "click2call, the customer does not answer": [
        (NEW_CALL, "Dialing", 0, 1),
        (ANSWER, "Talking", 1, 1),
        (NEW_CALL, "Talking", 0, 2),
        (HANGUP, "Talking", 0, 2),
    ],
    "click2call, the agent does not answer": [(NEW_CALL, "Dialing", 0, 1), (HANGUP, "Dialing", 0, 1)],
    "begins in mid-call, with the answer": [(ANSWER, "Talking", 1), (HANGUP, "Talking", 1)],
    "begins in mid-call, with a hold": [("HOLD", "Hold", 1), (HANGUP, "Hold", 1)],
    "begins in mid-call, with the end": [(HANGUP, "Talking", 1)],
}
INCOMPLETE: dict[str, list[tuple[Any, ...]]] = {
    "held without an answer": [(NEW_CALL, "Dialing", 0), ("HOLD", "Hold", 1), (HANGUP, "Hold", 1)],
    "hung up, and was answered": [(NEW_CALL, "Dialing", 0), (HANGUP, "Dialing", 1)],
    "retrieved without an answer": [(NEW_CALL, "Ringing", 0), ("UNHOLD", "Talking", 1), (HANGUP, "Talking", 1)],
}


def feed(tracker: Tracker, sequence: list[tuple[Any, ...]]) -> list[Any]:
    """The changes of a sequence at one extension; each attempt has its own callStarted."""
    changes, started = list[Any](), 0
    for at, (reason, status, answered, *c2c) in enumerate(sequence, 10):
        if reason == NEW_CALL and c2c != [2]:
            started = at
        more = {"c2cdirection": c2c[0]} if c2c else {}
        one = call("1", status, started or 1, at if answered and status != "Dialing" else 0, **more, answered=answered)
        changes += tracker.feed(extension(at, "A", reason, one))
    return changes


@pytest.mark.parametrize("name", LAWFUL)
def test_every_lawful_sequence_is_accepted(name: str) -> None:
    """Without an anomaly, and the call is over at the end."""
    tracker = Tracker(strict=True)
    feed(tracker, LAWFUL[name])

    snapshot = tracker.snapshot()
    assert (0, [State.IDLE]) == (len(snapshot.calls), [known.state for known in snapshot.extensions])


@pytest.mark.parametrize("name", INCOMPLETE)
def test_what_was_lost_in_between_is_said_and_no_more(name: str) -> None:
    """The answer is concluded, as an event that was missed; the call is over at the end, and was answered."""
    tracker = Tracker()
    changes = feed(tracker, INCOMPLETE[name])

    assert {AnomalyKind.EVENT_MISSED} == {change.kind for change in changes if isinstance(change, Anomaly)}
    assert [Outcome.ANSWERED] == [change.leg.outcome for change in changes if isinstance(change, LegEnded)]
    assert () == tracker.snapshot().calls
