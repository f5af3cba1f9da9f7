"""What figures there are; formulas, sources and edges of each: docs/kpi.md.

Durations are seconds, shares between 0 and 1. None is "cannot be said": nothing to divide by, or not known.
"""

from __future__ import annotations

from msgspec import Struct, field

from calltrack.core.records import Gap, Seconds
from calltrack.figures.ranges import Range


class Part(Struct, frozen=True):
    """A named interval [since, until), UTC epoch s: a day, an hour, a shift."""

    name: str
    since: Seconds
    until: Seconds


LAST_SEEN, FOUND = "last_seen", "found"
"""Where an end counts that no event reported: when a list last had it, or when a list first lacked it (ruling 11)."""


class Team(Struct, frozen=True):
    """People who are counted together: agents by id, at any extension, and extensions, with any agent."""

    name: str
    agents: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()


class Options(Struct, frozen=True):
    """What is asked for. Statuses are numbers (calltrack.core.states.AGENT_STATUSES, or an account's own)."""

    service_level_s: Seconds = 20
    """y of service level x/y: answered within so many seconds."""
    short_abandon_s: Seconds = 5
    """Abandons after less than this are short."""
    available: tuple[int, ...] = (1,)
    """Statuses in which an agent can be given a call."""
    wrap_up: tuple[int, ...] = ()
    """Statuses that are after-call work; the vendor has none of its own."""
    logged_off: tuple[int, ...] = (2,)
    """Statuses in which no person works."""
    unseen_ends: str = LAST_SEEN
    """Where an end counts that no event reported: LAST_SEEN or FOUND, which after an outage may be another day."""
    status_names: tuple[tuple[int, str], ...] = ()
    """The account's own names of statuses."""
    teams: tuple[Team, ...] = ()
    """Groups of people."""
    open: tuple[str, ...] = ()
    """Opening hours, such as Sun-Thu 08:00-18:00 (opening.py): what is outside of them is counted apart."""
    holidays: tuple[str, ...] = ()
    """Local dates, such as 2026-04-02, on which it is closed."""
    zone: str = ""
    """The IANA name of the zone of these; empty for the stream's own offset."""


class ServiceLevel(Struct, frozen=True):
    """Service level x/y in its four variants; A is answered within y s, B abandoned within y s."""

    within_s: Seconds
    answered_within: int
    abandoned_within: int
    handled_only: float | None
    """A ÷ answered."""
    ignoring_abandons: float | None
    """A ÷ (presented − B)."""
    negative: float | None
    """A ÷ presented: every abandon counts against it."""
    positive: float | None
    """(A + B) ÷ presented: a quick abandon counts for it."""


class WaitFigures(Struct, frozen=True):
    """Of waits in queues: counted in the interval in which they end."""

    queued: int
    """Joined in the interval."""
    offered: int
    """Ended in the interval: answered + abandoned + lost."""
    answered: int
    """Taken by an agent, picked up ones among them."""
    picked_up: int
    """Of the answered: chosen from the queue by an agent."""
    abandoned: int
    """The caller gave up, or the longest wait was reached; short ones among them."""
    abandoned_short: int
    """Of the abandoned: after less than the threshold."""
    lost: int
    """How they ended is not known."""
    waiting: int
    """Not ended at the end of the interval."""
    presented: int
    """Answered + abandoned: what rates and levels are shares of."""
    abandonment_rate: float | None
    """Abandoned ÷ presented."""
    abandonment_rate_without_short: float | None
    """(Abandoned − short) ÷ (presented − short)."""
    service_level: ServiceLevel
    asa_s: Seconds | None
    """Average speed of answer."""
    average_abandon_s: Seconds | None
    """Average wait of the abandoned."""
    longest_wait_s: Seconds | None
    """Of those that ended in the interval."""
    longest_waiting_s: Seconds | None
    """Of those that waited at the end of the interval, so far."""
    rings: int
    """Legs that rang."""
    re_rings: int
    """Rounds of rings after the first of each wait; phones that begin to ring within 2 s are one round."""
    most_rings: int
    """Rounds of the wait that had most."""
    unmeasured: int
    """Of the presented: how long they waited is not known; they are in counts, not in levels and averages."""


class StatusTime(Struct, frozen=True):
    """Time in one agent status."""

    status: int | None
    name: str
    seconds: Seconds


class WorkFigures(Struct, frozen=True):
    """Of legs, counted in the interval in which they end; and of time, clipped to what of the interval was observed."""

    rang: int
    """Legs that rang."""
    answered: int
    """Of these: answered."""
    not_answered: int
    """Of these: neither answered here nor elsewhere."""
    answered_elsewhere: int
    """Of these: another was quicker."""
    picked_up: int
    """Legs that the agent chose from the queue."""
    dialed: int
    """Legs dialed out."""
    reached: int
    """Of these: answered by the far end."""
    handled: int
    """Conversations: answered legs, without the listeners' and the agent's own phone of a click2call."""
    transfers: int
    """Conversations passed on, of which the call that followed was seen."""
    talk_s: Seconds
    """Talk of the handled, hold excluded."""
    hold_s: Seconds
    """Hold of the handled."""
    wrap_up_s: Seconds
    """After-call work that followed the handled."""
    att_s: Seconds | None
    """Talk ÷ handled."""
    aht_s: Seconds | None
    """(Talk + hold + wrap-up) ÷ handled."""
    unmeasured: int
    """Of the handled: part of their time is not known; they are in counts, not in talk, hold and averages."""
    agents: int
    """Who handled at least one."""
    calls_per_agent: float | None
    """Handled ÷ agents."""
    busy_s: Seconds | None
    """Time in conversation, talk and hold, overlapping ones once. Of queues None, as the rest."""
    after_call_s: Seconds | None
    """Time in a wrap-up status outside conversations."""
    available_s: Seconds | None
    """Time in an available status outside conversations."""
    occupancy: float | None
    """(Busy + after-call) ÷ (busy + after-call + available)."""
    statuses: tuple[StatusTime, ...]
    """Time by status, conversations included."""


