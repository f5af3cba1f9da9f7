"""Server times to UTC (field guide §2): the reader's own clock is never asked."""

from calltrack.core.records import Seconds
from calltrack.voicenter.events import Number

_EARLIEST, _LATEST = 946_684_800, 4_102_444_800  # 2000 and 2100: any other epoch is absurd
_WIDEST_OFFSET_MIN = 14 * 60
_HOUR = 3600
_LEAST_LAG_S, _GREATEST_LAG_S = -5, 300  # of telephonyservertime (seen: 0-18); any other is no moment of this event


class Clock:
    """The last offset, time, and moment at the switch that the stream told; None before the first.

    Events happen at the switch: `when` is telephonyservertime, which callStarted and callAnswered are stamped with
    (seen: equal in 127 of 127 NEWCALL and ANSWER); it trails `at`, the servertime, by some seconds.
    """

    def __init__(self) -> None:
        self.offset_s: Seconds | None = None
        self._offset_min: Number = None  # as told last, lawful or not
        self.at: Seconds | None = None
        self.when: Seconds | None = None
        self.timed = False  # whether this frame has a time of its own

    def utc(self, stamp: Seconds | None) -> Seconds | None:
        """A stamp of the server's local wall clock as UTC epoch s; None for 0, absurd or missing ones.

        Also None before the first offset: the stream says it, we don't assume one.
        """
        if stamp is None or self.offset_s is None or not _EARLIEST < stamp < _LATEST:
            return None
        return stamp - self.offset_s

    def utc_of_ms(self, stamp: Seconds | None) -> Seconds | None:
        """The same for the one stamp that comes in milliseconds, representativeUpdated."""
        if stamp is None:
            return None
        whole, rest = divmod(stamp, 1000)
        return self.utc(stamp / 1000 if rest else whole)

    def tell(self, servertime: Number, offset_min: Number, telephonyservertime: Number = None) -> bool:
        """Take a frame's times and offset (minutes); False if it is earlier than the one before."""
        if offset_min != self._offset_min:
            self._offset_min = offset_min
            if offset_min is not None and -_WIDEST_OFFSET_MIN <= offset_min <= _WIDEST_OFFSET_MIN:
                self.offset_s = offset_min * 60
        before, offset = self.at, self.offset_s
        if servertime is not None and offset is not None:
            at = servertime - offset
            step = _HOUR if before is None else at - before
            if 0 <= step < _HOUR or _EARLIEST < servertime < _LATEST:  # small numbers compare ten times faster
                self.at, self.timed = at, True
                if (
                    telephonyservertime is None
                    or not _LEAST_LAG_S <= servertime - telephonyservertime <= _GREATEST_LAG_S
                ):
                    self.when = at
                else:
                    self.when = telephonyservertime - offset
                return step >= 0
        self.when = before if telephonyservertime is None else self.utc(telephonyservertime) or before
        self.timed = False
        return True
