"""The configuration file: options and tables, what goes before what, and the effective form."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from calltrack.cli import commands

HOOK = '[[webhook]]\nname = "crm"\nurl = "https://crm.example/x"\nsecret_env = "HOOK_SECRET"\nwaiting = 7\n'


def shown(folder: Path, text: str, *arguments: str) -> Result:
    file = folder / "serve.toml"
    file.write_text(text)
    return CliRunner().invoke(commands, ["serve", "--config", str(file), *arguments, "--show-config"])


@pytest.mark.parametrize(
    "line",
    [
        'login_url = "https://user:hunter2@x.example/"',
        'login_url = "https://x.example/?k=hunter2"',
        'server = ["wss://u:hunter2@x"]',
        'server = ["u:hunter2@x"]',
        'poll_url = "https://api.x/?code=hunter2"',
        'kafka = "kafka://u:hunter2@x"',
        '[oidc]\nissuer = "https://u:hunter2@x"\nclient_id = "c"\nurl = "https://y"\nrole = []',
        '[oidc]\nissuer = "https://x"\nclient_id = "c"\nurl = "https://y/?k=hunter2"\nrole = []',
    ],
)
def test_an_address_with_a_secret_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """It would be shown; what says so does not show it."""
    monkeypatch.setenv("HOOK_SECRET", "s" * 32)
    found = shown(tmp_path, line)
    said = found.output + str(found.exception)

    assert "must not contain a user name" in said
    assert "hunter2" not in said


def test_the_query_of_a_webhook_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be what lets callers in there."""
    monkeypatch.setenv("HOOK_SECRET", "s" * 32)
    url = tomllib.loads(HOOK)["webhook"][0]["url"]
    found = shown(tmp_path, HOOK.replace(url, f"{url}?token=hunter2"))

    assert (0, False) == (found.exit_code, "hunter2" in found.output)
    assert f"{url}?…" == tomllib.loads(found.output)["webhook"][0]["url"]


def test_every_source_of_an_option_has_its_rank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Command line, environment, file, default; and the printed form has the same effect."""
    monkeypatch.setenv("HOOK_SECRET", "s" * 32)
    monkeypatch.setenv("CALLTRACK_STACK", "newer")
    options = 'agents = 7\nqueues = 3\nkeep_days = 9\nspeed = "max"\nstack = "older"\nserver = ["a.example"]\n'
    text = options + HOOK
    found = shown(tmp_path, text, "--agents", "8", "--speed", "20x")
    again = shown(tmp_path, found.output)

    assert 0 == found.exit_code == again.exit_code
    lines = found.output.splitlines()
    assert {
        "agents = 8  # the command line",
        "queues = 3  # the file",
        "keep_days = 9.0  # the file",
        'speed = "20x"  # the command line',
        'stack = "newer"  # the environment',
        'listen = "127.0.0.1:8078"  # default',
        "# replay is not set",
    } <= set(lines)
    said = tomllib.loads(found.output)
    assert ["a.example"] == said["server"]
    assert 7 == said["webhook"][0]["waiting"]
    assert said == tomllib.loads(again.output)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("agent = 5", "there is no agent, but "),
        ('agents = "5"', "agents: give a whole number"),
        ("agents = true", "agents: give a whole number"),
        ("agents = 1.5", "agents: give a whole number"),
        ("keep_days = nan", "serve.toml: keep_days: nan is not a valid number"),
        ("keep_mb = inf", "serve.toml: keep_mb: inf is not in the range"),
        pytest.param("keep_days = 1" + "0" * 400, "serve.toml: keep_days: inf is not in the range", id="huge"),
        pytest.param("keep_days = " + "1" * 5000, "serve.toml: Exceeds the limit", id="digits"),
        pytest.param("agents = " + "[" * 5000, "serve.toml: is nested too deeply", id="nested"),
        pytest.param(f"listen = 'a:{'9' * 5000}'", "serve.toml: listen: ", id="port"),
        ('poll = "999999999d"', "serve.toml: poll: this duration is too large"),
        ('journal = "a\\u0000b"', "serve.toml: journal: a text must not contain control characters"),
        ('[popup]\nlookup = "a\\u0000b"', "serve.toml: popup: a text must not contain control characters"),
        ('[[team]]\nname = "a\\u202eb"', "serve.toml: team: a text must not contain control characters"),
        ('account.statuses.123456789012 = "x"', "'123456789012' is no number of a status"),
        ("simulate = 1", "simulate: give true or false"),
        ("journal = 5", "journal: give a text"),
        ('server = "a.example"', "server: give a list"),
        ('config = "other.toml"', "there is no config"),
        ('listen = "0.0.0.0:0"', "tokens are needed"),
        ("agents = 0", "0 is not in the range"),
        ('listen = "8078"', "is no address"),
        ("agents = ", "serve.toml: "),
        ("webhook = 5", "Expected `array`"),
        ("[webhooks]", "there is no webhooks"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """With the name, and why."""
    found = shown(tmp_path, f"{text}\n")

    assert 2 == found.exit_code or found.exception
    assert reason in found.output + str(found.exception)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """As any other file that is no TOML."""
    (tmp_path / "serve.toml").write_bytes(b"zone = '\xff'\n")
    found = CliRunner().invoke(commands, ["serve", "--config", str(tmp_path / "serve.toml")])

    assert "serve.toml" in str(found.exception)
