"""What is asked about: an interval, what of it was observed, and how things at its edges count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from calltrack.core.records import Seconds
from calltrack.figures.shapes import Options
from calltrack.figures.spans import Span, common, union, without

if TYPE_CHECKING:
    from calltrack.figures.facts import Facts


class Window(Struct, frozen=True):
    """An interval [since, until), None for no bound, and the spans of it in which the stream was heard.

    `now` is the time of the last frame: what still lasts is counted up to then, or to `until`. `present` has by
    extension when it was monitored: before its first sight nobody knows what it did, whatever a stamp says of it.
    """

    since: Seconds | None
    until: Seconds | None
    now: Seconds | None
    observed: list[Span]
    present: dict[str, list[Span]]
    options: Options

    def has(self, at: Seconds | None) -> bool:
        """Whether something that happened at that moment counts here; without bounds everything does."""
        if at is None:
            return self.since is None and self.until is None
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

    def lasting(self, since: Seconds | None, until: Seconds | None) -> list[Span]:
        """The time from one moment to another, or to the end if it still lasts; [] if it is not known."""
        until = self.end if until is None else until
        return [] if since is None or until is None or since >= until else [(since, until)]


def window(facts: Facts, since: Seconds | None, until: Seconds | None, options: Options) -> Window:
    """The interval's window; a missing bound is the first or the last frame's time."""
    first, now = facts.first, facts.time
    observed: list[Span] = []
    present: dict[str, list[Span]] = {}
    if first is not None and now is not None:
        gaps = union(_span(gap.since, gap.until, first, now) for gap in facts.gaps)
        observed = common(
            without([(first, now)], gaps), [(first if since is None else since, now if until is None else until)]
        )
        for one in facts.all_presences:
            present.setdefault(one.exten_user, []).append(_span(one.since, one.until, first, now))
        present = {name: common(union(spans), observed) for name, spans in present.items()}
    return Window(since, until, now, observed, present, options)


def _span(since: Seconds | None, until: Seconds | None, first: Seconds, now: Seconds) -> Span:
    return (first if since is None else since, now if until is None else until)
