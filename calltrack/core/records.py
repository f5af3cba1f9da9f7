"""What is tracked, as immutable values: legs, calls, waits, extensions, queues; and what is derived from them.

Times are UTC epoch seconds, durations seconds, both from the server's clock; None is unknown (field guide §2).
A change replaces a value by a new one, so whoever holds a record holds a fact that no later frame alters.
"""

from msgspec import Struct

from calltrack.core.states import Outcome, State
from calltrack.core.table import (
    ANSWERED,
    CALL_OUTCOMES,
    CAUSES,
    DIAL_STATUSES,
    DIALING,
    HOLD,
    HUNGUP,
    LOST,
    NO_ANSWER,
    PICKED_UP,
    RECHECKED,
    RINGING,
    TALKING,
    UNANSWERED,
    UNKNOWN,
)

Seconds = int | float


class Leg(Struct, frozen=True, gc=False):
    """One attempt of one call at one extension (CSTA: a connection); `attempt` counts within the call, from 1.

    `since` is when `state` began. `ring_s`, `talk_s`, `hold_s` and `unknown_s` hold what is over; the time since
    `since` comes on top while the leg lives. `inferred` says why, if the end was not told but concluded. `stamp` and
    `c2c` (1, 2, else 0) tell attempts apart (field guide §3). `custom_data` is JSON text, "" if there is none.
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
    ring_s: Seconds | None = 0
    talk_s: Seconds | None = 0
    hold_s: Seconds | None = 0
    unknown_s: Seconds | None = 0
    outcome: Outcome | None = None
    cause: str = ""
    inferred: str = ""
    caller: str = ""
    caller_name: str = ""
    did: str = ""
    queue_id: str = ""
    custom_data: str = ""
    internal: bool = False
    c2c: int = 0
    stamp: Seconds = 0


class Wait(Struct, frozen=True, gc=False):
    """One call's stay in one queue; `outcome` is answered, picked up, abandoned or lost (field guide §5)."""

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


class Call(Struct, frozen=True, gc=False):
    """All legs and waits under one ivrid; `legs` and `waiting` live, `past_legs` and `past_waits` are over.

    Of what is over the last 50 are kept; `attempts` counts all legs. `outcome` and `cause` are the strongest so far.
    `talk_s`, `hold_s` and `ring_s` are how long the call as a whole was in that state, `wait_s` what it spent in
    queues. `related` names the calls it came from; `transferred_by` who sent it here (field guide §4).
    `awaited_since` is set while someone has answered whose leg has not been seen yet.
    """

    call_id: str
    state: State
    direction: str
    account_id: int | str | None
    caller: str
    caller_name: str
    did: str
    started: Seconds | None
    since: Seconds | None
    attempts: int = 0
    answered: bool = False
    answered_at: Seconds | None = None
    ended_at: Seconds | None = None
    wait_s: Seconds | None = 0
    ring_s: Seconds | None = 0
    talk_s: Seconds | None = 0
    hold_s: Seconds | None = 0
    unknown_s: Seconds | None = 0
    outcome: Outcome | None = None
    cause: str = ""
    inferred: str = ""
    related: tuple[str, ...] = ()
    transferred_by: str = ""
    awaited_since: Seconds | None = None
    legs: tuple[Leg, ...] = ()
    past_legs: tuple[Leg, ...] = ()
    waiting: tuple[Wait, ...] = ()
    past_waits: tuple[Wait, ...] = ()


class Extension(Struct, frozen=True, gc=False):
    """A phone, the agent now logged on to it, and its live legs; activity and agent status are independent.

    Ids are as the vendor sends them, numbers or strings; `agent_id` is None when nobody is logged on.
    `user_name` owns the phone, `agent_name` works there. `unknown_since` is set from a lost connection until the
    extension is heard of again. `heard_at` is the server time of the last frame that told of it.
    """

    exten_user: str
    state: State = UNKNOWN
    since: Seconds | None = None
    agent_status: int | None = None
    agent_status_name: str = ""
    agent_status_since: Seconds | None = None
    agent_id: int | str | None = None
    agent_name: str = ""
    agent_since: Seconds | None = None
    user_id: int | str | None = None
    user_name: str = ""
    number: int | str | None = None
    account_id: int | str | None = None
    unknown_since: Seconds | None = None
    unknown: bool = False
    status_stamp: Seconds | None = None
    heard_at: Seconds | None = None
    legs: tuple[Leg, ...] = ()


class Queue(Struct, frozen=True, gc=False):
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
    heard_at: Seconds | None = None
    waiting: tuple[Wait, ...] = ()


class Gap(Struct, frozen=True, gc=False):
    """A time in which nothing was received, and why; `until` is None while it lasts."""

    since: Seconds | None
    until: Seconds | None
    reason: str


