"""A call that may still change: the newest record of each leg and wait, and the rows that are made of them.

A change replaces the record that it is about. What depends on several records (who rang for which stay, what was picked
up, a call's direction and account) is computed when rows are read, from all of them, so the order in which the changes
came cannot matter. The rulings are those of docs/tables.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from calltrack.core import changes
from calltrack.core.clock import JITTER_S
from calltrack.core.corrections import END_LATE, HOLD_LATE, RETRIEVAL_LATE, START_LATE
from calltrack.core.outcomes import TAKEN
from calltrack.core.records import Call, Leg, Seconds, Wait
from calltrack.core.remarks import ITS_END, ITS_START
from calltrack.core.stated import STATED
from calltrack.core.states import Outcome, State
from calltrack.figures.rows import CallRow, Id, LegRow, QueueEntryRow, concluded

ROUND_S = 2
"""Rings that begin so soon after the first of their round are one attempt of the queue (ring-all)."""
LATE_JOIN_S = 1
"""A JOIN can come so much later than the ring that it explains."""
SAME_S = 1
"""Frames of so short a time may come in any order."""
_HELD_LATE = (HOLD_LATE, RETRIEVAL_LATE)


class OpenLeg(Struct):
    """A leg's newest record; `came` is the position of its first frame, `reported` if that frame was its own event.

    `came_at` is the server time of that frame, `unstarted` whether its start did not come. `rang` is set once it has
    been seen ringing: a ring of no length leaves no spell. `missed` counts its events that did not come, `unsure_s` is
    how long it may have talked or held, which one of them would have said.
    """

    leg: Leg
    came: int = 0
    reported: bool = False
    rang: bool = False
    came_at: Seconds | None = None
    unstarted: bool = False
    missed: int = 0
    unsure_s: Seconds = 0


class OpenWait(Struct):
    """A wait's newest record; `came` and `went` are the positions of the frames that showed it first and last.

    `went_at` is the server time of the last. `not_before` is when a list still lacked one whose start was not reported.
    """

    wait: Wait
    came: int = 0
    went: int | None = None
    went_at: Seconds | None = None
    not_before: Seconds | None = None
    missed: int = 0

    def had(self, one: OpenLeg) -> bool:
        """Whether a leg's first frame came while it was open; of one second the server's time decides (ruling 4).

        What answered it, or lost it to who did, rang before it ended, whatever the stamps say (ruling 1).
        """
        if self.came > one.came or (self.went is not None and self.went <= one.came):
            return False
        if self.wait.outcome in TAKEN and (one.leg.answered or one.leg.outcome is Outcome.ANSWERED_ELSEWHERE):
            return True
        return one.came_at is None or self.went_at is None or not 0 < one.came_at - self.went_at <= SAME_S


class OpenCall(Struct):
    """A call's newest records, legs by attempt; `over` is its own record since it has ended, without its parts.

    `learned` is the server time of its last change.
    """

    call_id: str
    caller: str = ""
    caller_name: str = ""
    did: str = ""
    related: tuple[str, ...] = ()
    transferred_by: str = ""
    over: Call | None = None
    learned: Seconds | None = None
    legs: dict[int, OpenLeg] = {}
    waits: list[OpenWait] = []

    @classmethod
    def of(cls, call: Call) -> OpenCall:
        """A call that is found in the middle of its life, with what its record has of its past."""
        found = cls(call.call_id, call.caller, call.caller_name, call.did, call.related, call.transferred_by)
        for leg in (*call.past_legs, *call.legs):
            found.legs[leg.attempt] = OpenLeg(leg, rang=began_ringing(leg))
        found.waits = [OpenWait(wait, went=0) for wait in call.past_waits]
        found.waits += [OpenWait(wait) for wait in call.waiting]
        return found

    def copy(self) -> OpenCall:
        """The same as a value of its own."""
        legs = {attempt: replace(one) for attempt, one in self.legs.items()}
        return replace(self, legs=legs, waits=[replace(one) for one in self.waits])

    def end(self, call: Call) -> None:
        """Take the record of its end, or a revision of that."""
        self.over = replace(call, legs=(), past_legs=(), waiting=(), past_waits=())
        self.related, self.transferred_by = call.related, call.transferred_by or self.transferred_by

    def take_leg(self, change: changes.LegChange) -> None:
        """Take a leg's newest record."""
        leg = change.leg
        one = self.legs.get(leg.attempt)
        if one is None:
            reported = isinstance(change, changes.LegStarted) and not change.inferred
            one = self.legs[leg.attempt] = OpenLeg(leg, change.position, reported, came_at=change.at)
        one.leg = leg
        one.rang = one.rang or began_ringing(leg)
        if isinstance(change, changes.LegResumed) or (
            isinstance(change, changes.LegRevised) and change.inferred in (END_LATE, *_HELD_LATE)
        ):
            one.missed = max(0, one.missed - 1)
            one.unsure_s = 0 if change.inferred in _HELD_LATE else one.unsure_s
        if change.inferred.startswith(STATED):  # another account has said what the events would have
            one.missed, one.unsure_s = 0, 0

    def take_wait(self, change: changes.QueueChange) -> None:
        """Take a wait's newest record; one whose JOIN comes late gets its stamp only then."""
        wait = change.wait
        one = None
        if not isinstance(change, changes.QueueJoined):
            same = [known for known in self.waits if known.wait.queue_id == wait.queue_id]
            one = next((known for known in reversed(same) if known.wait.stamp == wait.stamp), None)
            one = one or next((known for known in reversed(same) if not known.wait.stamp), None)
        if one is None:
            one = OpenWait(wait, change.position)
            self.waits.append(one)
        one.wait = wait
        if isinstance(change, changes.WaitResumed):
            one.went = one.went_at = None
            one.missed = max(0, one.missed - 1)
        elif wait.outcome is not None and one.went is None:
            one.went, one.went_at = change.position, change.at
        elif isinstance(change, changes.WaitRevised) and change.inferred in (END_LATE, START_LATE):
            one.missed = max(0, one.missed - 1)
        if change.inferred.startswith(STATED):
            one.missed = 0

    def miss(self, change: changes.Anomaly) -> None:
        """An event of a leg or a wait did not come: it was between `since` and `at` of the anomaly."""
        if change.queue_id:
            stay = next((one for one in reversed(self.waits) if one.wait.queue_id == change.queue_id), None)
            if stay is not None:
                stay.missed += 1
                if change.expected == ITS_START:
                    stay.not_before = change.since
            return
        here = [one for one in self.legs.values() if one.leg.exten_user == change.exten_user]
        if not here:
            return
        one = here[-1]
        one.missed += 1
        one.unstarted = one.unstarted or change.expected == ITS_START
        if change.expected not in (ITS_START, ITS_END) and change.at is not None:
            begun = max(change.since or 0, one.leg.answered_at or one.leg.started or change.at)
            one.unsure_s += max(0, change.at - begun)

    # The rows

    @property
    def account_id(self) -> Id:
        """The account of its first leg; none if it reached no agent."""
        first = self._first(list(self.legs.values()))
        return None if first is None else first.account_id

    @property
    def queues(self) -> Iterator[str]:
        """The queues in which it has waited, in their order."""
        return (one.wait.queue_id for one in self.waits)

    def row(self) -> CallRow:
        """The row of the call."""
        legs = [self.legs[attempt] for attempt in sorted(self.legs)]
        waits = [one.wait for one in self.waits]
        talked = [one.leg for one in legs if one.leg.answered and one.leg.c2c != 1 and one.leg.direction != "Spy"]
        taken = [wait for wait in waits if wait.outcome in TAKEN]
        first = least(leg.answered_at for leg in talked)
        over = self.over
        records: list[Leg | Wait] = [*[one.leg for one in legs], *waits]
        row = CallRow(
            self.call_id,
            self.account_id,
            self._direction(),
            self.caller or next((one.caller for one in records if one.caller), ""),
            self.caller_name or next((one.caller_name for one in records if one.caller_name), ""),
            self.did or next((one.leg.did for one in legs if one.leg.did), ""),
            waits[-1].queue_id if waits else "",
            least([*[one.leg.started for one in legs], *map(joined, waits)]),
            answered=bool(talked or taken),
            answered_at=first if talked else least(wait.left_at for wait in taken),
            picked_up=any(wait.outcome is Outcome.PICKED_UP for wait in waits),
            legs=max(self.legs, default=0),
            rings=sum(one.rang and not after(one.leg.started, first) for one in legs),
            related=self.related,
            transferred_by=self.transferred_by,
            campaign_id=next((one.leg.campaign_id for one in legs if one.leg.campaign_id), ""),
        )
        if over is None:
            return row
        return replace(
            row,
            started=over.started,
            answered=over.answered,
            answered_at=over.answered_at,
            ended_at=over.ended_at,
            outcome=over.outcome,
            cause=over.cause,
            wait_s=None if any(wait.wait_s is None for wait in waits) else over.wait_s,
            ring_s=over.ring_s,
            talk_s=over.talk_s,
            hold_s=over.hold_s,
            unknown_s=over.unknown_s,
            inferred=over.inferred,
            confirmed_at=max((one.confirmed_at for one in records if one.confirmed_at is not None), default=None),
        )

    def leg_rows(self) -> Iterator[LegRow]:
        """The rows of its legs."""
        chosen = any(one.wait.outcome is Outcome.PICKED_UP for one in self.waits)
        for one in self.legs.values():
            leg = one.leg
            yield LegRow(
                leg.call_id,
                leg.exten_user,
                leg.attempt,
                leg.account_id,
                leg.agent_id,
                leg.agent_name,
                self._queue_of(one),
                leg.direction,
                leg.internal,
                leg.c2c,
                chosen and leg.answered and leg.direction == "Incoming" and not leg.c2c and not one.rang,
                one.rang,
                leg.started,
                leg.answered_at,
                leg.ended_at,
                leg.answered,
                leg.outcome,
                leg.cause,
                leg.ring_s,
                leg.talk_s,
                leg.hold_s,
                leg.unknown_s,
                leg.inferred,
                leg.spells,
                leg.confirmed_at,
                leg.doubtful,
                one.missed,
                one.unsure_s + leg.talk_or_hold_s,
                leg.campaign_id,
            )

    def entry_rows(self) -> Iterator[QueueEntryRow]:
        """The rows of its stays in queues."""
        account_id = self.account_id
        rung: dict[int, list[OpenLeg]] = {}
        for leg in self.legs.values():
            if leg.rang and (mine := self._rung_for(leg)) is not None:
                rung.setdefault(id(mine), []).append(leg)
        for one in self.waits:
            wait, rings = one.wait, rung.get(id(one), [])
            least, most = extent(one)
            yield QueueEntryRow(
                wait.queue_id,
                wait.call_id,
                account_id,
                wait.joined_at,
                wait.left_at,
                wait.wait_s,
                wait.outcome,
                wait.agent_name,
                len(rings),
                rounds(rings),
                wait.inferred,
                wait.confirmed_at,
                one.missed,
                least,
                most,
                answering_ring(wait, rings),
                wait.original_call_id,
            )

    def _direction(self) -> str:
        """That of its first leg which is not a listener's; Incoming if it waited in a queue first."""
        first = self._first([one for one in self.legs.values() if one.leg.direction != "Spy"])
        begun = least(joined(one.wait) for one in self.waits)
        if self.waits and (first is None or begun is None or not after(begun, first.started)):
            return "Incoming"
        if first is None:
            return "Spy" if self.legs else ""
        return "Internal" if first.internal and not first.c2c else first.direction

    @staticmethod
    def _first(legs: list[OpenLeg]) -> Leg | None:
        """The first of some legs as they came, or one that had begun before: its start did not come.

        An internal call begins at its caller's extension, whatever the stamps say (ruling 1).
        """
        first = min(legs, key=lambda one: one.leg.attempt, default=None)
        if first is None:
            return None
        unseen = [one.leg for one in legs if one.unstarted]
        calling = [leg for leg in unseen if leg.internal and leg.direction == "Outgoing"]
        begun = None if first.leg.started is None else first.leg.started - JITTER_S
        before = calling or [leg for leg in unseen if after(begun, leg.started)]
        return min(before, key=lambda leg: leg.started or 0, default=first.leg)

    def _queue_of(self, one: OpenLeg) -> str:
        """The queue that a leg came from: the vendor's word, else the one in which its call waited last (ruling 17)."""
        if one.leg.queue_id or one.leg.direction != "Incoming":
            return one.leg.queue_id
        begun = one.leg.started
        before = [wait for wait in self.waits if wait.came < one.came or began_before(wait, one.leg)]
        return max(reversed(before), key=lambda wait: _waited_last(wait.wait, begun)).wait.queue_id if before else ""

    def _rung_for(self, one: OpenLeg) -> OpenWait | None:
        """The stay that a ring belongs to: one that was open when it began, by arrival or by the clock."""
        begun = one.leg.started
        queue_id = self._queue_of(one)
        found: OpenWait | None = None
        best: tuple[bool, Seconds] | None = None
        for wait in self.waits:
            arrived = one.reported and wait.had(one)
            over = wait.went is not None and wait.went < one.came if begun is None else after(begun, wait.wait.left_at)
            lasted = began_before(wait, one.leg) and not over
            rank = wait.wait.queue_id == queue_id, wait.wait.joined_at or 0
            if (arrived or lasted) and (best is None or rank >= best):
                found, best = wait, rank
        return found


