"""An account's local days as parts of the time: 23 or 25 hours long where the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from calltrack.core.errors import CalltrackError
from calltrack.core.records import Seconds
from calltrack.figures import Part


class UnknownZone(CalltrackError):
    """A name is no time zone that this machine knows."""


def zone_named(name: str) -> tzinfo:
    """The zone of an IANA name, such as Asia/Jerusalem; raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(f"{name!r} is no time zone; write an IANA name such as Asia/Jerusalem or UTC") from None


def zone_of(offset_s: Seconds | None) -> tzinfo:
    """The zone of a stream's own servertimeoffset, which knows no change of clocks; UTC if it told none."""
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


def _epoch(at: datetime) -> Seconds:
    epoch = at.timestamp()
    return int(epoch) if epoch.is_integer() else epoch
