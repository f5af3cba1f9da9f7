"""What a frame did, collected as it happens: every write to what is held is reported through here.

`out` has finished changes, and None in the place of each report that is `noted`. Its change is made at the frame's end,
when settling has decided outcomes; a connection that reports twice in a frame has its first one made before the second
step.
"""

from __future__ import annotations

from calltrack.core.changes import (
    REPORTS,
    Anomaly,
    AnomalyKind,
    Change,
)
from calltrack.core.held import LEG, Held, HeldCall, HeldConnection, HeldDevice, HeldExtension
from calltrack.core.observations import (
    Seconds,
)
from calltrack.core.values import leg_value, wait_value

Report = tuple[int, type[Change], HeldConnection, str]
"""Its place among the changes, the change's class, the connection, and why."""


class Reports:
    """What one frame reports, in order."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self.out: list[Change | None] = []
        self.noted: list[Report] = []
        self.touched: list[HeldCall] = []
        self.anomalies: list[Anomaly] = []
        self.at: Seconds | None = None  # the UTC of this frame's changes
        self.confirmed_at: Seconds | None = None  # the UTC of its moment

    def report(self, report: str, one: HeldConnection, why: str) -> None:
        """Note a change; the value of an earlier one in this frame is made now, as it was then."""
        if one.pending is not None:
            self._make(one.pending)
        out = self.out
        one.pending = noted = len(out), REPORTS[one.kind, report], one, why
        self.noted.append(noted)
        out.append(None)

    def revise_once(self, one: HeldConnection) -> None:
        """Report that a connection is otherwise than handed out, unless this frame says so already."""
        if one.pending is None:
            self.report("Revised", one, "seen otherwise in hindsight")

    def changes(self) -> tuple[Change, ...]:
        """What the frame did, in order."""
        out, make = self.out, self._make
        for noted in self.noted:
            if out[noted[0]] is None:
                make(noted)
        self.noted.clear()
        self.out = []
        return tuple(out)  # type: ignore[arg-type]

    def _make(self, noted: Report) -> None:
        """Make the change of a report."""
        place, kind, one, why = noted
        one.pending = None
        if one.kind is LEG:
            value = one.value or leg_value(self.held, one)
            self.out[place] = kind(self.held.position, self.at, one.call, one.device, value, why)  # type: ignore[call-arg]
            if one.ended is None:
                one.value = None  # it takes more memory than what is held, and most steps are followed by another
        else:
            wait = one.value or wait_value(self.held, one)
            self.out[place] = kind(self.held.position, self.at, one.device, one.call, wait, why)  # type: ignore[call-arg]

    def anomaly(
        self,
        kind: AnomalyKind,
        detail: str,
        *,
        call_id: str = "",
        device: HeldDevice | None = None,
        expected: str = "",
        seen: str = "",
    ) -> None:
        """Note what should not happen, with the evidence."""
        extension = device is not None and isinstance(device, HeldExtension)
        where = device.key if device is not None else ""
        found = Anomaly(
            self.held.position,
            self.at,
            kind,
            detail,
            call_id,
            where if extension else "",
            "" if extension else where,
            expected,
            seen,
            device.confirmed_at if device is not None and kind is AnomalyKind.EVENT_MISSED else None,
        )
        self.out.append(found)
        self.anomalies.append(found)

    def touch(self, one: HeldConnection, *, weigh: bool = False) -> None:
        """Something of a connection was written: its value and its call's are made anew, and its call is settled."""
        one.value = one.kept = None
        held = self.held
        device = held.extensions.get(one.device) if one.kind is LEG else held.queues.get(one.device)
        if device is not None:
            device.value = None
        call = held.calls.get(one.call) or held.ended[one.call]
        if not call.touched:
            call.touched = True
            self.touched.append(call)
        if weigh:
            call.weighed = True
        if held.clock.ahead is not None:
            held.unbelieved.append((one, len(one.marks), one.answered, 0))

    def doubt(self, one: HeldConnection, why: str) -> None:
        """A live connection may be over (ruling 12)."""
        one.doubt = why
        self.report("Doubted", one, "")
        self.touch(one)

    def confirm(self, one: HeldConnection) -> None:
        """A doubtful connection is certain again."""
        one.doubt = ""
        self.report("Confirmed", one, "")
        self.touch(one)
