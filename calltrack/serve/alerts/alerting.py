"""Alerts while the service runs: rules are held against the present every second, and destinations brought up to date.

    judge ─► Standing (what holds, and for how long) ─► for each destination: what it was sent, and what is so now

A destination is owed the difference between the two. So nothing is said twice; what is over is said once, to those who
heard of it; what began and ended in quiet hours is never said; and a destination that could not be reached is sent
later what is so then. What each was sent is kept beside the journal, so that a restart repeats nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from calltrack.figures.hour import Hour
from calltrack.figures.opening import Hours, Opening
from calltrack.serve import kept
from calltrack.serve.alerts.judge import Found, Present, judge
from calltrack.serve.alerts.rules import Destination, Rule
from calltrack.serve.alerts.sending import Message, Send, by_apprise
from calltrack.serve.engine import Engine
from calltrack.words.statuses import named_snapshot
from calltrack.words.values import safe, span

TICK = 1.0
"""Seconds between two looks."""
CALM = 30.0
"""Seconds for which a condition has to be away before it is over."""

_COUNTED = 15.0  # s between two counts of the day's shares
_LINES = 30  # of one message
_REST, _LONGEST_REST = 10.0, 600.0  # s after a message that was not taken, doubled each time
_AT_ONCE = ("stale", "no_events")  # their rules look at a duration themselves

_log = logging.getLogger("calltrack.serve")


class Alert(Struct, frozen=True):
    """What is so, by which rule, since when (UTC epoch s of this machine), and the queue or extension it concerns."""

    rule: str
    about: str
    text: str
    since: float
    queue_id: str = ""
    exten_user: str = ""

    @property
    def key(self) -> str:
        """What it is the same by, however its words change."""
        return f"{self.rule}\n{self.about}"


class Standing:
    """What holds now: a finding becomes an alert when it has lasted, and is over when it has been away for a while."""

    def __init__(self, calm: float = CALM) -> None:
        self.alerts: dict[str, Alert] = {}
        self._calm = calm
        self._begun: dict[str, float] = {}
        self._away: dict[str, float] = {}

    def see(self, rule: Rule, found: Found, at: float, wall: float) -> None:
        """Take what a rule finds; `at` is a clock in s that never goes back, `wall` UTC epoch s."""
        lasts = 0 if rule.when in _AT_ONCE else rule.lasts_s
        for about, finding in found.items():
            alert = Alert(rule.name, about, finding.text, wall, finding.queue_id, finding.exten_user)
            self._away.pop(alert.key, None)
            if alert.key not in self.alerts and at - self._begun.setdefault(alert.key, at) >= lasts:
                self.alerts[alert.key] = alert
        for held in self._begun.keys() | self.alerts.keys():
            name, about = held.split("\n", 1)
            if name != rule.name or about in found:
                continue
            if held not in self.alerts:
                self._begun.pop(held, None)
            elif at - self._away.setdefault(held, at) >= self._calm:
                del self.alerts[held], self._away[held]
                self._begun.pop(held, None)


class Recipient:
    """One destination: what it was sent, by key; `failed` are the tries since the last message that was taken."""

    def __init__(
        self, destination: Destination, rules: frozenset[str], sent: dict[str, Alert], account: str = ""
    ) -> None:
        self._account = account
        self.name = destination.name
        self.failed = 0
        self.sent = sent
        self._quiet = Hours(destination.quiet)
        self._rules = rules

    def owed(self, alerts: dict[str, Alert], local: datetime, wall: float) -> tuple[Message, dict[str, Alert]] | None:
        """What it is to be sent now, and what it has been sent then; None for nothing."""
        mine = {key: one for key, one in alerts.items() if one.rule in self._rules}
        begun = [one for key, one in mine.items() if key not in self.sent]
        over = [one for key, one in self.sent.items() if key not in mine]
        if self._quiet.has(local) or not (begun or over):
            return None
        lines = [f"{one.rule}: {one.text}" for one in begun]
        lines += [f"over after {span(wall - one.since)}: {one.rule}: {one.text}" for one in over]
        title = f"{len(begun)} new" if len(begun) > 1 else begun[0].rule if begun else "over"
        if not begun and len(over) == 1:
            title = f"over: {over[0].rule}"
        more = [] if len(lines) <= _LINES else [f"and {len(lines) - _LINES} more"]
        title = f"{self._account}: {title}" if self._account else title
        body = "\n".join(map(safe, [*lines[:_LINES], *more]))  # a name makes no line, and turns no text around
        said = Message(safe(f"calltrack: {title}"), body, bool(begun))
        return said, {key: self.sent.get(key, one) for key, one in mine.items()}


class Alerts:
    """All rules and destinations over an engine that runs beside it; messages about one `account` of many name it."""

    def __init__(
        self,
        rules: list[Rule],
        destinations: list[Destination],
        engine: Engine,
        path: Path,
        calm: float = CALM,
        account: str = "",
    ) -> None:
        self.rules = rules
        self._engine = engine
        self._path = path
        self._standing = Standing(calm)
        self._addresses = {one.name: one.url() for one in destinations}
        sent = kept.read(path, dict[str, dict[str, Alert]], {}) if rules or destinations else {}
        self.destinations = [
            Recipient(
                one, frozenset(rule.name for rule in rules if not rule.notify or one.name in rule.notify), {}, account
            )
            for one in destinations
        ]
        names = {rule.name for rule in rules}
        for one in self.destinations:
            one.sent = {key: alert for key, alert in sent.get(one.name, {}).items() if alert.rule in names}
            self._standing.alerts.update(one.sent)
        self._hour_at = 0.0
        self._hour: Hour | None = None

    @property
    def standing(self) -> list[Alert]:
        """What holds now."""
        return list(self._standing.alerts.values())

    async def run(self, send: Send | None = None) -> None:
        """Look, and tell, until cancelled."""
        if not self.rules:
            await asyncio.Event().wait()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look())
            for one in self.destinations:
                group.create_task(self._notify(one, send or by_apprise))

    async def _look(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(TICK)

    async def look(self) -> None:
        """Hold every rule against the present."""
        present = await self._present()
        for rule in self.rules:
            found = judge(rule, present)
            if found is not None:
                self._standing.see(rule, found, time.monotonic(), time.time())

    async def _present(self) -> Present:
        engine = self._engine
        known = engine.view.snapshot
        limits = engine.limits.limits
        asked = any(rule.when == "service_level" for rule in self.rules)
        if asked and engine.figures.ready and time.monotonic() - self._hour_at >= _COUNTED:
            self._hour = await engine.figures.hour(known, engine.hour_options, None, None)
            self._hour_at = time.monotonic()
        return Present(
            named_snapshot(known, dict(engine.options.status_names)),
            limits,
            engine.view.known,
            engine.clock.now(),
            self._local(),
            engine.silent_s,
            engine.source.stale_for,
            self._hour,
            Opening(engine.options.open, engine.options.holidays).has(self._local()),
        )

    def _local(self) -> datetime:
        now = self._engine.clock.now()
        return datetime.fromtimestamp(time.time() if now is None else now, self._engine.zone)

    async def _notify(self, one: Recipient, send: Send) -> None:
        rest = _REST
        while True:
            await asyncio.sleep(TICK)
            owed = one.owed(self._standing.alerts, self._local(), time.time())
            if owed is None:
                continue
            message, sent = owed
            if not (why := await send(self._addresses[one.name], message)):
                one.sent, one.failed, rest = sent, 0, _REST
                self._keep()
            else:
                one.failed += 1
                _log.warning(
                    "alerts: %s was not reached: %s; the next try is in %.0f s, with the state then",
                    *(one.name, why, rest),
                )
                await asyncio.sleep(rest)
                rest = min(_LONGEST_REST, rest * 2)

    def _keep(self) -> None:
        try:
            kept.write(self._path, {one.name: one.sent for one in self.destinations})
        except OSError as error:
            _log.error("alerts: what was sent cannot be stored: %s", error.strerror)
