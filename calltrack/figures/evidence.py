"""What shows that events were lost, and what follows from it for legs, waits and the time at phones.

Theory. A list that differs from the one before in more than its event explains shows a missed event: the leg or wait
that it is about has it in `missed`. Most lose nothing, because the stamps say when it happened. What is
not certain then:

* how a leg or wait ended, and when, if no event reported its end: between its last list and the first that lacks it;
* talk or hold, between two lists of which the second shows that a hold or a retrieval was missed;
* everything in a gap, and of a doubtful leg since it was last confirmed;
* whether a ring was missed or answered elsewhere, if events of its call were missed.

An event that leaves no trace is not seen in any list: a whole ring, a hold with its retrieval. How many there may be
follows from the share of the events that are known to be missing (`rate`): a thing of two events leaves no trace in
rate² of all cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import inf

from calltrack.core.records import Gap, Seconds
from calltrack.core.states import Outcome, State
from calltrack.figures.ranges import unseen
from calltrack.figures.rows import LegRow, QueueEntryRow, Rows, concluded
from calltrack.figures.spans import Span, common, length, union
from calltrack.figures.window import SILENCE, Window

BEFORE_S = 60
"""So long after the first frame a call may come from a queue that it waited in before."""


class Evidence:
    """What the rows of a whole stream show of losses; `any` is whether they show one."""

    def __init__(self, rows: Rows, gaps: Iterable[Gap], first: Seconds | None) -> None:
        self._first = first
        legs, waits = rows.legs, rows.queue_entries
        self._uncertain_at: defaultdict[str, list[LegRow]] = defaultdict(list)
        for leg in legs:
            if self._is_uncertain(leg):
                self._uncertain_at[leg.exten_user].append(leg)
        self._unmeasured = [wait for wait in waits if wait.outcome is not None and wait.least_s != wait.most_s]
        self.any = bool(
            self._uncertain_at
            or self._unmeasured
            or any(wait.missed or wait.outcome is Outcome.LOST for wait in waits)
            or any(gap.reason != SILENCE for gap in gaps)
        )
        missed = sum(leg.missed for leg in legs) + sum(wait.missed for wait in waits)
        events = sum(2 + leg.answered for leg in legs) + 2 * len(waits)
        self.rate = min(0.5, missed / events) if missed else 0.0
        self._calls: defaultdict[str, list[LegRow]] = defaultdict(list)
        for leg in legs:
            self._calls[leg.call_id].append(leg)
        self._waits: defaultdict[str, list[QueueEntryRow]] = defaultdict(list)
        for wait in waits:
            self._waits[wait.call_id].append(wait)
        self._shaky = {leg.call_id for leg in legs if leg.missed or self.ended_unseen(leg)}
        self._shaky |= {wait.call_id for wait in waits if wait.missed or concluded(wait.inferred)}

    def _is_uncertain(self, leg: LegRow) -> bool:
        lost = bool(leg.doubtful or leg.missed) or self.ended_unseen(leg)
        return lost or (bool(leg.unknown_s) and not self.began_unseen(leg))

    def traceless(self, count: int) -> int:
        """How many more of so many things there may be, each of two events, that left no trace."""
        hidden = self.rate**2
        return unseen(count * hidden / (1 - hidden))

    def hidden_in(self, spans: Iterable[Seconds]) -> Seconds:
        """How much of these spans may hide what one missing event would have shown: the longest of them."""
        spans = sorted(spans, reverse=True)
        return sum(spans[: unseen(len(spans) * self.rate)])

    def over(self, live: int) -> int:
        """How many of what seems to live may be over: the one event of its end is missing."""
        return unseen(live * self.rate)

    def shaky(self, call_id: str) -> bool:
        """Whether an event of a call is missing."""
        return call_id in self._shaky

    def ended_unseen(self, leg: LegRow) -> bool:
        """Whether no event reported a leg's end."""
        return concluded(leg.inferred) and leg.c2c != 1  # of a click2call's own phone no event ever does

    def began_unseen(self, leg: LegRow) -> bool:
        """Whether part of a leg is not known because it was before the stream began: no event of it was lost."""
        before = leg.spells[:-1]  # the last is of an end that was not seen
        return self._first is not None and any(
            spell.state is State.UNKNOWN and spell.since is not None and spell.since < self._first for spell in before
        )

    def may_have_answered(self, leg: LegRow) -> bool:
        """Whether a leg whose end was not seen may have been answered: nothing rang or waited for its call later."""
        if leg.answered or not self.ended_unseen(leg) or leg.direction == "Spy":
            return False
        at = leg.confirmed_at if leg.confirmed_at is not None else leg.started
        if at is None:
            return True
        later = (one.started for one in self._calls[leg.call_id] if one is not leg)
        if any(begun is not None and begun > at for begun in later):
            return False
        stays = self._waits[leg.call_id]
        if leg.direction != "Incoming" or not stays:
            return True
        return not any((stay.confirmed_at or 0) > (leg.ended_at or inf) for stay in stays)

    def may_not_have_answered(self, leg: LegRow) -> bool:
        """Whether what seems a pick-up may be a ring: its start was not seen, and its call rang or waited on later."""
        if (
            leg.rang
            or leg.picked_up
            or not leg.missed
            or leg.c2c
            or leg.direction != "Incoming"
            or leg.ended_at is None
        ):
            return False
        began = (one.started for one in self._calls[leg.call_id])
        left = (stay.left_at if stay.wait_s is not None else stay.confirmed_at for stay in self._waits[leg.call_id])
        return leg.answered_at == leg.started and any(at is not None and at >= leg.ended_at for at in (*began, *left))

    def known(self, window: Window, extensions: set[str] | None, queue: str | None) -> float:
        """The share of the observed time in which it is known what phones and queues did: these, or all."""
        names = set(window.present) if extensions is None else extensions
        seen: Seconds = 0
        lost: Seconds = 0
        if queue is None:
            for name in names:
                here = window.present.get(name, [])
                gone = union(span for leg in self._uncertain_at.get(name, ()) for span in uncertain(leg, window.end))
                seen += length(here)
                lost += length(common(here, gone))
        if extensions is None:
            unclear: defaultdict[str, list[Span]] = defaultdict(list)
            for wait in self._unmeasured:
                if queue in (None, wait.queue_id) and wait.joined_at is not None and wait.most_s is not None:
                    unclear[wait.queue_id].append((wait.joined_at + (wait.least_s or 0), wait.joined_at + wait.most_s))
            for spans in unclear.values():
                seen += length(window.observed)
                lost += length(common(window.observed, union(spans)))
        return 1 - lost / seen if seen else 1.0

    def unqueued(self, legs: Iterable[LegRow]) -> int:
        """How many stays are known by these legs alone: those of calls that rang for a queue in which none was seen."""
        return len({(leg.queue_id, leg.call_id) for leg in legs if self._is_unqueued(leg)})

    def _is_unqueued(self, leg: LegRow) -> bool:
        return (
            bool(leg.queue_id)
            and leg.direction == "Incoming"
            and (leg.rang or leg.picked_up)  # the far end of a transfer keeps the queue, and did not come from it
            and (leg.started or 0) > (self._first or 0) + BEFORE_S  # else it may have waited before the stream
            and not any(stay.queue_id == leg.queue_id for stay in self._waits[leg.call_id])
        )


def uncertain(leg: LegRow, now: Seconds | None) -> list[Span]:
    """When it is not known whether a leg talked: its unknown spells, and all since it is doubtful."""
    if leg.direction == "Spy" or leg.c2c == 1:
        return []
    found = [
        (spell.since, now if spell.until is None else spell.until)
        for spell in leg.spells
        if spell.state is State.UNKNOWN
    ]
    if leg.doubtful:
        found.append((leg.confirmed_at, now))
    return union((since, until) for since, until in found if since is not None and until is not None)
