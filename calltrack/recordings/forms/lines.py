"""Lines of a stream, bounded in length, with one line of looking ahead."""

from __future__ import annotations

from typing import BinaryIO

from calltrack.recordings.forms.archives import BROKEN
from calltrack.recordings.forms.encodings import UTF8_BOM

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; a longer line is reported and skipped without being held in memory."""

LARGEST = 512 * 1024 * 1024
"""Bytes of a document that is read whole: a JSON array on one line, a HAR, one pretty-printed value."""


class Unusable(Exception):
    """A line that cannot be had; the reading goes on after it, or it was the last."""


class TooLarge(Exception):
    """A document is larger than what is read whole."""


class Lines:
    """Iterate it for every line that is not blank; `number` is that of the last one, from 1.

    Raises Unusable, after which the iteration goes on, for a line that is too long or where compression is broken.
    """

    def __init__(self, stream: BinaryIO, number: int = 0) -> None:
        self.number = number
        self._stream = stream
        self._readline = stream.readline
        self._ahead: tuple[int, bytes] | None = None
        self._ended = False

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> bytes:
        if self._ahead is not None:
            (self.number, line), self._ahead = self._ahead, None
            return line
        while True:
            try:
                line = self._readline(LONGEST_LINE)
            except BROKEN as error:
                if self._ended:
                    raise StopIteration from None
                self._ended = True
                self.number += 1
                raise Unusable(f"the compression is broken here: {error}") from None
            if not line:
                raise StopIteration
            self.number += 1
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                line = self._long(line)
            if self.number == 1:
                line = line.removeprefix(UTF8_BOM)
            if not line.isspace():
                return line

    def push_back(self, line: bytes) -> None:
        """Give this line again next; it is the last one that was taken."""
        self._ahead = self.number, line
        self.number -= 1

    def _long(self, line: bytes) -> bytes:
        """The rest of a first line, which may be a whole document; any other is skipped."""
        if self.number == 1 and line.lstrip(UTF8_BOM + b" \t\r\n")[:1] in (b"[", b"{"):
            parts, size = [line], len(line)
            while more := self._readline(1 << 20):
                parts.append(more)
                size += len(more)
                if size > LARGEST:
                    raise TooLarge
                if more.endswith(b"\n"):
                    break
            return b"".join(parts)
        while (more := self._readline(1 << 20)) and not more.endswith(b"\n"):
            pass
        raise Unusable(f"not a frame: longer than {LONGEST_LINE >> 20} MiB")
