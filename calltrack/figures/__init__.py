"""Contact-centre figures, computed from changes: facts gather rows, `report` counts them.

    facts = Facts()
    facts.apply(tracker.feed(frame), tracker.time)
    report(facts, since, until, Options(service_level_s=20))

What each figure means, and at which edge it is counted: docs/kpi.md.
"""

from calltrack.figures.checkpoint import Checkpoint
from calltrack.figures.contactrows import ContactRow, Step
from calltrack.figures.facts import Facts
from calltrack.figures.report import report
from calltrack.figures.rows import TABLES, AgentStateRow, CallRow, LegRow, QueueEntryRow, Rows
from calltrack.figures.shapes import (
    CallFigures,
    ContactFigures,
    Figures,
    Options,
    Part,
    Report,
    WaitFigures,
    WorkFigures,
)

__all__ = [
    "TABLES",
    "AgentStateRow",
    "CallFigures",
    "CallRow",
    "Checkpoint",
    "ContactFigures",
    "ContactRow",
    "Facts",
    "Figures",
    "LegRow",
    "Options",
    "Part",
    "QueueEntryRow",
    "Report",
    "Rows",
    "Step",
    "WaitFigures",
    "WorkFigures",
    "report",
]
