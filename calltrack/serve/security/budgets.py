"""What one role may take of the service at once, so that no role takes it from another.

Requests without a token share one budget. Connections that have not sent a whole request, or that wait for the next,
share another (`connections`): the oldest of them goes when there are too many. Health is outside of all budgets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

REQUESTS = 64
"""Requests of one role that are under way at once, streams not counted; the same for all without a token together."""


class TooManyRequests(Exception):
    """A role has as many requests under way as it may have."""


class Requests:
    """How many requests each role has under way; the role of those without a token is ""."""

    def __init__(self) -> None:
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def one(self, role: str) -> Iterator[None]:
        """Take one place; raises TooManyRequests."""
        if self._under_way[role] >= REQUESTS:
            raise TooManyRequests
        self._under_way[role] += 1
        try:
            yield
        finally:
            self._under_way[role] -= 1
            if not self._under_way[role]:
                del self._under_way[role]
