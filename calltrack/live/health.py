"""How a connection is: a value for statuses, metrics and boards."""

from __future__ import annotations

from msgspec import Struct

_SILENT = 6.0  # s; a healthy server answers a ping within less


class Health(Struct, frozen=True):
    """A connection now. `server` is "" while there is none; `since` is when that began, UTC epoch s.

    `stale_for`: seconds since the server was last heard, be it an answer to a ping; None without a connection.
    `trouble`: what hinders it, "" if nothing does. `frames`: events received since the start.
    """

    server: str = ""
    since: float | None = None
    stale_for: float | None = None
    trouble: str = ""
    frames: int = 0

    def __str__(self) -> str:
        if self.server:
            silent = f", silent for {self.stale_for:.0f} s" if (self.stale_for or 0.0) >= _SILENT else ""
            return f"connected to {self.server}{silent}"
        return f"connecting ({self.trouble})" if self.trouble else "connecting"
