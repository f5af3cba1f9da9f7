"""Small days of every kind, plain and with echoes in other spellings. Many more: `python -m tests.kinds`."""

import pytest

from tests.kinds.runs import KINDS, wrong


@pytest.mark.parametrize("mode", ["plain", "echoed", "respelled"])
@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_day(name: str, mode: str) -> None:
    """What its docstring says, at whatever moments."""
    assert {} == {seed: found for seed in range(2) if (found := wrong(name, mode, seed))}
