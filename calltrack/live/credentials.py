"""Who logs in: the vendor's login types as frozen values that never show what they hold.

They come from arguments, from the environment or from a file that only its owner can read, so that no password
need stand on a command line.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from calltrack.live.errors import CredentialsError
from calltrack.live.private import private_values


@dataclass(frozen=True, slots=True)
class User:
    """One person's login, by e-mail address; sees its own extension and queues only (doc)."""

    email: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """A whole account's login, by user name (doc)."""

    username: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A monitor token (doc); without `use_login_api` it goes to the servers as it is (sdk)."""

    token: str = field(repr=False)
    use_login_api: bool = True


Credentials = User | Account | Token


def secrets_of(credentials: Credentials) -> tuple[str, ...]:
    """Return what must never be shown of these credentials."""
    return (credentials.token,) if isinstance(credentials, Token) else (credentials.password,)


def credentials_from_env(environ: Mapping[str, str] = os.environ) -> Credentials:
    """Return the login that the environment holds.

    One of `CALLTRACK_TOKEN`; `CALLTRACK_EMAIL` and `CALLTRACK_PASSWORD`; `CALLTRACK_USERNAME` and
    `CALLTRACK_PASSWORD`. Raises CredentialsError for none, for half of one and for two at once.
    """
    return _chosen(environ, "the environment")


def credentials_from_file(path: str | os.PathLike[str]) -> Credentials:
    """Return the login that a file holds, as lines `CALLTRACK_TOKEN=…` with the environment's names.

    Empty lines and lines that begin with `#` are skipped. Raises CredentialsError if the file cannot be read,
    if (but on Windows) its group or the world may read or write it, or if it holds no usable login.
    """
    return _chosen(private_values(Path(path), CredentialsError), str(path))


def _chosen(values: Mapping[str, str], where: str) -> Credentials:
    token, email, username, password = (
        values.get(f"CALLTRACK_{name}", "") for name in ("TOKEN", "EMAIL", "USERNAME", "PASSWORD")
    )
    found: list[Credentials] = []
    if token:
        found.append(Token(token))
    if email and password:
        found.append(User(email, password))
    if username and password:
        found.append(Account(username, password))
    if len(found) == 1:
        return found[0]
    choice = (
        "CALLTRACK_TOKEN, or CALLTRACK_EMAIL with CALLTRACK_PASSWORD, or CALLTRACK_USERNAME with CALLTRACK_PASSWORD"
    )
    if found:
        raise CredentialsError(f"{where} holds more than one login; set one of {choice}")
    raise CredentialsError(f"{where} holds no login; set {choice}")
