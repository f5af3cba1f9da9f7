"""The tokens' file is read again when it has changed, or on request: no restart withdraws or adds a token."""

from __future__ import annotations

import logging
from collections.abc import Callable

from calltrack.serve.security.access import Access, TokensError, tokens

_log = logging.getLogger("calltrack.serve")


class Reloading:
    """Keeps an Access as its file is; `changed` is called when it is another."""

    def __init__(self, access: Access, changed: Callable[[], None]) -> None:
        self._access = access
        self._changed = changed
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
            self._changed()

    def _look(self) -> tuple[int, ...]:
        try:
            found = self._access.file.stat() if self._access.file else None
        except OSError:
            return (0,)
        return (found.st_ino, found.st_mtime_ns, found.st_size) if found else ()
