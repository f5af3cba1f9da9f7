"""Errors of the live shell; none of them holds a secret, in its text or in its chain.

::

    CalltrackError
    └── LiveError
        ├── AccountsError      the file of accounts cannot be used
        ├── CredentialsError   no usable login in the environment or the file
        ├── CannotUseCA        the file with the caller's own certificates is unusable (network)
        ├── LoginRefused       the login API said no: final, unless this login has worked before
        ├── LoginFailed        the login API could not be asked: worth another try
        └── ConnectFailed      a server did not let us in: worth another try, or the next server
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, MutableMapping
from typing import Any
from urllib.parse import quote, quote_plus

from calltrack.core.errors import CalltrackError

_QUERY = re.compile(r"\?[^\s'\"<>)]+")
_USERINFO = re.compile(r"//[^/\s@'\"]+@")


class LiveError(CalltrackError):
    """Anything that the live shell raises."""


class CredentialsError(LiveError):
    """The environment or the file holds no usable login; the text says what to set."""


class AccountsError(LiveError):
    """The file of accounts cannot be read, or is not of its form; the text says where and why."""


class LoginRefused(LiveError):
    """The login API refused these credentials; final, unless they have worked before."""


class LoginFailed(LiveError):
    """The login API could not be asked, or gave no usable answer; another try may work.

    `retry_after` is how long the API asks its clients to wait, in seconds; 0 if it does not say.
    """

    def __init__(self, text: str, *, retry_after: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class ConnectFailed(LiveError):
    """A server did not give a working socket; `unauthorized` says that it was our token it did not like."""

    def __init__(self, text: str, *, unauthorized: bool = False) -> None:
        super().__init__(text)
        self.unauthorized = unauthorized


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets, whole or percent-encoded, and without any URL's query and user.

    The query goes even if no secret is known: the socket's URL carries the token there (sdk).
    """
    for secret in secrets:
        if secret:
            for form in {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}:
                text = text.replace(form, "***")
    return _USERINFO.sub("//***@", _QUERY.sub("?***", text))


def root_cause(error: BaseException) -> BaseException:
    """Return the first error of the chain that ended in this one: libraries wrap the one with the reason."""
    seen = {error}
    while (cause := error.__cause__ or error.__context__) is not None and cause not in seen:
        seen.add(cause)
        error = cause
    return error


def described(error: BaseException, secrets: Iterable[str]) -> str:
    """Return kind and text of what began this error, redacted, on one line."""
    cause = root_cause(error)
    text = " ".join(redacted(str(cause), secrets).split())
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__


class Troubles:
    """Present troubles by name: each is said once, and again only when it changes or has been over in between.

    `last` is the newest, "" once it is over. `log` says for whom: its lines begin with the account's name, if any.
    """

    def __init__(self, log: logging.Logger, account: str = "") -> None:
        self.log = _Named(log, {"account": account}) if account else log
        self.last = ""
        self._present: dict[str, str] = {}

    def note(self, what: str, reason: str) -> None:
        """Warn of a trouble; the same one with the same reason is a warning once, then a debug line."""
        level = logging.DEBUG if self._present.get(what) == reason else logging.WARNING
        self._present[what] = reason
        self.last = f"{what}: {reason}"
        self.log.log(level, "%s failed: reason=%r", what, reason)

    def over(self, what: str) -> None:
        """Take note that a trouble is over."""
        if (reason := self._present.pop(what, None)) is not None:
            if self.last == f"{what}: {reason}":
                self.last = ""
            self.log.info("%s works again", what)


class _Named(logging.LoggerAdapter[logging.Logger]):
    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        account = (self.extra or {}).get("account", "")
        return f"{account}: {msg}", kwargs
