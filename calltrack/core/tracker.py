"""feed(): a frame in, the changes it makes out.

Rules (style rules 1, 2 and 4; field guide §4-§6):
1. The frame's own list of live calls, or of waiting calls, is the authority; what we hold is made to agree with it.
2. The event's reason, cause and currentCall explain one of the differences. All others are inferred, and say so.
3. A frame fed twice in a row changes nothing the second time.
4. A frame that is older than what is known of its extension or queue is late, and changes nothing there (late.py).
5. After a lost connection everything is Unknown until a list says otherwise.
"""

from __future__ import annotations

from typing import Self

from msgspec.structs import replace

from calltrack.core import agents, changes, late, legs, waits
from calltrack.core.changes import AnomalyKind, Change
from calltrack.core.errors import AnomalyFound
from calltrack.core.held import HeldCall, HeldExtension, HeldQueue
from calltrack.core.ledger import Ledger
from calltrack.core.records import Extension, Gap, Queue, Seconds, with_gap
from calltrack.core.snapshot import Counters, Resume, Snapshot
from calltrack.core.table import UNKNOWN
from calltrack.voicenter.events import (
    KNOWN,
    AllExtensionsStatus,
    Body,
    ExtensionEvent,
    ExtensionInfo,
    LoginStatus,
    Notice,
    QueueEvent,
    QueueInfo,
    taken_out,
    text,
    times_of,
)
from calltrack.voicenter.frames import Frame, fingerprint

HISTORY = 1000
"""Ended calls that a tracker keeps unless told otherwise."""

_NAMES_COUNTED = 200  # names counted one by one, the rest together, and characters kept of each: strangers choose them


