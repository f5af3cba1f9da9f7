"""What the figures of a report are made of: the rows of an interval, and of a group of it such as a queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from calltrack.core.records import Seconds
from calltrack.figures.agenttime import Stretch
from calltrack.figures.evidence import Evidence
from calltrack.figures.facts import Facts
from calltrack.figures.percontact import Part as ContactPart
from calltrack.figures.rows import CallRow, Id, LegRow, QueueEntryRow
from calltrack.figures.slices import Kept
from calltrack.figures.spans import common, length
from calltrack.figures.window import Window


class View(NamedTuple):
    """What of the rows lies in a window: the legs that ended in it, those that last at its end, and agents' time."""

    window: Window
    over: list[LegRow]
    live: list[LegRow]
    time: list[Stretch]
    rows: Kept


class Among(NamedTuple):
    """An account, and all waits and calls that ended: some of the others may be its own."""

    account: Id
    waits: list[QueueEntryRow]
    calls: list[CallRow]


class Group(NamedTuple):
    """What the figures of one queue, agent, extension, account, part or of all are made of; None is "has none"."""

    waits: list[QueueEntryRow] | None = None
    legs: list[LegRow] | None = None
    live: int = 0
    time: list[Stretch] | None = None
    who: Callable[[Stretch], str] = lambda one: one.worker
    calls: list[CallRow] | None = None
    extensions: set[str] | None = None
    queue: str | None = None
    contacts: ContactPart | None = None
    among: Among | None = None


def extent(
    facts: Facts, evidence: Evidence, window: Window, group: Group
) -> tuple[Seconds | None, Seconds | None, Seconds, float | None]:
    """The interval, and how much of it was observed and is known: of some extensions, while one was monitored."""
    extensions = group.extensions
    observed = window.observed if extensions is None else window.observed_at(extensions)
    seconds = length(observed)
    since = facts.first if window.since is None else window.since
    until = facts.time if window.until is None else window.until
    asked = until - since if since is not None and until is not None else 0
    if window.open is not None and since is not None and until is not None:
        asked = length(common(window.open, [(since, until)]))
    share = seconds / asked if asked > 0 else None
    if share and evidence.any:
        share *= evidence.known(window, extensions, group.queue)
    return since, until, seconds, share
