"""Rows of today that no change can touch any more, in a file of the service's own: memory follows what is live."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from calltrack.core.records import Seconds
from calltrack.figures import Facts, Rows

_log = logging.getLogger("calltrack.serve")


class Extract(Struct, frozen=True):
    """What to read: so many bytes of a file, and `rest`, which the disk did not take."""

    path: Path
    size: int
    rest: bytes

    def parts(self) -> list[Rows]:
        """Everything, as it was handed out."""
        data = self.rest
        if self.size:
            with self.path.open("rb") as file:
                data = file.read(self.size) + data
        return msgspec.json.Decoder(Rows).decode_lines(data)


class Written:
    """The file at `path`; what an earlier life left there is removed, for the journal is counted at every start.

    A disk that takes nothing loses nothing: what it did not take stays in memory until it does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path.unlink(missing_ok=True)
        self._size = 0
        self._rest = b""
        self._until: Seconds | None = None
        self._troubled = False

    def take(self, facts: Facts, history: int) -> None:
        """Write what facts hand out, if their tracker remembers so many ended calls (Facts.hand_out)."""
        self._rest += msgspec.json.encode(facts.hand_out(history)) + b"\n"
        self._until = facts.time
        try:
            private = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)  # it holds names and numbers
            with os.fdopen(private, "wb", buffering=0) as file:
                file.seek(self._size)
                while self._rest:
                    size = file.write(self._rest)
                    self._size, self._rest = self._size + size, self._rest[size:]
            self._troubled = False
        except OSError as error:
            if not self._troubled:
                _log.warning("rows of today stay in memory: %s", error)
            self._troubled = True

    @property
    def extract(self) -> Extract:
        """All that was taken; to be read before anything is dropped."""
        return Extract(self._path, self._size, self._rest)

    def drop_before(self, at: Seconds) -> None:
        """Forget everything, if all of it was taken before a moment (UTC epoch s)."""
        if self._until is not None and self._until < at:
            self.close()

    def close(self) -> None:
        """Forget everything, and remove the file."""
        self._size, self._rest, self._until = 0, b"", None
        self._path.unlink(missing_ok=True)
