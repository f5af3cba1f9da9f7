"""The vendor's words and what they stand for: every table of them, on one page.

Words vary in case (`Hold`/`hold`, `Click2Call`/`Click2call`), so each table is asked in the spellings that were seen
first, and in lower case next. Sources: field guide §1, §4, §5 and §7.
"""

from __future__ import annotations

from typing import TypeVar

from calltrack.core.observations import (
    ANSWERS,
    CLICK2CALL,
    ENDS,
    HOLDS,
    INCOMING,
    OUTGOING,
    RETRIEVES,
    SPY,
    STARTS,
    STATUS,
)
from calltrack.core.states import Outcome, State

_Meaning = TypeVar("_Meaning")


def _in_any_case(table: dict[str, _Meaning]) -> dict[str, _Meaning]:
    """A table with each word also in lower case, upper case and capitalised."""
    return {spelled: table[word] for word in table for spelled in (word.lower(), word.upper(), word.capitalize(), word)}


EXTENSION_EVENT, QUEUE_EVENT, CAMPAIGN_EVENT = "ExtensionEvent", "QueueEvent", "DialerEvent"
ALL_EXTENSIONS, ALL_QUEUES, ALL_CAMPAIGNS = "AllExtensionsStatus", "loginStatus", "AllDialersStatus"
LOGIN = "loginSuccess"
CDR = "cdr"
"""A record of the vendor's other accounts, taken in as a frame (calltrack.cdr)."""
POPUP = "popup"
"""A pop-up request, taken in the same way (calltrack.cdr.popup)."""
LOST, TICK = "disconnect", "tick"
"""Facts that the live side adds to a stream as frames."""

EVENT_ALIASES = {"QueueEvents": QUEUE_EVENT, "AllExtensionStatus": ALL_EXTENSIONS}

OTHER_EVENTS = frozenset(
    {
        *("loginResponse", "closeme", "error", "keepaliveResponse", "AllUsersStatus", "onlineStatusEvent"),
        *("ExtensionsUpdated", "QueuesUpdated", "DialersUpdated"),
    }
)
"""Events whose meaning is known and that carry no state."""

FACTS = frozenset({"connect", "malformed"})
"""Facts of the live side that carry no state."""

EVENTS = frozenset(
    {
        EXTENSION_EVENT,
        QUEUE_EVENT,
        CAMPAIGN_EVENT,
        ALL_EXTENSIONS,
        ALL_QUEUES,
        ALL_CAMPAIGNS,
        LOGIN,
        LOST,
        TICK,
        CDR,
        POPUP,
    }
    | OTHER_EVENTS
    | FACTS
)
"""Every event that is known, by its own name."""

STATES = _in_any_case(
    {
        "Ringing": State.RINGING,
        "Dialing": State.DIALING,
        "Talking": State.TALKING,
        "Hold": State.HOLD,
        "Spying": State.SPYING,
    }
)
"""callstatus → the state of the leg."""

DIRECTIONS = _in_any_case({"Incoming": INCOMING, "Outgoing": OUTGOING, "Click2Call": CLICK2CALL, "Spy": SPY})

EXTENSION_REASONS = _in_any_case(
    {
        "NEWCALL": STARTS,
        "ANSWER": ANSWERS,
        "HOLD": HOLDS,
        "UNHOLD": RETRIEVES,
        "HANGUP": ENDS,
        "userStatusUpdate": STATUS,
    }
)
"""An ExtensionEvent's reason → the kind of event."""

QUEUE_REASONS = _in_any_case({"JOIN": STARTS, "EXIT": ENDS, "ANSWER": ENDS, "ABANDONED": ENDS})
"""A QueueEvent's reason → the kind of event."""

QUEUE_OUTCOMES = _in_any_case({"EXIT": Outcome.ANSWERED, "ANSWER": Outcome.PICKED_UP, "ABANDONED": Outcome.ABANDONED})
"""A QueueEvent's reason → how the wait ended."""

CAUSES = _in_any_case(
    {
        "Answered elsewhere": Outcome.ANSWERED_ELSEWHERE,
        "Call Rejected": Outcome.REJECTED,
        "User busy": Outcome.BUSY,
        "No user responding": Outcome.NO_ANSWER,
        "User alerting, no answer": Outcome.NO_ANSWER,
        "Unallocated (unassigned) number": Outcome.UNALLOCATED,
    }
)
"""A HANGUP's cause → how the leg ended; "Normal hangup" and "Unknown" stand for no outcome."""

DIAL_STATUSES = _in_any_case({"Transfer": Outcome.TRANSFERRED, "Recheck": Outcome.RECHECKED})
"""A HANGUP's dialStatus → how the leg ended; it counts before the cause."""

CAMPAIGN_KINDS = _in_any_case({"Automatic": "Automatic", "IVR": "IVR"})

STATISTICS = {
    "TotalCalls": "total_calls",
    "TotalPendingCalls": "pending_calls",
    "TotalOriginatingCalls": "originating_calls",
    "TotalLeg1RingingCalls": "leg1_ringing",
    "TotalLeg1AnswerCalls": "leg1_answered",
    "TotalLeg2RingingCalls": "leg2_ringing",
    "TotalLeg2AnswerCalls": "leg2_answered",
    "CurrentAwaitingCallers": "awaiting_callers",
    "CurrentTotalAgents": "agents",
    "CurrentFreeAgents": "free_agents",
}
"""A campaign's counts, by the vendor's name."""


def meaning(table: dict[str, _Meaning], word: str) -> _Meaning | None:
    """What a word stands for, in any case; None if it is not known."""
    found = table.get(word)
    return table.get(word.strip().lower()) if found is None else found
