"""Doubt: a leg or wait that lives, although something says that it should not (ruling 12).

Theory of operation. Two kinds of reason. A *contradiction*: its call was answered elsewhere, its caller gave up, its
agent logged out. A *silence*: no list has confirmed it for long (`UNCONFIRMED_S`, by state), although the stream was
heard. Reasons are looked at when a timer runs, when the agent logs out, with the first list after a gap, and with each
frame of the device while one is doubtful. Timers stand in minutes of stream time, at most ten minutes ahead, and look
again when they run: a step costs nothing, and what has ended is let go soon. The tracker keeps believing the lists:
doubt ends nothing.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from calltrack.core.held import LEG, MINUTE_S, NEVER, WAIT, Held, HeldCall, HeldConnection, HeldDevice, HeldExtension
from calltrack.core.observations import INCOMING, Seconds
from calltrack.core.table import ABANDONED, ANSWERED, PICKED_UP, RINGING, UNCONFIRMED_S

if TYPE_CHECKING:
    from calltrack.core.advance import Advance

SOON_S = 10  # a loser's end may come that much after the winner's answer, and is no contradiction
LOOK_AGAIN_S = 600
LOGOUT = 2


def watch(held: Held, one: HeldConnection, after_s: Seconds = LOOK_AGAIN_S) -> None:
    """Look at a connection after a while."""
    now = held.clock.now
    if now is not None:
        minute = int(now + after_s) // MINUTE_S
        due = held.timers.get(minute)
        if due is None:
            held.timers[minute] = [one]
            held.next_look = min(held.next_look, (minute + 1) * MINUTE_S)
        else:
            due.append(one)


def watch_contradicted(call: HeldCall, held: Held) -> None:
    """Something of a call was answered or has ended: what still rings or waits may be over."""
    for one in call.live if len(call.live) < 50 else call.live[:50]:
        if (one.state is RINGING or one.kind is WAIT) and not one.doubt:
            watch(held, one, SOON_S)


def run_timers(held: Held, step: Advance) -> None:
    """Look at what is due; called when the earliest is."""
    now = held.clock.now
    if now is None:
        return
    minute = int(now) // MINUTE_S
    due: dict[HeldConnection, None] = {}
    for at in sorted(held.timers):
        if at >= minute:
            break
        for one in held.timers.pop(at):
            if one.ended is None:
                due[one] = None
    held.next_look = (min(held.timers) + 1) * MINUTE_S if held.timers else NEVER
    for one in sorted(due, key=_name) if len(due) > 1 else due:
        look(held, one, step)
        device = held.device(one)
        limit = UNCONFIRMED_S.get(one.state)
        since = None if device is None else _unconfirmed_since(held, device)
        if limit is not None and since is not None and not one.doubt:
            watch(held, one, min(LOOK_AGAIN_S, max(0, since + limit - now)))
        else:
            watch(held, one)


_name = attrgetter("call", "serial")


def look(held: Held, one: HeldConnection, step: Advance) -> None:
    """Doubt a live connection, or be certain of it again."""
    why = _reason(held, one)
    if why and not one.doubt:
        step.doubt(one, why)
    elif one.doubt and not why:
        step.confirm(one)


def _reason(held: Held, one: HeldConnection) -> str:
    """Why a live connection may be over, "" if nothing says so."""
    call, device = held.calls.get(one.call), held.device(one)
    limit = UNCONFIRMED_S.get(one.state)
    if call is None or device is None or limit is None or device.unknown:
        return ""
    now, at, since = held.clock.now, held.clock.at, _unconfirmed_since(held, device)
    until = NEVER if now is None else max(now, at or now) - SOON_S
    if one.kind is WAIT:
        if any(_answered_after(other, one, until) for other in (*call.past, *call.live)):
            return "an agent has answered the call"
    elif one.state is RINGING and one.direction == INCOMING and (why := _ring_is_over(call, one, until)):
        return why
    if isinstance(device, HeldExtension) and has_left(device, one):
        return "its agent logged out while the call was listed"
    if now is not None and since is not None and now - since >= limit:
        return f"no frame has confirmed it for {limit // MINUTE_S} min"
    return ""


def _unconfirmed_since(held: Held, device: HeldDevice) -> Seconds | None:
    """When a device was last confirmed, or the stream heard again after a silence, whose time says nothing."""
    confirmed, heard = device.confirmed, held.heard_since
    return confirmed if confirmed is None or heard is None or confirmed > heard else heard


def has_left(extension: HeldExtension, one: HeldConnection) -> bool:
    """Whether the agent of a leg has logged out since it began."""
    if one.agent_id is None:
        return False
    if extension.agent_id is None:
        return True
    since = extension.status_since  # who was logged out before can use the phone
    return extension.agent_id == one.agent_id and extension.status == LOGOUT and (since is None or since > one.began)


def _answered_after(other: HeldConnection, one: HeldConnection, until: Seconds) -> bool:
    """Whether an agent answered since a connection began, and so long ago that it should be over."""
    return (
        other.kind is LEG
        and other is not one
        and other.answered
        and other.direction == INCOMING
        and other.answered_at is not None
        and one.began <= other.answered_at <= until
    )


def _ring_is_over(call: HeldCall, one: HeldConnection, until: Seconds) -> str:
    waits = [other for other in (*call.past, *call.live) if other.kind is WAIT]
    if any(other.device != one.device and _answered_after(other, one, until) for other in (*call.past, *call.live)):
        return "another agent has answered the call"
    ended = [wait for wait in waits if wait.ended is not None and one.began <= wait.ended <= until]
    if any(wait.outcome in (ANSWERED, PICKED_UP) for wait in ended):
        return "its queue says that the call was answered"
    if any(wait.outcome is ABANDONED for wait in ended) and all(wait.ended is not None for wait in waits):
        return "its caller gave up"
    return ""
