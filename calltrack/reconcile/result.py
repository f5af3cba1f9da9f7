"""What a comparison finds: calls, differences with their reasons, and the totals of both sides."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from calltrack.core.records import Gap, Seconds


class Reason(StrEnum):
    """Why the two sides differ."""

    # The same thing, counted otherwise
    HOLD = "hold counts as talk in the record"
    WAIT = "the record's duration leaves the wait out"
    TRANSFER = "a transfer is counted per leg"
    INTERNAL = "an internal call has one record, for the caller's side"
    LISTENER = "a listener's leg has no record"
    RING = "a ring that was not answered has no record"
    ROUNDING = "rounded to whole seconds"
    LOCAL_TIME = "the record's time is of another time zone"
    NOWHERE = "it reached neither a phone nor a queue, and the stream reports these alone"
    CLOCKS = "the clocks that frames were stamped by differ, or were set"
    # The frames do not say it
    GAP = "it fell into a gap of the stream"
    DOUBTFUL = "frames of it are missing; what was tracked is inferred"
    OUTSIDE = "the recording does not cover it"
    LIVE = "the call was still going on when the recording ended"
    # The records do not say it
    CONTRADICTION = "the record's status and isAnswer disagree"
    UNUSABLE = "the record's value is not known, or cannot be right"
    TWIN = "another record of the same part says otherwise"
    AFTER = "the records end before it"
    # Nothing explains it
    NO_RECORD = "no record of it was received"
    NO_EVENTS = "the stream was received, and has no event of it"
    VALUE = "the values differ"


DEFINITION = frozenset({
    Reason.HOLD, Reason.WAIT, Reason.TRANSFER, Reason.INTERNAL, Reason.LISTENER, Reason.RING, Reason.ROUNDING,
    Reason.LOCAL_TIME, Reason.NOWHERE,
})  # fmt: skip
"""Both sides are right."""
UNSEEN = frozenset({Reason.GAP, Reason.DOUBTFUL, Reason.OUTSIDE, Reason.LIVE})
"""The stream is not complete."""
UNRECORDED = frozenset({Reason.CONTRADICTION, Reason.UNUSABLE, Reason.TWIN, Reason.AFTER})
"""The records are not complete, or not consistent."""
UNEXPLAINED = frozenset({Reason.NO_RECORD, Reason.NO_EVENTS, Reason.VALUE})
CLOCKS = frozenset({Reason.CLOCKS})
CLASSES = {
    "unexplained": UNEXPLAINED,
    "unseen": UNSEEN,
    "unrecorded": UNRECORDED,
    "clocks": CLOCKS,
    "definition": DEFINITION,
}
"""Gravest first."""


class Difference(Struct, frozen=True):
    """One figure of one call on which the sides differ; `ours` is what was tracked.

    figure: outcome, talk, ring, wait, duration, start, agent, queue, direction, number, did, record (one side
    lacks it), or a record's field by its own name.
    part: which leg or wait, in words. line: where the record stands, "" if there is none.
    """

    call_id: str
    figure: str
    ours: str
    theirs: str
    reason: Reason
    part: str = ""
    line: str = ""
    detail: str = ""


class Compared(Struct, frozen=True):
    """One call on both sides; `at` is when it began (UTC epoch s), None if unknown."""

    call_id: str
    at: Seconds | None
    agreed: int
    """Figures on which both agree."""
    differences: tuple[Difference, ...] = ()


class Totals(Struct):
    """Sums of one queue, agent or day on both sides: records and tracked. Talk includes hold; s."""

    calls: list[int]
    answered: list[int]
    abandoned: list[int]
    talk_s: list[Seconds]
    wait_s: list[Seconds]


class Reconciled(Struct, frozen=True):
    """The whole comparison. In Totals the first number is ours, the second the records'."""

    calls: tuple[Compared, ...]
    gaps: tuple[Gap, ...]
    records: int
    repeated: int
    """Records that say what an earlier one said."""
    unusable: int
    """Records that name no call."""
    queues: dict[str, Totals]
    agents: dict[str, Totals]
    days: dict[str, Totals]
    silent: tuple[str, ...] = ()
    """Figures that no record states, so that they are not compared."""

    @property
    def agreeing(self) -> int:
        """Calls without any difference."""
        return sum(not call.differences for call in self.calls)

    def by_class(self) -> dict[str, list[Compared]]:
        """The calls that differ, each under the gravest class of its reasons; the order is that of CLASSES."""
        found: dict[str, list[Compared]] = {name: [] for name in CLASSES}
        for call in self.calls:
            for name, reasons in CLASSES.items():
                if any(one.reason in reasons for one in call.differences):
                    found[name].append(call)
                    break
        return found