class Tracker:
    """The state of one stream. It reads no clock and does no I/O: same frames in, same changes out.

    history: how many ended calls are kept (default 1000). strict: raise AnomalyFound instead of returning an Anomaly.
    """

    def __init__(self, *, history: int = HISTORY, strict: bool = False):
        self._ledger = Ledger(history)
        self._strict = strict
        self._last: bytes | None = None
        self._last_print = ""
        self._printed: tuple[bytes, str] = b"", ""
        self._connected = True
        self._login: Seconds | None = None  # when the connection's login was
        self._events_since_login = False
        self._duplicates = 0
        self._events: dict[str, int] = {}
        self._changes: dict[type[Change], int] = {}
        self._counts: dict[str, dict[str, int]] = {
            "anomalies": {},
            "unknown_fields": {},
            "unknown_events": {},
        }

    def feed(self, frame: Frame) -> tuple[Change, ...]:
        """Apply one frame; returns what it changed, in order, () if nothing.

        Raises AnomalyFound after applying the frame if the tracker is strict and met an anomaly.
        """
        ledger = self._ledger
        ledger.position += 1
        body, raw = frame.body, frame.raw
        if raw == self._last or (self._last_print and self._repeats(raw)):
            self._duplicates += 1
            return ()
        self._last = raw
        event = frame.event
        try:
            self._events[event] += 1
        except KeyError:
            self._events[event] = 1
        if type(body) is ExtensionEvent:
            self._extension_event(body)
        elif type(body) is QueueEvent:
            self._queue_event(body)
        elif type(body) is AllExtensionsStatus:
            self._all_extensions(body)
        elif type(body) is LoginStatus:
            self._all_queues(body)
        elif type(body) is Notice:  # pragma: no branch (there is no other)
            self._notice(event, body)
        if frame.bad or frame.unknown:
            self._oddities(frame)
        if ledger.touched:
            ledger.settle_calls()
        if ledger.awaited:
            ledger.forget_unseen_winners()
        if not ledger.out:
            return ()
        out, ledger.out, counts = tuple(ledger.out), [], self._changes
        for change in out:
            try:
                counts[type(change)] += 1
            except KeyError:
                counts[type(change)] = 1
        if ledger.anomalies:
            self._count_anomalies(out)
        return out

    @property
    def time(self) -> Seconds | None:
        """The server time of the last frame that had one, UTC epoch s; None before the first."""
        return self._ledger.at

    def snapshot(self) -> Snapshot:
        """Everything known now, as an immutable value; what has not changed since the last one is shared with it."""
        ledger = self._ledger
        return Snapshot(
            position=ledger.position,
            time=ledger.at,
            calls=tuple([call.known or call.value() for call in ledger.calls.values()]),
            extensions=tuple([held.known or held.value() for held in ledger.extensions.values()]),
            queues=tuple([queue.value() for queue in ledger.queues.values()]),
            ended=tuple([call.known or call.value() for call in ledger.ended.values()]),
            gaps=ledger.gaps,
            counters=Counters(
                self._duplicates,
                events=dict(self._events),
                changes={kind.__name__: count for kind, count in self._changes.items()},
                **{name: dict(counts) for name, counts in self._counts.items()},
            ),
            resume=Resume(
                history=ledger.history,
                strict=self._strict,
                offset_s=ledger.offset_s,
                connected=self._connected,
                login=self._login,
                events_since_login=self._events_since_login,
                last_frame=self._print_of_last(),
            ),
        )

    @classmethod
    def restore(cls, snapshot: Snapshot) -> Self:
        """A tracker that goes on from a snapshot exactly as the one that made it would have."""
        resume = snapshot.resume
        tracker = cls(history=resume.history, strict=resume.strict)
        ledger = tracker._ledger
        ledger.position = snapshot.position
        ledger.at = snapshot.time
        ledger.offset_s = resume.offset_s
        ledger.calls = {call.call_id: HeldCall.of(call) for call in snapshot.calls}
        ledger.ended = {call.call_id: HeldCall.of(call) for call in snapshot.ended}
        ledger.extensions = {known.exten_user: HeldExtension(known) for known in snapshot.extensions}
        ledger.queues = {known.queue_id: HeldQueue(known) for known in snapshot.queues}
        ledger.gaps = snapshot.gaps
        for call in ledger.calls.values():
            if call.awaited_since is not None:
                ledger.await_winner(call.awaited_since, call)
        tracker._connected = resume.connected
        tracker._login, tracker._events_since_login = resume.login, resume.events_since_login
        tracker._last_print = resume.last_frame
        counters = snapshot.counters
        tracker._duplicates = counters.duplicates
        tracker._events.update(counters.events)
        for kind_name, count in counters.changes.items():
            tracker._changes[getattr(changes, kind_name)] = count
        tracker._counts = {name: dict(getattr(counters, name)) for name in tracker._counts}
        return tracker

    def _print_of_last(self) -> str:
        if self._last is not None and self._printed[0] is not self._last:
            self._printed = self._last, fingerprint(self._last)
        return self._last_print if self._last is None else self._printed[1]

    def _repeats(self, raw: bytes) -> bool:
        """Of the first frame after a restore: whether it is the one that the snapshot ended with."""
        last, self._last_print = self._last_print, ""
        self._last = raw
        return fingerprint(raw) == last

    def _extension_event(self, body: ExtensionEvent) -> None:
        info = body.data or _NO_EXTENSION
        if not body.reason or not body.servertime or body.servertimeoffset is None or info.telephonyservertime:
            body = taken_out(body, info)
        ledger, before = self._ledger, self._ledger.at
        forward = ledger.tell(body.servertime, body.servertimeoffset, body.telephonyservertime)
        self._events_since_login = True
        reason = body.reason or ""
        if reason not in _REASONS:
            ledger.anomaly(
                AnomalyKind.UNKNOWN_REASON,
                f"an extension event is {reason!r}",
                exten_user=info.extenUser or "",
                expected=", ".join(_REASONS),
                seen=reason,
            )
        current = info.currentCall
        call_id = current.ivrid or current.IvrUniqueID if current is not None else None
        if not call_id:
            current, call_id = None, body.ivruniqueid or body.ivrid or info.ivruniqueid or info.ivrid or ""
        told = legs.Told(reason, call_id, current, body)
        if late.extension(ledger, info, told):
            ledger.at = before
            return
        if not forward:
            self._went_back()
        self._extension(info, told)

    def _extension(self, info: ExtensionInfo, told: legs.Told) -> None:
        if not self._connected:
            self._regained()
        ledger = self._ledger
        name = info.extenUser
        if not name:
            ledger.anomaly(AnomalyKind.MISSING_IDENTITY, "an extension without extenUser")
            return
        held = ledger.extensions.get(name)
        if held is None:
            held = ledger.extensions[name] = HeldExtension(Extension(name))
            agents.update(ledger, held, info, told.reason, first=True)
            ledger.out.append(changes.ExtensionAppeared(ledger.position, ledger.at, name, held.value()))
            told = replace(told, quiet=True)
        else:
            agents.update(ledger, held, info, told.reason)
            if held.unknown:
                held.unknown, held.unknown_since, held.known = False, None, None
                told = replace(told, quiet=True)
        if ledger.timed and held.heard_at != ledger.at:
            held.heard_at, held.known = ledger.at, None
        before = held.legs
        if info.calls or before or told.call_id:
            live = legs.reconcile(ledger, held, info.calls or (), told)
            if live != before or held.state is UNKNOWN:
                ledger.settle_extension(held, live)
        elif held.state is UNKNOWN:
            ledger.settle_extension(held, ())

    def _all_extensions(self, body: AllExtensionsStatus) -> None:
        forward = self._tell_time(body)
        self._server_error(body)
        if body.extensions is None:
            return
        ledger, told = self._ledger, legs.Told(source="AllExtensionsStatus")
        for info in body.extensions:
            if forward or not late.extension(ledger, info, told):
                self._extension(info, told)
        seen = {info.extenUser for info in body.extensions if info.extenUser}
        if len(seen) == len(ledger.extensions):
            return  # all that are seen are held by now, so none is missing
        accounts = {text(info.accountID) for info in body.extensions} - {""}
        for name in [name for name in ledger.extensions if name not in seen]:
            account = text(ledger.extensions[name].account_id)
            if accounts and account and account not in accounts:
                continue  # one stream may carry several accounts (field guide §3); this list is not about that one
            if not forward and late.extension(ledger, ExtensionInfo(extenUser=name), told):
                continue
            held = ledger.extensions.pop(name)
            ledger.settle_extension(held, legs.reconcile(ledger, held, [], told), told.source)
            ledger.out.append(changes.ExtensionRemoved(ledger.position, ledger.at, name, held.value()))

    def _queue_event(self, body: QueueEvent) -> None:
        info = body.data or _NO_QUEUE
        if not body.reason or not body.servertime or body.servertimeoffset is None or info.telephonyservertime:
            body = taken_out(body, info)
        ledger, before = self._ledger, self._ledger.at
        forward = ledger.tell(body.servertime, body.servertimeoffset, body.telephonyservertime)
        self._events_since_login = True
        if not self._connected:
            self._regained()
        told = waits.Told(
            body.reason or "",
            body.ivruniqueid or body.ivrid or info.ivruniqueid or info.ivrid or "",
            info.AnsweredAgent or "",
        )
        if late.queue(ledger, info, told):
            ledger.at = before
            return
        if not forward:
            self._went_back()
        self._queue(info, told)

    def _queue(self, info: QueueInfo, told: waits.Told) -> None:
        ledger = self._ledger
        queue_id = text(info.QueueID)
        if not queue_id:
            ledger.anomaly(AnomalyKind.MISSING_IDENTITY, "a queue without QueueID")
            return
        queue = ledger.queues.get(queue_id)
        first = queue is None
        if queue is None:
            queue = ledger.queues[queue_id] = HeldQueue(Queue(queue_id))
        if info.QueueName and info.QueueName != queue.name:
            queue.name, queue.known = info.QueueName, None
        if ledger.timed and queue.heard_at != ledger.at:
            queue.heard_at, queue.known = ledger.at, None
        if first or queue.unknown:
            told = replace(told, quiet=True)
            ledger.blur_queue(queue_id, None, unknown=False)
        waits.reconcile(ledger, queue, info.Calls or [], told)

    def _all_queues(self, body: LoginStatus) -> None:
        forward = self._tell_time(body)
        self._server_error(body)
        if body.queues is None:
            return
        ledger, told = self._ledger, waits.Told(source="loginStatus")
        for info in body.queues:
            if forward or not late.queue(ledger, info, told):
                self._queue(info, told)
        seen = {text(info.QueueID) for info in body.queues}
        for queue_id, queue in ledger.queues.items():
            if queue_id not in seen:
                waits.reconcile(ledger, queue, [], told)
                ledger.blur_queue(queue_id, ledger.at, unknown=True)

    def _notice(self, event: str, body: Notice) -> None:
        ledger = self._ledger
        before = ledger.at
        if event == "disconnect":
            ledger.when = ledger.at
            self._connection_lost(text(body.reason))
            return
        if event not in ("connect", "malformed"):
            self._tell_time(body)
        if event == "loginSuccess":
            self._logged_in(before)
        if event not in KNOWN:
            ledger.anomaly(AnomalyKind.UNKNOWN_EVENT, f"an event is {event!r}", seen=event)
            self._count("unknown_events", event)
            del self._events[event]
        self._server_error(body)

    def _server_error(self, body: Notice | AllExtensionsStatus | LoginStatus) -> None:
        if body.errorCode:
            self._ledger.anomaly(
                AnomalyKind.SERVER_ERROR,
                f"the server reports error {body.errorCode}",
                expected="0",
                seen=text(body.errorDesc),
            )

    def _logged_in(self, before: Seconds | None) -> None:
        ledger = self._ledger
        if before is not None and ledger.at is not None and before > ledger.at == self._login:
            ledger.anomaly(AnomalyKind.LATE_FRAME, "this login was told before", seen=str(ledger.at))
            ledger.at = before
            return
        if self._events_since_login:
            self._close_gap(Gap(before, ledger.at, "logged in again, the loss was not seen"))
        self._login, self._events_since_login = ledger.at, False
        ledger.forget_heard()

    def _connection_lost(self, reason: str) -> None:
        if not self._connected:
            return
        self._connected, self._login = False, None
        ledger = self._ledger
        gap = Gap(ledger.at, None, reason or "connection lost")
        ledger.gaps = with_gap(ledger.gaps, gap)
        ledger.out.append(changes.ConnectionLost(ledger.position, ledger.at, gap))
        for held in ledger.extensions.values():
            held.unknown, held.unknown_since = True, ledger.at
            ledger.settle_extension(held, legs.blur(ledger, held), gap.reason)
        for queue_id in list(ledger.queues):
            ledger.blur_queue(queue_id, ledger.at, unknown=True)

    def _regained(self) -> None:
        self._connected = True
        self._events_since_login = False
        self._close_gap(replace(self._ledger.gaps[-1], until=self._ledger.at))

    def _close_gap(self, gap: Gap) -> None:
        ledger = self._ledger
        ledger.gaps = with_gap(ledger.gaps, gap)
        ledger.out.append(changes.ConnectionRegained(ledger.position, ledger.at, gap))

    def _tell_time(self, body: Body) -> bool:
        forward = self._ledger.tell(*times_of(body))
        if not forward:
            self._went_back()
        if not self._connected:
            self._regained()
        return forward

    def _went_back(self) -> None:
        self._ledger.anomaly(AnomalyKind.TIME_BACKWARDS, "the server's time went back", seen=str(self._ledger.at))

    def _oddities(self, frame: Frame) -> None:
        for detail in frame.bad:
            self._ledger.anomaly(AnomalyKind.BAD_VALUE, detail, seen=frame.event)
        for path in frame.unknown:
            self._count("unknown_fields", f"{frame.event}.{path}")

    def _count_anomalies(self, out: tuple[Change, ...]) -> None:
        found, self._ledger.anomalies = self._ledger.anomalies, []
        for anomaly in found:
            self._count("anomalies", anomaly.kind.value)
        if self._strict:
            raise AnomalyFound(found[0], out)

    def _count(self, what: str, name: str) -> None:
        counts, name = self._counts[what], name[:_NAMES_COUNTED]
        if name not in counts and len(counts) >= _NAMES_COUNTED:
            name = "(others)"
        counts[name] = counts.get(name, 0) + 1


_NO_EXTENSION, _NO_QUEUE = ExtensionInfo(), QueueInfo()
_REASONS = dict.fromkeys(("NEWCALL", "ANSWER", "HOLD", "UNHOLD", "HANGUP", "userStatusUpdate"))
