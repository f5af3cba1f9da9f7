"""THE tables. What can happen to a leg or a wait, and how states and outcomes follow, is on this page and runs from it.

How to read it. A list says what a connection (a leg at an extension, a wait in a queue) is seen as: a *signal*. A step
is looked up by the state that the connection is in, the signal, and a *guard*: a name that `classify.py` decides from
the frame alone, "" where nothing needs distinguishing. Starting and ending are rows like all others. A step without
a row is impossible: the list is still believed, by way of Unknown, and an Anomaly has the evidence.

Columns of CONNECTION:
* from, signal, guard: the key. To: the state afterwards.
* reported by: the kind of event that reports this step; learned in any other way, it is inferred. "" if none does.
* reports: the change, as LegStarted for a leg and QueueJoined for a wait (changes.py has which).
* counts as: what time in the new state counts as (None: as nothing). The leg of a listener counts as no one's talk,
  and click2call leg 1 dials until it ends, whatever it does (style rule 3).
* since: where that time begins: at the frame's moment, or at the call's own `started` or `answered` stamp.
* via: signals whose events were lost; their rows are taken first.

Calls and extensions have no machine: their state is the first of CALL or EXTENSION that one of their connections has.
`machine.py` declares the rows with transitions, checks them, and is the oracle that replays what a tracker did.
Sources: field guide §4 and §5, rulings 7, 8 and 11; style rule 3.
"""

from __future__ import annotations

from attrs import frozen

from calltrack.core.observations import ANSWERS, ENDS, HOLDS, RETRIEVES, STARTS
from calltrack.core.states import Outcome, State

NEW, QUEUED, RINGING, DIALING, TALKING = State.NEW, State.QUEUED, State.RINGING, State.DIALING, State.TALKING
HOLD, SPYING, UNKNOWN, IDLE, HUNGUP = State.HOLD, State.SPYING, State.UNKNOWN, State.IDLE, State.HUNGUP
CLAIMED = State.CLAIMED  # a bucket only: shows Talking, answered 0; only hindsight says whether it was ring (ruling 8)
ENGAGED = State.ENGAGED  # a bucket only: talk or hold, which of them another account does not say (statements.py)
# Looked up once here: in Python 3.11 `Outcome.LOST` costs 60 ns each time, a global 2.
ANSWERED, ANSWERED_ELSEWHERE, ABANDONED = Outcome.ANSWERED, Outcome.ANSWERED_ELSEWHERE, Outcome.ABANDONED
LOST, NO_ANSWER, PICKED_UP, RECHECKED = Outcome.LOST, Outcome.NO_ANSWER, Outcome.PICKED_UP, Outcome.RECHECKED
REJECTED, TRANSFERRED = Outcome.REJECTED, Outcome.TRANSFERRED

MOMENT, STARTED, ANSWERED_STAMP = "moment", "started", "answered"

# Guards.
SECOND_LEG = "second leg"  # of a click2call: it repeats the first one's stamps, so it begins when its event comes
FIRST_LEG = "first leg"  # of a click2call: the agent's own phone
FAR_END = "far end"  # of a transfer: it repeats the consultation's stamps and never rang (ruling 7)
RANG = "rang"  # first seen in mid-call, incoming
DIALED = "dialed"  # first seen in mid-call, not incoming
NOT_ANSWERED = "not answered"  # rang, and shows Talking though the source says that no one answered (ruling 8)


@frozen
class Edge:
    """One lawful step of a connection; the columns are explained above."""

    source: State
    signal: str
    guard: str
    dest: State
    reported_by: str
    reports: str
    counts_as: State | None
    since: str = MOMENT
    via: tuple[str, ...] = ()


