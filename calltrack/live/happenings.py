"""The flat records that a Desk hands out: what a CRM, a screen pop or a call log needs of a call, in plain fields."""

from __future__ import annotations

from calltrack.core.records import Call, Id, Leg, Record, Seconds
from calltrack.core.states import Outcome


class Happening(Record, frozen=True):
    """Base: which call, with whom. Times are UTC epoch s, durations s; strangers' text is as they wrote it.

    `phone` is the other party's number, `did` the number that was called. `revised` is True if this call was handed
    out before and is otherwise now.
    """

    call_id: str
    at: Seconds | None
    direction: str
    phone: str
    caller_name: str
    did: str
    queue_id: str
    queue_name: str


class RingingCall(Happening, frozen=True):
    """A call rings at an extension, where this agent is logged on (None: no one)."""

    exten_user: str
    agent_id: Id
    agent_name: str
    internal: bool


class AnsweredCall(Happening, frozen=True):
    """A call was answered at an extension, by this agent."""

    exten_user: str
    agent_id: Id
    agent_name: str
    answered_at: Seconds | None
    ring_s: Seconds
    internal: bool


class MissedCall(Happening, frozen=True):
    """An incoming call that is over and that no one answered; `rang_at` are the extensions where it rang."""

    started: Seconds | None
    ended_at: Seconds | None
    wait_s: Seconds
    ring_s: Seconds
    outcome: Outcome | None
    cause: str
    rang_at: tuple[str, ...]
    revised: bool = False


class EndedCall(Happening, frozen=True):
    """A call that is over. `agent_id`, `agent_name` and `exten_user` are of the first who talked.

    `agents`, `agent_ids` and `extensions` are of all who did, in order; `rang_at` are the extensions where it rang.
    `recording` and `recording_url` are of the first leg that has one.
    """

    started: Seconds | None
    answered_at: Seconds | None
    ended_at: Seconds | None
    wait_s: Seconds
    ring_s: Seconds
    talk_s: Seconds
    hold_s: Seconds
    unknown_s: Seconds
    answered: bool
    outcome: Outcome | None
    cause: str
    exten_user: str
    agent_id: Id
    agent_name: str
    agents: tuple[str, ...]
    agent_ids: tuple[Id, ...]
    extensions: tuple[str, ...]
    rang_at: tuple[str, ...]
    recording: str
    recording_url: str
    inferred: str = ""
    revised: bool = False


def ringing(leg: Leg, at: Seconds | None, queue_name: str) -> RingingCall:
    """Of a leg that rings."""
    return RingingCall(*_of_leg(leg, at, queue_name), leg.exten_user, leg.agent_id, leg.agent_name, leg.internal)


def answered(leg: Leg, at: Seconds | None, queue_name: str) -> AnsweredCall:
    """Of a leg that was answered."""
    who = (leg.exten_user, leg.agent_id, leg.agent_name)
    return AnsweredCall(*_of_leg(leg, at, queue_name), *who, leg.answered_at, leg.ring_s, leg.internal)


def missed(call: Call, queue_name: str, *, revised: bool) -> MissedCall:
    """Of a call that no one answered."""
    rang_at = tuple(dict.fromkeys(leg.exten_user for leg in call.past_legs))
    return MissedCall(
        *_of_call(call, queue_name), call.started, call.ended_at, call.wait_s, call.ring_s, call.outcome, call.cause,
        rang_at, revised,
    )  # fmt: skip


def ended(call: Call, queue_name: str, *, revised: bool) -> EndedCall:
    """Of any call that is over."""
    talked = [leg for leg in call.past_legs if leg.answered and leg.outcome is not Outcome.SPIED]
    first = talked[0] if talked else None
    recorded = next((leg.recording for leg in call.past_legs if leg.recording and leg.recording.filename), None)
    return EndedCall(
        *_of_call(call, queue_name), call.started, call.answered_at, call.ended_at, call.wait_s, call.ring_s,
        call.talk_s, call.hold_s, call.unknown_s, call.answered, call.outcome, call.cause,
        first.exten_user if first else "", first.agent_id if first else None, first.agent_name if first else "",
        tuple(dict.fromkeys(leg.agent_name for leg in talked if leg.agent_name)),
        tuple(dict.fromkeys(leg.agent_id for leg in talked if leg.agent_id is not None)),
        tuple(dict.fromkeys(leg.exten_user for leg in talked)),
        tuple(dict.fromkeys(leg.exten_user for leg in call.past_legs)),
        recorded.filename if recorded else "", recorded.url if recorded else "", call.inferred, revised,
    )  # fmt: skip


def queue_of(call: Call) -> str:
    """The first queue of a call, "" if it came through none."""
    waits = (wait.queue_id for wait in call.past_waits)
    return next(waits, "") or next((leg.queue_id for leg in call.past_legs if leg.queue_id), "")


def _of_leg(leg: Leg, at: Seconds | None, queue_name: str) -> tuple[str, Seconds | None, str, str, str, str, str, str]:
    return leg.call_id, at, leg.direction, leg.caller, leg.caller_name, leg.did, leg.queue_id, queue_name


def _of_call(call: Call, queue_name: str) -> tuple[str, Seconds | None, str, str, str, str, str, str]:
    about = (call.call_id, call.ended_at, call.direction, call.caller, call.caller_name, call.did)
    return *about, queue_of(call), queue_name
