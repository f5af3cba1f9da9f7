"""One device: what is held there is made to agree with a frame.

Theory of operation. The frame's list is the authority on which calls live at the device and in what state (style rule
2); the event explains one difference, every other one is inferred and says why. `match` pairs the list with what is
held; each pair, newcomer and leaver then takes its step (advance.py). A list of the past changes nothing that is known
better (order.py). Differences are no surprise, and no anomaly, at the first sight of a device, after a gap, and in a
full list.
"""

from __future__ import annotations

from collections.abc import Sequence

from calltrack.core import agents
from calltrack.core.changes import AnomalyKind, ExtensionAppeared, ExtensionStateChanged
from calltrack.core.doubt import look, watch
from calltrack.core.held import LEG, WAIT, HeldConnection, HeldDevice, HeldExtension, HeldQueue
from calltrack.core.match import Matched, is_about, is_brief, is_same, match, may_be, outlived, past, same_attempt
from calltrack.core.observations import (
    ANSWERS,
    ENDS,
    HOLDS,
    RETRIEVES,
    STARTS,
    ExtensionSeen,
    Listed,
    ListedWait,
    QueueSeen,
    Reported,
    Seconds,
)
from calltrack.core.order import is_over, is_past, is_redial
from calltrack.core.outcomes import is_recent
from calltrack.core.records import counted_state
from calltrack.core.remarks import ITS_END, ITS_START, Remarks
from calltrack.core.settle import IN_NO_LIST, uncount
from calltrack.core.table import EXTENSION, IDLE, RANKS, UNKNOWN
from calltrack.core.values import extension_value

_EXTENSION = {state: rank for rank, state in enumerate(EXTENSION)}


