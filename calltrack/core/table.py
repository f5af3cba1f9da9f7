"""THE tables. Everything that decides what state something is in, or how it ended, is on this page.

Rules:
1. A frame's own list of live calls says what a leg is seen as (`SEEN_AS`); not being in the list says "ends".
2. `LEG` has every lawful step of a leg. What it does not have is impossible: the list still wins, and an Anomaly
   says so. "told by" names the reasons that announce the step; any other way of learning of it is an inference.
3. `MISSED` has the steps that are lawful only because an event in between was lost: both steps are then taken.
4. Calls and extensions have no machine: their state is the first of `CALL` / `EXTENSION` that one of their legs is in.
5. Outcomes: see `outcome_of_leg` in records.py for the order in which the last tables are asked.

`machine.py` declares `LEG` with transitions, checks it, and flattens it. Sources: field guide §4-§5, style rule 3.
"""

from typing import NamedTuple

from calltrack.core.states import Outcome, State

NEW, QUEUED, RINGING, DIALING, TALKING = State.NEW, State.QUEUED, State.RINGING, State.DIALING, State.TALKING
HOLD, SPYING, UNKNOWN, IDLE, HUNGUP = State.HOLD, State.SPYING, State.UNKNOWN, State.IDLE, State.HUNGUP
# Looked up once here: in Python 3.11 `Outcome.LOST` costs 60 ns each time, a global 2.
ANSWERED, ANSWERED_ELSEWHERE, ABANDONED = Outcome.ANSWERED, Outcome.ANSWERED_ELSEWHERE, Outcome.ABANDONED
LOST, NO_ANSWER, PICKED_UP, RECHECKED = Outcome.LOST, Outcome.NO_ANSWER, Outcome.PICKED_UP, Outcome.RECHECKED


class Edge(NamedTuple):
    """One lawful step of a leg."""

    source: State
    signal: str
    dest: State
    told_by: tuple[str, ...]
    says: str


# callstatus → signal. Click2call leg 2 "talks" only once it is answered; before that it dials (classified first).
SEEN_AS = {"ringing": "rings", "dialing": "dials", "talking": "talks", "hold": "holds", "spying": "spies"}

LEG = (
    #    from      signal    to        told by                says
    Edge(NEW,      "rings",  RINGING,  ("NEWCALL",),          "LegStarted"),
    Edge(NEW,      "dials",  DIALING,  ("NEWCALL",),          "LegStarted"),
    Edge(NEW,      "talks",  TALKING,  ("NEWCALL", "ANSWER"), "LegStarted"),  # picked up, or the far end of a transfer
    Edge(NEW,      "spies",  SPYING,   ("NEWCALL",),          "LegStarted"),
    Edge(NEW,      "holds",  HOLD,     (),                    "LegStarted"),  # the stream began in mid-call
    Edge(NEW,      "blurs",  UNKNOWN,  (),                    "LegStarted"),
    Edge(RINGING,  "talks",  TALKING,  ("ANSWER",),           "LegAnswered"),
    Edge(RINGING,  "ends",   HUNGUP,   ("HANGUP",),           "LegEnded"),
    Edge(DIALING,  "talks",  TALKING,  ("ANSWER",),           "LegAnswered"),
    Edge(DIALING,  "ends",   HUNGUP,   ("HANGUP",),           "LegEnded"),
    Edge(TALKING,  "holds",  HOLD,     ("HOLD",),             "LegHeld"),
    Edge(TALKING,  "ends",   HUNGUP,   ("HANGUP",),           "LegEnded"),
    Edge(HOLD,     "talks",  TALKING,  ("UNHOLD",),           "LegRetrieved"),
    Edge(HOLD,     "ends",   HUNGUP,   ("HANGUP",),           "LegEnded"),
    Edge(SPYING,   "ends",   HUNGUP,   ("HANGUP",),           "LegEnded"),
    # A status we don't know, or a lost connection, blurs a leg; the next list makes it clear again.
    Edge(RINGING,  "blurs",  UNKNOWN,  (),                    "LegBlurred"),
    Edge(DIALING,  "blurs",  UNKNOWN,  (),                    "LegBlurred"),
    Edge(TALKING,  "blurs",  UNKNOWN,  (),                    "LegBlurred"),
    Edge(HOLD,     "blurs",  UNKNOWN,  (),                    "LegBlurred"),
    Edge(SPYING,   "blurs",  UNKNOWN,  (),                    "LegBlurred"),
    Edge(UNKNOWN,  "rings",  RINGING,  (),                    "LegCorrected"),
    Edge(UNKNOWN,  "dials",  DIALING,  (),                    "LegCorrected"),
    Edge(UNKNOWN,  "talks",  TALKING,  (),                    "LegCorrected"),
    Edge(UNKNOWN,  "holds",  HOLD,     (),                    "LegCorrected"),
    Edge(UNKNOWN,  "spies",  SPYING,   (),                    "LegCorrected"),
    Edge(UNKNOWN,  "ends",   HUNGUP,   ("HANGUP",),           "LegEnded"),
)  # fmt: skip

