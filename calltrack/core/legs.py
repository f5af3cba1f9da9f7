"""One extension's list of live calls against the legs that we hold there (field guide §4)."""

from collections.abc import Sequence

from msgspec import Raw, Struct

from calltrack.core.changes import AnomalyKind
from calltrack.core.held import HeldExtension
from calltrack.core.ledger import Ledger
from calltrack.core.machine import PATHS
from calltrack.core.records import Leg, Seconds, elapsed
from calltrack.core.states import State
from calltrack.core.table import (
    DIALING,
    HOLD,
    LEG,
    LOST,
    NEW,
    REASONS,
    RINGING,
    SEEN_AS,
    SPYING,
    TALKING,
    UNKNOWN,
    Edge,
)
from calltrack.voicenter.events import CallInfo, ExtensionEvent, ExtensionInfo

_STATES: dict[str, State] = {edge.signal: edge.dest for edge in LEG if edge.source is NEW}
_SIGNALS: dict[State, str] = {state: signal for signal, state in _STATES.items()}
_OPENED_BY: dict[State, tuple[str, ...]] = {edge.dest: edge.told_by for edge in LEG if edge.source is NEW}
_SEEN: dict[str | None, State] = {
    spelled: _STATES[signal] for status, signal in SEEN_AS.items() for spelled in (status, status.capitalize())
}
_NO_CUSTOM = (b"", b"{}", b"[]", b"null")
_ANY: frozenset[State] = frozenset()  # of a reason that says nothing of the list
_DIRECTIONS = {
    spelled: direction.capitalize()
    for direction in ("incoming", "outgoing", "click2call", "spy")
    for spelled in (direction, direction.capitalize(), "Click2Call" if direction == "click2call" else direction)
}


class Told(Struct, frozen=True, gc=False):
    """What a frame says beside the list: an event explains one leg; a full list (`source`) explains none.

    `quiet` is set where differences are no surprise: at the first sight of an extension, and after a gap.
    """

    reason: str = ""
    call_id: str = ""
    info: CallInfo | None = None
    event: ExtensionEvent | None = None
    source: str = ""
    quiet: bool = False

    def cause(self) -> tuple[str, str]:
        """The event's cause and dialStatus, beside `data` or in it (field guide §1)."""
        event = self.event or ExtensionEvent()
        info = event.data or ExtensionInfo()
        return event.cause or info.cause or "", event.dialStatus or info.dialStatus or ""

    def of(self, leg: Leg) -> bool:
        """Whether the event is about this leg."""
        if leg.call_id != self.call_id:
            return False
        info = self.info
        return info is None or (
            (info.callStarted == leg.stamp or not info.callStarted or not leg.stamp)
            and (info.c2cdirection is None or info.c2cdirection == leg.c2c)
        )


def reconcile(ledger: Ledger, extension: HeldExtension, infos: Sequence[CallInfo], told: Told) -> tuple[Leg, ...]:
    """Make the extension's legs agree with the list; returns its live legs, in the list's order."""
    if not told.call_id and _unchanged(extension.legs, infos):
        return extension.legs
    gone: tuple[Leg, ...] | list[Leg] = extension.legs
    live: list[Leg] = []
    seen: State | None = None
    current = told.info
    for info in infos:
        call_id = info.ivrid or info.IvrUniqueID
        if not call_id:
            ledger.anomaly(AnomalyKind.MISSING_IDENTITY, "a call without ivrid", exten_user=extension.exten_user)
            continue
        state = _SEEN.get(info.callstatus)
        if state is None or info.c2cdirection is not None:
            state = _state(ledger, extension, info, call_id)
        about = call_id == told.call_id and (current is None or _may_be(current, info))
        leg = _held(gone, call_id, info) if gone else None
        if leg is None:
            leg = _start(ledger, extension, info, call_id, state, told, about)
        else:
            if len(gone) == 1:
                gone = ()
            else:
                gone = list(gone) if isinstance(gone, tuple) else gone
                gone.remove(leg)
            if state is not leg.state:
                leg = _move(ledger, leg, info, state, told, about)
            if info.relatedIvrUniqueIDs:
                ledger.link(call_id, _related(info), info.transferExtensionName or "")
        if about:
            seen = leg.state
        live.append(leg)
    hungup = False
    for leg in gone:
        hungup |= _end(ledger, leg, live, told)
    if told.call_id and not told.source:
        expected = REASONS.get(told.reason, _ANY)
        if expected is None and seen is None:
            if not hungup:
                end_unseen(ledger, extension, told)
        elif expected is not _ANY and (expected is None or seen not in expected):
            _disagree(ledger, extension, told, seen)
    return tuple(live)


