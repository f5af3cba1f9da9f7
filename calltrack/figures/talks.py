"""Conversations as figures need them, each made once for all the groups that it is in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from calltrack.core.order import LAG_S
from calltrack.core.records import Seconds
from calltrack.figures.agenttime import worker
from calltrack.figures.contacts import handled, key_of
from calltrack.figures.evidence import Evidence
from calltrack.figures.followed import Followed
from calltrack.figures.ranges import Range
from calltrack.figures.rows import LegRow

ALL, INBOUND, OUTBOUND, INTERNAL, CONSULTATION = "all", "inbound", "outbound", "internal", "consultation"
DIRECTIONS = (ALL, INBOUND, OUTBOUND, INTERNAL, CONSULTATION)


class Talk(NamedTuple):
    """A leg that was a conversation."""

    leg: LegRow
    worker: str
    direction: str
    wrap_up_s: Seconds
    handling_s: Seconds
    """Talk, hold and after-call work, as far as they are known."""
    measured: bool
    """All of its time is known."""
    timed: bool
    """It did not begin before the stream, of which part is not known then."""
    dubious: bool
    """It may have been a ring."""
    talk: Range
    hold: Range
    handling: Range


class Talks:
    """The conversations among legs; `consultations` are the calls that are some."""

    def __init__(self, followed: Followed, consultations: Mapping[str, str], evidence: Evidence) -> None:
        self._followed, self._consultations, self._evidence = followed, consultations, evidence
        self._made: dict[int, Talk] = {}  # by identity: the rows stay as they are while they are counted

    def of(self, legs: Iterable[LegRow]) -> list[Talk]:
        """Those among some legs, in their order."""
        made = self._made
        return [made.get(id(leg)) or self._make(leg) for leg in legs if handled(leg)]

    def direction(self, leg: LegRow) -> str:
        """Which of the directions a leg has."""
        if leg.call_id in self._consultations:
            return CONSULTATION
        if leg.internal:
            return INTERNAL
        return OUTBOUND if leg.direction == "Outgoing" or leg.c2c == 2 else INBOUND

    def _make(self, leg: LegRow) -> Talk:
        wrap_up_s = self._followed.wrap_up_s.get(key_of(leg), 0) if self._followed.wrap_up_s else 0
        talk, hold, unknown, unsure = leg.talk_s or 0, leg.hold_s or 0, leg.unknown_s or 0, leg.unsure_s
        handling_s = talk + hold + wrap_up_s
        near, end = slack(leg), LAG_S if self._evidence.ended_unseen(leg) else 0
        on_hold = near if hold or unknown or unsure else 0
        made = self._made[id(leg)] = Talk(
            leg,
            worker(leg),
            self.direction(leg),
            wrap_up_s,
            handling_s,
            measured=leg.unknown_s == 0 and None not in (leg.talk_s, leg.hold_s),
            timed=not self._evidence.began_unseen(leg),
            dubious=self._evidence.may_not_have_answered(leg),
            talk=Range(max(0, talk - unsure - near), talk + min(unsure, hold) + unknown + near),
            hold=Range(max(0, hold - unsure - on_hold), hold + unsure + unknown + on_hold),
            handling=Range(max(0, handling_s - end), handling_s + unknown + end),
        )
        return made


def slack(leg: LegRow) -> Seconds:
    """How far a list's moment may be from that of the step which it shows, and no event reported."""
    return LAG_S if leg.missed else 0


def by_direction(talks: Iterable[Talk]) -> dict[str, list[Talk]]:
    """All conversations, and by direction."""
    found: dict[str, list[Talk]] = {name: [] for name in DIRECTIONS}
    for one in talks:
        found[ALL].append(one)
        found[one.direction].append(one)
    return found
