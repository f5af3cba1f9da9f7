"""What is tracked, as immutable values: legs, waits, calls, extensions, queues, campaigns, gaps.

Times are UTC epoch seconds, durations seconds, both from the server's clock; None is unknown (field guide §2).
Durations are right where times are unknown, and across steps of the clock (rulings 2 and 3). A record is a value: no
later frame alters it; a change brings the next one.

Evidence (ruling 12): `confirmed_position` and `confirmed_at` name the last frame that listed a leg or wait, or that
described an extension or a queue. They change with every frame, so they stand outside the law that changes alone
rebuild a snapshot.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from calltrack.core.observations import Id, Recording, Seconds, Statement
from calltrack.core.states import Outcome, State

__all__ = [
    "Call",
    "Campaign",
    "Extension",
    "Gap",
    "Id",
    "Leg",
    "Queue",
    "Record",
    "Recording",
    "Seconds",
    "Spell",
    "Statement",
    "Wait",
]

PAST_KEPT = 50
"""Ended legs, and ended waits, that a call keeps; a call can ring for ever, memory must not follow it."""
GAPS_KEPT = 100


class Record(Struct, frozen=True, gc=False):
    """Base of all records and changes."""

    def to_dict(self) -> dict[str, Any]:
        """Its fields as plain values, all the way down: what JSON, pandas and a web framework take."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    def to_json(self) -> str:
        """The same as JSON text."""
        return msgspec.json.encode(self).decode()


class Spell(Record, frozen=True, gc=False):
    """A stretch of a leg or wait that counts as one state; `until` is None while it lasts."""

    state: State
    since: Seconds | None
    until: Seconds | None


class Leg(Record, frozen=True, gc=False):
    """One attempt of one call at one extension (CSTA: a connection); `attempt` counts within the call, from 1.

    `since` is when `state` began. `ring_s`, `talk_s`, `hold_s` and `unknown_s` hold what is over; the time since
    `since` comes on top while the leg lives. `spells` is its life, state by state; the time of a listener counts as
    Spying, that of a click2call's first leg as Dialing. `inferred` says why, if no event reported the end. `agent_id`
    and `agent_name` are who was logged on when it was first seen (ruling 17). `doubtful` is the reason why a live leg
    may be over, "" if there is none (ruling 12). `stamp` and `c2c` (1, 2, else 0) tell attempts apart (field guide §3).
    `custom_data` is JSON text, "" if there is none. `talk_or_hold_s` is how much of `talk_s` another account
    alone states, which does not tell talk from hold.
    """

    call_id: str
    exten_user: str
    attempt: int
    state: State
    direction: str
    since: Seconds | None
    started: Seconds | None
    answered: bool = False
    answered_at: Seconds | None = None
    ended_at: Seconds | None = None
    ring_s: Seconds = 0
    talk_s: Seconds = 0
    hold_s: Seconds = 0
    unknown_s: Seconds = 0
    outcome: Outcome | None = None
    cause: str = ""
    inferred: str = ""
    caller: str = ""
    caller_name: str = ""
    did: str = ""
    queue_id: str = ""
    custom_data: str = ""
    internal: bool = False
    spied_on: bool = False
    campaign_id: str = ""
    presented_number: str = ""
    presented_name: str = ""
    original_caller: str = ""
    original_caller_name: str = ""
    dialed_number: str = ""
    c2c: int = 0
    stamp: Seconds = 0
    agent_id: Id = None
    agent_name: str = ""
    account_id: Id = None
    recording: Recording | None = None
    spells: tuple[Spell, ...] = ()
    doubtful: str = ""
    confirmed_position: int = 0
    confirmed_at: Seconds | None = None
    talk_or_hold_s: Seconds = 0


class Wait(Record, frozen=True, gc=False):
    """One call's stay in one queue; `outcome` is answered, picked up, abandoned or lost (field guide §5).

    `wait_s` is how long it took, None while it lasts and if the end is not known (`inferred` says why). `agent_name` is
    who answered, if the source says so. The other fields as in Leg.
    """

    queue_id: str
    call_id: str
    caller: str
    caller_name: str
    state: State
    joined_at: Seconds | None
    left_at: Seconds | None = None
    wait_s: Seconds | None = None
    outcome: Outcome | None = None
    agent_name: str = ""
    inferred: str = ""
    stamp: Seconds = 0
    distributed: bool = False
    original_call_id: str = ""
    custom_data: str = ""
    unknown_s: Seconds = 0
    spells: tuple[Spell, ...] = ()
    doubtful: str = ""
    confirmed_position: int = 0
    confirmed_at: Seconds | None = None


