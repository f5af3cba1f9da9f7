"""That the tables are complete, and that every row of them decides something."""

from collections.abc import Iterator
from itertools import product, zip_longest
from typing import Any

import pytest
from attrs import evolve

from calltrack import Anomaly, AnomalyKind, Frame, Tracker
from calltrack.core import advance, table
from calltrack.core.changes import LEG_REPORTS, WAIT_REPORTS, LegEnded
from calltrack.core.machine import STEPS
from calltrack.core.states import Outcome, State
from calltrack.core.table import CONNECTION
from tests.frames import START, all_queues, call, extension, queue, waiting

KINDS = ("0", "1", "out", "far end", "leg 1", "leg 2")
STATUSES = ("Ringing", "Dialing", "Talking", "Hold", "Spying", "Parked")


def test_every_row_reports_a_change_that_exists() -> None:
    """Of a leg; and of a wait what a wait can do."""
    assert {row.reports for row in CONNECTION} <= set(LEG_REPORTS)
    assert {row.reports for row in CONNECTION if row.dest is State.QUEUED} <= set(WAIT_REPORTS)


def test_every_outcome_has_its_place() -> None:
    """A call can be decided by whatever a leg or wait ends with, but for a pick-up, which counts as answered."""
    placed = [outcome for row in table.CALL_OUTCOMES for outcome in row]

    assert len(set(placed)) == len(placed)
    assert set(Outcome) - {Outcome.PICKED_UP} == set(placed)


def test_every_state_of_a_connection_has_its_place() -> None:
    """What it can be in decides its call and its extension."""
    live = {row.dest for row in CONNECTION} - {State.HUNGUP}

    assert live == set(table.CALL)
    assert live - {State.QUEUED} == set(table.EXTENSION)


def test_a_connection_ends_from_every_state() -> None:
    """By one step each, that says so."""
    live = {row.dest for row in CONNECTION} - {State.HUNGUP}

    assert live == {row.source for row in CONNECTION if row.dest is State.HUNGUP}
    assert {"Ended"} == {row.reports for row in CONNECTION if row.dest is State.HUNGUP}


def every_step() -> list[Frame]:
    """Short lives that take every step: seen first, in another state, gone, back, or after a gap; at a phone each."""
    frames: list[Frame] = [all_queues(0, [])]
    at = 0
    for first, then, between, kind in product(STATUSES, STATUSES, ("", "gone", "lost"), KINDS):
        if kind == "leg 2" and (first, between) != ("Dialing", ""):
            continue
        at += 20
        phone, answered = f"S{len(frames)}", kind != "0" and kind != "leg 2"
        more: dict[str, Any] = {"answered": int(answered), "direction": "Outgoing" if kind == "out" else "Incoming"}
        more |= {"c2cdirection": int(kind[-1])} if "leg" in kind else {}
        stamp = START + at + 4 if answered and (first in ("Talking", "Hold") or then in ("Talking", "Hold")) else 0
        here = {name: call(phone, name, at, **more, callAnswered=stamp) for name in (first, then)}
        frames.append(extension(at + 6, phone, "userStatusUpdate" if kind in ("1", "out") else "NEWCALL", here[first]))
        if between == "gone":
            frames.append(extension(at + 8, phone, "userStatusUpdate", calls=[]))
        elif between == "lost":
            frames.append(Frame.of("disconnect", {"reason": f"{at}"}))
        reason = "ANSWER" if then == "Talking" else "HOLD" if then == "Hold" else "userStatusUpdate"
        frames.append(extension(at + 10, phone, reason, here[then], [here[then]]))
        frames.append(extension(at + 15, phone, "HANGUP", here[then], calls=[]))
    at += 20
    answered_at = {"callAnswered": START + at + 9, "answered": 1}
    frames.append(extension(at, "S", "NEWCALL", call("c2c", "Dialing", at, c2cdirection=1)))
    leg_2 = call("c2c", "Talking", at, c2cdirection=2, **answered_at)  # its NEWCALL is lost
    frames.append(extension(at + 12, "S", "ANSWER", leg_2))
    for n, between in enumerate(("", "gone", "lost")):
        at, name = at + 20, f"wait{n}"
        frames.append(queue(at, "JOIN", name, [waiting(name, at)]))
        if between == "gone":
            frames.append(queue(at + 2, "JOIN", f"other{n}", [waiting(f"other{n}", at + 2)]))
        elif between == "lost":
            frames.append(Frame.of("disconnect", {"reason": name}))
        frames.append(queue(at + 4, "JOIN", f"third{n}", [waiting(name, at), waiting(f"third{n}", at + 4)]))
        frames.append(queue(at + 6, "ABANDONED", name, [waiting(f"third{n}", at + 4)]))
        frames.append(Frame.of("disconnect", {"reason": f"again {name}"}))
        frames.append(queue(at + 8, "ABANDONED", f"third{n}", []))
    return frames


FRAMES = every_step()


def reported() -> Iterator[object]:
    """What a tracker makes of them; the name of the error if it fails."""
    tracker = Tracker()
    try:
        for frame in FRAMES:
            yield from tracker.feed(frame)
    except KeyError as error:
        yield repr(error)


EXPECTED = [*reported()]


def differs() -> bool:
    """Whether it makes something else of them now; the rest is not fed once it does."""
    return any(one != other for one, other in zip_longest(EXPECTED, reported()))


@pytest.mark.parametrize("row", CONNECTION, ids=lambda row: f"{row.source}-{row.signal}-{row.guard or 'any'}")
def test_every_row_decides_something(row: table.Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, or with another meaning of its time, the changes are others."""
    key = (row.source, row.signal, row.guard)
    monkeypatch.setattr(advance, "STEPS", {at: edge for at, edge in STEPS.items() if at != key})
    assert differs()

    if row.dest is not State.HUNGUP and row.source is not State.HUNGUP:
        other = State.HOLD if row.counts_as is not State.HOLD else State.SPYING
        monkeypatch.setattr(advance, "STEPS", {**STEPS, key: evolve(row, counts_as=other)})
        assert differs()


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
def test_what_a_cause_says_of_a_leg_that_no_one_answered(cause: str, rang: str, dialed: str) -> None:
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
