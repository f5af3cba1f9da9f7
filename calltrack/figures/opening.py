"""Hours of a week on the account's clock, and holidays: when people are there to serve.

`Sun-Thu 08:00-18:00`, `22:00-07:00` (every day, over midnight). A holiday is a date, closed from midnight to midnight.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo

from calltrack.core.records import Seconds
from calltrack.figures.days import days
from calltrack.figures.spans import Span, common, union, without

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

    def of(self, weekday: int) -> Iterator[tuple[int, int]]:
        """The spans that begin on a weekday (Monday is 0), in minutes since its midnight."""
        for begin, end in self._spans:
            if begin // _DAY == weekday:
                yield begin - weekday * _DAY, end - weekday * _DAY

    def has(self, local: datetime) -> bool:
        """Whether a moment is in one of the spans."""
        minute = local.weekday() * _DAY + local.hour * 60 + local.minute
        return any(begin <= minute < end or begin <= minute + 7 * _DAY < end for begin, end in self._spans)


class Opening:
    """Opening hours less holidays (ISO dates); raises ValueError for what is neither."""

    def __init__(self, hours: Iterable[str], holidays: Iterable[str] = ()) -> None:
        self._hours = Hours(hours)
        self._holidays = frozenset(_holidays(holidays))

    def has(self, local: datetime) -> bool:
        """Whether it is open at a moment of the account's clock; without hours it is always but on holidays."""
        return (not self._hours or self._hours.has(local)) and local.date() not in self._holidays

    def spans(self, since: Seconds, until: Seconds, zone: tzinfo) -> list[Span]:
        """When it is open between two moments, UTC epoch s."""
        found: list[Span] = []
        closed: list[Span] = []
        for part in days(since - _DAY * 60, until, zone):  # hours over midnight belong to the day before
            local = datetime.fromtimestamp(part.since, zone)
            if local.date() in self._holidays:
                closed.append((part.since, part.until))
            if not self._hours:
                found.append((part.since, part.until))
            for begin, end in self._hours.of(local.weekday()):
                found.append((_moment(local, begin, zone), _moment(local, end, zone)))
        return common(without(union(found), union(closed)), [(since, until)])


def _holidays(texts: Iterable[str]) -> Iterator[date]:
    for text in texts:
        try:
            yield date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is no holiday; write a date such as 2026-04-02") from None


def _moment(midnight: datetime, minute: int, zone: tzinfo) -> Seconds:
    """The minute of a day by the clock on the wall, which may be another day's; UTC epoch s."""
    wall = midnight.replace(tzinfo=None) + timedelta(minutes=minute)
    return wall.replace(tzinfo=zone).timestamp()


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
