"""Which parts of a journal the Call Log is asked for, and how far that has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from calltrack.core.errors import CalltrackError
from calltrack.core.records import Gap

DAY_S = 86_400
MARGIN_S = 2 * 3600
"""A record has the beginning of its call, and that may be before the gap into which the end fell."""


class Part(NamedTuple):
    """A stretch of at most a day; UTC epoch s."""

    since: int
    until: int


class NotProgress(CalltrackError):
    """The file of the progress is not one."""


def parts(gaps: Iterable[Gap], since: float, until: float, margin_s: float = MARGIN_S) -> list[Part]:
    """The stretches of [since, until] in which a call may have begun that was not seen whole, day by day."""
    wanted: list[tuple[float, float]] = []
    for gap in sorted(gaps, key=lambda gap: gap.since or 0):
        begin = max(since, (since if gap.since is None else gap.since) - margin_s)
        end = min(until, until if gap.until is None else gap.until)
        if end < begin:
            continue
        if wanted and begin <= wanted[-1][1]:
            wanted[-1] = (wanted[-1][0], max(end, wanted[-1][1]))
        else:
            wanted.append((begin, end))
    return [part for begin, end in wanted for part in _days(int(begin), int(end))]


def _days(begin: int, end: int) -> Iterator[Part]:
    while True:
        last = min(end, begin // DAY_S * DAY_S + DAY_S - 1)
        yield Part(begin, last)
        if last >= end:
            return
        begin = last + 1


class Progress:
    """The parts that are done, in a file beside the journal; a part is noted when its records are durable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: set[Part] = set()
        if path.exists():
            try:
                self._done = set(msgspec.json.decode(path.read_bytes(), type=list[Part]))
            except (msgspec.MsgspecError, OSError) as error:
                raise NotProgress(f"{path}: is not the progress of a backfill ({error}); remove it") from None

    def __contains__(self, part: Part) -> bool:
        return part in self._done

    def note(self, part: Part) -> None:
        """It is done. Raises OSError."""
        self._done.add(part)
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_bytes(msgspec.json.encode(sorted(self._done)))
        beside.replace(self._path)

    def finish(self) -> None:
        """Everything is done: another backfill begins anew."""
        self._path.unlink(missing_ok=True)
