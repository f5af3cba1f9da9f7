"""What a frame did, collected as it happens: every write to what is held is reported through here.

`out` has (change class, connection, why), or a finished change. Values are made at the frame's end, when settling has
decided outcomes; a connection that reports twice in a frame has its first value made before the second step.
"""

from __future__ import annotations

from calltrack.core.changes import (
    REPORTS,
    Anomaly,
    AnomalyKind,
    Change,
    LegChange,
    QueueChange,
)
from calltrack.core.held import LEG, Held, HeldCall, HeldConnection, HeldDevice, HeldExtension
from calltrack.core.observations import (
    Seconds,
)
from calltrack.core.records import Leg
from calltrack.core.values import leg_value, wait_value

Report = tuple[type[LegChange] | type[QueueChange], HeldConnection, str]


class Reports:
    """What one frame reports, in order."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self.out: list[Change | Report] = []
        self.touched: list[HeldCall] = []
        self.anomalies: list[Anomaly] = []
        self.at: Seconds | None = None  # the UTC of this frame's changes
        self.confirmed_at: Seconds | None = None  # the UTC of its moment

    def report(self, report: str, one: HeldConnection, why: str) -> None:
        """Note a change; the value of an earlier one in this frame is made now, as it was then."""
        out, before = self.out, one.reported
        if 0 <= before < len(out) and type(earlier := out[before]) is tuple and earlier[1] is one:
            out[before] = self.change(*earlier)
        one.reported = len(out)
        out.append((REPORTS[one.kind, report], one, why))

    def revise_once(self, one: HeldConnection) -> None:
        """Report that a connection is otherwise than handed out, unless this frame says so already."""
        out, last = self.out, one.reported
        if not (0 <= last < len(out) and type(item := out[last]) is tuple and item[1] is one):
            self.report("Revised", one, "seen otherwise in hindsight")

    def change(self, kind: type[LegChange] | type[QueueChange], one: HeldConnection, why: str) -> Change:
        """A report as the change that leaves the tracker."""
        held = self.held
        if one.kind is LEG:
            value: Leg = one.value or leg_value(held, one)
            return kind(held.position, self.at, one.call, one.device, value, why)  # type: ignore[arg-type]
        return kind(held.position, self.at, one.device, one.call, wait_value(held, one), why)  # type: ignore[arg-type]

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
