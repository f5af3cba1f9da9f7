"""What is asked about: an interval, what of it was observed, and how things at its edges count."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct

from calltrack.core.records import Seconds
from calltrack.figures.days import zone_named, zone_of
from calltrack.figures.opening import Opening
from calltrack.figures.rows import CallRow, LegRow, QueueEntryRow
from calltrack.figures.shapes import FOUND, Options
from calltrack.figures.spans import Span, common, union, without

DAY_S = 86400
SILENCE = "nothing was received"
"""Why a time without frames counts as not observed; by itself it is no evidence that anything was lost."""

if TYPE_CHECKING:
    from calltrack.figures.facts import Facts


class Window(Struct, frozen=True):
    """An interval [since, until), None for no bound, and the spans of it in which the stream was heard.

    `now` is the time of the last frame: what still lasts is counted up to then, or to `until`. `present` has by
    extension when it was monitored: before its first sight it is not known what it did, whatever a stamp says of it.
    `lost` has by extension the gaps in the connection since then.
    """

    since: Seconds | None
    until: Seconds | None
    now: Seconds | None
    observed: list[Span]
    present: dict[str, list[Span]]
    lost: dict[str, list[Span]]
    options: Options
    open: list[Span] | None = None
    """What of the interval counts, in order: the opening hours, or what is outside of them; None for all."""

    def end_of(self, row: CallRow | LegRow | QueueEntryRow) -> Seconds | None:
        """When a row's end counts: one that no event reported as the options say."""
        return row.found if self.options.unseen_ends == FOUND else row.last_seen

    def has(self, at: Seconds | None) -> bool:
        """Whether something that happened at that moment counts here; without bounds everything does."""
        if at is None:
            return self.since is None and self.until is None
        if self.open is not None:
            place = bisect_right(self.open, (at, inf))
            if not place or at >= self.open[place - 1][1]:
                return False
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def still(self, since: Seconds | None, until: Seconds | None) -> bool:
        """Whether something that lasted from one moment to another lasts at the interval's end."""
        if self.until is None:
            return until is None
        return since is not None and since < self.until and (until is None or until >= self.until)

    @property
    def end(self) -> Seconds | None:
        """The last moment that something which lasts is counted to."""
        if self.until is None or self.now is None:
            return self.now
        return min(self.until, self.now)

    def observed_at(self, extensions: Iterable[str]) -> list[Span]:
        """The observed time in which at least one of these extensions was monitored."""
        return union(span for name in extensions for span in self.present.get(name, []))

    def touches(self, since: Seconds | None, until: Seconds | None) -> bool:
        """Whether something that lasted from one moment to another lies in the interval, in part."""
        before = until is not None and self.since is not None and until <= self.since
        after = since is not None and self.until is not None and since >= self.until
        return not before and not after

    def heard(self, exten_user: str, spans: list[Span]) -> list[Span]:
        """What of some time at an extension was observed in this interval; the spans are in order."""
        return common(spans, self.present.get(exten_user, []))

    def unheard(self, exten_user: str, spans: list[Span]) -> list[Span]:
        """What of some time at an extension lies in gaps of this interval."""
        return common(spans, self.lost.get(exten_user, []))

    def lasting(self, since: Seconds | None, until: Seconds | None) -> list[Span]:
        """The time from one moment to another, or to the end if it still lasts; [] if it is not known."""
        until = self.end if until is None else until
        return [] if since is None or until is None or since >= until else [(since, until)]


def window(
    facts: Facts, since: Seconds | None, until: Seconds | None, options: Options, *, closed: bool = False
) -> Window:
    """The interval's window; a missing bound is the first or the last frame's time.

    closed: what of it is outside of the opening hours, instead of what is in them.
    """
    first, now = facts.first, facts.time
    is_open: list[Span] | None = None
    observed: list[Span] = []
    present: dict[str, list[Span]] = {}
    lost: dict[str, list[Span]] = {}
    if first is not None and now is not None:
        gaps = union(_span(gap.since, gap.until, first, now) for gap in facts.gaps)
        asked = [(first if since is None else since, now if until is None else until)]
        if options.open or options.holidays:
            ((begin, end),) = asked
            # Without bounds what was joined before the first frame counts, and what ends with the last.
            wide = begin - DAY_S * (since is None), end + (until is None)
            is_open = _open(wide, options, facts, closed=closed)
            asked = common(is_open, asked)
        observed = common(without([(first, now)], gaps), asked)
        broken = (_span(gap.since, gap.until, first, now) for gap in facts.gaps if gap.reason != SILENCE)
        unheard = common(union(broken), asked)
        for one in facts.all_presences:
            present.setdefault(one.exten_user, []).append(_span(one.since, one.until, first, now))
        lost = {name: common(union(spans), unheard) for name, spans in present.items()}
        present = {name: common(union(spans), observed) for name, spans in present.items()}
    return Window(since, until, now, observed, present, lost, options, is_open)


def _open(asked: Span, options: Options, facts: Facts, *, closed: bool) -> list[Span]:
    zone = zone_named(options.zone) if options.zone else zone_of(facts.offset_s)
    found = Opening(options.open, options.holidays).spans(*asked, zone)
    return without([asked], found) if closed else found


def _span(since: Seconds | None, until: Seconds | None, first: Seconds, now: Seconds) -> Span:
    return (first if since is None else since, now if until is None else until)
