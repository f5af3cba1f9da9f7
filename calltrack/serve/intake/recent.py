"""What was posted lately, so that a repetition is known; the oldest is forgotten first."""

from __future__ import annotations


class Recent:
    """The digests of the last `most` bodies."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[bytes, None] = {}

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._known

    def add(self, digest: bytes) -> None:
        """Know it from now on."""
        self._known[digest] = None
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]
