"""Who may come in: tokens, their roles, and sessions for browsers, which cannot send a token with a stream.

Tokens are compared by their digests and in constant time, and are nowhere kept as they are.
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from calltrack.core.errors import CalltrackError
from calltrack.live.private import private_text
from calltrack.serve.security.scope import EVERYTHING, Scope

VARIABLE = "CALLTRACK_SERVE_TOKEN"
SHORTEST = 24
"""Characters of a token, at least: it is what a guess has to hit."""
SESSION_LIFE = 12 * 3600.0
"""Seconds after which a browser has to log in again."""

SESSIONS = 1000
"""Sessions of one role at once; its oldest goes."""


class TokensError(CalltrackError):
    """The tokens cannot be used: their file is missing, not private, or not of the form; shows no token."""


class Visitor(NamedTuple):
    """Who asks: the role, by the name in the tokens' file, what it sees, and what it may do.

    `who` is the person, where one logged in and not a token. `accounts` are those that it may enter, None for all.
    """

    name: str
    scope: Scope
    may_set_limits: bool = False
    who: str = ""
    accounts: frozenset[str] | None = None

    def may_enter(self, account: str) -> bool:
        """Whether an account is one of this role's."""
        return self.accounts is None or account in self.accounts


ANYBODY = Visitor("anybody on this machine", EVERYTHING, may_set_limits=True)


class Rights(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A role by its name, what it sees (None for all), and whether it may set the limits.

    What leads to a recording it sees only with `recordings`.
    """

    name: str
    queues: frozenset[str] | None = None
    extensions: frozenset[str] | None = None
    phone_numbers: bool = True
    recordings: bool = False
    limits: bool = False
    accounts: frozenset[str] | None = None

    def visitor(self, who: str = "") -> Visitor:
        """A visitor with this role."""
        scope = Scope(self.queues, self.extensions, self.phone_numbers, self.recordings)
        return Visitor(self.name, scope, self.limits, who, self.accounts)

    def faults(self) -> Iterator[str]:
        """What cannot be meant, in words."""
        if self.limits and not self.visitor().scope.sees_all:
            yield "cannot set limits: they concern queues that it does not see"


class _Entry(Rights, frozen=True, kw_only=True):
    token: str


class _File(Struct, forbid_unknown_fields=True):
    token: list[_Entry] = []


class Access:
    """The tokens that open the door; with none it stands open, which is for loopback alone.

    `file` is where they came from, if they may change; `people` are the roles of persons who log in.
    """

    def __init__(
        self,
        tokens: dict[str, Visitor],
        *,
        file: Path | None = None,
        people: Collection[Visitor] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.file = file
        self._people = people
        self._accounts: Collection[str] | None = None
        self._tokens = {digest(token): visitor for token, visitor in tokens.items()}
        self._sessions: dict[bytes, tuple[Visitor, float]] = {}
        """Whose each is, and until when: the oldest first."""
        self._clock = clock

    def replace(self, tokens: dict[str, Visitor]) -> frozenset[str]:
        """Take other tokens; returns the roles that are not as before, whose sessions have ended.

        Raises TokensError, and keeps those before, for a role that `check` would refuse.
        """
        if self._accounts is not None:
            _check_accounts(tokens.values(), self._accounts)
        new = {digest(token): visitor for token, visitor in tokens.items()}
        changed = frozenset(visitor.name for _, visitor in {*self._tokens.items()} ^ {*new.items()})
        self._tokens = new
        for secret, (visitor, _) in [*self._sessions.items()]:
            if visitor.name in changed and not visitor.who:
                del self._sessions[secret]
        return changed

    @property
    def open(self) -> bool:
        """Whether no token is needed."""
        return not self._tokens and not self._people

    def check(self, accounts: Collection[str]) -> None:
        """Raise TokensError for a role that is of other accounts than these; without names there is but one.

        Tokens that come later are held to the same.
        """
        self._accounts = accounts
        _check_accounts((*self._tokens.values(), *self._people), accounts)

    @property
    def roles(self) -> int:
        """How many roles there are, by name."""
        return len({visitor.name for visitor in (*self._tokens.values(), *self._people)})

    def by_token(self, token: str) -> Visitor | None:
        """Whose token this is; every one is compared, however early one is found."""
        found, asked = None, digest(token)
        for known, visitor in self._tokens.items():
            if hmac.compare_digest(known, asked):
                found = visitor
        return found

    def log_in(self, visitor: Visitor) -> str:
        """A new session's secret, for a cookie."""
        secret, now = secrets.token_urlsafe(32), self._clock()
        self._sessions = {key: one for key, one in self._sessions.items() if now < one[1]}
        own = [key for key, (whose, _) in self._sessions.items() if whose.name == visitor.name]
        if len(own) >= SESSIONS:
            del self._sessions[own[0]]
        self._sessions[digest(secret)] = visitor, now + SESSION_LIFE
        return secret

    def by_session(self, secret: str) -> Visitor | None:
        """Whose session this is, if it still lasts."""
        return self._of_session(digest(secret))

    def log_out(self, secret: str) -> None:
        """End a session."""
        self._sessions.pop(digest(secret), None)

    def holds(self, key: bytes, visitor: Visitor) -> bool:
        """Whether the token or the session of this digest still is this visitor's."""
        return visitor in (self._tokens.get(key), self._of_session(key))

    def _of_session(self, key: bytes) -> Visitor | None:
        visitor, until = self._sessions.get(key, (None, 0.0))
        return visitor if self._clock() < until else None


def access(file: Path | None, *, people: Collection[Visitor] = ()) -> Access:
    """What a tokens' file and the environment say; raises TokensError. `people` are the roles of persons."""
    return Access(tokens(file), file=file, people=people)


def tokens(file: Path | None) -> dict[str, Visitor]:
    """Each token with whose it is; raises TokensError."""
    found = {} if file is None else _read(file)
    if everything := os.environ.get(VARIABLE, ""):
        _check("token", everything, VARIABLE)
        found[everything] = Visitor(VARIABLE, EVERYTHING, may_set_limits=True)
    return found


def _read(file: Path) -> dict[str, Visitor]:
    try:
        entries = msgspec.toml.decode(private_text(file, TokensError), type=_File).token
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise TokensError(f"{file}: {error}") from None
    if not entries:
        raise TokensError(f"{file}: has no [[token]] table")
    tokens: dict[str, Visitor] = {}
    for entry in entries:
        _check(entry.name, entry.token, str(file))
        if entry.token in tokens:
            raise TokensError(f"{file}: {entry.name} has the token of another")
        for fault in entry.faults():
            raise TokensError(f"{file}: {entry.name} {fault}")
        tokens[entry.token] = entry.visitor()
    return tokens


def _check(name: str, token: str, where: str) -> None:
    if len(token) < SHORTEST:
        raise TokensError(
            f"{where}: the token of {name} is shorter than {SHORTEST} characters; "
            "make one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )


def _check_accounts(visitors: Iterable[Visitor], accounts: Collection[str]) -> None:
    for visitor in visitors:
        for name in sorted(visitor.accounts or ()):
            if name not in accounts:
                there = f"there is no account {name}" if any(accounts) else "without --accounts there are none"
                raise TokensError(f"the role {visitor.name} is of accounts: {there}")


def digest(secret: str) -> bytes:
    """What is kept of a token or a session."""
    return sha256(secret.encode(errors="surrogatepass")).digest()
