"""Held state as the immutable values that leave the tracker; made when somebody asks, kept until the next change.

Durations are differences of stream time; the UTC of a time is what the server had for it (clock.py). A call's moments
count once each: as talk, else hold, else unknown, else wait; ringing is counted apart (ruling 13).
"""

from __future__ import annotations

from calltrack.core.clock import EARLIEST, LATEST
from calltrack.core.held import GONE, Held, HeldCall, HeldConnection, HeldExtension, HeldQueue, Settled
from calltrack.core.observations import Seconds
from calltrack.core.records import Call, Extension, Leg, Queue, Spell, Wait
from calltrack.core.states import AGENT_STATUSES
from calltrack.core.table import CLAIMED, DIALING, ENGAGED, HOLD, LOST, QUEUED, RINGING, TALKING, UNKNOWN

Span = tuple[Seconds, Seconds]
_NOTHING_OVER: tuple[int, Seconds, Seconds, Seconds, Seconds, Seconds, tuple[Spell, ...]] = (0, 0, 0, 0, 0, 0, ())


_SUMMED_FROM = 4  # marks from which on what is over is kept with the leg, so that a value costs no more than a step


def leg_value(held: Held, one: HeldConnection) -> Leg:
    """A leg as it is now."""
    if one.value is not None:
        return one.value  # type: ignore[no-any-return]
    marks = one.marks
    count, ring, talk, hold, unknown, engaged, spells = one.over or _NOTHING_OVER
    since, bucket = marks[count]
    began = marks[0][0]
    if len(marks) > 1:
        for until, after in marks[count + 1 :] if count else marks[1:]:
            if until != since and bucket is not None:
                if bucket is RINGING or bucket is DIALING:
                    ring += until - since
                elif bucket is TALKING:
                    talk += until - since
                elif bucket is HOLD:
                    hold += until - since
                elif bucket is UNKNOWN:
                    unknown += until - since
                elif bucket is CLAIMED or bucket is ENGAGED:
                    talk += until - since
                    if bucket is ENGAGED:
                        engaged += until - since
                    bucket = TALKING
                spells += (Spell(bucket, since, until),)
            since, bucket = until, after
        one.over = None
        if len(marks) > _SUMMED_FROM and bucket is not None:
            one.over = len(marks) - 1, ring, talk, hold, unknown, engaged, spells
    if bucket is not None:
        spells += (Spell(TALKING if bucket is CLAIMED else bucket, since, None),)
    answered_at, ended_at, added = one.answered_at, one.ended, one.added
    if added != 0:  # unknown, or of a clock that has stepped
        shown = held.clock.shown
        since, began = shown(since, added), shown(began, added)  # type: ignore[assignment]
        answered_at, ended_at = shown(answered_at, added), shown(ended_at, added)
        spells = _shown(held, one, spells)
    end = one.end
    evidence = end if one.ended is not None else held.extensions.get(one.device, end)
    one.value = value = Leg(  # 30 arguments: more of them Python appends to a list one by one
        one.call, one.device, one.attempt, one.state, one.direction, since, began, one.answered, answered_at,
        ended_at, *(ring, talk, hold, unknown), one.outcome, end.cause, end.inferred, one.caller, one.caller_name,
        one.did, one.queue_id, *one.details, one.c2c, one.stamp, one.agent_id, one.agent_name, one.account_id,
        one.recording, spells, one.doubt, evidence.confirmed_position, evidence.confirmed_at, engaged,
    )  # type: ignore[call-arg]  # fmt: skip
    return value


def wait_value(held: Held, one: HeldConnection) -> Wait:
    """A wait as it is now. One whose start no frame has said took an unknown time."""
    if one.value is not None:
        return one.value  # type: ignore[no-any-return]
    marks = one.marks
    since, bucket = marks[0]
    began, ended, wait_s, unknown = since, one.ended, None, 0
    spells: tuple[Spell, ...] = ()
    for until, after in marks[1:]:
        if until != since and bucket is not None:
            spells += (Spell(bucket, since, until),)
            if bucket is UNKNOWN:
                unknown += until - since  # type: ignore[assignment]
        since, bucket = until, after
    if bucket is not None:
        spells += (Spell(bucket, since, None),)
    known_start, stamp, outcome = bool(one.start_reported or one.stamp), one.stamp, one.outcome
    resolved = stamp and outcome is not None and outcome is not LOST
    if ended is not None and (resolved or (known_start and not one.end.inferred)):
        wait_s = ended - began
    joined, added = began if known_start else None, one.added
    if added != 0:  # unknown, or of a clock that has stepped
        shown = held.clock.shown
        joined, ended, spells = shown(joined, added), shown(ended, added), _shown(held, one, spells)
    distributed, original, custom = one.details
    end = one.end
    evidence = end if one.ended is not None else held.queues.get(one.device, end)
    one.value = value = Wait(
        one.device, one.call, one.caller, one.caller_name, one.state, joined, ended, wait_s, outcome, one.agent_name,
        end.inferred, stamp, distributed, original, custom, unknown, spells, one.doubt, evidence.confirmed_position,
        evidence.confirmed_at,
    )  # fmt: skip
    return value


