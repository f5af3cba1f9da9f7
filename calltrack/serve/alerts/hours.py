"""Hours of a week on the account's clock: `Sun-Thu 08:00-18:00`, `22:00-07:00` (every day, over midnight)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"(?:([A-Za-z]{3})(?:-([A-Za-z]{3}))? )?([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)")
_DAY = 24 * 60


class Hours:
    """Spans of a week; raises ValueError for a text that is none. A span over midnight belongs to the day it begins."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._spans = [span for text in texts for span in _spans(text)]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._spans)

    def has(self, local: datetime) -> bool:
        """Whether a moment is in one of the spans."""
        minute = local.weekday() * _DAY + local.hour * 60 + local.minute
        return any(begin <= minute < end or begin <= minute + 7 * _DAY < end for begin, end in self._spans)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Each day's, in minutes since Monday's midnight; the end may lie in the next week."""
    found = _FORM.fullmatch(text.strip())
    names = [name and name.lower() for name in found.groups()[:2]] if found else []
    if not found or any(name and name not in _DAYS for name in names):
        raise ValueError(f"{text!r} are no hours; write Sun-Thu 08:00-18:00, or 22:00-07:00 for every day")
    begin, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
    if begin >= _DAY or end > _DAY or begin == end:
        raise ValueError(f"{text!r}: a day has the hours 00:00 to 24:00, and a span is not empty")
    first = _DAYS.index(names[0]) if names[0] else 0
    last = _DAYS.index(names[1] or names[0]) if names[0] else 6
    for day in range(first, last + 1 if last >= first else last + 8):
        at = day % 7 * _DAY
        yield at + begin, at + end + (_DAY if end < begin else 0)
