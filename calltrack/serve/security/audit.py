"""The audit log: who looked at what, when, from where; a JSON line for each request that a role needs, and each log-in.

What a board asks for again and again is said once in ten minutes. Numbers in what was asked for are hidden.
"""

from __future__ import annotations

import logging
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
_NUMBER = 15  # digits of a phone number, at most (E.164)


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
        path = (f"/accounts/{account}" if account else "") + scope["path"][:_LONGEST]
        query = unquote_plus(scope["query_string"].decode("latin-1"))[:_LONGEST]
        if scope["path"] == CALLBACK:
            query = ""  # has the provider's code in it
        method = scope.get("method", "WEBSOCKET")
        client = (scope.get("client") or ("",))[0]
        now = time.monotonic()
        key = (role, who, client, method, path, query, str(status))
        if method in ("GET", "WEBSOCKET") and now - self._said.get(key, -AGAIN) < AGAIN:
            return
        self._said[key] = now
        self._said.move_to_end(key)
        if len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)
        said = {"at": round(time.time(), 3), "role": role, "who": who, "from": client, "method": method}
        self._log.info(
            msgspec.json.encode(
                {**said, "path": _without_numbers(path), "query": masked(query), "status": status}
            ).decode()
        )


def _without_numbers(path: str) -> str:
    """A path whose ids stay: a call's id is longer than any number can be."""
    return "/".join(part if len(part) > _NUMBER else masked(part) for part in path.split("/"))
