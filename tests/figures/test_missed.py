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


def test_who_has_waited_longest_comes_first() -> None:
    """And who has no number cannot be called."""
    found = missed([a_call(300), a_call(200, caller="0507654321"), a_call(100, caller="anonymous")], normal)

    assert [200, 300] == [one.first for one in found.callers]
    assert 1 == found.anonymous