def _waited_last(wait: Wait, begun: Seconds | None) -> tuple[bool, Seconds]:
    """What orders the stays before a leg: the last that it found open, else the one that was left last."""
    over = after(begun, wait.left_at)
    return not over, (wait.left_at if over else wait.joined_at) or 0


def began_ringing(leg: Leg) -> bool:
    """Whether a leg's record shows that it rang: a click2call's own phone and its customer are dialed."""
    if leg.c2c or leg.direction != "Incoming":
        return False
    return leg.state is State.RINGING or bool(leg.spells and leg.spells[0].state is State.RINGING)


def began_before(wait: OpenWait, leg: Leg) -> bool:
    """Whether a stay had begun when a leg did, by the clock; before the first offset by the stamps (ruling 3)."""
    since, begun = wait.wait.joined_at, leg.started
    if begun is None:
        since, begun = wait.wait.stamp or None, leg.stamp or None
    return begun is not None and (since is None or since - LATE_JOIN_S <= begun)


def extent(one: OpenWait) -> tuple[Seconds | None, Seconds | None]:
    """How long a stay took at least and at most; None while it lasts, the latter also if no list bounds it."""
    wait = one.wait
    if wait.outcome is None:
        return None, None
    if wait.wait_s is not None and (not concluded(wait.inferred) or wait.left_at is None or one.went_at is None):
        return wait.wait_s, wait.wait_s
    if wait.joined_at is None:  # only its end was reported
        begun = one.not_before
        return 0, None if begun is None or wait.left_at is None else max(0, wait.left_at - begun)
    ends = [at for at in (wait.left_at, one.went_at) if at is not None]
    seen = wait.joined_at if wait.confirmed_at is None else wait.confirmed_at
    return max(0, seen - wait.joined_at), max(ends) - wait.joined_at if ends else None


def answering_ring(wait: Wait, rings: list[OpenLeg]) -> Seconds | None:
    """How long the phone rang that answered a stay."""
    if wait.outcome is not Outcome.ANSWERED:
        return None
    took = [one.leg for one in rings if one.leg.answered]
    return None if not took else min(took[-1].ring_s, wait.wait_s or 0)


def rounds(rings: list[OpenLeg]) -> int:
    """How many attempts of the queue these rings were."""
    count, begun = 0, None
    times = [one.leg.started for one in rings]
    for at in sorted(one.leg.stamp for one in rings) if None in times else sorted(at for at in times if at is not None):
        if begun is None or at > begun + ROUND_S:
            count, begun = count + 1, at
    return count


def joined(wait: Wait) -> Seconds | None:
    """When a wait is known to have been there first."""
    return wait.left_at if wait.joined_at is None else wait.joined_at


def after(one: Seconds | None, other: Seconds | None) -> bool:
    """Whether a moment is after another, and both are known."""
    return one is not None and other is not None and one > other


def least(moments: Iterator[Seconds | None] | list[Seconds | None]) -> Seconds | None:
    """The first of the moments that are known."""
    return min((at for at in moments if at is not None), default=None)
