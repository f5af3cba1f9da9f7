"""An account's local days, and other intervals of its calendar, as parts of the time.

A day is 23 or 25 hours long where the clocks change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from calltrack.core.errors import CalltrackError
from calltrack.core.records import Seconds
from calltrack.figures.shapes import Part

EVERY: dict[str, int | None] = {"15min": 900, "30min": 1800, "hour": 3600, "day": None, "week": None, "month": None}
"""The intervals that a time can be divided into; the seconds of those that are parts of a day."""


class UnknownZone(CalltrackError):
    """A name is no time zone that this machine knows."""


def zone_named(name: str) -> tzinfo:
    """The zone of an IANA name, such as Asia/Jerusalem; raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(f"{name!r} is no time zone; write an IANA name such as Asia/Jerusalem or UTC") from None


def zone_of(offset_s: Seconds | None) -> tzinfo:
    """The zone of a stream's own servertimeoffset, which knows no change of clocks; UTC if it has none."""
    return UTC if offset_s is None else timezone(timedelta(seconds=offset_s))


def offset_min(zone: tzinfo, local: Seconds) -> Seconds | None:
    """What a zone's clock is ahead of UTC when it shows a time (epoch s, as if that were UTC), min; None if never."""
    try:
        offset = (datetime(1970, 1, 1) + timedelta(seconds=local)).replace(tzinfo=zone).utcoffset()
    except (OverflowError, ValueError):
        return None
    return None if offset is None else offset.total_seconds() / 60


def day(date: datetime, zone: tzinfo) -> Part:
    """The local day of a date: from its midnight to the next, UTC epoch s."""
    start = datetime(date.year, date.month, date.day, tzinfo=zone)
    after = date + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=zone)
    return Part(f"{start:%Y-%m-%d}", _epoch(start), _epoch(end))


def days(since: Seconds, until: Seconds, zone: tzinfo) -> tuple[Part, ...]:
    """The local days that [since, until) touches, whole ones."""
    found: list[Part] = []
    date = datetime.fromtimestamp(since, zone)
    while (part := day(date, zone)).since < until or not found:
        found.append(part)
        date += timedelta(days=1)
    return tuple(found)


def intervals(since: Seconds, until: Seconds, zone: tzinfo, every: str) -> tuple[Part, ...]:
    """The intervals of the local calendar that [since, until) touches, whole ones; `every` is one of EVERY.

    A week begins on Monday. Of the hour that the clocks repeat in autumn, the second has its offset in its name.
    """
    step = EVERY[every]
    whole = days(since, until, zone)
    if step is not None:
        pieces = [piece for part in whole for piece in _pieces(part, step, zone)]
        return tuple(piece for piece in pieces if piece.until > since and piece.since < max(until, since + 1))
    if every == "day":
        return whole
    found: dict[str, Part] = {}
    for part in whole:
        date = datetime.fromtimestamp(part.since, zone)
        name, first, last = _month(date) if every == "month" else _week(date)
        found[name] = Part(name, day(first, zone).since, day(last, zone).since)
    return tuple(found.values())


def hour_of_week(at: Seconds, zone: tzinfo) -> tuple[int, int]:
    """The weekday (Monday is 0) and the hour of a moment on the local clock."""
    local = datetime.fromtimestamp(at, zone)
    return local.weekday(), local.hour


def _pieces(part: Part, step: Seconds, zone: tzinfo) -> Iterator[Part]:
    at = part.since
    while at < part.until:
        local = datetime.fromtimestamp(at, zone)
        again = f" {local:%z}" if local.fold else ""
        yield Part(f"{local:%Y-%m-%d %H:%M}{again}", at, min(at + step, part.until))
        at += step


def _week(date: datetime) -> tuple[str, datetime, datetime]:
    monday = date.replace(tzinfo=None) - timedelta(days=date.weekday())
    return f"{monday:%G-W%V}", monday, monday + timedelta(days=7)


def _month(date: datetime) -> tuple[str, datetime, datetime]:
    after = datetime(date.year + date.month // 12, date.month % 12 + 1, 1)
    return f"{date:%Y-%m}", datetime(date.year, date.month, 1), after


def _epoch(at: datetime) -> Seconds:
    epoch = at.timestamp()
    return int(epoch) if epoch.is_integer() else epoch
