"""Today's figures, kept up with the stream; those of other intervals, counted from the journal when asked for.

A day is the account's local one. What the journal has of today when the service starts is counted beside its work, so a
start does not wait for it; until then figures are not available rather than wrong.

Today's rows are in memory only while a change can touch them, then in a file beside the journal, which whoever makes a
report of today reads. Reports are made in processes of their own, one at a time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path

from calltrack.core.changes import Change
from calltrack.core.records import Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.figures import Checkpoint, Facts, Options, Report, report
from calltrack.figures.days import day, zone_of
from calltrack.figures.hour import Hour, last_hour
from calltrack.serve.history.finishedrows import Extract, Written
from calltrack.serve.history.past import what_is_kept
from calltrack.serve.history.reading import EVERY, Interval, JournalReader, Reader
from calltrack.serve.history.worker import Worker

LONGEST = 31 * 86400
"""Seconds of the longest interval that is counted."""

_FRESH = 5.0  # s for which one report answers all who ask for the same
_REPORTS = 32  # kept

_log = logging.getLogger("calltrack.serve")


class Figures:
    """What is counted; `known` returns the present state, `zone` is the account's, None for the stream's own offset.

    path: of the journal, or of what stands for one; files of its own are beside it. make: makes a reader of the past.
    """

    def __init__(
        self,
        path: Path,
        known: Callable[[], Snapshot],
        zone: tzinfo | None = None,
        make: Callable[[], Reader] | None = None,
    ) -> None:
        self._make = make or partial(JournalReader, path)
        self._known = known
        self._zone = zone
        self._facts: Facts | None = None
        self._written = Written(path.with_name(f"{path.name}-today"))
        self._seen = 0
        self._since: list[tuple[tuple[Change, ...], Seconds | None]] = []
        self._reports: dict[tuple[Interval, Options], tuple[float, Report]] = {}
        self._of_today, self._of_the_past = Worker(self._make, idle=0), Worker(self._make)
        self._hours: dict[tuple[Options, frozenset[str] | None, frozenset[str] | None], tuple[float, Hour]] = {}
        # One report at a time, and a long one of the past does not hold up today's.
        self._counting = {True: asyncio.Lock(), False: asyncio.Lock()}

    @property
    def ready(self) -> bool:
        """Whether what the journal has of today is counted."""
        return self._facts is not None

    def see(self, changes: tuple[Change, ...], at: Seconds | None) -> None:
        """Count what a frame changed; `at` is the tracker's time after it."""
        if self._facts is None:
            self._since.append((changes, at))
            return
        self._facts.apply(changes, at)
        self._seen += 1
        if self._seen % EVERY == 0 and not self._counting[True].locked():  # what is being read is not dropped
            self._write(self._facts, self._known())

    async def begin(self, known: Snapshot) -> None:
        """Count what the journal has of today, up to the frame of a snapshot; what follows was given to `see`."""

        def over(facts: Facts) -> None:
            self._written.take(facts, known.resume.history)

        def counted() -> Facts:
            with closing(self._make()) as reader:
                return reader.facts(self.today(known), known.position, over)

        facts = await asyncio.to_thread(counted)
        for changes, at in self._since:
            facts.apply(changes, at)
        self._since.clear()
        self._facts = facts

    def close(self) -> None:
        """Let go of today's rows, and end the processes."""
        self._of_today.close()
        self._of_the_past.close()
        self._written.close()

    def zone(self, known: Snapshot) -> tzinfo:
        """The account's clock: as given, or the stream's own offset."""
        return self._zone or zone_of(known.resume.offset_s)

    def today(self, known: Snapshot) -> Interval:
        """The local day of a snapshot's time, as far as it has come."""
        zone = self.zone(known)
        return (0, None) if known.time is None else (day(datetime.fromtimestamp(known.time, zone), zone).since, None)

    async def report(self, interval: Interval | None, options: Options, known: Snapshot) -> Report:
        """The figures of an interval (None: today), once `ready`; raises Gone."""
        today = self.today(known)
        wanted = interval or today
        key = wanted, options
        is_today = wanted[0] >= today[0]
        async with self._counting[is_today]:
            made, found = self._reports.get(key, (0.0, None))
            if found is not None and time.monotonic() - made < _FRESH:
                return found
            if is_today:
                with what_is_kept():
                    found = await self._live(wanted, options, known)
            else:
                with what_is_kept():  # retention may take it while it is counted
                    found = await self._of_the_past.ask(_report_of_the_past, wanted, options, known.position)
            if len(self._reports) >= _REPORTS:
                del self._reports[next(iter(self._reports))]
            self._reports[key] = time.monotonic(), found
            return found

    async def _live(self, wanted: Interval, options: Options, known: Snapshot) -> Report:
        assert self._facts is not None
        self._write(self._facts, known)
        held, written = self._facts.checkpoint(), self._written.extract
        return await self._of_today.ask(report_of_today, held, written, *wanted, options)

    async def hour(
        self, known: Snapshot, options: Options, queues: frozenset[str] | None, extensions: frozenset[str] | None
    ) -> Hour:
        """The last hour of some queues and extensions, None for all; once `ready`."""
        assert self._facts is not None
        key = options, queues, extensions
        async with self._counting[True]:
            made, found = self._hours.get(key, (0.0, None))
            if found is not None and time.monotonic() - made < _FRESH:
                return found
            self._write(self._facts, known)
            held, written, day = self._facts.checkpoint(), self._written.extract, self.today(known)[0]
            found = await self._of_today.ask(hour_of_today, held, written, day, options, queues, extensions)
            if len(self._hours) >= _REPORTS:
                del self._hours[next(iter(self._hours))]
            self._hours[key] = time.monotonic(), found
            return found

    def _write(self, facts: Facts, known: Snapshot) -> None:
        """Forget yesterday, and write what of today is over."""
        facts.learn(known)
        midnight = self.today(known)[0]
        if facts.first is not None and facts.first < midnight:
            facts.drop_before(midnight)
        self._written.drop_before(midnight)
        self._written.take(facts, known.resume.history)


def report_of_today(
    _: Reader, held: Checkpoint, written: Extract, since: Seconds, until: Seconds | None, options: Options
) -> Report:
    """The report of what facts hold and of what they handed out."""
    return report(Facts.restore(held.after(written.parts())), since, until, options)


def hour_of_today(
    _: Reader,
    held: Checkpoint,
    written: Extract,
    day: Seconds,
    options: Options,
    queues: frozenset[str] | None,
    extensions: frozenset[str] | None,
) -> Hour:
    """The last hour of what facts hold and of what they handed out."""
    return last_hour(Facts.restore(held.after(written.parts())), day, options, queues, extensions)


def _report_of_the_past(reader: Reader, interval: Interval, options: Options, position: int) -> Report:
    return report(reader.facts(interval, position, lambda _: None), *interval, options)
