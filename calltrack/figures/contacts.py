"""A contact: everything that one customer's matter went through, over all of its calls.

Theory. A call is one ivrid, but a transfer, a move to another queue and a call back go on under a new one, which names
the ones that it came from; and an agent who asks a colleague dials a call of the agent's own. Calls are of one contact
if

* one names the other as one that it came from (`related`, field guide §4), or as what it was before it moved here from
  another queue (`original_call_id`, §7);
* one was dialed at a phone that was in a conversation of the other: a consultation.

A leg of a consultation is not the customer's: its time is the agents' own (`consult_s`). The part of a transfer's
receiver begins with the receiver's own leg under the new id (ruling 7), so no second of talk is in a contact twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from calltrack.core.records import Seconds
from calltrack.core.states import Outcome, State
from calltrack.figures.contactrows import ContactRow, Step
from calltrack.figures.rows import CallRow, LegRow, QueueEntryRow
from calltrack.figures.spans import Span, length, union, without

Key = tuple[str, str, int]
"""Call, extension and attempt of a leg."""

_TALKS = (State.TALKING, State.HOLD)


def key_of(leg: LegRow) -> Key:
    """What names a leg among all."""
    return leg.call_id, leg.exten_user, leg.attempt


def handled(leg: LegRow) -> bool:
    """Whether a leg was a conversation: no listener's, and not the agent's own phone of a click2call."""
    return leg.answered and leg.c2c != 1 and leg.direction != "Spy" and leg.outcome is not Outcome.SPIED


def consulted(legs: Iterable[LegRow]) -> dict[str, str]:
    """The calls that are consultations, each with the call it is about.

    The first leg of one is dialed at an extension that is in a conversation of another call.
    """
    at: defaultdict[str, list[LegRow]] = defaultdict(list)
    first: dict[str, int] = {}
    for leg in legs:
        at[leg.exten_user].append(leg)
        if leg.direction != "Incoming" or not leg.internal:  # the colleague's phone may have been seen before the own
            first[leg.call_id] = min(leg.attempt, first.get(leg.call_id, leg.attempt))
    found = {}
    for here in at.values():
        here.sort(key=lambda leg: leg.started or 0)
        talks = [leg for leg in here if handled(leg) and leg.answered_at is not None]
        talks.sort(key=lambda leg: leg.answered_at or 0)
        begun = 0  # of the talks, which are those that had been answered
        going: list[LegRow] = []
        for leg in here:
            moment = leg.started
            if leg.direction != "Outgoing" or leg.c2c or moment is None or leg.attempt > first[leg.call_id]:
                continue
            while begun < len(talks) and (talks[begun].answered_at or 0) < moment:
                going.append(talks[begun])
                begun += 1
            going = [one for one in going if one.ended_at is None or moment < one.ended_at]
            about = [one for one in going if one.call_id != leg.call_id and one.call_id not in found]
            if about:
                found[leg.call_id] = max(about, key=lambda one: one.answered_at or 0).call_id
    return found


class Contacts:
    """The contacts of some rows; `consultations` are the calls in which agents spoke among themselves."""

    def __init__(self, calls: Iterable[CallRow], legs: Iterable[LegRow], waits: Iterable[QueueEntryRow]) -> None:
        self._calls = {call.call_id: call for call in calls}
        self._legs: defaultdict[str, list[LegRow]] = defaultdict(list)
        self._waits: defaultdict[str, list[QueueEntryRow]] = defaultdict(list)
        for leg in legs:
            self._legs[leg.call_id].append(leg)
        for wait in waits:
            self._waits[wait.call_id].append(wait)
        self.consultations = consulted(leg for found in self._legs.values() for leg in found)
        self._first: dict[str, str] = {name: name for name in self._calls}
        for call in self._calls.values():
            for other in call.related:
                self._join(call.call_id, other)
        for name, about in self.consultations.items():
            self._join(name, about)
        for stays in self._waits.values():
            for wait in stays:
                self._join(wait.call_id, wait.original_call_id)

    def is_consultation(self, leg: LegRow) -> bool:
        """Whether a leg is of a call that an agent dialed during a conversation with a customer."""
        return leg.call_id in self.consultations

    def rows(self) -> tuple[ContactRow, ...]:
        """The contacts, in the order in which they began; listeners' calls are none."""
        groups: defaultdict[str, list[CallRow]] = defaultdict(list)
        for name, call in self._calls.items():
            if call.direction != "Spy":
                groups[self._root(name)].append(call)
        found = [self._row(group) for group in groups.values()]
        return tuple(sorted(found, key=lambda row: (row.started is None, row.started or 0, row.contact_id)))

    def _root(self, name: str) -> str:
        while self._first[name] != name:
            self._first[name] = name = self._first[self._first[name]]
        return name

    def _join(self, one: str, other: str) -> None:
        if one in self._first and other in self._first:
            self._first[self._root(one)] = self._root(other)

    def _row(self, group: list[CallRow]) -> ContactRow:
        group.sort(key=lambda call: (call.started is None, call.started or 0, call.call_id))
        own = [call for call in group if call.call_id not in self.consultations] or group
        asked = [call for call in group if call.call_id in self.consultations] if own is not group else []
        first, last = own[0], own[-1]
        legs = [leg for call in own for leg in self._legs[call.call_id] if leg.direction != "Spy"]
        asides = [leg for call in asked for leg in self._legs[call.call_id] if leg.direction != "Spy"]
        waits = [wait for call in own for wait in self._waits[call.call_id]]
        talks = sorted((leg for leg in legs if handled(leg)), key=_answered_at)
        finished = [leg for leg in talks if leg.outcome is not Outcome.TRANSFERRED]
        by = finished[-1] if finished else None
        over = all(call.outcome is not None for call in group)
        ends = [call.ended_at for call in group if call.ended_at is not None]
        seen = [at for call in group if (at := call.last_seen) is not None]
        spent = _spent(legs, waits)
        steps = [*map(_stay, waits), *map(_leg, legs), *(_leg(leg, aside=True) for leg in asides)]
        steps.sort(key=lambda step: (step.since is None, step.since or 0))
        return ContactRow(
            contact_id=first.call_id,
            account_id=next((call.account_id for call in own if call.account_id is not None), None),
            direction=first.direction,
            caller=next((call.caller for call in own if call.caller), ""),
            caller_name=next((call.caller_name for call in own if call.caller_name), ""),
            did=first.did,
            queue_id=next((call.queue_id for call in reversed(own) if call.queue_id), ""),
            started=first.started,
            answered_at=min((call.answered_at for call in own if call.answered_at is not None), default=None),
            ended_at=max(ends, default=None) if over else None,
            answered=any(call.answered for call in own),
            outcome=last.outcome if over else None,
            resolved_by=by.agent_id if by is not None and over else None,
            resolved_by_name=by.agent_name if by is not None and over else "",
            transfers=sum(bool(call.transferred_by) for call in own),
            consultations=len(asked),
            agents=len({_who(leg) for leg in talks}),
            calls=tuple(call.call_id for call in group),
            **spent,
            consult_s=length(_time(asides, _TALKS)),
            confirmed_at=max(seen, default=None) if over else None,
            journey=tuple(steps),
        )


