"""The names of everything that can be the case: states, outcomes, agent statuses."""

from enum import StrEnum


class State(StrEnum):
    """What a leg, a call or an extension is doing; the spelling is the one of the JSON snapshot.

    A leg is Ringing, Dialing, Talking, Hold, Spying, Unknown or Hungup; a call can also be Queued, an extension Idle.
    In CSTA terms: Ringing is Alerting, Dialing Initiated, Talking Connected, Hold Held, Hungup Null.
    """

    NEW = "New"  # before the first sighting; never in a snapshot
    QUEUED = "Queued"
    RINGING = "Ringing"
    DIALING = "Dialing"
    TALKING = "Talking"
    HOLD = "Hold"
    SPYING = "Spying"
    UNKNOWN = "Unknown"
    CLAIMED = "Claimed"  # what time counts as, until hindsight decides (ruling 8); never a state
    ENGAGED = "Engaged"  # what time counts as: talk or hold, another account does not say which; never a state
    IDLE = "Idle"
    HUNGUP = "Hungup"


class Outcome(StrEnum):
    """How a leg, a call or a wait in a queue ended; the vendor's cause stands verbatim beside it."""

    ANSWERED = "answered"
    NOT_ANSWERED_HERE = "not answered here"
    ANSWERED_ELSEWHERE = "answered elsewhere"
    ABANDONED = "abandoned"
    BUSY = "busy"
    REJECTED = "rejected"
    NO_ANSWER = "no answer"
    UNALLOCATED = "unallocated"
    TRANSFERRED = "transferred"
    RECHECKED = "rechecked"
    LOST = "lost"
    PICKED_UP = "picked up"  # of a wait in a queue alone: an agent chose the call
    SPIED = "spied"  # of a listener's leg alone: it is no conversation


AGENT_STATUSES = {
    1: "Login",
    2: "Logout",
    3: "Lunch",
    5: "Administrative",
    7: "Private",
    9: "Other",
    11: "Training",
    12: "Team meeting",
    13: "Brief",
}
"""representativeStatus → its usual name; accounts can rename them, and unassigned numbers are kept (field guide §4)."""
