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

from collections import defaultdict
from typing import Self

from msgspec.structs import replace

from calltrack.core import agents, campaigns, changes
from calltrack.core.advance import Advance
from calltrack.core.changes import AnomalyKind, Change
from calltrack.core.clock import Verdict
from calltrack.core.doubt import MINUTE_S, look, run_timers, watch
from calltrack.core.errors import AnomalyFound
from calltrack.core.held import LEG, WAIT, Held, HeldConnection, HeldDevice, HeldExtension, HeldQueue
from calltrack.core.keep import keep, restored
from calltrack.core.match import Matched, attempt_of, is_about, match, may_be, past, same_attempt
from calltrack.core.observations import (
    ANSWERS,
    ENDS,
    HOLDS,
    STARTS,
    STATUS,
    AllCampaigns,
    AllExtensions,
    AllQueues,
    Body,
    CampaignEvent,
    ExtensionEvent,
    ExtensionSeen,
    Frame,
    FullList,
    Listed,
    ListedWait,
    Login,
    Lost,
    Notice,
    QueueEvent,
    QueueSeen,
    Seconds,
    Tick,
    Told,
)
from calltrack.core.order import is_echo, is_known, is_old_status, is_past, is_redial
from calltrack.core.records import Gap, counted_state, with_gap
from calltrack.core.settle import IN_NO_LIST, forget_unseen, is_recent, settle, uncount
from calltrack.core.snapshot import Counters, Snapshot
from calltrack.core.states import State
from calltrack.core.table import EXTENSION, IDLE, QUEUED, UNKNOWN
from calltrack.core.values import call_value, extension_value, queue_value

HISTORY = 1000
"""Ended calls that a tracker keeps unless asked otherwise."""

_NAMES_COUNTED = 200  # names counted one by one, the rest together, and characters kept of each: strangers choose them
_EXTENSION = {state: rank for rank, state in enumerate(EXTENSION)}
_NOTHING_TOLD = Told()
_EVENTS = (ExtensionEvent, QueueEvent)
_EXPECTED = {
    STARTS: frozenset({State.RINGING, State.DIALING, State.TALKING, State.SPYING}),
    ANSWERS: frozenset({State.TALKING}),
    HOLDS: frozenset({State.HOLD}),
    "retrieves": frozenset({State.TALKING}),
}
"""What an event's kind says the list should show its call as."""
_WAITS, _ANY = frozenset({QUEUED}), frozenset[State]()