def _unchanged(held: tuple[Leg, ...], infos: Sequence[CallInfo]) -> bool:
    """Whether the one call listed is the one leg held: a tenth less for a full list (`tests.benchmark status`)."""
    if len(held) != 1 or len(infos) != 1:
        return False
    leg, info = held[0], infos[0]
    return (
        info.ivrid == leg.call_id
        and info.callStarted == leg.stamp
        and info.c2cdirection is None
        and leg.c2c == 0
        and _SEEN.get(info.callstatus) is leg.state
        and not info.relatedIvrUniqueIDs
    )


def _state(ledger: Ledger, extension: HeldExtension, info: CallInfo, call_id: str) -> State:
    """What a call in the list is seen as; click2call leg 2 dials until it is answered, whatever it says."""
    status = info.callstatus or ""
    signal = SEEN_AS.get(status.lower())
    if signal is None:
        ledger.anomaly(
            AnomalyKind.UNKNOWN_STATUS,
            f"a call is {status!r}",
            call_id=call_id,
            exten_user=extension.exten_user,
            expected=", ".join(sorted(SEEN_AS)),
            seen=status,
        )
        return UNKNOWN
    if signal == "talks" and info.c2cdirection == 2 and not info.answered:
        return DIALING
    return _STATES[signal]


def _may_be(current: CallInfo, info: CallInfo) -> bool:
    """Whether a currentCall and a call in the list may be one attempt, for want of a field that says otherwise."""
    same = current.callStarted == info.callStarted or not (current.callStarted and info.callStarted)
    return same and current.c2cdirection in (None, info.c2cdirection)


def _held(held: Sequence[Leg], call_id: str, info: CallInfo) -> Leg | None:
    """The leg that a call in the list is (field guide §3); a missing stamp matches any."""
    found, stamp, c2c = None, info.callStarted or 0, info.c2cdirection or 0
    for leg in held:
        if leg.call_id == call_id and leg.c2c == c2c:
            if leg.stamp == stamp:
                return leg
            if not stamp or not leg.stamp:
                found = found or leg
    return found


def _start(
    ledger: Ledger, extension: HeldExtension, info: CallInfo, call_id: str, state: State, told: Told, about: bool
) -> Leg:
    """Open a leg that the list has and we don't."""
    call = ledger.call(call_id)
    leg = _opened(ledger, extension, info, call_id, 1 if call is None else call.attempts + 1, state)
    inferred = ""
    if about and told.reason in _OPENED_BY[state]:
        # An ANSWER alone is a pick-up if the leg talked from its start; else it rang before and we did not see it.
        if told.reason == "ANSWER" and leg.answered_at != leg.started:
            inferred = "answered, its NEWCALL was not seen"
    else:
        inferred = f"in the list of {told.source}" if told.source else "in the list, its NEWCALL was not seen"
        if about and told.reason == "HANGUP":
            inferred = "its HANGUP is the first that was seen of it"
    if inferred and not told.quiet and not told.source:
        _missed(ledger, leg, "NEWCALL", told)
    ledger.start_leg(leg, call, extension.account_id, inferred)
    if info.relatedIvrUniqueIDs:
        ledger.link(call_id, _related(info), info.transferExtensionName or "")
    return leg


