"""What a frame says that its list does not bear out: remarks on one device, as anomalies with the evidence."""

from __future__ import annotations

from calltrack.core.advance import Advance
from calltrack.core.changes import AnomalyKind
from calltrack.core.held import LEG, WAIT, Held, HeldConnection, HeldDevice
from calltrack.core.match import is_about
from calltrack.core.observations import ANSWERS, ENDS, HOLDS, RETRIEVES, STARTS, Listed, Reported, Seconds
from calltrack.core.states import State
from calltrack.core.table import DIALING, HOLD, QUEUED, RINGING, TALKING, UNKNOWN

ITS_START, ITS_END, ITS_HOLD, ITS_RETRIEVAL = "its start", "its end", "its hold", "its retrieval"
"""What a missed event would have reported: `Anomaly.expected`."""

_EXPECTED = {
    STARTS: frozenset({State.RINGING, State.DIALING, State.TALKING, State.SPYING}),
    ANSWERS: frozenset({State.TALKING}),
    HOLDS: frozenset({State.HOLD}),
    RETRIEVES: frozenset({State.TALKING}),
}
"""What an event's kind says the list should show its call as."""
_WAITS, _ANY = frozenset({QUEUED}), frozenset[State]()


class Remarks:
    """Anomalies about one extension or queue."""

    _held: Held
    _step: Advance

    def _stale(self, device: HeldDevice, one: HeldConnection, reported: Reported) -> None:
        """A list shows one of its calls as it was before what is known."""
        self._step.anomaly(
            AnomalyKind.LATE_FRAME,
            f"the list shows a {one.kind} as it was before; what is known of it stays",
            call_id=one.call,
            device=device,
            expected=one.state.value,
            seen=reported.reason or "the list",
        )

    def _contradicted(self, device: HeldDevice, one: HeldConnection, end: Seconds | None, seen: Seconds | None) -> None:
        """A list has one of its calls after the end that another account states."""
        shown = self._held.clock.shown
        self._step.anomaly(
            AnomalyKind.CONTRADICTION,
            "another account states an end, and a later list has it still; the list is believed",
            call_id=one.call,
            device=device,
            expected=str(shown(end)),
            seen=str(shown(seen)),
        )

    def _why(self, state: State, listed: Listed, mine: Reported | None, source: str) -> str:
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

    def _skipped(self, device: HeldDevice, one: HeldConnection, before: State, reported: Reported) -> None:
        """An event of a conversation that does not follow from the list before: it was held, or retrieved, unreported.

        Between the two lists nothing says how long it was on hold.
        """
        kind, missed = reported.kind, ""
        if before is HOLD:
            if kind is HOLDS or (kind is ENDS and reported.call is not None and reported.call.state is TALKING):
                missed = ITS_RETRIEVAL
        elif kind is RETRIEVES:
            missed = ITS_HOLD if before in (TALKING, RINGING, DIALING) else ""
        elif before is TALKING and kind is ENDS and reported.call is not None and reported.call.state is HOLD:
            missed = ITS_HOLD
        if missed and one.kind is LEG and one.c2c != 1 and one.answered and not one.listens:
            self._missed(device, one, missed)

    def _check_reason(self, device: HeldDevice, reported: Reported) -> None:
        """Whether the list agrees with the event."""
        kind, call_id, live = reported.kind, reported.call_id, device.live
        if len(live) == 1 and live[0].call == call_id and live[0].state in _EXPECTED.get(kind, _ANY):
            return  # most events
        shown = [one for one in live if one.call == call_id]
        if kind is ENDS:
            if not shown or not any(is_about(reported, one) for one in shown):
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
            f"{reported.reason}, but the list shows the call as {seen}",
            call_id=call_id,
            device=device,
            expected=" or ".join(sorted(expected)) if expected else "gone",
            seen=seen,
        )
