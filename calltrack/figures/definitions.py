"""Figures with several definitions, side by side by name (docs/kpi.md says whose each is)."""

from __future__ import annotations

from calltrack.core.outcomes import TAKEN
from calltrack.core.records import Seconds
from calltrack.figures.agenttime import AgentTime
from calltrack.figures.levels import LEVELS, kinds, share
from calltrack.figures.rows import QueueEntryRow
from calltrack.figures.shapes import Definitions, Options
from calltrack.figures.talks import Talk, by_direction
from calltrack.figures.waits import ratio


def definitions(
    waits: list[QueueEntryRow] | None,
    talks: list[Talk] | None,
    time: AgentTime | None,
    options: Options,
) -> Definitions:
    """Of waits and conversations that ended, and of agents' time; None is "has none"."""
    levels: dict[str, float | None] = {}
    asa: dict[str, Seconds | None] = {}
    aht: dict[str, Seconds | None] = {}
    count: dict[str, int] = {}
    if waits is not None:
        known = [row for row in waits if row.wait_s is not None]
        split = [
            next(iter(kinds(row, options.service_level_s, options.short_abandon_s, measured=True))) for row in known
        ]
        levels = {name: share(split, place) for name, place in LEVELS.items()}
        took = [(row.wait_s or 0, row.answer_ring_s or 0) for row in known if row.outcome in TAKEN]
        asa = {
            "with_ringing": ratio(sum(wait for wait, _ in took), len(took)),
            "without_ringing": ratio(sum(wait - ring for wait, ring in took), len(took)),
        }
    if talks is not None:
        for name, some in by_direction(talks).items():
            sure = [one.handling_s for one in some if one.measured]
            aht[name], count[name] = ratio(sum(sure), len(sure)), len(some)
    return Definitions(
        service_level=levels,
        asa_s=asa,
        occupancy={name: ratio(part, part + rest) for name, (part, rest) in occupancy(time).items()} if time else {},
        aht_s=aht,
        handled=count,
        ringing_s=time.ringing_s if time else None,
        idle_s=time.idle_s if time else None,
        logged_in_s=time.logged_in_s if time else None,
    )


def occupancy(time: AgentTime) -> dict[str, tuple[Seconds, Seconds]]:
    """By definition the time at work, and the rest of what it is a share of."""
    worked = time.busy_s + time.after_call_s
    engaged = worked + time.ringing_s
    return {
        "on_queue": (worked, time.available_s),
        "on_queue_with_ringing": (engaged, time.idle_s),
        "logged_in": (worked, max(0, time.logged_in_s - worked)),
        "logged_in_with_ringing": (engaged, max(0, time.logged_in_s - engaged)),
    }
