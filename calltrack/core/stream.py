"""The stream as a whole: its clock, full lists, logins, lost connections, and the gaps between them.

A full list says of every device what an event says of one, and lacks what is no longer there. After a lost connection,
or a login that shows one, everything is unknown from the last frame on, until a list says otherwise (ruling 11).
"""

from __future__ import annotations

from collections import defaultdict

from msgspec.structs import replace

from calltrack.core import agents, campaigns, changes
from calltrack.core.changes import AnomalyKind
from calltrack.core.clock import SILENCE_S, Verdict
from calltrack.core.held import HeldConnection, HeldExtension
from calltrack.core.observations import (
    NOTHING_REPORTED,
    AllCampaigns,
    AllExtensions,
    AllQueues,
    Body,
    CampaignEvent,
    ExtensionSeen,
    Frame,
    FullList,
    Login,
    Lost,
    Notice,
    QueueSeen,
    Seconds,
    Stated,
    Tick,
)
from calltrack.core.order import is_echo
from calltrack.core.outcomes import is_recent
from calltrack.core.records import Gap, with_gap
from calltrack.core.statements import Statements
from calltrack.core.values import extension_value

_NAMES_COUNTED = 200  # names counted one by one, the rest together, and characters kept of each: strangers choose them


class Stream(Statements):
    """What a tracker does with a frame that is not about one device."""

    _unknown_events: dict[str, int]
    _events: defaultdict[str, int]

    def _tell(
        self,
        body: Body,
        moment: Seconds | None,
        received: float | None,
        *,
        whole: bool = False,
        own: HeldConnection | None = None,
        key: str | None = None,
    ) -> None:
        """Take a frame's stamps; report and mend what they show of the clock.

        own: what the frame is about. key: its device.
        """
        held, step = self._held, self._step
        clock = held.clock
        before, steps, offset_s = clock.now, len(clock.steps), clock.offset_s
        after, lacked = None, False
        if own is not None and own.ended is None:
            after = own.marks[-1][0]
        elif own is not None and not own.end.reported and is_recent(own, clock.now):
            after, lacked = own.marks[own.end.open - 1][0], True
        verdict = clock.tell(
            body.stamp, body.offset_min, moment, received, whole=whole, busy=bool(held.calls), after=after,
            lacked=lacked, by=key, heard=lambda: held.heard_but(key),
        )  # fmt: skip
        step.at, step.confirmed_at = clock.reported_at, clock.shown(clock.when)
        if before is not None and not 0 <= clock.now - before <= SILENCE_S:  # type: ignore[operator]
            held.heard_since = clock.now
        if len(clock.steps) > steps or (offset_s is None and clock.offset_s is not None):
            step.redate(min((since for since, _ in clock.steps[steps:]), default=0))
        if verdict is Verdict.FINE:
            if (held.unbelieved or held.unbelieved_status) and clock.ahead is None and not clock.behind:
                step.move_marks(0)
                held.unbelieved_status = []
            return
        if verdict is Verdict.STEPPED or verdict is Verdict.LONGER:
            by = clock.stepped_by
            if verdict is Verdict.STEPPED:
                step.anomaly(AnomalyKind.CLOCK_STEPPED, f"the server's clock stepped by {by:+} s")
            if clock.since is None and by < 0:
                step.move_marks(-by)
                return
        else:
            step.anomaly(AnomalyKind.WRONG_STAMP, "the frame before was stamped far ahead; its stamp moves nothing")
            by = 0
        if clock.since is not None:
            if verdict is Verdict.WRONG:
                step.move_marks(0)
            before = clock.since
            held.unbelieved = [
                (one, 0, one.answered, 0)
                for call in (*held.calls.values(), *held.ended.values())
                for one in (*call.past, *call.live)
            ]
            held.unbelieved_status = list(held.extensions)
        if before is not None:
            step.move_times(before, by)
            agents.move_times(step, before, by)

    def _other(self, frame: Frame, body: Body, fingerprint: int) -> None:
        """Any frame that is not about one device."""
        held, step = self._held, self._step
        if isinstance(body, Tick):
            if held.clock.now is not None and body.elapsed_s > 0:
                held.clock.pass_by(body.elapsed_s)
                step.at = step.confirmed_at = held.clock.shown(held.clock.now)
            return
        if isinstance(body, Lost):
            self._lost(body.reason)
            return
        if isinstance(body, Stated):
            self._state(body, frame.at)
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
            count_name(self._unknown_events, frame.event)
            del self._events[frame.event]

    def _all_extensions(self, seen: list[ExtensionSeen]) -> None:
        """Every monitored extension: one that the list lacks is no longer there."""
        held, step = self._held, self._step
        for one in seen:
            if not one.exten_user:
                step.anomaly(AnomalyKind.MISSING_IDENTITY, "an extension without a name")
                continue
            extension = held.extensions.get(one.exten_user) or self._appeared(one.exten_user, one)
            self._apply(extension, one, NOTHING_REPORTED, None, "extensions")
        listed = {one.exten_user for one in seen if one.exten_user}
        if len(listed) == len(held.extensions):
            return  # all that are listed are held by now, so none is missing
        accounts = {str(one.account_id) for one in seen if one.account_id}
        for name in [name for name in held.extensions if name not in listed]:
            extension = held.extensions[name]
            account = str(extension.account_id or "")
            if accounts and account and account not in accounts:
                continue  # one stream may carry several accounts (field guide §3); this list is not about that one
            self._apply(extension, ExtensionSeen(name, []), NOTHING_REPORTED, None, "extensions")
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
            self._apply(queue, one, NOTHING_REPORTED, None, "queues")
        listed = {one.queue_id for one in seen}
        for queue_id, queue in held.queues.items():
            if queue_id not in listed:
                self._apply(queue, QueueSeen(queue_id, []), NOTHING_REPORTED, None, "queues")
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
        clock.at = clock.stamped = clock.when = clock.now
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


def count_name(counts: dict[str, int], name: str) -> None:
    """Count a name that strangers choose: only so many one by one, the rest together."""
    name = name[:_NAMES_COUNTED]
    if name not in counts and len(counts) >= _NAMES_COUNTED:
        name = "(others)"
    counts[name] = counts.get(name, 0) + 1
