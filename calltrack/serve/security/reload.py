"""The tokens' file is read again when it has changed, or on request: no restart withdraws or adds a token."""

from __future__ import annotations

import logging
from collections.abc import Callable

from calltrack.serve.security.access import Access, TokensError, tokens

_log = logging.getLogger("calltrack.serve")


class Reloading:
    """Keeps an Access as its file is; `end` is called with the roles that are not as before, to end their streams."""

    def __init__(self, access: Access, end: Callable[[frozenset[str]], None]) -> None:
        self._access = access
        self._end = end
        self._stamp = self._look()

    def look(self) -> None:
        """Read the file if it is another than before."""
        if self._look() != self._stamp:
            self.again()

    def again(self) -> None:
        """Read the file; if it cannot be used, the tokens before still hold."""
        self._stamp = self._look()
        try:
            changed = self._access.replace(tokens(self._access.file)) if self._access.file else frozenset[str]()
        except TokensError as error:
            _log.error("the tokens stay as they were: %s", error)
            return
        if changed:
            _log.info("other tokens of: %s", ", ".join(sorted(changed)))
            self._end(changed)

    def _look(self) -> tuple[int, ...]:
        try:
            found = self._access.file.stat() if self._access.file else None
        except OSError:
            return (0,)
        return (found.st_ino, found.st_mtime_ns, found.st_size) if found else ()
