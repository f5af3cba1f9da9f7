"""Frames that come late or again: what they list was so, but something newer is known of their extension or queue.

Rules:
1. A frame's list is the authority on its own moment only. One that is older, by servertime, than the last one of its
   extension (or queue) changes nothing there: it is an anomaly with the evidence, and does not move the time.
2. Within a second (servertime is no finer) a frame that disagrees with what is held is older if its event is known: the
   NEWCALL of a leg that lives, the ANSWER of one that was answered, the HANGUP of one that has ended; or if its list
   still has what has ended. But the NEWCALL of what has ended is a new attempt: so fast can a redial be (guide §3).
3. A late HANGUP of a leg that was never seen opens and closes it, for it happened.
4. A frame more than 900 s behind is not late: the clock was set back (summer time), and is believed. So is a list of
   all extensions or queues that is not behind the frame before it, and what follows a new login or a lost connection.
5. A login of the very time of the one before is that one, told again: nothing new follows it.
"""

from calltrack.core import legs, waits
from calltrack.core.changes import AnomalyKind
from calltrack.core.held import HeldExtension, HeldQueue
from calltrack.core.ledger import Ledger
from calltrack.core.machine import seen_as
from calltrack.core.records import Leg, Seconds
from calltrack.voicenter.events import CallInfo, ExtensionInfo, QueueCall, QueueInfo, call_id_of, text

_LATEST_S = 900  # the smallest step of summer time is 1800


def extension(ledger: Ledger, info: ExtensionInfo, told: legs.Told) -> bool:
    """Whether a frame is older than what is known of its extension; if so, it has been dealt with."""
    held = ledger.extensions.get(info.extenUser or "")
    if held is None or held.unknown:
        return False
    if held.heard_at is not None and ledger.at is not None and held.heard_at < ledger.at:
        return False  # for nearly all, without a call
    behind = _behind(ledger, held.heard_at)
    if not behind:
        if behind is None or told.source or _agrees(held, info):
            return False
        if not _is_known(ledger, held, info, told):
            return False
    name = held.exten_user
    _report(ledger, told.reason or told.source, held.heard_at, told.call_id, exten_user=name)
    if told.reason == "HANGUP" and told.call_id and not any(told.of(leg) for leg in held.legs):
        legs.end_unseen(ledger, held, told)
    return True


def queue(ledger: Ledger, info: QueueInfo, told: waits.Told) -> bool:
    """The same for a queue."""
    known = ledger.queues.get(text(info.QueueID))
    if known is None or known.unknown:
        return False
    behind = _behind(ledger, known.heard_at)
    if not behind:
        if behind is None or told.source:
            return False
        if not any(_has_left(ledger, known, wait) for wait in info.Calls or ()):
            return False
    _report(ledger, told.reason or told.source, known.heard_at, told.call_id, queue_id=known.queue_id)
    return True


def _behind(ledger: Ledger, heard_at: Seconds | None) -> Seconds | None:
    """How many seconds the frame is older than what was heard, 0 for the same; None if it is not late at all."""
    if heard_at is None or ledger.at is None or not ledger.timed:
        return None
    behind = heard_at - ledger.at
    return behind if 0 <= behind <= _LATEST_S else None


def _report(ledger: Ledger, what: str, heard_at: Seconds | None, call_id: str, **where: str) -> None:
    detail = f"{what or 'an event'} comes after newer news"
    seen = str(ledger.at)
    ledger.anomaly(AnomalyKind.LATE_FRAME, detail, call_id=call_id, expected=f"after {heard_at}", seen=seen, **where)


def _agrees(held: HeldExtension, info: ExtensionInfo) -> bool:
    """Whether the list has the very legs that are held, in the same states."""
    listed = [(call_id_of(one), seen_as(one.callstatus, one.c2cdirection, one.answered)) for one in info.calls or ()]
    return listed == [(leg.call_id, leg.state) for leg in held.legs]


def _is_known(ledger: Ledger, held: HeldExtension, info: ExtensionInfo, told: legs.Told) -> bool:
    """Whether the event has been told of already, or the list has what has ended."""
    current = told.info
    live = None if current is None else _live(held, current)
    if live is not None and (told.reason == "NEWCALL" or (told.reason == "ANSWER" and live.answered)):
        return True
    if told.reason == "HANGUP" and live is None and current is not None and _has_ended(ledger, held, current):
        return True
    return told.reason != "NEWCALL" and any(_has_ended(ledger, held, call) for call in info.calls or ())


def _live(held: HeldExtension, info: CallInfo) -> Leg | None:
    """The live leg that a call is, by all that identifies one (field guide §3)."""
    identity = (call_id_of(info), info.callStarted or 0, info.c2cdirection or 0)
    return next((leg for leg in held.legs if (leg.call_id, leg.stamp, leg.c2c) == identity), None)


def _has_ended(ledger: Ledger, held: HeldExtension, info: CallInfo) -> bool:
    call_id, stamp = call_id_of(info), info.callStarted
    if not call_id or not stamp or _live(held, info) is not None:
        return False
    leg = ledger.ended_before(call_id, held.exten_user, stamp, info.c2cdirection or 0)
    return leg is not None and not leg.inferred


def _has_left(ledger: Ledger, known: HeldQueue, info: QueueCall) -> bool:
    call_id, stamp = call_id_of(info), info.JoinTimeStamp
    if not call_id or not stamp or any((wait.call_id, wait.stamp) == (call_id, stamp) for wait in known.waiting):
        return False
    call = ledger.call(call_id)
    past = call.past_waits if call is not None else ()
    return any((wait.queue_id, wait.stamp, wait.inferred) == (known.queue_id, stamp, "") for wait in past)