class Devices(Remarks):
    """What a tracker does with what a frame says of one extension or queue."""

    def _appeared(self, key: str, seen: ExtensionSeen | QueueSeen) -> HeldDevice:
        """A device that is seen for the first time; an extension reports it once its frame is applied."""
        held = self._held
        if isinstance(seen, QueueSeen):
            queue = held.queues[key] = HeldQueue(key)
            return queue
        extension = held.extensions[key] = HeldExtension(key)
        agents.update(self._step, extension, seen)
        value = extension_value(held, extension)
        self._step.out.append(ExtensionAppeared(held.position, self._step.at, key, value))
        return extension

    def _apply(
        self,
        device: HeldDevice,
        seen: ExtensionSeen | QueueSeen,
        reported: Reported,
        own: HeldConnection | None,
        source: str = "",
    ) -> None:
        """Make what is held at a device agree with a frame.

        reported: the one difference that the event explains. own: the connection that it is about, if one is held.
        source: the name of the full list that the frame is, "" for an event.
        """
        held, step, phone = self._held, self._step, device.holds is LEG
        kind, listed, live = reported.kind, seen.listed, device.live
        quiet = source != ""  # whether differences are no surprise
        if device.fresh:
            quiet = True
        elif phone:
            agents.update(step, device, seen)  # type: ignore[arg-type]
        if not phone and seen.name:  # type: ignore[union-attr]
            device.name = seen.name  # type: ignore[attr-defined, union-attr]
        if again := device.unknown:
            quiet, device.unknown = True, False
        ended = False  # whether the event's own connection has
        if listed is None:
            matched = self._without_list(device, reported, own)
            if matched is not None:
                ended = self._reconcile(device, matched, reported, own, source, quiet)
        elif len(listed) == 1 == len(live) and is_same(live[0], listed[0], reported):
            self._pair(device, live[0], listed[0], reported, own, source, quiet)
        elif not live and len(listed) == 1 and listed[0].call_id:
            one = self._newcomer(device, listed[0], reported, source, is_redial(reported, own), quiet)
            device.live = () if one is None else held.calls[one.call].only(one)
        elif listed or live:
            ended = self._reconcile(device, match(live, listed, reported), reported, own, source, quiet)
        if reported.call_id and not source:
            if kind is ENDS and not ended:
                self._end_unseen(device, reported, quiet=quiet)
            if listed is not None and (kind is not ENDS or device.live):
                self._check_reason(device, reported)
        clock = held.clock
        if listed is not None:
            device.confirmed_position = position = held.position
            when, newest = clock.when, device.confirmed
            if when is not None and (newest is None or when > newest or device.came == position):
                device.confirmed, device.confirmed_at = when, step.confirmed_at  # no frame before listed a newcomer
            for one in device.live:
                if one.doubt or again or clock.ahead is not None:  # no timer runs before a time far ahead is believed
                    look(held, one, step)
        at = clock.at
        if at is not None and (device.heard is None or at > device.heard):
            device.heard = at
        device.fresh = False
        device.value = device.kept = None
        if phone:
            self._settle_extension(device, source)  # type: ignore[arg-type]

    def _pair(
        self,
        device: HeldDevice,
        one: HeldConnection,
        listed: Listed,
        reported: Reported,
        own: HeldConnection | None,
        source: str,
        quiet: bool,
    ) -> None:
        """Take the step that a list shows of what is held."""
        step = self._step
        if listed.started and one.stamp != listed.started and one.kind is LEG:  # a wait is known by its stamp
            one.stamp = listed.started
            step.report("Revised", one, "its stamp has moved")
            step.touch(one)
        mine = reported if one is own else None
        if mine is None and one.stepped_at is not None and is_past(one, listed, self._held.clock.at):
            self._stale(device, one, reported)
            return
        before = one.state
        if mine is not None or listed.state is not before or (listed.answered and not one.answered):
            step.see(one, listed, mine, self._why(before, listed, mine, source))
            if listed.state is None and before is not UNKNOWN:
                self._odd_status(device, listed)
            if quiet:
                pass
            elif mine is not None:
                self._skipped(device, one, before, mine)
            elif one.state is not UNKNOWN:
                self._missed(device, one, "the event of this step")
        if listed.recording is not None:
            step.record(one, listed)

    def _reconcile(
        self,
        device: HeldDevice,
        matched: Matched,
        reported: Reported,
        own: HeldConnection | None,
        source: str,
        quiet: bool,
    ) -> bool:
        """Take the steps of a list; returns whether the event's own connection has ended."""
        step, at = self._step, self._held.clock.at
        for _ in range(matched.nameless):
            step.anomaly(AnomalyKind.MISSING_IDENTITY, "a call without an id", device=device)
        for one, listed in zip(matched.held, matched.shown, strict=True):
            if one is own or listed.state is not one.state or one.kind is LEG:  # who waits on is not news
                self._pair(device, one, listed, reported, own, source, quiet)
        ended = False
        for one in matched.leavers:
            mine = (
                reported
                if reported.kind is ENDS and not ended and (one is own or (own is None and is_about(reported, one)))
                else None
            )
            if mine is None and is_past(one, None, at):
                self._stale(device, one, reported)
                matched.order.append(one)
                continue
            ended |= mine is not None
            self._leave(device, one, mine, matched.newcomers, source, quiet=quiet)
        redial = is_redial(reported, own)
        order: list[HeldConnection] = []
        for item in matched.order:
            found = (
                item
                if isinstance(item, HeldConnection)
                else self._newcomer(device, item, reported, source, redial, quiet)
            )
            if found is not None:
                order.append(found)
        device.live = tuple(order)
        return ended

    def _leave(
        self,
        device: HeldDevice,
        one: HeldConnection,
        mine: Reported | None,
        newcomers: Sequence[Listed],
        source: str,
        *,
        quiet: bool,
    ) -> None:
        """What the list lacks has ended: an event says so, click2call leg 2 replaces it, or only the list says so."""
        step = self._step
        heir = mine is None and one.c2c == 1 and any(other.call_id == one.call for other in newcomers)
        if heir:
            why = "click2call leg 2 took its place"
        elif source:
            why = f"{IN_NO_LIST} {source}"
        else:
            why = "gone from the list, its end was not reported"
        before = one.state
        step.end(one, device, mine, why, heir=heir)
        if quiet:
            pass
        elif mine is not None:
            self._skipped(device, one, before, mine)
        elif not heir:
            self._missed(device, one, ITS_END)

    def _newcomer(
        self, device: HeldDevice, listed: Listed, reported: Reported, source: str, redial: bool, quiet: bool
    ) -> HeldConnection | None:
        """A listed call that lives nowhere: one that left a moment ago, one of the past, or a new one."""
        held, step = self._held, self._step
        if listed.state is None:
            self._odd_status(device, listed)
        mine = reported if reported.call_id and (listed is reported.call or may_be(reported, listed)) else None
        call = held.call(listed.call_id)
        if call is not None and call.past and not (redial and mine is not None):
            for gone in past(call, device):
                if not same_attempt(gone, listed.started, listed.c2c) or outlived(gone, listed):
                    continue
                ends = gone.rank == RANKS[ENDS]
                later = held.clock.ahead is None and gone.c2c != 1 and is_over(gone, held.clock.at)
                if ends and later and gone.kind is LEG and is_brief(gone):
                    break  # an attempt of the same second, whose start was not seen
                if ends or (gone.end.reported and not later):
                    if gone.kind != LEG and not gone.stamp and is_recent(gone, held.clock.now):
                        step.join_late(gone, listed)
                    elif not (
                        gone.c2c == 1 and mine is not None and mine.kind is ANSWERS and step.answer_late(gone, listed)
                    ):
                        self._stale(device, gone, reported)
                    return None
                if gone.end.reported:
                    self._contradicted(device, gone, gone.ended, held.clock.at)
                if is_recent(gone, held.clock.now) or (gone.stamp and gone.stamp == listed.started):
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
        device.came = held.position
        watch(held, one)
        if isinstance(device, HeldQueue):
            device.queued += 1
            device.value = None
        if mine is not None and (
            mine.kind is STARTS or (mine.kind is ANSWERS and one.answered_at == one.began and not one.c2c)
        ):
            pass  # an answer alone is a pick-up if it talked from its start; else it rang before, unseen
        elif not quiet:
            self._missed(device, one, ITS_START)
        return one

    def _without_list(self, device: HeldDevice, reported: Reported, own: HeldConnection | None) -> Matched | None:
        """The frame has no list: the event's own call is all that it says (ruling 6)."""
        if not reported.call_id:
            return None
        call: Listed | None = reported.call
        live = device.live
        if device.holds is WAIT:  # its event names the call, and when it came
            call = ListedWait(reported.call_id) if reported.kind is STARTS else None
        mine = own if own is not None and own.ended is None else None
        if reported.kind is ENDS:
            return Matched([], [], [], [mine], [one for one in live if one is not mine]) if mine is not None else None
        if call is None:
            return None
        if mine is None:
            return Matched([], [], [call], [], [*live, call])
        return Matched([mine], [call], [], [], [*live])

    def _end_unseen(self, device: HeldDevice, reported: Reported, *, quiet: bool) -> None:
        """The end of what no list has had for a moment, or never."""
        held, step = self._held, self._step
        clock = held.clock
        call = held.call(reported.call_id)
        for gone in past(call, device) if call is not None else ():
            if is_about(reported, gone):
                heir = gone.c2c == 1 and gone.end.reported
                if gone.rank == RANKS[ENDS] or heir:
                    pass
                elif is_recent(gone, clock.now):  # another account may have stated it: frames are the authority
                    step.revise(gone, reported, clock.when)
                else:
                    gone.rank = RANKS[ENDS]  # it changes no figure, but no list takes the end back any more
                    gone.kept = None
                    call.kept = None  # type: ignore[union-attr]
                    self._late(device, reported, gone, None, None)
                return
        listed = reported.call
        if isinstance(device, HeldQueue) and reported.means is not None:
            one = step.start(device, ListedWait(reported.call_id), None, "left the queue, its start was not reported")
            device.queued += 1
            step.end(one, device, reported, "")
            if not quiet:
                self._missed(device, one, ITS_START)
        elif listed is not None and isinstance(device, HeldExtension):
            one = step.start(device, listed, None, "its end is the first that was seen of it")
            step.end(one, device, reported, "")
            if not quiet:
                self._missed(device, one, ITS_START)
        elif reported.kind is ENDS and isinstance(device, HeldExtension):
            step.anomaly(
                AnomalyKind.EVENT_MISSED,
                "the end of a call that was never seen",
                call_id=reported.call_id,
                device=device,
                expected=ITS_START,
                seen=reported.reason,
            )

    def _late(
        self,
        device: HeldDevice,
        reported: Reported,
        one: HeldConnection | None,
        moment: Seconds | None,
        seen: ExtensionSeen | QueueSeen | None,
    ) -> None:
        """All that a frame reports is known, so its list is of the past; what it adds may count (ruling 4)."""
        step, now = self._step, self._held.clock.now
        if one is not None and one.kind is LEG and reported.kind is STARTS and not one.start_reported:
            one.start_reported, one.kept = True, None
            (self._held.calls.get(one.call) or self._held.ended[one.call]).kept = None
            if is_recent(one, now) and moment is not None and step.start_late(one, reported.call, moment):
                return
        kind, call, counts = reported.kind, reported.call, False
        if one is not None and one.ended is None:
            one.kept = device.kept = None
            counts = one.retrieved is not None
        elif one is not None:
            counts = is_recent(one, now)
        if one is not None and counts and moment is not None and (kind is HOLDS or kind is RETRIEVES):
            if step.hold_late(one, kind, moment):
                return
        elif one is not None and counts and one.ended is not None:
            answers = kind is ANSWERS and call is not None and call.answered and not one.answered
            if answers and step.answer_late(one, call):  # type: ignore[arg-type]
                return
            if kind is STARTS and one.kind is WAIT and not one.stamp and seen is not None:
                listed = next((item for item in seen.listed or () if item.call_id == reported.call_id), None)
                if listed is not None:
                    step.join_late(one, listed)
                    return
        step.anomaly(
            AnomalyKind.LATE_FRAME,
            f"{reported.reason or 'an event'} reports what is known already",
            call_id=reported.call_id,
            device=device,
            seen=reported.reason,
        )

    def _settle_extension(self, extension: HeldExtension, source: str) -> None:
        """Give an extension the state that follows from its legs."""
        live, before = extension.live, extension.state
        if not live:
            state = IDLE
        elif len(live) == 1 and live[0].c2c != 1:
            state = live[0].state
        else:
            state = min([counted_state(one.state, one.c2c) for one in live], key=_EXTENSION.__getitem__)
        if extension.unknown:
            state = UNKNOWN
        if state is before:
            return
        held, step = self._held, self._step
        why = f"in the list of all {source}" if source else ""
        if before is UNKNOWN and extension.since is None:
            why, since = "", next((one.marks[-1][0] for one in live if one.state is state), None)
        else:
            since = held.clock.when
        extension.state, extension.since = state, since
        step.out.append(ExtensionStateChanged(held.position, step.at, extension.key, before, state, why))