class Tracker:
    """The state of one stream. It reads no clock and does no I/O: same frames in, same changes out.

    history: how many ended calls are kept (default 1000); what is kept can be corrected (ruling 4). strict: raise
    AnomalyFound instead of returning an Anomaly.
    """

    def __init__(self, *, history: int = HISTORY, strict: bool = False):
        self._strict = strict
        self._history = history
        self._take(Held())
        self._duplicates = 0
        self._events: defaultdict[str, int] = defaultdict(int)
        self._changes: defaultdict[type[Change], int] = defaultdict(int)
        self._anomalies: dict[str, int] = {}
        self._unknown_events: dict[str, int] = {}

    def _take(self, held: Held) -> None:
        self._held = held
        self._step = step = Advance(held)
        step.at, step.confirmed_at = held.clock.reported_at, held.clock.shown(held.clock.when)

    def feed(self, frame: Frame) -> tuple[Change, ...]:
        """Apply one frame; returns what it changed, in order, () if nothing.

        Raises AnomalyFound after applying the frame if the tracker is strict and met an anomaly.
        """
        held, step = self._held, self._step
        held.position += 1
        body = frame.body
        fingerprint = frame.fingerprint()
        if fingerprint == held.last_print and not isinstance(body, Tick):
            self._duplicates += 1
            return ()
        held.last_print = fingerprint
        event = frame.event
        self._events[event] += 1
        if isinstance(body, _EVENTS):
            if is_echo(held, fingerprint):
                self._duplicates += 1
                return ()
            self._event(body, frame.at)
        else:
            self._other(frame, body, fingerprint)
        if frame.bad:
            for detail in frame.bad:
                step.anomaly(AnomalyKind.BAD_VALUE, detail, seen=event)
        clock = held.clock
        if clock.now is not None and (held.last_minute is None or clock.now // MINUTE_S > held.last_minute):
            run_timers(held, step)
        return self._finish()

    @property
    def time(self) -> Seconds | None:
        """The server time of the stream, UTC epoch s; None before the first."""
        clock = self._held.clock
        return clock.shown(clock.now)

    # ------------------------------------------------------------------ the end of a frame

    def _finish(self) -> tuple[Change, ...]:
        """Settle the calls that were touched, and make the changes."""
        held, step = self._held, self._step
        if step.touched:
            for call in step.touched:
                settle(call, step)
            step.touched.clear()
        if held.awaited:
            forget_unseen(step)
        if not step.out:
            return ()
        while len(held.ended) > self._history:
            del held.ended[next(iter(held.ended))]
        found, step.out = step.out, []
        counts = self._changes
        for i, item in enumerate(found):
            if type(item) is tuple:
                found[i] = item = step.change(*item)
            counts[type(item)] += 1  # type: ignore[index]
        out: tuple[Change, ...] = tuple(found)  # type: ignore[arg-type]
        if step.anomalies:
            anomalies, step.anomalies = step.anomalies, []
            for anomaly in anomalies:
                _count(self._anomalies, anomaly.kind.value)
            if self._strict:
                raise AnomalyFound(anomalies[0], out)
        return out

    # ------------------------------------------------------------------ events of one device

    def _event(self, body: ExtensionEvent | QueueEvent, received: float | None) -> None:
        """One change at one device, with the device's whole list."""
        held, step, told = self._held, self._step, body.told
        kind = told.kind
        seen: ExtensionSeen | QueueSeen
        device: HeldDevice | None
        if isinstance(body, ExtensionEvent):
            seen = body.extension
            key = seen.exten_user
            device = held.extensions.get(key)
        else:
            seen = body.queue
            key = seen.queue_id
            device = held.queues.get(key)
        held.events_since_login = True
        clock = held.clock
        own = None
        if device is not None and told.call_id:
            own = attempt_of(held, device, told, seen.listed)
            if own is not None:
                moment = clock.stream(body.moment or body.stamp)
                if is_known(told, own, moment):
                    self._late(device, told, own, moment, seen)
                    return
        if (
            kind is STATUS
            and isinstance(device, HeldExtension)
            and isinstance(seen, ExtensionSeen)
            and is_old_status(device, seen, clock.stream(body.stamp))
        ):
            self._late(device, told, None, None, seen)
            return
        self._tell(body, body.moment, received)
        if not held.connected:
            self._regained()
        if not key:
            what = "an extension without a name" if isinstance(body, ExtensionEvent) else "a queue without an id"
            step.anomaly(AnomalyKind.MISSING_IDENTITY, what)
            return
        if not kind:
            step.anomaly(
                AnomalyKind.UNKNOWN_REASON,
                f"an event is {told.reason!r}",
                call_id=told.call_id,
                device=device,
                seen=told.reason,
            )
        if device is None:
            device = self._appeared(key, seen)
        self._apply(device, seen, told, own)

    def _tell(self, body: Body, moment: Seconds | None, received: float | None, *, whole: bool = False) -> None:
        """Take a frame's stamps; report and mend what they show of the clock."""
        held, step = self._held, self._step
        clock = held.clock
        before = clock.now
        verdict = clock.tell(body.stamp, body.offset_min, moment, received, whole=whole, busy=bool(held.calls))
        step.at, step.confirmed_at = clock.dates()
        if verdict is Verdict.FINE:
            if held.unbelieved and clock.ahead is None:
                held.unbelieved = []
                held.unbelieved_status = []
            return
        if verdict is Verdict.STEPPED:
            step.anomaly(AnomalyKind.CLOCK_STEPPED, f"the server's clock stepped by {clock.stepped_by:+} s")
            by = clock.stepped_by
        else:
            step.anomaly(AnomalyKind.WRONG_STAMP, "the frame before was stamped far ahead; its stamp moves nothing")
            by = 0
        if before is not None:
            step.move_times(before, by)
            agents.move_times(step, before, by)

    def _appeared(self, key: str, seen: ExtensionSeen | QueueSeen) -> HeldDevice:
        """A device that is seen for the first time; an extension reports it once its frame is applied."""
        held = self._held
        if isinstance(seen, QueueSeen):
            queue = held.queues[key] = HeldQueue(key)
            return queue
        extension = held.extensions[key] = HeldExtension(key)
        agents.update(self._step, extension, seen)
        value = extension_value(held, extension)
        self._step.out.append(changes.ExtensionAppeared(held.position, self._step.at, key, value))
        return extension

    def _apply(
        self,
        device: HeldDevice,
        seen: ExtensionSeen | QueueSeen,
        told: Told,
        own: HeldConnection | None,
        source: str = "",
    ) -> None:
        """Make what is held at a device agree with a frame.

        told: the one difference that the event explains. own: the connection that it is about, if one is held. source:
        the name of the full list that the frame is, "" for an event.
        """
        held = self._held
        clock, fresh, kind = held.clock, device.fresh, told.kind
        quiet = fresh or device.unknown or source != ""  # differences are no surprise
        phone = isinstance(device, HeldExtension)
        if isinstance(device, HeldExtension):
            if not fresh:
                agents.update(self._step, device, seen)  # type: ignore[arg-type]
        elif seen.name:  # type: ignore[union-attr]
            device.name = seen.name  # type: ignore[attr-defined, union-attr]
        if device.unknown:
            device.unknown, device.unknown_since, device.value, device.kept = False, None, None, None
        listed = seen.listed
        live = device.live
        ended = False
        if listed is None:
            matched = self._without_list(device, told, own)
        elif listed or live:
            matched = match(live, listed, told)
        else:
            matched = None
        if matched is not None:
            ended = self._reconcile(device, matched, told, own, source, quiet=quiet)
        if told.call_id and not source:
            if kind is ENDS and not ended:
                self._end_unseen(device, told, quiet=quiet)
            if listed is not None and (kind is not ENDS or device.live):
                self._check_reason(device, told)
        if listed is not None:
            device.confirmed_position = held.position
            when = clock.when
            if when is not None and (device.confirmed is None or when > device.confirmed):
                device.confirmed, device.confirmed_at = when, self._step.confirmed_at
            for one in device.live:
                if one.doubt:
                    look(held, one, self._step)
        if clock.at is not None and (device.heard is None or clock.at > device.heard):
            device.heard = clock.at
        device.fresh = False
        if phone:
            self._settle_extension(device, source)  # type: ignore[arg-type]
        device.kept = None

    def _reconcile(
        self,
        device: HeldDevice,
        matched: Matched,
        told: Told,
        own: HeldConnection | None,
        source: str,
        *,
        quiet: bool,
    ) -> bool:
        """Take the steps of a list; returns whether the event's own connection has ended."""
        step, at = self._step, self._held.clock.at
        for _ in range(matched.nameless):
            step.anomaly(AnomalyKind.MISSING_IDENTITY, "a call without an id", device=device)
        for one, listed in matched.pairs:
            if listed.started and one.stamp != listed.started:
                one.stamp, one.value, one.kept = listed.started, None, None
            mine = told if one is own else None
            if mine is None and one.stepped_at is not None and is_past(one, listed, at):
                self._stale(device, one, told)
                continue
            if listed.state is not one.state or mine is not None or (listed.answered and not one.answered):
                why = self._why(one.state, listed, mine, source)
                step.see(one, listed, mine, why)
                if why and not quiet and mine is None and one.state is not UNKNOWN:
                    self._missed(device, one, "the event of this step")
            elif listed.state is None and source == "":
                self._odd_status(device, listed)
            if listed.recording is not None:
                step.record(one, listed)
        ended = False
        for one in matched.leavers:
            mine = (
                told
                if told.kind is ENDS and not ended and (one is own or (own is None and is_about(told, one)))
                else None
            )
            if mine is None and is_past(one, None, at):
                self._stale(device, one, told)
                matched.order.append(one)
                continue
            ended |= mine is not None
            self._leave(device, one, mine, matched, source, quiet=quiet)
        if matched.newcomers:
            redial = is_redial(told, own)
            order: list[HeldConnection] = []
            for item in matched.order:
                found = (
                    item
                    if isinstance(item, HeldConnection)
                    else self._newcomer(device, item, told, source, redial, quiet)
                )
                if found is not None:
                    order.append(found)
            device.live = order
        else:
            device.live = matched.order  # type: ignore[assignment]
        return ended

    def _leave(
        self,
        device: HeldDevice,
        one: HeldConnection,
        mine: Told | None,
        matched: Matched,
        source: str,
        *,
        quiet: bool,
    ) -> None:
        """What the list lacks has ended: an event says so, click2call leg 2 replaces it, or only the list says so."""
        step = self._step
        heir = one.c2c == 1 and any(other.call_id == one.call for other in matched.newcomers)
        if mine is not None:
            why = ""
        elif heir:
            why = "click2call leg 2 took its place"
        elif source:
            why = f"{IN_NO_LIST} {source}"
        else:
            why = "gone from the list, its end was not reported"
        step.end(one, device, mine, why, heir=heir and mine is None)
        if mine is None and not heir and not quiet:
            self._missed(device, one, "its end")

    def _newcomer(
        self, device: HeldDevice, listed: Listed, told: Told, source: str, redial: bool, quiet: bool
    ) -> HeldConnection | None:
        """A listed call that lives nowhere: one that left a moment ago, one of the past, or a new one."""
        held, step = self._held, self._step
        if listed.state is None:
            self._odd_status(device, listed)
        mine = told if told.call_id and may_be(told, listed) else None
        if not (redial and mine is not None):
            for gone in past(held, device, listed.call_id):
                if not same_attempt(gone, listed.started, listed.c2c):
                    continue
                if gone.end_told:
                    if gone.kind != LEG and not gone.stamp and is_recent(gone, held.clock.now):
                        step.join_late(gone, listed)
                    else:
                        self._stale(device, gone, told)
                    return None
                if is_recent(gone, held.clock.now):
                    uncount(held, gone) if gone.kind != LEG else None
                    step.resume(gone, listed, mine)
                    watch(held, gone)
                    return gone
                break
        if source:
            why = f"in the list of all {source}"
        elif mine is not None and mine.kind is ANSWERS:
            why = "answered, its start was not reported"
        else:
            why = "in the list, its start was not reported"
        one = step.start(device, listed, mine, why)
        watch(held, one)
        if isinstance(device, HeldQueue):
            device.queued += 1
            device.value = None
        if mine is not None and (mine.kind is STARTS or (mine.kind is ANSWERS and one.answered_at == one.began)):
            pass  # an answer alone is a pick-up if it talked from its start; else it rang before, unseen
        elif not quiet:
            self._missed(device, one, "its start")
        return one

    def _without_list(self, device: HeldDevice, told: Told, own: HeldConnection | None) -> Matched | None:
        """The frame has no list: the event's own call is all that it says (ruling 6)."""
        call = told.call
        if not told.call_id:
            return None
        live = device.live
        mine = own if own is not None and own.ended is None else None
        if told.kind is ENDS:
            return Matched([], [], [mine], [one for one in live if one is not mine]) if mine is not None else None
        if call is None:
            return None
        if mine is None:
            return Matched([], [call], [], [*live, call])
        return Matched([(mine, call)], [], [], [*live])

    def _end_unseen(self, device: HeldDevice, told: Told, *, quiet: bool) -> None:
        """The end of what no list has had for a moment, or never."""
        held, step = self._held, self._step
        clock = held.clock
        for gone in past(held, device, told.call_id):
            if is_about(told, gone):
                if not gone.end_told and is_recent(gone, clock.now):
                    moment = clock.when
                    if clock.bend and gone.ended is not None and moment is not None:
                        unbent = moment - clock.bend
                        if unbent >= gone.marks[gone.ended_open - 1][0] and unbent <= gone.ended:
                            moment = unbent
                    step.revise(gone, told, moment)
                elif not gone.end_told:
                    self._late(device, told, gone, None, None)
                return
        listed = told.call
        if isinstance(device, HeldQueue) and told.means is not None:
            one = step.start(device, ListedWait(told.call_id), None, "left the queue, its start was not reported")
            device.queued += 1
            step.end(one, device, told, "")
            if not quiet:
                self._missed(device, one, "its start")
        elif listed is not None and isinstance(device, HeldExtension):
            one = step.start(device, listed, None, "its end is the first that was seen of it")
            step.end(one, device, told, "")
            if not quiet:
                self._missed(device, one, "its start")
        elif told.kind is ENDS and told.means is None and isinstance(device, HeldExtension):
            step.anomaly(
                AnomalyKind.EVENT_MISSED,
                "the end of a call that was never seen",
                call_id=told.call_id,
                device=device,
                expected="its start",
                seen=told.reason,
            )

    def _late(
        self,
        device: HeldDevice,
        told: Told,
        one: HeldConnection | None,
        moment: Seconds | None,
        seen: ExtensionSeen | QueueSeen | None,
    ) -> None:
        """All that a frame reports is known, so its list is of the past; what it adds may count (ruling 4)."""
        step, now = self._step, self._held.clock.now
        if one is not None and one.ended is None:
            one.kept = None
            if told.kind is HOLDS and one.retrieved is not None and moment is not None and step.hold_late(one, moment):
                return
        elif one is not None and is_recent(one, now):
            call = told.call
            if told.kind is ANSWERS and call is not None and call.answered and not one.answered:
                step.answer_late(one, call)
                return
            if told.kind is STARTS and one.kind is WAIT and not one.stamp and seen is not None:
                listed = next((item for item in seen.listed or () if item.call_id == told.call_id), None)
                if listed is not None:
                    step.join_late(one, listed)
                    return
        step.anomaly(
            AnomalyKind.LATE_FRAME,
            f"{told.reason or 'an event'} reports what is known already",
            call_id=told.call_id,
            device=device,
            seen=told.reason,
        )

    def _stale(self, device: HeldDevice, one: HeldConnection, told: Told) -> None:
        """A list shows one of its calls as it was before what is known."""
        self._step.anomaly(
            AnomalyKind.LATE_FRAME,
            f"the list shows a {one.kind} as it was before; what is known of it stays",
            call_id=one.call,
            device=device,
            expected=one.state.value,
            seen=told.reason or "the list",
        )

    # ------------------------------------------------------------------ what an event says beside its list

    def _why(self, state: State, listed: Listed, mine: Told | None, source: str) -> str:
        """Why a step is taken that no event reports."""
        if source:
            return f"in the list of all {source}"
        if listed.state is None:
            return "its status has an unknown name"
        if state is UNKNOWN:
            return "seen again"
        return (
            "in the list, the event of this step was not seen" if mine is None else "an event in between was not seen"
        )

    def _odd_status(self, device: HeldDevice, listed: Listed) -> None:
        self._step.anomaly(
            AnomalyKind.UNKNOWN_STATUS,
            f"a call is {listed.status!r}",
            call_id=listed.call_id,
            device=device,
            seen=listed.status,
        )

    def _missed(self, device: HeldDevice, one: HeldConnection, what: str) -> None:
        self._step.anomaly(
            AnomalyKind.EVENT_MISSED,
            f"{what} of this {one.kind} was not reported" if what.startswith("the") else f"{what} was not reported",
            call_id=one.call,
            device=device,
            expected=what,
            seen="the list",
        )

    def _check_reason(self, device: HeldDevice, told: Told) -> None:
        """Whether the list agrees with the event."""
        kind, call_id, live = told.kind, told.call_id, device.live
        if len(live) == 1 and live[0].call == call_id and live[0].state in _EXPECTED.get(kind, _ANY):
            return  # most events
        shown = [one for one in live if one.call == call_id]
        if kind is ENDS:
            if not shown or not any(is_about(told, one) for one in shown):
                return
            expected = frozenset[State]()
        else:
            expected = _WAITS if kind is STARTS and device.holds is WAIT else _EXPECTED.get(kind, _ANY)
            if expected is _ANY:
                return
            for one in shown:
                if one.state in expected:
                    return
        seen = shown[0].state.value if shown else "gone"
        self._step.anomaly(
            AnomalyKind.REASON_DISAGREES,
            f"{told.reason}, but the list shows the call as {seen}",
            call_id=call_id,
            device=device,
            expected=" or ".join(sorted(expected)) if expected else "gone",
            seen=seen,
        )

    def _settle_extension(self, extension: HeldExtension, source: str) -> None:
        """Give an extension the state that follows from its legs."""
        held = self._held
        live = extension.live
        if extension.unknown:
            state = UNKNOWN
        elif not live:
            state = IDLE
        elif len(live) == 1:
            one = live[0]
            state = one.state if one.c2c != 1 else counted_state(one.state, 1)
        else:
            state = min([counted_state(one.state, one.c2c) for one in live], key=_EXTENSION.__getitem__)
        before = extension.state
        if state is before:
            return
        first = before is UNKNOWN and extension.since is None
        since = next((one.marks[-1][0] for one in live if one.state is state), None) if first else held.clock.when
        extension.state, extension.since = state, since
        extension.value = extension.kept = None
        why = f"in the list of all {source}" if source and not first else ""
        self._step.out.append(
            changes.ExtensionStateChanged(held.position, self._step.at, extension.key, before, state, why)
        )

    # ------------------------------------------------------------------ full lists, and the connection itself

    def _other(self, frame: Frame, body: Body, fingerprint: int) -> None:
        """Any frame that is not about one device."""
        held, step = self._held, self._step
        if isinstance(body, Tick):
            if held.clock.now is not None and body.elapsed_s > 0:
                held.clock.now += body.elapsed_s
                held.clock.at = held.clock.when = held.clock.now
                step.at = step.confirmed_at = held.clock.shown(held.clock.now)
            return
        if isinstance(body, Lost):
            self._lost(body.reason)
            return
        if isinstance(body, Login):
            if is_echo(held, fingerprint) and held.connected:
                step.anomaly(AnomalyKind.LATE_FRAME, "this login was reported before", seen=frame.event)
                return
            self._logged_in(body)
        else:
            self._tell(body, None, frame.at, whole=isinstance(body, AllExtensions | AllQueues))
            if not held.connected and body.stamp:
                self._regained()
        if isinstance(body, FullList) and body.error:
            step.anomaly(AnomalyKind.SERVER_ERROR, "the server reports an error", expected="none", seen=body.error)
        if isinstance(body, AllExtensions):
            if body.extensions is not None:
                self._all_extensions(body.extensions)
        elif isinstance(body, AllQueues):
            if body.queues is not None:
                self._all_queues(body.queues)
        elif isinstance(body, CampaignEvent):
            campaigns.update(step, body.campaign)
        elif isinstance(body, AllCampaigns):
            if body.campaigns is not None:
                campaigns.update_all(step, body.campaigns)
        elif isinstance(body, Notice) and not body.known:
            step.anomaly(AnomalyKind.UNKNOWN_EVENT, f"an event is {frame.event!r}", seen=frame.event)
            _count(self._unknown_events, frame.event)
            del self._events[frame.event]

    def _all_extensions(self, seen: list[ExtensionSeen]) -> None:
        """Every monitored extension: one that the list lacks is no longer there."""
        held, step = self._held, self._step
        for one in seen:
            if not one.exten_user:
                step.anomaly(AnomalyKind.MISSING_IDENTITY, "an extension without a name")
                continue
            extension = held.extensions.get(one.exten_user) or self._appeared(one.exten_user, one)
            self._apply(extension, one, _NOTHING_TOLD, None, "extensions")
        listed = {one.exten_user for one in seen if one.exten_user}
        if len(listed) == len(held.extensions):
            return  # all that are listed are held by now, so none is missing
        accounts = {str(one.account_id) for one in seen if one.account_id}
        for name in [name for name in held.extensions if name not in listed]:
            extension = held.extensions[name]
            account = str(extension.account_id or "")
            if accounts and account and account not in accounts:
                continue  # one stream may carry several accounts (field guide §3); this list is not about that one
            self._apply(extension, ExtensionSeen(name, []), _NOTHING_TOLD, None, "extensions")
            if extension.live:
                continue  # the list is of the past for it
            del held.extensions[name]
            value = extension_value(held, extension)
            step.out.append(changes.ExtensionRemoved(held.position, self._step.at, name, value))

    def _all_queues(self, seen: list[QueueSeen]) -> None:
        """Every monitored queue: one that the list lacks is not known any more."""
        held, step = self._held, self._step
        for one in seen:
            if not one.queue_id:
                step.anomaly(AnomalyKind.MISSING_IDENTITY, "a queue without an id")
                continue
            queue = held.queues.get(one.queue_id) or self._appeared(one.queue_id, one)
            self._apply(queue, one, _NOTHING_TOLD, None, "queues")
        listed = {one.queue_id for one in seen}
        for queue_id, queue in held.queues.items():
            if queue_id not in listed:
                self._apply(queue, QueueSeen(queue_id, []), _NOTHING_TOLD, None, "queues")
                queue.unknown, queue.unknown_since = True, held.clock.at

    def _logged_in(self, body: Login) -> None:
        """A new connection: what happened since the last frame of the one before is not replayed."""
        held = self._held
        before = held.clock.now
        gap_begins = held.events_since_login and held.connected
        if gap_begins:
            self._blur()
        self._tell(body, None, None, whole=True)
        if not held.connected:
            self._regained()
        elif gap_begins:
            clock = held.clock
            gap = Gap(clock.shown(before), clock.shown(clock.now), "logged in again, the loss was not seen")
            self._close_gap(gap)
        held.events_since_login = False

    def _lost(self, reason: str) -> None:
        """The connection was lost: nothing is known from the last frame on."""
        held = self._held
        if not held.connected:
            return
        held.connected = False
        clock = held.clock
        gap = Gap(clock.shown(clock.now), None, reason or "connection lost")
        held.gaps = with_gap(held.gaps, gap)
        self._step.out.append(changes.ConnectionLost(held.position, self._step.at, gap))
        self._blur()

    def _blur(self) -> None:
        """From the last frame on, what lives is unknown."""
        held, step = self._held, self._step
        clock = held.clock
        clock.at = clock.when = clock.now
        clock.bend = 0
        step.at = step.confirmed_at = clock.shown(clock.now)
        for device in (*held.extensions.values(), *held.queues.values()):
            for one in device.live:
                step.blur(one)
            device.unknown, device.unknown_since, device.value, device.kept = True, clock.now, None, None
            if isinstance(device, HeldExtension):
                self._settle_extension(device, "")

    def _regained(self) -> None:
        held = self._held
        held.connected = True
        held.events_since_login = False
        self._close_gap(replace(held.gaps[-1], until=held.clock.shown(held.clock.at)))

    def _close_gap(self, gap: Gap) -> None:
        held = self._held
        held.gaps = with_gap(held.gaps, gap)
        self._step.out.append(changes.ConnectionRegained(held.position, self._step.at, gap))

    # ------------------------------------------------------------------ snapshots

    def snapshot(self) -> Snapshot:
        """Everything known now, as an immutable value; what has not changed since the last one is shared with it."""
        held = self._held
        extensions = tuple([extension_value(held, one) for one in held.extensions.values()])
        queues = tuple([queue_value(held, one) for one in held.queues.values()])
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
            calls=tuple([call_value(held, call) for call in held.calls.values()]),
            extensions=extensions,
            queues=queues,
            ended=tuple([call_value(held, call) for call in held.ended.values()]),
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


def _count(counts: dict[str, int], name: str) -> None:
    name = name[:_NAMES_COUNTED]
    if name not in counts and len(counts) >= _NAMES_COUNTED:
        name = "(others)"
    counts[name] = counts.get(name, 0) + 1
