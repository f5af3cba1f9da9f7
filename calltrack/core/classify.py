"""A signal and a guard for what a list says of a connection. Nothing after this looks at the list's words.

A guard distinguishes the rows of one (state, signal), and is decided from the frame alone, so that what comes out of
the table cannot depend on anything but the state and the frame (h11's rule). Most steps need none.
"""

from __future__ import annotations

from calltrack.core.machine import SIGNALS
from calltrack.core.observations import INCOMING, STARTS, Listed
from calltrack.core.states import State
from calltrack.core.table import DIALED, FAR_END, FIRST_LEG, HOLD, NEW, NOT_ANSWERED, RANG, RINGING, SECOND_LEG, TALKING

_TALKS, _HOLDS, _DIALS, _RINGS = SIGNALS[TALKING], SIGNALS[HOLD], SIGNALS[State.DIALING], SIGNALS[RINGING]


def guard_of(state: State, signal: str, listed: Listed, kind: str, repeats: bool = False) -> str:
    """Which row of (state, signal) it is.

    kind: that of the event about this connection, "" if none is. repeats: a newcomer has the stamps of an earlier leg.
    """
    if signal is _TALKS:
        if listed.c2c == 1:
            return FIRST_LEG
        if state is RINGING and not listed.answered:
            return NOT_ANSWERED
        if state is NEW and listed.answered:
            return FAR_END if kind is STARTS or (repeats and listed.c2c != 2) else _in_mid_call(listed)
    elif signal is _HOLDS:
        if listed.c2c == 1:
            return FIRST_LEG
        if state is NEW and listed.answered:
            return "" if repeats else _in_mid_call(listed)
    elif state is NEW:
        if listed.c2c == 1 and (signal is _DIALS or signal is _RINGS):
            return FIRST_LEG
        if listed.c2c == 2 and signal is _DIALS and (kind is STARTS or repeats):
            return SECOND_LEG
    return ""


def _in_mid_call(listed: Listed) -> str:
    """First seen in mid-call: when it was answered is known, or it counts as what it is seen as from its start."""
    if not listed.answered_at:
        return ""
    return RANG if listed.direction == INCOMING else DIALED
