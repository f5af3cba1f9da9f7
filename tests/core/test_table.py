import pytest

from calltrack import Anomaly, AnomalyKind, Tracker
from calltrack.core import table
from calltrack.core.changes import LegEnded
from calltrack.core.ledger import LEG_CHANGES
from calltrack.core.states import Outcome, State
from tests.frames import call, extension


def test_every_step_says_a_change_that_exists() -> None:
    """The names of the table are the names of the classes."""
    assert {edge.says for edge in table.LEG} == set(LEG_CHANGES)


def test_every_outcome_has_its_place() -> None:
    """A call can be decided by whatever a leg or wait ends with, but for a pick-up, which counts as answered."""
    placed = [outcome for row in table.CALL_OUTCOMES for outcome in row]

    assert len(set(placed)) == len(placed)
    assert set(Outcome) - {Outcome.PICKED_UP} == set(placed)


def test_every_state_of_a_leg_has_its_place() -> None:
    """What a leg can be in decides its call and its extension."""
    live = {edge.dest for edge in table.LEG} - {State.HUNGUP}

    assert live | {State.QUEUED} == set(table.CALL)
    assert live == set(table.EXTENSION)


def test_a_hangup_ends_a_leg_in_every_state() -> None:
    """By one step, that says so."""
    live = {edge.dest for edge in table.LEG} - {State.HUNGUP}
    ends = [edge for edge in table.LEG if "ends" == edge.signal or edge.dest is State.HUNGUP]

    assert {(state, "ends", State.HUNGUP, ("HANGUP",), "LegEnded") for state in live} == set(map(tuple, ends))
    assert len(live) == len(ends)


@pytest.mark.parametrize(
    ("cause", "rang", "dialed"),
    [
        ("Normal hangup", "not answered here", "no answer"),
        ("Unknown", "not answered here", "no answer"),
        ("", "not answered here", "no answer"),
        ("Answered elsewhere", "answered elsewhere", "answered elsewhere"),
        ("Call Rejected", "rejected", "rejected"),
        ("User busy", "busy", "busy"),
        ("No user responding", "no answer", "no answer"),
        ("User alerting, no answer", "no answer", "no answer"),
        ("Unallocated (unassigned) number", "unallocated", "unallocated"),
    ],
)
def test_what_a_cause_says_of_a_leg_that_nobody_answered(cause: str, rang: str, dialed: str) -> None:
    """Every cause that the field guide has (§4), of a leg that rang and of one that was dialed."""

    def outcome(status: str) -> str:
        tracker = Tracker()
        tracker.feed(extension(1, "A", "NEWCALL", call("1", status)))
        changes = tracker.feed(extension(9, "A", "HANGUP", call("1", status), outside={"cause": cause}))
        return next(change.leg.outcome or "" for change in changes if isinstance(change, LegEnded))

    assert (rang, dialed) == (outcome("Ringing"), outcome("Dialing"))


@pytest.mark.parametrize(
    ("reason", "status"), [("NEWCALL", "Hold"), ("ANSWER", "Ringing"), ("HOLD", "Talking"), ("UNHOLD", "Hold")]
)
def test_a_reason_that_its_list_contradicts_is_reported(reason: str, status: str) -> None:
    """With the list shown in another state, or without the call."""
    for calls in ([call("1", status)], []):
        tracker = Tracker()
        tracker.feed(extension(1, "A", "NEWCALL", call("2", "Ringing")))
        found = tracker.feed(extension(9, "A", reason, call("1", status), [call("2", "Ringing"), *calls]))

        assert AnomalyKind.REASON_DISAGREES in {change.kind for change in found if isinstance(change, Anomaly)}
