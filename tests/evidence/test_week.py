"""Both accounts together know more than either: bounds hold the truth; `python -m tests.evidence.week` does a week."""

import pytest

from tests.evidence.week import SIDES, compared, faults


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SIDES))
def test_all_evidence_is_narrower_and_true(name: str) -> None:
    """Three hours of a centre with ten extensions."""
    assert faults(name, compared(1, 3, name)) == []