def _opened(ledger: Ledger, extension: HeldExtension, info: CallInfo, call_id: str, attempt: int, state: State) -> Leg:
    """A new leg in the state that it is seen in, with what the stamps tell of the time before."""
    started = ledger.utc(info.callStarted)
    since = ledger.when if started is None else started
    answered_at: Seconds | None = None
    ring_s: Seconds | None = 0
    talk_s: Seconds | None = 0
    if state is TALKING or state is HOLD:
        # Picked up from a queue: callAnswered stays 0, it talks from the start (field guide §4).
        answered_at = ledger.utc(info.callAnswered) or since
        ring_s = elapsed(started, answered_at)
        answered_at = _not_before(ledger, started, answered_at, "answered before it started", call_id, extension)
        since = answered_at
    if state is HOLD:
        since = _not_before(ledger, answered_at, ledger.when, "on hold before it was answered", call_id, extension)
        talk_s = elapsed(answered_at, since)
    direction, queue_id = info.direction or "", str(info.queueID) if info.queueID else ""
    if (queue := ledger.queues.get(queue_id)) is not None:
        queue_id = queue.queue_id  # one string for all its calls
    return Leg(
        call_id,
        extension.exten_user,
        attempt,
        state,
        _DIRECTIONS.get(direction, direction),
        since,
        started,
        state is TALKING or state is HOLD,
        answered_at,
        None,
        ring_s,
        talk_s,
        0,
        0,
        None,
        "",
        "",
        info.callerphone or "",
        info.callername or "",
        info.did or "",
        queue_id,
        _custom(info.customdata),
        info.isInternal is True,
        info.c2cdirection or 0,
        info.callStarted or 0,
    )


def _not_before(
    ledger: Ledger, earliest: Seconds | None, moment: Seconds | None, what: str, call_id: str, extension: HeldExtension
) -> Seconds | None:
    """A moment of a leg; one before an earlier step of it took no time (field guide §2: clamp and report)."""
    if earliest is None or moment is None or moment >= earliest:
        return moment
    ledger.anomaly(
        AnomalyKind.NEGATIVE_DURATION,
        what,
        call_id=call_id,
        exten_user=extension.exten_user,
        expected=f"not before {earliest}",
        seen=str(moment),
    )
    return earliest


def _move(ledger: Ledger, leg: Leg, info: CallInfo, state: State, told: Told, about: bool) -> Leg:
    """Take the table's steps to the state that the leg is seen in, or the impossible one that the list demands."""
    path = PATHS.get((leg.state, _SIGNALS[state]))
    if path is None:
        ledger.anomaly(
            AnomalyKind.IMPOSSIBLE_TRANSITION,
            f"a leg that is {leg.state} is seen as {state}",
            call_id=leg.call_id,
            exten_user=leg.exten_user,
            expected=" or ".join(sorted({path[-1].dest for (state, _), path in PATHS.items() if state is leg.state})),
            seen=state.value,
        )
        edge = Edge(leg.state, _SIGNALS[state], state, (), "LegCorrected")
        return ledger.move_leg(leg, edge, ledger.at, "no lawful step leads here; the list is believed")
    for edge in path:
        when = ledger.when if about else ledger.at
        if edge.signal == "talks" and not leg.answered:
            when = _answered_at(ledger, leg, info)
        inferred = ""
        if edge.told_by and not (about and told.reason in edge.told_by):
            name = edge.told_by[0]
            inferred = f"in the list of {told.source}" if told.source else f"in the list, its {name} was not seen"
            if not told.source and not told.quiet:
                _missed(ledger, leg, name, told)
        elif not edge.told_by:
            inferred = "its status has an unknown name" if edge.dest is UNKNOWN else "seen again"
        leg = ledger.move_leg(leg, edge, when, inferred)
    return leg


def _end(ledger: Ledger, leg: Leg, live: list[Leg], told: Told) -> bool:
    """End a leg that the list has no more; returns whether its own HANGUP is the reason."""
    if told.reason == "HANGUP" and told.of(leg):
        last = told.info
        if not leg.answered and last is not None and (last.callstatus != leg.state or _answered(last)):
            leg = _catch_up(ledger, leg, last, told)
        ledger.end_leg(leg, *told.cause(), True, "")
        return True
    if leg.c2c == 1 and any(other.call_id == leg.call_id and other.c2c == 2 for other in live):
        # Lawful: leg 1 never gets a HANGUP of its own then (field guide §4).
        ledger.end_leg(leg, "", "", True, "click2call leg 2 took its place")
        return False
    if told.source:
        inferred = f"not in the list of {told.source}"
    else:
        inferred = "gone from the list, its HANGUP was not seen"
        if not told.quiet:
            _missed(ledger, leg, "HANGUP", told)
    ledger.end_leg(leg, "", "", False, inferred)
    return False


