import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack.cli import commands

CASES = Path(__file__).parents[2] / "fixtures" / "cases"


@pytest.mark.parametrize(("name", "callers"), [("exit-lost-then-hangup", 1), ("zombie-ring-after-abandon", 0)])
def test_missed(name: str, callers: int) -> None:
    """Who gave up is listed, and who was spoken to is not."""
    path = str(CASES / f"{name}.jsonl")
    as_json = CliRunner().invoke(commands, ["missed", path, "--json"])
    table = CliRunner().invoke(commands, ["missed", path])

    found = json.loads(as_json.stdout)
    assert callers == len(found["callers"])
    assert f"callers to call back: {callers}" in table.stdout
    assert all(one["number"] in table.stdout for one in found["callers"])
    assert callers == table.stdout.count("+02:00"), "times are on the stream's own clock"
