"""feed(): a frame in, the changes it makes out.

What a reader must believe after one page: a list is the truth about now; an event explains one difference; causes
order, clocks measure; nothing is final for a minute; what no frame said is marked.

Theory of operation. A frame says something of one extension or queue, of all, or of the connection. What it says of a
device goes through six steps, each in a file of its own, and data flows down only:

    order      has this been seen? → drop it, with the evidence                        order.py, clock.py
    match      pair the list with what is held                                         match.py
    classify   a signal and a guard for each pair, newcomer and leaver                 classify.py
    advance    look the step up, take it, report it                                    advance.py, table.py, machine.py
    settle     derive calls and extensions, outcomes, contradictions, doubt            settle.py, doubt.py
    emit       changes in order, each with the frame that caused it                    values.py

`order` and `match` read what is held; only `advance` and `settle` write. A frame fed twice changes nothing the second
time, and a tracker restored from a snapshot goes on as if it had never stopped.

A tracker belongs to one thread at a time. A snapshot is a value and may go anywhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Self

from calltrack.core import changes
from calltrack.core.advance import Advance
from calltrack.core.changes import AnomalyKind, Change
from calltrack.core.doubt import run_timers
from calltrack.core.errors import AnomalyFound
from calltrack.core.held import Held, HeldDevice
from calltrack.core.keep import keep, restored
from calltrack.core.match import attempt_of
from calltrack.core.observations import (
    EXTENSION,
    STATUS,
    ExtensionEvent,
    ExtensionSeen,
    Frame,
    QueueEvent,
    QueueSeen,
    Seconds,
    Tick,
)
from calltrack.core.order import is_echo, is_known, is_long_gone, is_old_status
from calltrack.core.settle import forget_unseen, settle
from calltrack.core.snapshot import Counters, Snapshot
from calltrack.core.stream import Stream, count_name
from calltrack.core.table import RANKS, UNRANKED
from calltrack.core.values import call_value, extension_value, queue_value, refresh

HISTORY = 1000
"""Ended calls that a tracker keeps unless asked otherwise."""

_COUNTED_LATER = 4096  # changes


class Tracker(Stream):
    """The state of one stream. It reads no clock and does no I/O: same frames in, same changes out.

    history: how many ended calls are kept (default 1000); what is kept can be corrected (ruling 4). strict: raise
    AnomalyFound instead of returning an Anomaly. position: how many frames the stream had before; nothing is known of
    them.
    """

    def __init__(self, *, history: int = HISTORY, strict: bool = False, position: int = 0):
        self._strict = strict
        self._history = history
        self._take(Held(position))
        self._duplicates = 0
        self._events: defaultdict[str, int] = defaultdict(int)
        self._changes: Counter[type[Change]] = Counter()
        self._uncounted: list[type[Change]] = []
        self._anomalies: dict[str, int] = {}
        self._unknown_events: dict[str, int] = {}

    def _take(self, held: Held) -> None:
        self._held = held
        self._step = step = Advance(held)
        step.at, step.confirmed_at = held.clock.reported_at, held.clock.shown(held.clock.when)

    def feed(self, frame: Frame) -> tuple[Change, ...]:
        """Apply one frame; returns what it changed, in order, () if nothing.

        Raises AnomalyFound after applying the frame if the tracker is strict and met an anomaly, TypeError for what is
        not a frame.
        """
        held, step = self._held, self._step
        try:
            body = frame.body
        except AttributeError:
            raise TypeError(
                f"feed takes a Frame, not {type(frame).__name__}; "
                "Frame.of(name, payload) makes one of an event, Frame.decode(line) of a line"
            ) from None
        held.position += 1
        fingerprint = frame.fingerprint()
        if fingerprint == held.last_print and not isinstance(body, Tick):
            self._duplicates += 1
            return ()
        held.last_print = fingerprint
        self._events[frame.event] += 1
        if concerns := body.concerns:
            if is_echo(held, fingerprint):
                self._duplicates += 1
                return ()
            self._event(body, concerns, frame.at)  # type: ignore[arg-type]
        else:
            self._other(frame, body, fingerprint)
        for detail in frame.bad:
            step.anomaly(AnomalyKind.BAD_VALUE, detail, seen=frame.event)
        now = held.clock.now
        if now is not None and now >= held.next_look:
            run_timers(held, step)
        if step.touched:
            for call in step.touched:
                settle(call, step)
            step.touched.clear()
        if held.awaited:
            forget_unseen(step)
        if not step.out:
            return ()
        while len(held.ended) > self._history:
            held.let_go()
        out = step.changes()
        self._uncounted += map(type, out)
        if len(self._uncounted) > _COUNTED_LATER:
            self._count_changes()
        if step.anomalies:
            self._count_anomalies(out)
        return out

    def _count_changes(self) -> None:
        """Count what was made since it was counted last: at once for many costs a tenth of one by one."""
        self._changes.update(self._uncounted)
        self._uncounted.clear()

    def _count_anomalies(self, out: tuple[Change, ...]) -> None:
        anomalies, self._step.anomalies = self._step.anomalies, []
        for anomaly in anomalies:
            count_name(self._anomalies, anomaly.kind.value)
        if self._strict:
            raise AnomalyFound(anomalies[0], out)

    @property
    def time(self) -> Seconds | None:
        """The server time of the stream, UTC epoch s; of statements alone the latest end; None before the first."""
        held = self._held
        clock = held.clock
        return clock.shown(held.stated if clock.now is None else clock.now)

    def _event(self, body: ExtensionEvent | QueueEvent, concerns: str, received: float | None) -> None:
        """One change at one device, with the device's whole list."""
        held, step, reported = self._held, self._step, body.reported
        kind = reported.kind
        seen: ExtensionSeen | QueueSeen
        device: HeldDevice | None
        if concerns is EXTENSION:
            seen = body.extension  # type: ignore[union-attr]
            key = seen.exten_user
            device = held.extensions.get(key)
        else:
            seen = body.queue  # type: ignore[union-attr]
            key = seen.queue_id
            device = held.queues.get(key)
        held.events_since_login = True
        own = None
        if device is not None:
            call_id, live, call = reported.call_id, device.live, reported.call
            if (
                call is not None
                and len(live) == 1
                and (one := live[0]).stamp == call.started
                and one.call == call_id
                and (call.c2c is None or call.c2c == one.c2c)
            ):  # nearly always, at a phone
                own = one
            elif call_id in held.calls or call_id in held.ended:
                own = attempt_of(held, device, reported, seen.listed)
            elif call_id and is_long_gone(held, call_id, held.clock.stream(body.moment or body.stamp)):
                self._late(device, reported, None, None, seen)
                return
            if own is not None and own.rank >= RANKS.get(kind, UNRANKED):
                moment = held.clock.stream(body.moment or body.stamp)
                if is_known(reported, own, moment, held.clock.now):
                    self._late(device, reported, own, moment, seen)
                    return
            if (
                kind is STATUS
                and (body.offset_min is None or body.offset_min * 60 == held.clock.offset_s)
                and is_old_status(device, seen, held.clock.stream(body.stamp))  # type: ignore[arg-type]
            ):
                self._tell(body, body.moment, received, key=key)  # it may be of a clock that was set back
                self._late(device, reported, None, None, seen)
                return
        clock = held.clock
        if clock.goes_on(body.stamp, body.offset_min, body.moment, received):
            step.at, step.confirmed_at = clock.at, clock.when
            if clock.added:
                step.at -= clock.added  # type: ignore[operator]
                step.confirmed_at -= clock.added  # type: ignore[operator]
            if held.unbelieved or held.unbelieved_status:
                step.move_marks(0)
                held.unbelieved_status = []
        else:
            self._tell(body, body.moment, received, own=own, key=key)
        if not held.connected:
            self._regained()
        if not key:
            what = "an extension without a name" if concerns is EXTENSION else "a queue without an id"
            step.anomaly(AnomalyKind.MISSING_IDENTITY, what)
            return
        if not kind:
            step.anomaly(
                AnomalyKind.UNKNOWN_REASON,
                f"an event is {reported.reason!r}",
                call_id=reported.call_id,
                device=device,
                seen=reported.reason,
            )
        if device is None:
            device = self._appeared(key, seen)
        self._apply(device, seen, reported, own)

    def snapshot(self) -> Snapshot:
        """Everything known now, as an immutable value; what has not changed since the last one is shared with it."""
        held = self._held
        self._count_changes()
        refresh(held)
        counters = Counters(
            self._duplicates,
            events=dict(self._events),
            changes={kind.__name__: count for kind, count in self._changes.items()},
            anomalies=dict(self._anomalies),
            unknown_events=dict(self._unknown_events),
        )
        return Snapshot(
            position=held.position,
            time=self.time,
            calls=tuple([call.value or call_value(held, call) for call in held.calls.values()]),
            extensions=tuple([one.value or extension_value(held, one) for one in held.extensions.values()]),
            queues=tuple([one.value or queue_value(held, one) for one in held.queues.values()]),
            ended=tuple([call.value or call_value(held, call) for call in held.ended.values()]),
            campaigns=tuple(held.campaigns.values()),
            gaps=held.gaps,
            counters=counters,
            resume=keep(held, history=self._history, strict=self._strict),
        )

    @classmethod
    def restore(cls, snapshot: Snapshot) -> Self:
        """A tracker that goes on from a snapshot exactly as the one that made it would have."""
        resume, counters = snapshot.resume, snapshot.counters
        tracker = cls(history=resume.history, strict=resume.strict)
        tracker._take(restored(resume))
        tracker._duplicates = counters.duplicates
        tracker._events.update(counters.events)
        for name, count in counters.changes.items():
            tracker._changes[getattr(changes, name)] = count
        tracker._anomalies.update(counters.anomalies)
        tracker._unknown_events.update(counters.unknown_events)
        return tracker
