from pathlib import Path

import pytest

from calltrack.live import (
    Account,
    Credentials,
    CredentialsError,
    Token,
    User,
    credentials_from_env,
    credentials_from_file,
)

FORMS: list[tuple[dict[str, str], Credentials]] = [
    ({"CALLTRACK_TOKEN": "hush"}, Token("hush")),
    ({"CALLTRACK_EMAIL": "a@b.test", "CALLTRACK_PASSWORD": "hush"}, User("a@b.test", "hush")),
    ({"CALLTRACK_USERNAME": "acme", "CALLTRACK_PASSWORD": "hush"}, Account("acme", "hush")),
]


@pytest.mark.parametrize(("values", "expected"), FORMS)
def test_reads_each_login_from_the_environment(values: dict[str, str], expected: Credentials) -> None:
    """Every login type of the doc has its variables."""
    assert credentials_from_env(values) == expected


@pytest.mark.parametrize(("values", "expected"), FORMS)
def test_reads_each_login_from_a_file(tmp_path: Path, values: dict[str, str], expected: Credentials) -> None:
    """A file of the owner alone holds the same names; comments and spaces do not matter."""
    path = tmp_path / "login"
    path.write_text("# ours\n\n" + "".join(f" {name} = {value}\n" for name, value in values.items()))
    path.chmod(0o600)
    assert credentials_from_file(path) == expected


def test_keeps_equals_signs_of_a_token(tmp_path: Path) -> None:
    """Only the first equals sign of a line divides it: tokens end in some."""
    path = tmp_path / "login"
    path.write_text("CALLTRACK_TOKEN=abc==\n")
    path.chmod(0o600)
    assert credentials_from_file(path) == Token("abc==")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o660, 0o644])
def test_refuses_a_file_that_others_may_use(tmp_path: Path, mode: int) -> None:
    """Group or world in any way on the file is an error that says what to run."""
    path = tmp_path / "login"
    path.write_text("CALLTRACK_TOKEN=hush\n")
    path.chmod(mode)
    with pytest.raises(CredentialsError, match="chmod 600") as caught:
        credentials_from_file(path)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "holds no login; set CALLTRACK_TOKEN"),
        ({"CALLTRACK_EMAIL": "a@b.test"}, "holds no login"),
        ({"CALLTRACK_PASSWORD": "hush"}, "holds no login"),
        ({"CALLTRACK_TOKEN": "hush", **FORMS[1][0]}, "more than one login"),
        ({**FORMS[1][0], **FORMS[2][0]}, "more than one login"),
    ],
)
def test_refuses_none_half_and_two_logins(values: dict[str, str], text: str) -> None:
    """What is not exactly one login is an error that names the choice, not the values."""
    with pytest.raises(CredentialsError, match=text) as caught:
        credentials_from_env(values)
    assert "hush" not in str(caught.value)


def test_names_file_and_line_of_nonsense(tmp_path: Path) -> None:
    """A line that is no assignment is named by its number, not shown: it may be a bare token."""
    path = tmp_path / "login"
    path.write_text("# ours\nhush\n")
    path.chmod(0o600)
    with pytest.raises(CredentialsError, match=r"login:2: expected NAME=value") as caught:
        credentials_from_file(path)
    assert "hush" not in str(caught.value)
    with pytest.raises(CredentialsError, match=r"absent: cannot be read: No such file or directory"):
        credentials_from_file(tmp_path / "absent")


@pytest.mark.parametrize("value", [Token("hush"), User("hush", "hush"), Account("hush", "hush")])
def test_shows_nothing_of_a_login(value: Credentials) -> None:
    """No repr holds what a login holds."""
    assert "hush" not in repr(value)
    assert "hush" not in str(value)
