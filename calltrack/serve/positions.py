"""Where in the stream a change stands: "FRAME.NUMBER", the frame's position and the change's number within it.

"FRAME" alone stands behind all changes of its frame.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Self

from calltrack.errors import CalltrackError

_WRITTEN = re.compile(r"(\d{1,15})(?:\.(\d{1,6}))?", re.ASCII)
_WHOLE = 1_000_000  # behind every change that a frame can make


class NotAPosition(CalltrackError):
    """A text is not a stream position; says how one looks."""


class Place(NamedTuple):
    """A place in the stream; places compare as they follow each other."""

    frame: int
    number: int = _WHOLE

    @classmethod
    def read(cls, text: str) -> Self:
        """The place that a client names; raises NotAPosition."""
        if (found := _WRITTEN.fullmatch(text)) is None:
            raise NotAPosition('a stream position is written "FRAME.NUMBER", as the stream\'s ids are')
        return cls(int(found[1])) if found[2] is None else cls(int(found[1]), int(found[2]))

    @property
    def whole(self) -> bool:
        """Whether it is behind all changes of its frame."""
        return self.number == _WHOLE

    def __str__(self) -> str:
        return str(self.frame) if self.whole else f"{self.frame}.{self.number}"
