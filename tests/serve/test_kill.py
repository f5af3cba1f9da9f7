from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.serve.kill import kill_often

pytestmark = pytest.mark.slow


def test_killed_at_random_moments_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """A few kills; `python -m tests.serve.kill --times 100` does many."""
    outcome = asyncio.run(kill_often(tmp_path, 3, 1))

    assert [] == outcome.differences
    assert outcome.changes > outcome.frames > 900