def _shown(held: Held, one: HeldConnection, spells: tuple[Spell, ...]) -> tuple[Spell, ...]:
    """Spells of stream time as the UTC that the server had for it."""
    shown, added = held.clock.shown, one.added
    return tuple([Spell(spell.state, shown(spell.since, added), shown(spell.until, added)) for spell in spells])


def call_value(held: Held, call: HeldCall) -> Call:
    """A call as it is now, with its legs and waits."""
    if call.value is not None:
        return call.value  # type: ignore[no-any-return]
    live, past = call.live, call.past
    legs: tuple[Leg, ...] = ()
    past_legs: tuple[Leg, ...] = ()
    waiting: tuple[Wait, ...] = ()
    past_waits: tuple[Wait, ...] = ()
    if live:
        by_serial = live if len(live) < 2 else sorted(live, key=_serial)
        legs = tuple([one.value or leg_value(held, one) for one in by_serial if one.kind == "leg"])
        if len(legs) < len(live):
            waiting = tuple([one.value or wait_value(held, one) for one in by_serial if one.kind != "leg"])
    if past:
        past_legs = tuple([one.value or leg_value(held, one) for one in past if one.kind == "leg"])
        if len(past_legs) < len(past):
            past_waits = tuple([one.value or wait_value(held, one) for one in past if one.kind != "leg"])
    if call.settled is None and len(live) + len(past) == 1 and (legs or past_legs):  # most calls
        leg = (legs or past_legs)[0]
        talk, hold, unknown, wait, ring = leg.talk_s, leg.hold_s, leg.unknown_s, 0, leg.ring_s
    else:
        talk, hold, unknown, wait, ring = spent(call)  # type: ignore[assignment]
    if len(live) == 1 and not past:
        started = live[0].marks[0][0]
    else:
        started = min([one.marks[0][0] for one in (*past, *live)], default=None)  # type: ignore[assignment]
    if call.settled is not None and started is not None:
        started = min(started, call.settled.started)
    since, answered_at, ended_at, awaited, added = call.since, call.answered_at, call.ended, call.awaited, call.added
    if added != 0:  # unknown, or of a clock that has stepped
        shown = held.clock.shown
        started, since, answered_at = shown(started, added), shown(since, added), shown(answered_at, added)  # type: ignore[assignment]
        ended_at, awaited = shown(ended_at, added), shown(awaited, added)
    links = call.links
    call.value = value = Call(
        call.call_id, call.state, call.direction, call.account_id, call.caller, call.caller_name, call.did,
        started, since, call.attempts, call.answered, answered_at, ended_at,
        *(wait, ring, talk, hold, unknown), call.outcome, call.cause, call.inferred, links.related,
        links.transferred_by, awaited, links.campaign_id, legs, past_legs, waiting, past_waits,
        sum([one.seconds(ENGAGED) for one in call.past]) if call.statements else 0, call.statements,
    )  # fmt: skip
    return value


def _serial(one: HeldConnection) -> int:
    return one.serial


def refresh(held: Held) -> None:
    """Let go of the values whose evidence is older than what a device has heard since the last snapshot."""
    for devices in (held.extensions, held.queues):
        for device in devices.values():
            if device.kept is None:
                for one in device.live:
                    call = held.calls[one.call]
                    if one.value is not None and one.value.confirmed_position != device.confirmed_position:
                        one.value = device.value = call.value = None
                    call.kept = None


def extension_value(held: Held, extension: HeldExtension) -> Extension:
    """An extension as it is now, with its legs."""
    if extension.value is not None:
        return extension.value  # type: ignore[no-any-return]
    legs = tuple([one.value or leg_value(held, one) for one in extension.live])
    shown, status = held.clock.shown, extension.status
    last_call, last_answered, last_hangup = _last_times(extension)
    extension.value = value = Extension(
        extension.key, extension.state, shown(extension.since), status,
        AGENT_STATUSES.get(status, "") if status is not None else "", shown(extension.status_since),
        extension.agent_id, extension.agent_name, shown(extension.agent_since), extension.user_id, extension.user_name,
        extension.number, extension.account_id, extension.top_account_id, extension.peer_status,
        last_call, last_answered, last_hangup,
        shown(extension.unknown_since) if extension.unknown else None, extension.unknown, legs,
        extension.confirmed_position, extension.confirmed_at,
    )  # fmt: skip
    return value


