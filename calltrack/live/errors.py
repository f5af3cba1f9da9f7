"""Errors of the live shell; none of them holds a secret, in its text or in its chain.

::

    CalltrackError
    └── LiveError
        ├── CredentialsError   no usable login in the environment or the file
        ├── LoginRefused       the login API said no: final
        ├── LoginFailed        the login API could not be asked: worth another try
        └── ConnectFailed      a server did not let us in: worth another try, or the next server
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from calltrack.core.errors import CalltrackError

_QUERY = re.compile(r"\?[^\s'\"<>)]+")
_USERINFO = re.compile(r"//[^/\s@'\"]+@")


class LiveError(CalltrackError):
    """Anything that the live shell raises."""


class CredentialsError(LiveError):
    """The environment or the file holds no usable login; the text says what to set."""


class LoginRefused(LiveError):
    """The login API refused these credentials, which is final."""


class LoginFailed(LiveError):
    """The login API could not be asked, or answered nonsense; another try may do."""


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
    """Return the first error of the chain that ended in this one: libraries wrap the telling one."""
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
