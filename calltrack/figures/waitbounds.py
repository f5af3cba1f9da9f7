"""The least and the most that figures of waits can be: lost ends, unmeasured waits, and stays that left no trace."""

from __future__ import annotations

from collections import Counter

from calltrack.core.outcomes import TAKEN
from calltrack.core.states import Outcome
from calltrack.figures.evidence import Evidence
from calltrack.figures.levels import COUNTS, LEVELS, RATES, count_range, kinds, share_range, took
from calltrack.figures.ranges import Range, average
from calltrack.figures.rows import QueueEntryRow, concluded
from calltrack.figures.shapes import ServiceLevel, WaitFigures
from calltrack.figures.window import Window


def wait_bounds(
    over: list[QueueEntryRow], found: WaitFigures, evidence: Evidence, unqueued: int, window: Window
) -> dict[str, Range | None]:
    """Ranges of `found`, by name, from the waits that ended; `unqueued` stays are known by their legs alone."""
    options = window.options
    hidden = (unqueued if evidence.rate else 0) + evidence.traceless(len(over)) + evidence.over(found.waiting)
    split = Counter(kinds(row, options.service_level_s, options.short_abandon_s) for row in over)
    takes = [took(row) for row in over if row.outcome in TAKEN]
    leaves = [took(row) for row in over if row.outcome is Outcome.ABANDONED]
    vanished = [took(row) for row in over if row.outcome is Outcome.LOST]
    known = [one.high for one in (*takes, *leaves) if one.high is not None]
    usual = Range(min((one.low for one in (*takes, *leaves)), default=0), max(known, default=None))
    possible = [*vanished, *[usual] * hidden]
    picked_up = sum(concluded(row.inferred) or row.missed > 0 for row in over)
    rings = evidence.traceless(found.rings) + hidden
    levels = {name: share_range(split, hidden, place) for name, place in LEVELS.items()}
    asa = average(takes, possible)
    rings_least = [
        Range(max(0, one.low - (row.answer_ring_s or 0)), one.high)
        for row, one in zip((row for row in over if row.outcome in TAKEN), takes, strict=True)
    ]
    figures = {
        **{name: count_range(split, hidden, belongs) for name, belongs in COUNTS.items()},
        **{name: share_range(split, hidden, place) for name, place in RATES.items()},
        **{f"service_level.{name}": levels[name] for name in ServiceLevel.__struct_fields__ if name in levels},
        "queued": Range(found.queued, found.queued + hidden),
        "offered": Range(found.offered, found.offered + hidden),
        "picked_up": Range(found.picked_up, found.picked_up + picked_up + hidden),
        "presented": Range(found.presented, found.presented + len(vanished) + hidden),
        "lost": Range(0, found.lost),
        "unmeasured": Range(0, found.unmeasured),
        "waiting": Range(found.waiting - evidence.over(found.waiting), found.waiting + hidden),
        "asa_s": asa,
        "average_abandon_s": average(leaves, possible),
        "longest_wait_s": _longest([*takes, *leaves], possible),
        "longest_waiting_s": None
        if found.longest_waiting_s is None
        else Range(0 if evidence.rate else found.longest_waiting_s, found.longest_waiting_s),
        "rings": Range(found.rings, found.rings + rings),
        "re_rings": Range(max(0, found.re_rings - len(vanished)), found.re_rings + rings),
        "most_rings": Range(found.most_rings, found.most_rings + rings),
    }
    return {
        **{f"waits.{name}": one for name, one in figures.items()},
        **{f"definitions.service_level.{name}": one for name, one in levels.items()},
        "definitions.asa_s.with_ringing": asa,
        "definitions.asa_s.without_ringing": average(rings_least, possible),
    }


def _longest(certain: list[Range], possible: list[Range]) -> Range | None:
    """The longest of those that count, and of those that may."""
    if not certain and not possible:
        return None
    tops = [one.high for one in (*certain, *possible)]
    known = [top for top in tops if top is not None]
    return Range(max((one.low for one in certain), default=0), None if len(known) < len(tops) else max(known))