def _spent(legs: list[LegRow], waits: list[QueueEntryRow]) -> dict[str, Seconds]:
    """The customer's time: each moment once, as talk, else hold, else unknown, else wait (ruling 13)."""
    counted: list[Span] = []
    found: dict[str, Seconds] = {}
    stays = [(one.joined_at, one.left_at) for one in waits if one.joined_at is not None and one.left_at is not None]
    for name, spans in (
        ("talk_s", _time(legs, (State.TALKING,))),
        ("hold_s", _time(legs, (State.HOLD,))),
        ("unknown_s", _time(legs, (State.UNKNOWN,))),
        ("wait_s", union(stays)),
    ):
        found[name] = length(without(spans, counted))
        counted = union(counted + spans) if counted and spans else counted or spans
    return found


def _time(legs: Iterable[LegRow], states: tuple[State, ...]) -> list[Span]:
    return union(
        [
            (spell.since, spell.until)
            for leg in legs
            if leg.c2c != 1
            for spell in leg.spells
            if spell.state in states and spell.since is not None and spell.until is not None
        ]
    )


def _stay(wait: QueueEntryRow) -> Step:
    outcome = "" if wait.outcome is None else str(wait.outcome)
    return Step("queue", wait.call_id, wait.queue_id, None, "", wait.joined_at, wait.left_at, outcome, wait.wait_s)


def _leg(leg: LegRow, *, aside: bool = False) -> Step:
    kind = "consultation" if aside else "conversation" if handled(leg) else "attempt"
    talk = length(_time([leg], _TALKS))
    outcome = "" if leg.outcome is None else str(leg.outcome)
    where = (leg.exten_user, leg.agent_id, leg.agent_name)
    return Step(kind, leg.call_id, *where, leg.started, leg.ended_at, outcome, talk)


def _answered_at(leg: LegRow) -> Seconds:
    return leg.answered_at or leg.started or 0


def _who(leg: LegRow) -> str:
    return f"at {leg.exten_user}" if leg.agent_id is None else str(leg.agent_id)