def _catch_up(ledger: Ledger, leg: Leg, last: CallInfo, told: Told) -> Leg:
    """A HANGUP shows the call as it last was: an answer that we did not see shows in it."""
    state = _SEEN.get((last.callstatus or "").lower())
    if _answered(last) and state is not HOLD and state is not SPYING:
        state = TALKING
    elif last.c2cdirection == 2 or (state is not TALKING and state is not HOLD and leg.state is not UNKNOWN):
        return leg
    if leg.state is SPYING or state is None or state is leg.state:
        return leg
    return _move(ledger, leg, last, state, told, True)


def _answered(info: CallInfo) -> bool:
    """Whether a call was answered by either of the fields that say so."""
    return bool(info.answered) or (info.callAnswered or 0) > 0


def _answered_at(ledger: Ledger, leg: Leg, info: CallInfo) -> Seconds | None:
    """When a leg was answered; if the offset changed since callStarted, callAnswered is of either wall clock."""
    told, at = ledger.utc(info.callAnswered), ledger.at
    if told is not None and leg.started is not None and leg.stamp and info.callAnswered is not None:
        answered_at = leg.started + info.callAnswered - leg.stamp
        if answered_at == told or at is None or leg.started <= answered_at <= at:
            return answered_at
    return told or ledger.when


def _disagree(ledger: Ledger, extension: HeldExtension, told: Told, seen: State | None) -> None:
    expected = REASONS[told.reason]
    ledger.anomaly(
        AnomalyKind.REASON_DISAGREES,
        f"{told.reason}, but the list shows the call as {seen or 'gone'}",
        call_id=told.call_id,
        exten_user=extension.exten_user,
        expected=" or ".join(sorted(expected)) if expected else "gone",
        seen=seen or "gone",
    )


def end_unseen(ledger: Ledger, extension: HeldExtension, told: Told) -> None:
    """The HANGUP of a leg that we never held: open it as it last was, and close it; once."""
    info = told.info
    stamp, c2c = (info.callStarted, info.c2cdirection) if info else (None, None)
    before = ledger.ended_before(told.call_id, extension.exten_user, stamp, c2c)
    if before is not None:
        cause, dial_status = told.cause()
        if before.outcome is LOST:  # its end was inferred, and is not told twice
            ledger.anomaly(
                AnomalyKind.EVENT_MISSED,
                f"the HANGUP of a leg came after it was given up: {cause or dial_status}",
                call_id=told.call_id,
                exten_user=extension.exten_user,
                expected="HANGUP before it left the list",
                seen="answered" if info is not None and _answered(info) else "not answered",
            )
        return
    if info is None:
        ledger.anomaly(
            AnomalyKind.EVENT_MISSED,
            "the HANGUP of a call that was never seen",
            call_id=told.call_id,
            exten_user=extension.exten_user,
            expected="NEWCALL",
            seen="HANGUP",
        )
        return
    state = _state(ledger, extension, info, told.call_id)
    if _answered(info) and state in (RINGING, DIALING, UNKNOWN):
        state = TALKING
    leg = _start(ledger, extension, info, told.call_id, state, told, True)
    ledger.end_leg(leg, *told.cause(), True, "")


def _missed(ledger: Ledger, leg: Leg, name: str, told: Told) -> None:
    ledger.anomaly(
        AnomalyKind.EVENT_MISSED,
        f"no {name} was seen for this leg",
        call_id=leg.call_id,
        exten_user=leg.exten_user,
        expected=name,
        seen=told.reason,
    )


def _custom(raw: Raw) -> str:
    """The call's custom data as JSON text, as it came; "" for {}, [], null and nothing."""
    data = bytes(raw)
    return "" if data in _NO_CUSTOM else data.decode()


def _related(info: CallInfo) -> tuple[str, ...]:
    """The ivrids that a call came from: a list, or one text with commas."""
    value = info.relatedIvrUniqueIDs
    parts = value if isinstance(value, list) else str(value).split(",")
    return tuple(str(part).strip() for part in parts if part)


def blur(ledger: Ledger, extension: HeldExtension) -> tuple[Leg, ...]:
    """The extension's legs after a lost connection: nobody knows what they do now."""
    return tuple(
        ledger.move_leg(leg, PATHS[leg.state, "blurs"][0], ledger.when, "the connection was lost")
        if leg.state is not UNKNOWN
        else leg
        for leg in extension.legs
    )