def _last_times(extension: HeldExtension) -> list[Seconds | None]:
    """The UTC of an extension's last call, answer and hangup, by the offset of their frame, or the first after it."""
    offset_s = extension.last_offset_s
    if offset_s is None:
        return [None, None, None]
    stamps = extension.last_call, extension.last_answered, extension.last_hangup
    return [stamp - offset_s if stamp and EARLIEST < stamp < LATEST else None for stamp in stamps]


def queue_value(held: Held, queue: HeldQueue) -> Queue:
    """A queue as it is now, with the calls that wait in it."""
    if queue.value is not None:
        return queue.value  # type: ignore[no-any-return]
    waiting = tuple([wait_value(held, one) for one in queue.live])
    shown = held.clock.shown
    queue.value = value = Queue(
        queue.key, queue.name, queue.queued, queue.answered, queue.picked_up, queue.abandoned, queue.lost,
        shown(queue.unknown_since) if queue.unknown else None, queue.unknown, waiting,
        queue.confirmed_position, queue.confirmed_at,
    )  # fmt: skip
    return value


# ---------------------------------------------------------------- what a call's time was spent on


def spent(call: HeldCall) -> tuple[Seconds, Seconds, Seconds, Seconds, Seconds]:
    """Seconds of talk, hold, unknown, wait and ring of what is over; each moment counts once, ringing apart."""
    settled = call.settled
    if settled is None:
        return _spent(call, None, None)
    sums = settled.talk, settled.hold, settled.unknown, settled.wait, settled.ring
    more = _spent(call, settled.until, None)
    return tuple([one + other for one, other in zip(sums, more, strict=True)])  # type: ignore[return-value]


def settle_before(call: HeldCall, kind: str) -> None:
    """Let the oldest ended connection of a kind go; what the call spent until its end becomes a sum."""
    ended = [one for one in call.past if one.kind == kind]
    oldest = ended[0]
    before = call.settled
    since = before.until if before else None
    until = max(oldest.ended or oldest.began, since if since is not None else oldest.began)
    talk, hold, unknown, wait, ring = _spent(call, since, until)
    started = min([one.began for one in (*call.past, *call.live)])
    if before is None:
        before = Settled(until, started)
    call.settled = Settled(
        until,
        min(started, before.started),
        before.talk + talk,
        before.hold + hold,
        before.unknown + unknown,
        before.wait + wait,
        before.ring + ring,
    )
    call.past.remove(oldest)
    oldest.place = GONE


def _spent(
    call: HeldCall, since: Seconds | None, until: Seconds | None
) -> tuple[Seconds, Seconds, Seconds, Seconds, Seconds]:
    connections = (*call.past, *call.live)
    clipped = since is not None or until is not None
    talk: list[Span] = []
    hold: list[Span] = []
    unknown: list[Span] = []
    wait: list[Span] = []
    ring: list[Span] = []
    for one in connections:
        began, bucket = one.marks[0]
        for end, after in one.marks[1:]:
            begin, was = began, bucket
            began, bucket = end, after
            if clipped:
                begin = begin if since is None or begin > since else since
                end = end if until is None or end < until else until
            if end <= begin:
                continue
            if was is RINGING or was is DIALING:
                ring.append((begin, end))
            elif was is TALKING or was is CLAIMED or was is ENGAGED:
                talk.append((begin, end))
            elif was is QUEUED:
                wait.append((begin, end))
            elif was is HOLD:
                hold.append((begin, end))
            elif was is UNKNOWN:
                unknown.append((begin, end))
    counted: list[Span] = []
    length: Seconds = 0
    found: list[Seconds] = []
    for own in (talk, hold, unknown, wait):
        before = length
        if own:
            counted += own
            length = _length(counted)
        found.append(length - before)
    return found[0], found[1], found[2], found[3], _length(ring)


def _length(spans: list[Span]) -> Seconds:
    """The length of the union of spans."""
    if not spans:
        return 0
    if len(spans) == 1:
        return spans[0][1] - spans[0][0]
    total: Seconds = 0
    end: Seconds | None = None
    for since, until in sorted(spans):
        if end is None or since > end:
            total += until - since
            end = until
        elif until > end:
            total += until - end
            end = until
    return total
