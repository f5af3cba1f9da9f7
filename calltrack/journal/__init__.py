"""Every received frame, durable before it is published, and the state after any of them: a SQLite file.

What it promises, what each fault does to it, and the format: docs/journal.md.
"""

from calltrack.journal.cadence import Cadence
from calltrack.journal.errors import (
    JournalBusy,
    JournalDamaged,
    JournalError,
    JournalUnwritable,
    NoSuchPosition,
    NotAJournal,
    PositionPruned,
)
from calltrack.journal.journal import Journal
from calltrack.journal.position import StreamPosition
from calltrack.journal.salvage import Repaired, open_repaired, repair, restore

__all__ = [
    "Cadence",
    "Journal",
    "JournalBusy",
    "JournalDamaged",
    "JournalError",
    "JournalUnwritable",
    "NoSuchPosition",
    "NotAJournal",
    "PositionPruned",
    "Repaired",
    "StreamPosition",
    "open_repaired",
    "repair",
    "restore",
]