class Call(Record, frozen=True, gc=False):
    """All legs and waits under one id; `legs` and `waiting` live, `past_legs` and `past_waits` are over.

    Of what is over the last 50 are kept; `attempts` counts all legs. A call begins with the first and ends with the
    last of its legs and waits; while it lives it has no outcome (ruling 10). Each moment of its life counts once: as
    talk, else as hold, else as unknown, else as wait; ringing overlaps waiting and is counted apart (ruling 13). The
    durations hold what is over. `related` names the calls it came from; `transferred_by` who sent it here.
    `awaited_since` is set while somebody has answered whose leg has not been seen yet. `statements` is what other
    accounts state of it; `talk_or_hold_s` as in Leg.
    """

    call_id: str
    state: State
    direction: str
    account_id: Id
    caller: str
    caller_name: str
    did: str
    started: Seconds | None
    since: Seconds | None
    attempts: int = 0
    answered: bool = False
    answered_at: Seconds | None = None
    ended_at: Seconds | None = None
    wait_s: Seconds = 0
    ring_s: Seconds = 0
    talk_s: Seconds = 0
    hold_s: Seconds = 0
    unknown_s: Seconds = 0
    outcome: Outcome | None = None
    cause: str = ""
    inferred: str = ""
    related: tuple[str, ...] = ()
    transferred_by: str = ""
    awaited_since: Seconds | None = None
    campaign_id: str = ""
    legs: tuple[Leg, ...] = ()
    past_legs: tuple[Leg, ...] = ()
    waiting: tuple[Wait, ...] = ()
    past_waits: tuple[Wait, ...] = ()
    talk_or_hold_s: Seconds = 0
    statements: tuple[Statement, ...] = ()


class Extension(Record, frozen=True, gc=False):
    """A phone, the agent now logged on to it, and its live legs; activity and agent status are independent.

    Ids are as the source sends them, numbers or strings; `agent_id` is None when no agent is logged on. `user_name`
    owns the phone, `agent_name` works there. `agent_status_since` follows ruling 18. `unknown_since` is set from a lost
    connection until the extension is heard of again. `last_call_at`, `last_answered_at` and `last_hangup_at` are as
    the server says, in UTC.
    """

    exten_user: str
    state: State = State.UNKNOWN
    since: Seconds | None = None
    agent_status: int | None = None
    agent_status_name: str = ""
    agent_status_since: Seconds | None = None
    agent_id: Id = None
    agent_name: str = ""
    agent_since: Seconds | None = None
    user_id: Id = None
    user_name: str = ""
    number: Id = None
    account_id: Id = None
    top_account_id: Id = None
    peer_status: str = ""
    last_call_at: Seconds | None = None
    last_answered_at: Seconds | None = None
    last_hangup_at: Seconds | None = None
    unknown_since: Seconds | None = None
    unknown: bool = False
    legs: tuple[Leg, ...] = ()
    confirmed_position: int = 0
    confirmed_at: Seconds | None = None


class Queue(Record, frozen=True, gc=False):
    """A queue, who waits in it, and the sums: queued = answered + picked_up + abandoned + lost + still waiting."""

    queue_id: str
    name: str = ""
    queued: int = 0
    answered: int = 0
    picked_up: int = 0
    abandoned: int = 0
    lost: int = 0
    unknown_since: Seconds | None = None
    unknown: bool = False
    waiting: tuple[Wait, ...] = ()
    confirmed_position: int = 0
    confirmed_at: Seconds | None = None


class Campaign(Record, frozen=True, gc=False):
    """An automatic dialer campaign; `kind` is "Automatic" (with agents) or "IVR" (a message).

    `statistics` has the counts that the source says, by the names listed in `observations.CampaignSeen`.
    """

    campaign_id: str
    name: str = ""
    kind: str = ""
    kind_id: Id = None
    code: str = ""
    user_id: Id = None
    account_id: Id = None
    queue_id: str = ""
    strategy: str = ""
    call_ids: tuple[str, ...] = ()
    statistics: dict[str, int] = {}


class Gap(Record, frozen=True, gc=False):
    """A time in which nothing was received, and why; `until` is None while it lasts."""

    since: Seconds | None
    until: Seconds | None
    reason: str


def with_gap(gaps: tuple[Gap, ...], gap: Gap) -> tuple[Gap, ...]:
    """The last gaps and one more, in the place of the one that lasts, if one does."""
    kept = gaps[:-1] if gaps and gaps[-1].until is None else gaps
    return (*kept, gap)[-GAPS_KEPT:]


_DIALING, _TALKING = State.DIALING, State.TALKING  # an attribute of an Enum costs much more than a global (3.11)


def counted_state(state: State, c2c: int) -> State:
    """The state that a leg lends to its call and extension: click2call leg 1 talks to no one yet (style rule 3)."""
    return _DIALING if c2c == 1 and state is _TALKING else state


def counted(leg: Leg) -> State:
    """The same of a record."""
    return counted_state(leg.state, leg.c2c)
