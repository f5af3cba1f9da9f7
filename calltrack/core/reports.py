"""What a frame did, collected as it happens: every write to what is held is reported through here.

`out` has finished changes, and reports of connections. The change of a report is made at the frame's end, when settling
has decided outcomes; a connection that reports twice in a frame has its first one made before the second step.
"""

from __future__ import annotations

from calltrack.core.changes import LEG_REPORTS, WAIT_REPORTS, Anomaly, AnomalyKind, Change
from calltrack.core.held import NEVER, WAIT, Held, HeldCall, HeldConnection, HeldDevice, HeldExtension, Mark
from calltrack.core.observations import Seconds
from calltrack.core.states import State
from calltrack.core.values import leg_value, wait_value

Report = tuple[str, HeldConnection, str]
"""What a row of the table reports, the connection, and why."""


class Reports:
    """What one frame reports, in order."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self.out: list[Change | Report] = []
        self.touched: dict[HeldCall, None] = {}
        self.anomalies: list[Anomaly] = []
        self.at: Seconds | None = None  # the UTC of this frame's changes
        self.confirmed_at: Seconds | None = None  # the UTC of its moment
        self.marks: dict[State | None, tuple[Mark]] = {kind: ((NEVER, kind),) for kind in (*State, None)}
        """The last of each kind: one object for all of one second."""

    def report(self, report: str, one: HeldConnection, why: str) -> None:
        """Note a change; the value of an earlier one in this frame is made now, as it was then."""
        out = self.out
        if one.pending is not None:
            self.make(one)
        one.pending = len(out)
        out.append((report, one, why))

    def make(self, one: HeldConnection) -> None:
        """Make the change of an earlier report of this frame, with the connection as it is until then."""
        if (place := one.pending) is not None:
            self.out[place] = self._made(self.out[place])

    def revise_once(self, one: HeldConnection) -> None:
        """Report that a connection is otherwise than handed out, unless this frame says so already."""
        if one.pending is None:
            self.report("Revised", one, "seen otherwise in hindsight")

    def changes(self) -> tuple[Change, ...]:
        """What the frame did, in order."""
        out, self.out = self.out, []
        make = self._made
        return tuple([make(item) if type(item) is tuple else item for item in out])  # type: ignore[misc]

    def _made(self, noted: Report) -> Change:
        """The change of a report."""
        report, one, why = noted
        one.pending = None
        if one.kind is WAIT:
            wait = one.value or wait_value(self.held, one)
            return WAIT_REPORTS[report](self.held.position, self.at, one.device, one.call, wait, why)
        leg = one.value or leg_value(self.held, one)
        if one.ended is None:
            one.value = None  # it takes more memory than what is held, and most steps are followed by another
        return LEG_REPORTS[report](self.held.position, self.at, one.call, one.device, leg, why)

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
        device = held.device(one)
        if device is not None:
            device.value = None
        call = held.calls.get(one.call) or held.ended[one.call]
        self.touched[call] = None
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
