from pathlib import Path

import pytest

from tests.journal.kill import run

pytestmark = pytest.mark.slow


def test_nothing_is_lost_or_doubled_by_kill_9(tmp_path: Path) -> None:
    """Ten random moments; `python -m tests.journal.kill` takes a hundred."""
    survived = run(tmp_path, times=10, seed=7)

    assert [] == survived.differences
    assert 10 == survived.kills
    assert survived.frames > 0 and survived.resumed > 0
