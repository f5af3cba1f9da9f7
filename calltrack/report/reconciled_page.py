"""A reconciliation as one HTML page that needs nothing else: no script, no network."""

from __future__ import annotations

from datetime import tzinfo

from calltrack.reconcile import Reconciled
from calltrack.report.reconciled import TITLES, rows, sums, verdict
from calltrack.report.rendered import rendered
from calltrack.words.values import safe


def page(found: Reconciled, zone: tzinfo, name: str) -> str:
    """The page; it shows phone numbers where the sides differ on one. What a stranger may have written is escaped."""
    classes = found.by_class()
    return rendered(
        "reconciled.html",
        name=safe(name),
        verdict=verdict(found, zone),
        records=found.records,
        repeated=found.repeated,
        unusable=found.unusable,
        classes=[
            (TITLES[key], len(calls), [[safe(cell) for cell in row] for row in rows(calls, zone)])
            for key, calls in classes.items()
            if calls
        ],
        totals=[
            (title, [[safe(cell) for cell in row] for row in sums(totals)])
            for title, totals in (("Queue", found.queues), ("Agent", found.agents), ("Day", found.days))
        ],
    )
