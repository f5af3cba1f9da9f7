"""No record is lost or doubled over a `kill -9`; `python -m tests.serve.posts` posts 1,000 a second for a minute."""

import asyncio
from pathlib import Path

import pytest

from tests.serve.posts import run


@pytest.mark.slow
def test_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """A few hundred records, one kill."""
    assert asyncio.run(run(tmp_path, 200, 4, 1)).bad == []
