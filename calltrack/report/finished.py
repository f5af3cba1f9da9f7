"""A report with all that a command writes of it, so that it need not be made again."""

from __future__ import annotations

from msgspec import Struct

from calltrack.core.records import Seconds
from calltrack.figures.shapes import Report
from calltrack.figures.week import HourOfWeek


class Finished(Struct, frozen=True):
    """A report of `frames` frames; `damaged` are those among them that did not read, and why.

    `offset_s` is what the stream's clock is ahead of UTC, s. `day` is the local date that was asked for, or "". `text`
    (JSON or CSV), `page` and `week` are empty if they were not asked for.
    """

    report: Report
    frames: int
    offset_s: Seconds | None
    damaged: tuple[tuple[int, str], ...]
    day: str = ""
    text: str = ""
    page: str = ""
    week: tuple[HourOfWeek, ...] = ()
