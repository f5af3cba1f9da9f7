"""Where in the stream of changes: the frame, and the number of the change within what that frame made."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

from calltrack.journal.errors import NoSuchPosition

_FORM = re.compile(r"(0|[1-9]\d{0,17})(?:\.(0|[1-9]\d{0,8}))?", re.ASCII)
_WHOLE = 10**9  # behind every change that can be written


class StreamPosition(NamedTuple):
    """After change `change` (from 1) of those that frame `frame` (from 1) made; 0 is before the first of them.

    As text `1234.2`; `1234` alone is after all changes of its frame. They compare as they follow each other; `0.0` is
    before everything.
    """

    frame: int
    change: int = _WHOLE

    @property
    def whole(self) -> bool:
        """Whether it is after all changes of its frame."""
        return self.change == _WHOLE

    @property
    def known(self) -> int:
        """The last frame all of whose changes it is after."""
        return self.frame if self.whole else max(0, self.frame - 1)

    def __str__(self) -> str:
        return str(self.frame) if self.whole else f"{self.frame}.{self.change}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position of a text; raises NoSuchPosition if it is none."""
        found = _FORM.fullmatch(text)
        if found is None or (found[1] == "0" and found[2] not in (None, "0")):
            raise NoSuchPosition(f"{text[:40]!r} is no position; one looks like 1234.2, or 1234")
        return cls(int(found[1])) if found[2] is None else cls(int(found[1]), int(found[2]))
