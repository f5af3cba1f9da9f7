"""The audit log: who looked at what, when, from where; a JSON line for each request that a role needs, and each log-in.

What a board asks for again and again is said once in ten minutes. Numbers in what was asked for are hidden; ids, names
of extensions and times are not.
"""

from __future__ import annotations

import logging
import re
import time
from collections import OrderedDict
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from calltrack.core.errors import CalltrackError
from calltrack.serve.security.numbers import masked
from calltrack.serve.security.oidc import CALLBACK

AGAIN = 600.0
"""Seconds in which the same reading by the same visitor is said once."""

_REMEMBERED = 10_000
_LONGEST = 500  # characters of what was asked for
_KEPT = re.compile(
    r"""[0-9A-Za-z]{18,}  # a call's id or much of it: longer than what anybody dials, 00 and 15 digits (E.164)
    | [A-Za-z]{2,}[0-9]{1,6}  # an extension
    | [12][0-9]{3}-[01][0-9]-[0-3][0-9]  # a moment
      ([T\ ][0-2][0-9](:[0-5][0-9]){1,2}(\.[0-9]+)?(Z|[+\ -][0-2][0-9](:?[0-5][0-9])?)?)?
    """,
    re.VERBOSE,
)
_TIMES = frozenset(("at", "since", "until"))
_EPOCH = re.compile(r"[1-9][0-9]{8,9}(\.[0-9]+)?")


class CannotAudit(CalltrackError):
    """The audit log cannot be written; says why."""


class Audit:
    """Where it is written to; nowhere without a file. A file that was moved away (logrotate) begins anew."""

    def __init__(self, file: Path | None = None) -> None:
        self._said: OrderedDict[tuple[str, ...], float] = OrderedDict()
        self._log: logging.Logger | None = None
        if file is None:
            return
        try:
            file.touch(0o600)
            handler = WatchedFileHandler(file, encoding="utf-8")
        except OSError as error:
            raise CannotAudit(f"{file}: the audit log cannot be written: {error.strerror}") from None
        self._log = logging.Logger("calltrack.audit")  # of its own: no level or handler of others holds for it
        self._log.addHandler(handler)

    def close(self) -> None:
        """Let go of the file."""
        for handler in self._log.handlers if self._log else ():
            handler.close()

    def see(self, scope: Any, visitor: Any, status: int) -> None:
        """Note a request of the server's form, by a Visitor or by an unknown client (None), with its answer."""
        if self._log is None:
            return
        role, who = ("", "") if visitor is None else (visitor.name, visitor.who)
        account = getattr(scope.get("account"), "name", "")
        path = scope["path"][:_LONGEST]
        query = scope["query_string"].decode("latin-1")[:_LONGEST]
        if scope["path"] == CALLBACK:
            query = ""  # has the provider's code in it
        method = scope.get("method", "WEBSOCKET")
        client = (scope.get("client") or ("",))[0]
        now = time.monotonic()
        key = (role, who, client, method, account, path, query, str(status))
        if method in ("GET", "WEBSOCKET") and now - self._said.get(key, -AGAIN) < AGAIN:
            return
        self._said[key] = now
        self._said.move_to_end(key)
        if len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)
        said = {"at": round(time.time(), 3), "role": role, "who": who, "from": client, "method": method}
        asked = {
            "path": (f"/accounts/{account}" if account else "") + "/".join(map(_hidden, path.split("/"))),
            "query": "&".join(map(_parameter, query.split("&"))),
        }
        self._log.info(msgspec.json.encode({**said, **asked, "status": status}).decode())


def _parameter(text: str) -> str:
    """A part of a query, readable, without numbers."""
    name, equals, value = (unquote_plus(part) for part in text.partition("="))
    if name in _TIMES and _EPOCH.fullmatch(value):
        return f"{name}={value}"
    return masked(name) + equals + _hidden(value)


def _hidden(part: str) -> str:
    return part if all(map(_KEPT.fullmatch, part.split(","))) else masked(part)
