"""One queue's list of waiting calls against the waits that we hold there (field guide §5)."""

from msgspec import Struct

from calltrack.core.changes import AnomalyKind
from calltrack.core.held import HeldQueue
from calltrack.core.ledger import Ledger
from calltrack.core.records import Wait
from calltrack.core.table import ANSWERED, LOST, QUEUED, WAIT_ENDS
from calltrack.voicenter.events import QueueCall, call_id_of


class Told(Struct, frozen=True, gc=False):
    """What a frame says beside the list: an event explains one wait; a full list (`source`) explains none."""

    reason: str = ""
    call_id: str = ""
    agent_name: str = ""
    source: str = ""
    quiet: bool = False


def reconcile(ledger: Ledger, queue: HeldQueue, infos: list[QueueCall], told: Told) -> None:
    """Make the queue's waits agree with the list."""
    queue_id = queue.queue_id
    held = queue.waiting.copy()
    waits = False
    listed = set[tuple[str, int]]()
    for info in infos:
        call_id = call_id_of(info)
        if not call_id:
            ledger.anomaly(AnomalyKind.MISSING_IDENTITY, "a waiting call without ivrid", queue_id=queue_id)
            continue
        if call_id == told.call_id:
            waits = True
        stamp = info.JoinTimeStamp or 0
        if (call_id, stamp) in listed:
            continue  # the same entry (field guide §3), however often it is listed
        listed.add((call_id, stamp))
        for wait in held:  # the server keeps the order of joining, so it mostly is the first
            if wait.call_id == call_id and wait.stamp == stamp:
                held.remove(wait)
                break
        else:
            _join(ledger, queue_id, info, call_id, told)
    left = False
    for wait in held:
        left |= _leave(ledger, wait, told)
    if len(infos) > 1:
        ledger.order_queue(queue_id, [call_id_of(info) for info in infos])
    if told.call_id:
        _check_reason(ledger, queue_id, told, waits, left)


def _join(ledger: Ledger, queue_id: str, info: QueueCall, call_id: str, told: Told) -> None:
    inferred = ""
    if not (told.reason == "JOIN" and told.call_id == call_id):
        inferred = f"in the list of {told.source}" if told.source else "in the list, its JOIN was not seen"
        if not told.source and not told.quiet:
            _missed(ledger, queue_id, call_id, "JOIN", told)
    _open(ledger, queue_id, call_id, info, inferred)


def _open(ledger: Ledger, queue_id: str, call_id: str, info: QueueCall, inferred: str) -> Wait:
    stamp = info.JoinTimeStamp or 0
    caller, name, joined = info.CallerID or "", info.CallerName or "", ledger.utc(stamp)
    wait = Wait(queue_id, call_id, caller, name, QUEUED, joined, None, None, None, "", inferred, stamp)
    ledger.join_queue(wait, inferred)
    return wait


def _leave(ledger: Ledger, wait: Wait, told: Told) -> bool:
    """Close a wait that the list has no more; returns whether its own event is the reason."""
    outcome = WAIT_ENDS.get(told.reason)
    if outcome is not None and told.call_id == wait.call_id:
        ledger.leave_queue(wait, outcome, told.agent_name, "")
        return True
    if told.source:
        inferred = f"not in the list of {told.source}"
    else:
        inferred = "gone from the list, its end was not seen"
        if not told.quiet:
            _missed(ledger, wait.queue_id, wait.call_id, "EXIT, ANSWER or ABANDONED", told)
    answered = ledger.calls[wait.call_id].answered_since(wait.joined_at)
    if answered:
        inferred += "; an agent has the call"
    ledger.leave_queue(wait, ANSWERED if answered else LOST, "", inferred, sought=bool(told.source))
    return False


def _check_reason(ledger: Ledger, queue_id: str, told: Told, waits: bool, left: bool) -> None:
    """Whether the list agrees with the event's reason."""
    reason = told.reason
    if reason != "JOIN" and reason not in WAIT_ENDS:
        ledger.anomaly(
            AnomalyKind.UNKNOWN_REASON,
            f"a queue event is {told.reason!r}",
            call_id=told.call_id,
            queue_id=queue_id,
            expected=", ".join(["JOIN", *WAIT_ENDS]),
            seen=told.reason,
        )
    elif waits != (reason == "JOIN"):
        ledger.anomaly(
            AnomalyKind.REASON_DISAGREES,
            f"{reason}, but the call {'waits' if waits else 'does not wait'}",
            call_id=told.call_id,
            queue_id=queue_id,
            expected="waiting" if reason == "JOIN" else "gone",
            seen="waiting" if waits else "gone",
        )
    elif not waits and not left and not ledger.left_before(queue_id, told.call_id):
        # The end of a wait that we never held: it was there, we don't know since when.
        inferred = "left the queue, its JOIN was not seen"
        if not told.quiet:
            _missed(ledger, queue_id, told.call_id, "JOIN", told)
        wait = _open(ledger, queue_id, told.call_id, QueueCall(), inferred)
        ledger.leave_queue(wait, WAIT_ENDS[reason], told.agent_name, "")


def _missed(ledger: Ledger, queue_id: str, call_id: str, name: str, told: Told) -> None:
    ledger.anomaly(
        AnomalyKind.EVENT_MISSED,
        f"no {name} was seen for this wait",
        call_id=call_id,
        queue_id=queue_id,
        expected=name,
        seen=told.reason,
    )
