"""The account's own names of statuses, wherever a state or a change is shown."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack import Tracker, read_recording
from calltrack.cli import commands
from calltrack.core.changes import AgentStatusChanged
from calltrack.words.statuses import named_changes, named_snapshot

RECORDING = Path(__file__).parent.parent.parent / "fixtures" / "scenarios" / "agent-status.jsonl"


def test_a_state_and_its_changes_have_the_accounts_names() -> None:
    """A status without a name of the account's keeps its usual one; without any names nothing is made anew."""
    tracker = Tracker()
    changes = [change for frame in read_recording(RECORDING) for change in tracker.feed(frame)]
    known, names = tracker.snapshot(), {3: "Break", 42: "Wrap-up"}

    said = {one.new: one.name for one in named_changes(changes, names) if isinstance(one, AgentStatusChanged)}
    assert {1: "Login", 2: "Logout", 3: "Break", 42: "Wrap-up"}.items() >= said.items() and 3 in said
    shown = named_snapshot(known, {one.agent_status: "Own" for one in known.extensions if one.agent_status})
    assert {"Own"} == {one.agent_status_name for one in shown.extensions if one.agent_status}
    assert named_snapshot(known, {}) is known and named_changes(changes, {}) == tuple(changes)


@pytest.mark.parametrize("command", ["replay", "snapshot"])
def test_commands_take_them_from_the_configuration(tmp_path: Path, command: str) -> None:
    """In text and in JSON; the zone of the file is the clock."""
    config = tmp_path / "serve.toml"
    numbers = ", ".join(f'{number} = "Own {number}"' for number in (1, 2, 3, 42))
    config.write_text(f'zone = "Asia/Tokyo"\n[account]\nstatuses = {{ {numbers} }}\n', encoding="utf-8")
    text = CliRunner().invoke(commands, [command, str(RECORDING), "--config", str(config)])
    asked = ["--format", "json"] if command == "replay" else ["--json"]
    json = CliRunner().invoke(commands, [command, str(RECORDING), "--config", str(config), *asked])

    assert 0 == text.exit_code == json.exit_code
    assert "Own " in text.output and "+09:00" in text.output and "Login" not in text.output
    assert '"Own ' in json.stdout and '"Login"' not in json.stdout


def test_a_table_has_them_too(tmp_path: Path) -> None:
    """In the table of agents.s states."""
    config = tmp_path / "serve.toml"
    config.write_text('[account]\nstatuses = { 1 = "Own 1", 3 = "Own 3" }\n', encoding="utf-8")
    own = ["--config", str(config)]
    text = CliRunner().invoke(commands, ["export", str(RECORDING), "--table", "agent_states", "--format", "csv", *own])

    assert text.exit_code == 0, text.output
    assert "Own 3" in text.stdout and "Login" not in text.stdout and "Lunch" not in text.stdout
