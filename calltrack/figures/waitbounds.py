"""The least and the most that figures of waits can be: lost ends, unmeasured waits, and stays that left no trace."""

from __future__ import annotations

from collections import Counter

from calltrack.core.outcomes import TAKEN
from calltrack.core.states import Outcome
from calltrack.figures.belonging import NOT_SHARED, Shared
from calltrack.figures.evidence import Evidence
from calltrack.figures.levels import COUNTS, LEVELS, RATES, count_range, kinds, share_range, took
from calltrack.figures.ranges import Range, average
from calltrack.figures.rows import QueueEntryRow, concluded
from calltrack.figures.shapes import ServiceLevel, WaitFigures
from calltrack.figures.window import Window


def wait_bounds(
    over: list[QueueEntryRow],
    found: WaitFigures,
    evidence: Evidence,
    unqueued: int,
    window: Window,
    shared: Shared = NOT_SHARED,
) -> dict[str, Range | None]:
    """Ranges of `found`, by name, from the waits that ended; `unqueued` stays are known by their legs alone."""
    options, away = window.options, shared.leaving
    hidden = (unqueued if evidence.rate else 0) + evidence.traceless(len(over)) + evidence.over(found.waiting)
    hidden += shared.coming
    split = Counter(kinds(row, options.service_level_s, options.short_abandon_s) for row in over)
    takes = [took(row) for row in over if row.outcome in TAKEN]
    leaves = [took(row) for row in over if row.outcome is Outcome.ABANDONED]
    vanished = [took(row) for row in over if row.outcome is Outcome.LOST]
    known = [one.high for one in (*takes, *leaves) if one.high is not None]
    usual = Range(min((one.low for one in (*takes, *leaves)), default=0), max(known, default=None))
    possible = [*vanished, *[usual] * hidden]
    picked_up = sum(concluded(row.inferred) or row.missed > 0 for row in over)
    rings = evidence.traceless(found.rings) + hidden * max(1, found.most_rings)
    rung = sum(sorted((row.rings for row in over), reverse=True)[:away])
    levels = {name: share_range(split, hidden, place, away) for name, place in LEVELS.items()}
    asa = average(takes, possible, away)
    rings_least = [
        Range(max(0, one.low - (row.answer_ring_s or 0)), one.high)
        for row, one in zip((row for row in over if row.outcome in TAKEN), takes, strict=True)
    ]
    figures = {
        **{name: count_range(split, hidden, belongs, away) for name, belongs in COUNTS.items()},
        **{name: share_range(split, hidden, place, away) for name, place in RATES.items()},
        **{f"service_level.{name}": levels[name] for name in ServiceLevel.__struct_fields__ if name in levels},
        "queued": Range(max(0, found.queued - away), found.queued + hidden),
        "offered": Range(max(0, found.offered - away), found.offered + hidden),
        "picked_up": Range(max(0, found.picked_up - away), found.picked_up + picked_up + hidden),
        "presented": Range(max(0, found.presented - away), found.presented + len(vanished) + hidden),
        "lost": Range(0, found.lost + shared.coming),
        "unmeasured": Range(0, found.unmeasured + shared.coming),
        "waiting": Range(max(0, found.waiting - evidence.over(found.waiting) - away), found.waiting + hidden),
        "asa_s": asa,
        "average_abandon_s": average(leaves, possible, away),
        "longest_wait_s": _longest([*takes, *leaves], possible, away),
        "longest_waiting_s": None
        if found.longest_waiting_s is None
        else Range(0 if evidence.rate else found.longest_waiting_s, found.longest_waiting_s),
        "rings": Range(found.rings - rung, found.rings + rings),
        "re_rings": Range(max(0, found.re_rings - len(vanished) - rung), found.re_rings + rings),
        "most_rings": Range(0 if away else found.most_rings, found.most_rings + rings),
    }
    return {
        **{f"waits.{name}": one for name, one in figures.items()},
        **{f"definitions.service_level.{name}": one for name, one in levels.items()},
        "definitions.asa_s.with_ringing": asa,
        "definitions.asa_s.without_ringing": average(rings_least, possible, away),
    }


def _longest(certain: list[Range], possible: list[Range], leaving: int) -> Range | None:
    """The longest of those that count, and of those that may; so many of the former may not."""
    if not certain and not possible:
        return None
    tops = [one.high for one in (*certain, *possible)]
    known = [top for top in tops if top is not None]
    least = sorted((one.low for one in certain), reverse=True)[leaving : leaving + 1]
    return Range(least[0] if least else 0, None if len(known) < len(tops) else max(known))
