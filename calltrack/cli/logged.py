"""Log lines of the commands that run for long: what a stranger put into one neither ends it nor colours it."""

from __future__ import annotations

import logging
from typing import Any

from calltrack.words.values import safe


class Lines(logging.Formatter):
    """One line for each record; those of an exception stand below it, indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """A record's own text."""
        return safe(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        """What stands below it."""
        return "\n".join(f"  {safe(line)}" for line in super().formatException(ei).splitlines())


def log_lines(form: str) -> None:
    """Log to standard error from now on, in lines of this form (of logging)."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(form))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("calltrack").setLevel(logging.INFO)