# The ANSWER in between was lost or never sent (seen: NEWCALL[Dialing] HOLD).
MISSED = {(RINGING, "holds"): "talks", (DIALING, "holds"): "talks"}

# First match wins. A click2call leg 1 that talks counts as Dialing: nobody talks to a customer yet.
CALL = (HOLD, TALKING, DIALING, RINGING, UNKNOWN, QUEUED, SPYING)  # else HUNGUP
EXTENSION = (TALKING, DIALING, HOLD, RINGING, SPYING, UNKNOWN)  # else IDLE

# A call that someone answered, but whose winner's leg is not there yet, is alive and still Ringing: the losers hang
# up 1-4 s before the winner's ANSWER, a pick-up leaves the queue up to 11 s before its NEWCALL (seen). One that a
# list of all queues has no more may be with an agent now, which the list of all extensions will tell: Unknown so far.
AWAITED = RINGING
AWAITED_AFTER_LOSS = UNKNOWN
WINNER_WAIT_S = 30

# What an event's reason says the list should show its call as; None: not at all.
REASONS = {
    "NEWCALL": frozenset({RINGING, DIALING, TALKING, SPYING}),
    "ANSWER": frozenset({TALKING}),
    "HOLD": frozenset({HOLD}),
    "UNHOLD": frozenset({TALKING}),
    "HANGUP": None,
}

# How a wait in a queue ended, by the QueueEvent's reason.
WAIT_ENDS = {"EXIT": Outcome.ANSWERED, "ANSWER": Outcome.PICKED_UP, "ABANDONED": Outcome.ABANDONED}

DIAL_STATUSES = {"transfer": Outcome.TRANSFERRED, "recheck": Outcome.RECHECKED}
CAUSES = {
    "answered elsewhere": Outcome.ANSWERED_ELSEWHERE,
    "call rejected": Outcome.REJECTED,
    "user busy": Outcome.BUSY,
    "no user responding": Outcome.NO_ANSWER,
    "user alerting, no answer": Outcome.NO_ANSWER,
    "unallocated (unassigned) number": Outcome.UNALLOCATED,
}
# Any other cause ("Normal hangup", "Unknown", none), by the state the leg was in.
UNANSWERED = {RINGING: Outcome.NOT_ANSWERED_HERE, DIALING: Outcome.NO_ANSWER, SPYING: Outcome.SPIED}

# A call's outcome is that of the first row one of its legs or waits ended with; within a row the latest counts.
CALL_OUTCOMES = (
    (Outcome.TRANSFERRED,),
    (Outcome.ANSWERED,),
    (Outcome.ANSWERED_ELSEWHERE,),
    (Outcome.ABANDONED,),
    (Outcome.REJECTED, Outcome.BUSY, Outcome.UNALLOCATED, Outcome.NO_ANSWER, Outcome.RECHECKED),
    (Outcome.NOT_ANSWERED_HERE,),
    (Outcome.LOST,),
    (Outcome.SPIED,),
)