GAPS_KEPT = 100


def with_gap(gaps: tuple[Gap, ...], gap: Gap) -> tuple[Gap, ...]:
    """The last gaps and one more, in the place of the one that lasts, if one does."""
    kept = gaps[:-1] if gaps and gaps[-1].until is None else gaps
    return (*kept, gap)[-GAPS_KEPT:]


PAST_KEPT = 50
"""Ended legs, and ended waits, that a call keeps; a call can ring for ever, memory must not follow it."""

_RANKS: dict[Outcome | None, int] = {
    outcome: rank for rank, outcomes in enumerate(CALL_OUTCOMES) for outcome in outcomes
}


def counted(leg: Leg) -> State:
    """The state that a leg lends to its call and extension: click2call leg 1 talks to nobody yet (style rule 3)."""
    return DIALING if leg.c2c == 1 and leg.state is TALKING else leg.state


def elapsed(since: Seconds | None, until: Seconds | None) -> Seconds | None:
    """Seconds between two moments, 0 if they are reversed, None if one is unknown."""
    if since is None or until is None:
        return None
    return until - since if until > since else 0


def plus(total: Seconds | None, more: Seconds | None) -> Seconds | None:
    """A sum in which the unknown stays unknown."""
    return None if total is None or more is None else total + more


def stepped(
    leg: Leg,
    state: State,
    when: Seconds | None,
    lived_as: State,
    outcome: Outcome | None = None,
    cause: str = "",
    inferred: str = "",
) -> Leg:
    """The leg after a step; what it spent since the last one counts as `lived_as`, listening as none of the totals.

    A first Talking or Hold is its answer. All fields by position: `replace` with names takes twice as long.
    """
    since = leg.since
    more = None if since is None or when is None else when - since if when > since else 0
    ring_s, talk_s, hold_s, unknown_s = leg.ring_s, leg.talk_s, leg.hold_s, leg.unknown_s
    if lived_as is TALKING:
        talk_s = None if talk_s is None or more is None else talk_s + more
    elif lived_as is RINGING or lived_as is DIALING:
        ring_s = None if ring_s is None or more is None else ring_s + more
    elif lived_as is HOLD:
        hold_s = None if hold_s is None or more is None else hold_s + more
    elif lived_as is UNKNOWN:
        unknown_s = None if unknown_s is None or more is None else unknown_s + more
    answered, answered_at, ended_at = leg.answered, leg.answered_at, None
    if state is HUNGUP:
        ended_at = when
    elif not answered and (state is TALKING or state is HOLD):
        answered, answered_at = True, when
    return Leg(
        leg.call_id,
        leg.exten_user,
        leg.attempt,
        state,
        leg.direction,
        when,
        leg.started,
        answered,
        answered_at,
        ended_at,
        ring_s,
        talk_s,
        hold_s,
        unknown_s,
        outcome,
        cause,
        inferred,
        leg.caller,
        leg.caller_name,
        leg.did,
        leg.queue_id,
        leg.custom_data,
        leg.internal,
        leg.c2c,
        leg.stamp,
    )


def left(
    wait: Wait, when: Seconds | None, wait_s: Seconds | None, outcome: Outcome, agent_name: str, inferred: str
) -> Wait:
    """The wait after its end."""
    return Wait(
        wait.queue_id,
        wait.call_id,
        wait.caller,
        wait.caller_name,
        HUNGUP,
        wait.joined_at,
        when,
        wait_s,
        outcome,
        agent_name,
        inferred,
        wait.stamp,
    )


def outcome_of_leg(leg: Leg, cause: str, dial_status: str, told: bool) -> Outcome:
    """How a leg ended; `told` is whether its own HANGUP was seen (field guide §4)."""
    if dial_status and (known := DIAL_STATUSES.get(dial_status.lower())) is not None:
        return known
    if leg.answered:
        return ANSWERED
    if not told:
        return LOST
    return CAUSES.get(cause.lower()) or UNANSWERED.get(leg.state, LOST)


def stronger(so_far: Outcome | None, ending: Leg | Wait) -> Outcome | None:
    """A call's new outcome once one of its legs or waits ended; None if a stronger one stands (table rule 5).

    Click2call leg 1's answer is the agent's, not the customer's, so it decides nothing more than "no answer". A call
    that was answered and then sent back to the IVR was answered.
    """
    outcome = ending.outcome
    if outcome is PICKED_UP:
        outcome = ANSWERED
    elif type(ending) is Leg and ending.answered:
        if ending.c2c == 1:
            outcome = NO_ANSWER
        elif outcome is RECHECKED:
            outcome = ANSWERED
    return None if so_far is not None and _RANKS[so_far] < _RANKS[outcome] else outcome