class CallFigures(Struct, frozen=True):
    """Of calls by direction, counted in the interval in which they end; listeners' calls are not counted."""

    direction: str
    """Incoming, Outgoing, Internal, Click2call; empty is all of them."""
    calls: int
    answered: int
    """The two ends talked."""
    talk_s: Seconds
    """Time in which somebody talked, of calls whose time is known."""
    transferred: int
    """Arrived by a transfer."""


class Definitions(Struct, frozen=True):
    """Figures of which the field has several definitions, side by side by name (docs/kpi.md); None is "has none".

    The first of each is what stands in `waits` and `work`.
    """

    service_level: dict[str, float | None] = {}
    """Of measured waits: negative, positive, handled_only, ignoring_abandons, negative_without_short,
    positive_without_short."""
    asa_s: dict[str, Seconds | None] = {}
    """with_ringing: from the join to the answer; without_ringing: less the ring of the phone that answered."""
    occupancy: dict[str, float | None] = {}
    """on_queue, on_queue_with_ringing, logged_in, logged_in_with_ringing."""
    aht_s: dict[str, Seconds | None] = {}
    """all, inbound, outbound, internal, consultation."""
    handled: dict[str, int] = {}
    """Conversations, by the same names."""
    ringing_s: Seconds | None = None
    """Time in which a phone of the agent rang or dialed, outside conversations and after-call work."""
    idle_s: Seconds | None = None
    """Available time without that."""
    logged_in_s: Seconds | None = None
    """Time in which a person was logged on, in any status but the logged off ones, or in conversation."""


class ContactFigures(Struct, frozen=True):
    """Of contacts: each is one matter of one customer, over all of its calls (contacts.py), where its last call ends.

    Of an agent: the contacts in which the agent talked to the customer, and the agent's own part of the time.
    """

    contacts: int
    answered: int
    """An agent talked to the customer."""
    resolved: int
    """Whose last conversation was not passed on; of an agent, by the agent."""
    transferred: int
    """Passed on at least once."""
    consulted: int
    """An agent asked somebody during a conversation."""
    conversation_s: Seconds
    """Talk and hold, each moment of a contact once; consultations are not in it."""
    consult_s: Seconds
    """Agents' time in consultations."""
    average_s: Seconds | None
    """Conversation ÷ answered."""
    agents_per_contact: float | None
    """Agents who talked to the customer ÷ answered."""


class Unresolved(Struct, frozen=True):
    """What ended without an event that reported it: counted where it was last confirmed, and apart here."""

    legs: int
    waits: int
    unknown_s: Seconds
    """Time of legs of which it is not known what it was, in the interval in which the legs end."""


class Figures(Struct, frozen=True):
    """The figures of one queue, agent, extension, account, part of the time, or of all; None is "has none".

    `bounds` has the least and the most of each figure that is not certain, by its name: `waits.asa_s`,
    `waits.service_level.negative`, `work.occupancy`, `work.status_1_s`, `definitions.aht_s.inbound`,
    `calls.Incoming.answered`, `calls.all.calls`.
    What is not there is certain.
    """

    key: str
    """The vendor's id as text; of work done with no one logged on "at " and the extension. Empty for all."""
    name: str
    since: Seconds | None
    until: Seconds | None
    observed_s: Seconds
    """How much of the interval was observed."""
    coverage: float | None
    """The share of the interval in which it is known what happened; None if the interval is nothing."""
    waits: WaitFigures | None = None
    work: WorkFigures | None = None
    calls: tuple[CallFigures, ...] = ()
    contacts: ContactFigures | None = None
    definitions: Definitions = field(default_factory=Definitions)
    unresolved: Unresolved = Unresolved(0, 0, 0)
    bounds: dict[str, Range] = {}


class Report(Struct, frozen=True):
    """All figures of an interval [since, until)."""

    since: Seconds | None
    until: Seconds | None
    options: Options
    total: Figures
    queues: tuple[Figures, ...]
    agents: tuple[Figures, ...]
    extensions: tuple[Figures, ...]
    accounts: tuple[Figures, ...]
    parts: tuple[Figures, ...]
    """The parts that were asked for, such as days."""
    gaps: tuple[Gap, ...]
    """Times without connection that the interval touches."""
    unplaced: int
    """Ended calls, legs and waits without any time: the stream had given no offset yet. They are counted nowhere."""
    campaigns: tuple[Figures, ...] = ()
    """Of the automatic dialer's campaigns: their calls, the legs and the waits of these."""
    teams: tuple[Figures, ...] = ()
    """Of `Options.teams`."""
    closed: Figures | None = None
    """All that was outside of the opening hours, which is in no other figure; None if there are no such hours."""
