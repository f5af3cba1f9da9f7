"""Figures of today and of past intervals, made in processes of their own; this one asks them, and keeps their answers.

A day is the account's local one. Today's process follows the journal (`follower.py`) and stores what is final; that of
the past reads the store (`closed.py`). A start goes on from the store; without one today is counted first, and then the
whole journal, in a process of its own.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from calltrack.core.records import Seconds
from calltrack.core.snapshot import Snapshot
from calltrack.figures import Options, Report
from calltrack.figures.days import day, zone_of
from calltrack.figures.hour import Hour
from calltrack.figures.missed import MissedCallers
from calltrack.live.timing import Backoff
from calltrack.serve.history.closed import past_report
from calltrack.serve.history.editions import Answer
from calltrack.serve.history.follower import (
    FRESH,
    Follower,
    Recounting,
    Today,
    adopt,
    follow,
    learn,
    past_missed,
    recount,
)
from calltrack.serve.history.past import PATIENCE, Kept
from calltrack.serve.history.reading import JournalReader, Reader
from calltrack.serve.history.worker import Worker
from calltrack.serve.security.scope import EVERYTHING, Scope
from calltrack.serve.stream.hub import Gone

LONGEST = 31 * 86400
"""Seconds of the longest interval that is counted."""

_ANSWERS = 64  # kept
_SENT = 1024  # tags of answers that are kept: any other is as none
_SELDOM = 10  # times as long as it took to count an interval of the past, until what came since is counted
_EVERY = 5.0  # s between two looks at what is new
_LONGEST = 30.0  # s between two tries to read what cannot be read
_FEW = 1000  # frames that are counted while somebody waits; more are counted before
_QUIET = 60.0  # s after which fewer are counted as well

Interval = tuple[Seconds, Seconds | None]
Question = tuple[Interval, Options, Scope, str]
K = TypeVar("K")
V = TypeVar("V")


class Figures:
    """What is counted; `known` returns the present state, `zone` is the account's, None for the stream's own offset.

    path: of the journal. make: makes another reader of the past, where frames are kept elsewhere.
    """

    def __init__(
        self,
        path: Path,
        known: Callable[[], Snapshot],
        zone: tzinfo | None = None,
        make: Callable[[], Reader] | None = None,
    ) -> None:
        self._known = known
        self._zone = zone
        self._ready = asyncio.Event()
        self._followed, self._looked = 0, time.monotonic()
        self._answers: OrderedDict[Question, tuple[float, Answer]] = OrderedDict()
        self._sent: OrderedDict[str, None] = OrderedDict()
        self._counted: OrderedDict[tuple[Interval, Options], tuple[float, int]] = OrderedDict()
        self._hours: OrderedDict[tuple[Options, frozenset[str] | None, frozenset[str] | None], tuple[float, int, Hour]]
        self._hours = OrderedDict()
        follower: Callable[[], Today] = partial(Recounting, make) if make else partial(Follower, path)
        self._elsewhere = make is not None
        self._follower = Worker(follower, idle=None)
        self._past = Worker(make or partial(JournalReader, path))
        self._recounter = Worker(partial(JournalReader, path), idle=0)
        # One at a time, and a long one of the past does not hold up today's; of those that one client alone asks for,
        # one at most is before what the boards ask for.
        self._counting = {True: asyncio.Lock(), False: asyncio.Lock()}
        self._own = asyncio.Lock()
        self._kept = Kept()

    @property
    def ready(self) -> bool:
        """Whether what the journal has of today is counted."""
        return self._ready.is_set()

    async def wait_ready(self) -> None:
        """Wait until what the journal has of today is counted."""
        await self._ready.wait()

    async def run(self) -> None:
        """Count what the journal has, and what comes; never ends. What cannot be read is tried again."""
        pauses = Backoff(_EVERY, _LONGEST, random.random)
        while True:
            try:
                with self._kept.reading():
                    await self._keep_up()
                pauses.reset()
                pause = _EVERY
            except Gone:
                pause = pauses.next()
            await asyncio.sleep(pause)

    async def _keep_up(self) -> None:
        position = self._known().position
        due = position - self._followed > (0 if time.monotonic() - self._looked > _QUIET else _FEW)
        if due:
            whole = await self._follower.ask(follow, *self._now())
            self._followed, self._looked = position, time.monotonic()
        self._ready.set()
        if due and not whole:
            await self._recounter.ask(recount, position)
            await self._follower.ask(adopt, *self._now())

    async def close(self) -> None:
        """End the processes."""
        for worker in (self._follower, self._past, self._recounter):
            await worker.close()

    def zone(self, known: Snapshot) -> tzinfo:
        """The account's clock: as given, or the stream's own offset."""
        return self._zone or zone_of(known.resume.offset_s)

    def today(self, known: Snapshot) -> Interval:
        """The local day of a snapshot's time, as far as it has come."""
        zone = self.zone(known)
        return (0, None) if known.time is None else (day(datetime.fromtimestamp(known.time, zone), zone).since, None)

    async def report(self, interval: Interval | None, options: Options, known: Snapshot) -> Report:
        """The figures of an interval (None: today), once `ready`; raises Gone."""
        return msgspec.json.decode((await self.answer(interval, options, known)).json, type=Report)

    async def answer(
        self,
        interval: Interval | None,
        options: Options,
        known: Snapshot,
        scope: Scope = EVERYTHING,
        held: str = "",
        own: bool = False,
    ) -> Answer:
        """The same as a role sees it, in JSON; `held` is the tag of the report that the client has; raises Gone.

        own: whether it is no question that all clients have in common.
        """
        today = self.today(known)
        wanted = interval or today
        is_today = wanted[0] >= today[0] and wanted[1] is None
        key = wanted, options, scope, held if is_today and held in self._sent else ""
        async with self._turn(is_today, own):
            made, found = self._answers.get(key, (0.0, None))
            position = known.position if is_today else self._position(wanted, options, known)
            if found is None or not (found.position == position or time.monotonic() - made < FRESH):
                made, found = await (self._of_today(key, known) if is_today else self._of_the_past(key, position))
                _put(self._answers, key, (made, found))
                _put(self._sent, found.tag, None, _SENT)
        return found._replace(json=b"{}", altered=True) if held == found.tag else found

    @asynccontextmanager
    async def _turn(self, is_today: bool, own: bool) -> AsyncIterator[None]:
        async with self._own if is_today and own else nullcontext(), self._counting[is_today]:
            yield

    async def hour(
        self,
        known: Snapshot,
        options: Options,
        queues: frozenset[str] | None,
        extensions: frozenset[str] | None,
        own: bool = False,
    ) -> Hour:
        """The last hour of some queues and extensions, None for all; once `ready`. For `own` see `answer`."""
        key = options, queues, extensions
        async with self._turn(True, own):
            made, position, found = self._hours.get(key, (0.0, 0, None))
            if found is not None and (position == known.position or time.monotonic() - made < FRESH):
                return found
            with self._kept.reading():
                await self._teach(known)
                found = await self._follower.ask(Today.hour, *self._now(known), options, queues, extensions)
            _put(self._hours, key, (time.monotonic(), known.position, found))
            return found

    async def missed(
        self, since: Seconds | None, known: Snapshot, queue: str = "", scope: Scope = EVERYTHING
    ) -> MissedCallers:
        """As `missed_since`, since a moment (None: today), once `ready`; raises Gone."""
        today = self.today(known)[0]
        is_today = since is None or since >= today
        async with self._turn(is_today, since is not None):
            with self._kept.reading():
                if is_today:
                    await self._teach(known)
                    return await self._follower.ask(Today.missed, *self._now(known), since or today, queue, scope)
                try:
                    async with asyncio.timeout(PATIENCE):
                        return await self._past.ask(past_missed, since or 0, known.position, queue, scope)
                except TimeoutError:
                    raise Gone(f"counting it took longer than {PATIENCE:g} s; ask for less") from None

    async def _teach(self, known: Snapshot) -> None:
        """Where there is no journal, say what no change says."""
        if self._elsewhere:
            await self._follower.ask(follow, *self._now(known))
            await self._follower.ask(learn, replace(known, calls=(), ended=()))

    async def _of_today(self, key: Question, known: Snapshot) -> tuple[float, Answer]:
        (since, _), options, scope, held = key
        with self._kept.reading():
            await self._teach(known)
            age, found = await self._follower.ask(Today.report, *self._now(known), since, options, scope, held)
            return time.monotonic() - age, found

    def _position(self, wanted: Interval, options: Options, known: Snapshot) -> int:
        """The frame up to which an interval of the past is counted now, for every role."""
        until, position = self._counted.get((wanted, options), (0.0, 0))
        return position if time.monotonic() < until else known.position

    async def _of_the_past(self, key: Question, position: int) -> tuple[float, Answer]:
        wanted, options, scope, _ = key
        begun = time.monotonic()
        with self._kept.reading():  # retention may take it while it is counted
            try:
                async with asyncio.timeout(PATIENCE):
                    found, tag = await self._past.ask(past_report, *wanted, options, position, scope)
            except TimeoutError:
                raise Gone(f"counting it took longer than {PATIENCE:g} s; ask for less") from None
        made = time.monotonic()
        if found.position != self._counted.get((wanted, options), (0.0, -1))[1]:
            _put(self._counted, (wanted, options), (made + _SELDOM * (made - begun), found.position))
        return made, Answer(found.position, tag, found.json, altered=False)

    def _now(self, known: Snapshot | None = None) -> tuple[int, Seconds]:
        known = known or self._known()
        return known.position, self.today(known)[0]


def _put(kept: OrderedDict[K, V], key: K, value: V, most: int = _ANSWERS) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
