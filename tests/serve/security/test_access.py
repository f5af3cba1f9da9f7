from __future__ import annotations

from pathlib import Path

import pytest

from calltrack.serve.security.access import SESSION_LIFE, VARIABLE, Access, TokensError, Visitor, access
from calltrack.serve.security.scope import EVERYTHING, Scope

ALL, DESK = "all-" + "a" * 28, "desk-" + "d" * 27
FILE = f"""
[[token]]
name = "wallboard"
token = "{ALL}"

[[token]]
name = "support desk"
token = "{DESK}"
queues = ["55"]
phone_numbers = false
"""


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "tokens.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_file_says_who_sees_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the environment's token sees everything."""
    monkeypatch.setenv(VARIABLE, "e" * 24)
    doors = access(written(tmp_path, FILE))

    assert Visitor("wallboard", Scope()) == doors.by_token(ALL)
    assert Visitor("support desk", Scope(queues=frozenset({"55"}), phone_numbers=False)) == doors.by_token(DESK)
    assert Visitor(VARIABLE, EVERYTHING, may_set_limits=True) == doors.by_token("e" * 24)
    assert doors.by_token(ALL[:-1]) is None
    assert not doors.open
    assert Access({}).open


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        (FILE, 0o640, "chmod 600"),
        ("[[token]]\nname = 'x'\ntoken = 'short-one'", 0o600, "the token of x is shorter"),
        ("[[token]]\nname = 'x'", 0o600, "missing required field `token`"),
        ("[[token]]\nname = 'x'\ntoken = 't'\nqueue = ['55']", 0o600, "unknown field `queue`"),
        ("token", 0o600, "tokens.toml"),
        ("", 0o600, r"has no \[\[token\]\] table"),
        pytest.param("x = " + "1" * 5000, 0o600, "tokens.toml", id="digits"),
        pytest.param("x = " + "[" * 5000, 0o600, "tokens.toml", id="nested"),
    ],
)
def test_a_bad_file_is_refused_without_telling_a_token(tmp_path: Path, text: str, mode: int, reason: str) -> None:
    """With what is wrong, and what to do."""
    with pytest.raises(TokensError, match=reason) as caught:
        access(written(tmp_path, text, mode))
    assert "short-one" not in str(caught.value)
    assert ALL not in str(caught.value)


def test_a_session_ends() -> None:
    """By itself after some hours, or when one logs out."""
    now = [0.0]
    doors = Access({ALL: Visitor("wallboard", EVERYTHING)}, clock=lambda: now[0])
    first, second = doors.log_in(Visitor("wallboard", EVERYTHING)), doors.log_in(Visitor("wallboard", EVERYTHING))
    doors.log_out(second)

    assert Visitor("wallboard", EVERYTHING) == doors.by_session(first)
    assert doors.by_session(second) is None
    now[0] = SESSION_LIFE
    assert doors.by_session(first) is None
