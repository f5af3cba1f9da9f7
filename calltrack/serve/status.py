"""How an account is, as `/api/accounts` and `calltrack status` have it."""

from __future__ import annotations

from msgspec import Struct


class Status(Struct, frozen=True):
    """How an account is. `ok`: its state is known, and frames can be kept; else `trouble` says why not, in words.

    `source`: what its connection does. `stale_for`: seconds since its server was last heard, null without a connection.
    `position`: of its last frame. `calls`, `waiting`: live calls, and those of them that wait.
    """

    account: str
    ok: bool
    source: str
    stale_for: float | None
    trouble: str
    position: str
    calls: int
    waiting: int
