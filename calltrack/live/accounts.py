"""Many accounts: how to log in to each, in words that hold no secret; and their logins, one after the other.

    [[account]]
    name = "acme"
    credentials = "env:ACME"          # ACME_TOKEN, or ACME_EMAIL and ACME_PASSWORD, or ACME_USERNAME and ACME_PASSWORD
    [[account]]
    name = "globex"
    credentials = "file:/etc/calltrack/globex"

The same description is what Kafka's topic `accounts` has of an account.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import msgspec
from msgspec import Meta, Struct

from calltrack.live.credentials import Account, Credentials, Token, credentials_from_env, credentials_from_file
from calltrack.live.errors import AccountsError, CredentialsError, LiveError, LoginRefused
from calltrack.live.login import DEFAULT_SERVERS, Endpoints, LoginApi, Session
from calltrack.live.network import Network, checked_url
from calltrack.live.timing import Pace

LOGINS_PER_S = 8.0
"""Logins a second of all accounts of one process together; below 10, so that what the network clumps stays so, too."""

Stack = Literal["older", "newer"]

NAME = "[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*"
"""A pattern of an account's name: letters, digits, and `.`, `_`, `-` between them; it has at most 100 characters."""
_LONGEST = 100
_VARIABLES = ("TOKEN", "EMAIL", "USERNAME", "PASSWORD")


class Service(TypedDict):
    """The arguments of LoginApi, `connect` and `listen` that say where an account is and who logs in."""

    credentials: Credentials
    endpoints: Endpoints | None
    servers: tuple[str, ...]
    protocol: Any
    network: Network


def service_of(
    credentials: Credentials, login_url: str, servers: tuple[str, ...], protocol: int | None, stack: Stack, ca: Network
) -> Service:
    """Where an account is; raises ValueError for what does not go together, or is no address.

    A token goes to `servers` as it is if there is no `login_url`. `login_url` may be the whole address of the login.
    """
    if servers and not login_url and isinstance(credentials, Token):
        credentials = Token(credentials.token, use_login_api=False)
    if stack == "newer" and isinstance(credentials, Account):
        raise ValueError("the newer stack has no account login; use a user or a token")
    if stack == "newer" and not login_url:
        raise ValueError("the newer stack needs the address of its login API: none is published")
    endpoints = None
    if login_url:
        base = checked_url(login_url)
        # The whole address of the login may be given as well.
        older = base.removesuffix("/Login").removesuffix("/monitorAPI")
        endpoints = Endpoints.newer(base) if stack == "newer" else Endpoints.older(older)
    return {
        "credentials": credentials,
        "endpoints": endpoints,
        "servers": tuple(checked_url(one if "://" in one else f"https://{one}") for one in servers) or DEFAULT_SERVERS,
        "protocol": protocol,
        "network": ca,
    }


class Definition(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How to log in to an account. It holds no secret, only where one is.

    `credentials`: `file:PATH` of a file like `--credentials`, or `env:PREFIX`, variables PREFIX_TOKEN and so on.
    The others are as the options of `calltrack record`. Raises ValueError for credentials of another form, and for
    addresses that are none.
    """

    credentials: str
    login_url: str = ""
    servers: tuple[str, ...] = ()
    protocol: Literal[3, 4] | None = None
    stack: Stack = "older"

    def __post_init__(self) -> None:
        kind, _, where = self.credentials.partition(":")
        if kind not in ("file", "env") or not where:
            raise ValueError("credentials must be file:PATH or env:PREFIX; a secret itself is not kept here")
        service_of(Token(""), self.login_url, self.servers, self.protocol, self.stack, _ANY)

    def secret(self, environ: Mapping[str, str] = os.environ) -> Credentials:
        """Who logs in, read now; raises CredentialsError."""
        kind, _, where = self.credentials.partition(":")
        if kind == "file":
            return credentials_from_file(where)
        try:
            return credentials_from_env({f"CALLTRACK_{one}": environ.get(f"{where}_{one}", "") for one in _VARIABLES})
        except CredentialsError as error:
            raise CredentialsError(str(error).replace("CALLTRACK_", f"{where}_")) from None


_ANY = Network()


def is_account_name(name: str) -> bool:
    """Whether this can be an account's name: it appears in addresses, file names, metrics and logs."""
    return len(name) <= _LONGEST and re.fullmatch(NAME, name) is not None


class _Entry(Definition, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, Meta(pattern=rf"^{NAME}\Z", max_length=_LONGEST)]


class _File(Struct, forbid_unknown_fields=True):
    account: list[_Entry] = []


def read_accounts(file: Path) -> dict[str, Definition]:
    """The accounts of a TOML file, by name, in its order; raises AccountsError with the place and the reason."""
    try:
        entries = msgspec.toml.decode(file.read_bytes(), type=_File).account
    except OSError as error:
        raise AccountsError(f"{file}: cannot be read: {error.strerror}") from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise AccountsError(f"{file}: {error}") from None
    if not entries:
        raise AccountsError(f"{file}: has no [[account]] table")
    found: dict[str, Definition] = {}
    folded = set[str]()
    for entry in entries:
        if entry.name.casefold() in folded:  # their files would be one where case does not count
            raise AccountsError(f"{file}: two accounts are named {entry.name}")
        folded.add(entry.name.casefold())
        found[entry.name] = msgspec.convert(entry, Definition, from_attributes=True)
    return found


class AccountLogin:
    """The sessions of one account among many: each login and renewal waits for its turn.

    The secret is read again for each, so that one that is corrected is used without a restart.
    """

    def __init__(
        self, definition: Definition, pace: Pace, network: Network, environ: Mapping[str, str] = os.environ
    ) -> None:
        self.network = network
        self._environ = environ
        self._definition = definition
        self._pace = pace

    async def login(self) -> Session:
        """Return a new session; raises LoginRefused, also for a secret that is missing, and LoginFailed."""
        await self._pace.turn()
        return await self._api().login()

    async def refresh(self, session: Session) -> Session:
        """Return a session with a newer token; raises as `login`."""
        await self._pace.turn()
        return await self._api().refresh(session)

    def _api(self) -> LoginApi:
        one = self._definition
        try:
            found = service_of(
                one.secret(self._environ), one.login_url, one.servers, one.protocol, one.stack, self.network
            )
            return LoginApi(**found)
        except (LiveError, ValueError) as error:
            raise LoginRefused(str(error)) from None