CONNECTION = (
    #    from      signal   guard         to       reported   reports    counts as since           via
    Edge(NEW,      "waits", "",           QUEUED,  STARTS,    "Started", QUEUED,   STARTED),
    Edge(NEW,      "rings", "",           RINGING, STARTS,    "Started", RINGING,  STARTED),
    Edge(NEW,      "dials", "",           DIALING, STARTS,    "Started", DIALING,  STARTED),
    Edge(NEW,      "dials", SECOND_LEG,   DIALING, STARTS,    "Started", DIALING),
    Edge(NEW,      "talks", "",           TALKING, STARTS,    "Started", TALKING,  STARTED),  # picked up from a queue
    Edge(NEW,      "talks", FAR_END,      TALKING, STARTS,    "Started", TALKING),
    Edge(NEW,      "talks", RANG,         TALKING, ANSWERS,   "Started", TALKING,  ANSWERED_STAMP, ("rings",)),
    Edge(NEW,      "talks", DIALED,       TALKING, ANSWERS,   "Started", TALKING,  ANSWERED_STAMP, ("dials",)),
    Edge(NEW,      "holds", "",           HOLD,    "",        "Started", HOLD,     MOMENT,         ("blurs",)),
    Edge(NEW,      "holds", RANG,         HOLD,    "",        "Started", HOLD,     MOMENT,         ("rings", "blurs")),
    Edge(NEW,      "holds", DIALED,       HOLD,    "",        "Started", HOLD,     MOMENT,         ("dials", "blurs")),
    Edge(NEW,      "spies", "",           SPYING,  STARTS,    "Started", SPYING,   STARTED),
    Edge(NEW,      "blurs", "",           UNKNOWN, "",        "Started", UNKNOWN,  STARTED),
    Edge(RINGING,  "talks", "",           TALKING, ANSWERS,   "Answered", TALKING, ANSWERED_STAMP),
    Edge(RINGING,  "talks", NOT_ANSWERED, TALKING, ANSWERS,   "Answered", CLAIMED),
    Edge(RINGING,  "holds", "",           HOLD,    "",        "Held",    HOLD,     MOMENT,         ("talks",)),
    Edge(DIALING,  "talks", "",           TALKING, ANSWERS,   "Answered", TALKING, ANSWERED_STAMP),
    Edge(DIALING,  "holds", "",           HOLD,    "",        "Held",    HOLD,     MOMENT,         ("talks",)),
    Edge(TALKING,  "holds", "",           HOLD,    HOLDS,     "Held",    HOLD),
    Edge(HOLD,     "talks", "",           TALKING, RETRIEVES, "Retrieved", TALKING),
    # Click2call leg 1: the same steps, and all of its time is the customer's being dialed.
    Edge(NEW,      "dials", FIRST_LEG,    DIALING, STARTS,    "Started", DIALING,  STARTED),
    Edge(NEW,      "rings", FIRST_LEG,    RINGING, STARTS,    "Started", DIALING,  STARTED),
    Edge(NEW,      "talks", FIRST_LEG,    TALKING, ANSWERS,   "Started", DIALING,  STARTED),
    Edge(NEW,      "holds", FIRST_LEG,    HOLD,    "",        "Started", DIALING,  STARTED),
    Edge(DIALING,  "talks", FIRST_LEG,    TALKING, ANSWERS,   "Answered", DIALING, ANSWERED_STAMP),
    Edge(RINGING,  "talks", FIRST_LEG,    TALKING, ANSWERS,   "Answered", DIALING, ANSWERED_STAMP),
    Edge(DIALING,  "holds", FIRST_LEG,    HOLD,    "",        "Held",    DIALING,  MOMENT,         ("talks",)),
    Edge(TALKING,  "holds", FIRST_LEG,    HOLD,    HOLDS,     "Held",    DIALING),
    Edge(HOLD,     "talks", FIRST_LEG,    TALKING, RETRIEVES, "Retrieved", DIALING),
    # A lost connection, or a status of unknown name, blurs; the next list makes it clear again.
    Edge(QUEUED,   "blurs", "",           UNKNOWN, "",        "Blurred", UNKNOWN),
    Edge(RINGING,  "blurs", "",           UNKNOWN, "",        "Blurred", UNKNOWN,  ANSWERED_STAMP),
    Edge(DIALING,  "blurs", "",           UNKNOWN, "",        "Blurred", UNKNOWN,  ANSWERED_STAMP),
    Edge(TALKING,  "blurs", "",           UNKNOWN, "",        "Blurred", UNKNOWN),
    Edge(HOLD,     "blurs", "",           UNKNOWN, "",        "Blurred", UNKNOWN),
    Edge(SPYING,   "blurs", "",           UNKNOWN, "",        "Blurred", UNKNOWN),
    Edge(UNKNOWN,  "waits", "",           QUEUED,  "",        "Corrected", QUEUED),
    Edge(UNKNOWN,  "rings", "",           RINGING, "",        "Corrected", RINGING),
    Edge(UNKNOWN,  "dials", "",           DIALING, "",        "Corrected", DIALING),
    Edge(UNKNOWN,  "talks", "",           TALKING, "",        "Corrected", TALKING),
    Edge(UNKNOWN,  "talks", FIRST_LEG,    TALKING, "",        "Corrected", DIALING),
    Edge(UNKNOWN,  "holds", "",           HOLD,    "",        "Corrected", HOLD),
    Edge(UNKNOWN,  "holds", FIRST_LEG,    HOLD,    "",        "Corrected", DIALING),
    Edge(UNKNOWN,  "spies", "",           SPYING,  "",        "Corrected", SPYING),
    Edge(QUEUED,   "ends",  "",           HUNGUP,  ENDS,      "Ended",   None),
    Edge(RINGING,  "ends",  "",           HUNGUP,  ENDS,      "Ended",   None),
    Edge(DIALING,  "ends",  "",           HUNGUP,  ENDS,      "Ended",   None),
    Edge(TALKING,  "ends",  "",           HUNGUP,  ENDS,      "Ended",   None),
    Edge(HOLD,     "ends",  "",           HUNGUP,  ENDS,      "Ended",   None),
    Edge(SPYING,   "ends",  "",           HUNGUP,  ENDS,      "Ended",   None),
    Edge(UNKNOWN,  "ends",  "",           HUNGUP,  ENDS,      "Ended",   None),
    # An end that no event reported is provisional for a minute: a list has the connection again (ruling 4).
    Edge(HUNGUP,   "waits", "",           QUEUED,  "",        "Resumed", QUEUED),
    Edge(HUNGUP,   "rings", "",           RINGING, "",        "Resumed", RINGING),
    Edge(HUNGUP,   "dials", "",           DIALING, "",        "Resumed", DIALING),
    Edge(HUNGUP,   "talks", "",           TALKING, "",        "Resumed", TALKING),
    Edge(HUNGUP,   "talks", FIRST_LEG,    TALKING, "",        "Resumed", DIALING),
    Edge(HUNGUP,   "holds", "",           HOLD,    "",        "Resumed", HOLD),
    Edge(HUNGUP,   "holds", FIRST_LEG,    HOLD,    "",        "Resumed", DIALING),
    Edge(HUNGUP,   "spies", "",           SPYING,  "",        "Resumed", SPYING),
    Edge(HUNGUP,   "blurs", "",           UNKNOWN, "",        "Resumed", UNKNOWN),
)  # fmt: skip

