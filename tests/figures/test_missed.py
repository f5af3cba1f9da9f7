"""Who waits for a call back."""

from typing import Any

import pytest

from calltrack.core.states import Outcome
from calltrack.figures import CallRow
from calltrack.figures.missed import missed
from calltrack.words.numbers import normal


def a_call(until: float | None, answered: bool = False, direction: str = "Incoming", **more: Any) -> CallRow:
    """A call of 10 s with one number."""
    base = {"call_id": f"to {until}", "account_id": 1, "caller": "0501234567", "caller_name": "Lois", "did": ""}
    base |= {"queue_id": "55", "started": None if until is None else until - 10, "ended_at": until}
    outcome = Outcome.ANSWERED if answered else Outcome.ABANDONED
    live = until is None
    return CallRow(
        **{**base, "direction": direction, "answered": answered, "outcome": None if live else outcome, **more}
    )


def test_a_caller_who_gave_up_twice() -> None:
    """Is one line, since the first time."""
    (one,) = missed([a_call(200, wait_s=9), a_call(100, wait_s=5)], normal).callers

    assert ("+972501234567", "Lois", 100, 200, 2, 0) == (
        *(one.number, one.name, one.first, one.last, one.calls, one.tried),
    )
    assert (9, "55", ("to 100", "to 200")) == (one.wait_s, one.queue_id, one.call_ids)


@pytest.mark.parametrize("direction", ["Incoming", "Outgoing", "Click2call"])
@pytest.mark.parametrize("caller", ["0501234567", "972501234567", "+972 50-123-4567"])
@pytest.mark.parametrize(("until", "waits"), [(150, 0), (None, 0), (90, 1)])
def test_a_conversation_returns_what_was_before(direction: str, caller: str, until: float | None, waits: int) -> None:
    """Any caller, in any notation, also while it lasts; one before the missed call does not."""
    spoken = a_call(until, answered=True, direction=direction, caller=caller)

    assert waits == len(missed([a_call(100), spoken], normal).callers)


def test_an_attempt_in_vain_returns_nothing() -> None:
    """It is counted."""
    (one,) = missed([a_call(100), a_call(150, direction="Outgoing"), a_call(50, direction="Outgoing")], normal).callers

    assert (1, 1) == (one.calls, one.tried)


def test_missed_calls_of_one_queue() -> None:
    """Those alone are counted and named, and a caller who called another one later is among them."""
    calls = [a_call(100), a_call(200), a_call(300, queue_id="66"), a_call(400, caller="", queue_id="66")]
    for queue, first, ids, anonymous in (("55", 100, ("to 100", "to 200"), 0), ("66", 300, ("to 300",), 1)):
        found = missed(calls, normal, lambda call, queue=queue: call.queue_id == queue)  # type: ignore[misc]
        (one,) = found.callers
        assert (first, ids, queue, anonymous) == (one.first, one.call_ids, one.queue_id, found.anonymous)


@pytest.mark.parametrize(("answered", "tried"), [(True, None), (False, 1)])
def test_who_speaks_to_a_caller_may_be_of_any_queue(answered: bool, tried: int | None) -> None:
    """A conversation anywhere returns the call, and an attempt is counted."""
    other = a_call(200, answered=answered, direction="Outgoing", queue_id="")
    found = missed([a_call(100), other], normal, lambda call: call.queue_id == "55")

    assert tried == next((one.tried for one in found.callers), None)


def test_who_has_waited_longest_comes_first() -> None:
    """And who has no number cannot be called."""
    found = missed([a_call(300), a_call(200, caller="0507654321"), a_call(100, caller="anonymous")], normal)

    assert [200, 300] == [one.first for one in found.callers]
    assert 1 == found.anonymous
