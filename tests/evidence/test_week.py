"""Both accounts together know more than either: bounds hold the truth; `python -m tests.evidence.week` does a week."""

import pytest

from tests.evidence.reported import BOUNDED, KNOWN, reports, value
from tests.evidence.week import SIDES, compared, faults


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SIDES))
def test_all_evidence_is_narrower_and_true(name: str) -> None:
    """Three hours of a centre with ten extensions."""
    assert faults(name, compared(1, 3, name)) == []


@pytest.mark.slow
def test_a_report_gets_tighter() -> None:
    """With complete records what they know is the truth and certain; talk and hold have bounds that hold it."""
    truth, socket, both = reports(1, 4, "socket lossy, records complete")

    assert {name: value(both, name) for name in KNOWN} == {name: value(truth, name) for name in KNOWN}
    assert not set(KNOWN) & both.bounds.keys()
    assert set(KNOWN) & socket.bounds.keys()
    for name in BOUNDED:
        found, before = both.bounds[name], socket.bounds[name]
        assert found.low <= value(truth, name) <= (found.high or 0)
        assert (found.high or 0) - found.low < (before.high or 0) - before.low