# First match wins. A click2call leg 1 that talks counts as Dialing: no one talks to a customer yet.
CALL = (HOLD, TALKING, DIALING, RINGING, UNKNOWN, QUEUED, SPYING)  # else HUNGUP
EXTENSION = (TALKING, DIALING, HOLD, RINGING, SPYING, UNKNOWN)  # else IDLE

# A call that was answered, but whose answering leg is not there yet, is alive (ruling 10): the losers hang up 1-4 s
# before the winner's event, a pick-up leaves the queue up to 11 s before its leg (seen). One that a list of all queues
# lacks may be with an agent now, which the list of all extensions will say: Unknown until then.
AWAITED = RINGING
AWAITED_AFTER_LOSS = UNKNOWN

# A ring that ends without an answer and without a cause that has an outcome, by what it was.
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

# Ruling 12: a connection that no frame has confirmed for so long, s, while the stream was heard, is doubtful.
UNCONFIRMED_S = {RINGING: 600, DIALING: 600, HOLD: 3600, TALKING: 7200, QUEUED: 3600, SPYING: 7200}

# Kinds of event by the order in which they lawfully come for one connection; holds and retrieves alternate (ruling 1).
RANKS = {STARTS: 1, ANSWERS: 2, HOLDS: 3, RETRIEVES: 3, ENDS: 4}
UNRANKED = 5  # of any other kind: no event comes after it
