"""The tables that figures are computed from, a row per thing that happened; docs/tables.md is generated from them.

Times and durations are of the server's clock; none is unknown, or not yet. A row is a value: while its call, leg, wait
or status goes on it is replaced, with its end it is final.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from msgspec import Struct

from calltrack.core.records import Id, Seconds, Spell
from calltrack.core.stated import STATED
from calltrack.core.states import Outcome
from calltrack.figures.contactrows import ContactRow

__all__ = [
    "TABLES",
    "AgentStateRow",
    "CallRow",
    "Id",
    "LegRow",
    "QueueEntryRow",
    "Rows",
    "Seconds",
    "Spell",
    "joined",
]


class CallRow(Struct, frozen=True, gc=False):
    """One call: everything under one ivrid. The only table with phone numbers."""

    call_id: str
    """The vendor's ivrid."""
    account_id: Id
    """Account of its first leg; of a call that reached no agent, its queue's, or the only one there is; else none."""
    direction: str
    """Incoming, Outgoing, Internal, Click2call or Spy."""
    caller: str
    """The far end's phone number, as the vendor sends it."""
    caller_name: str
    """The far end's name, as the vendor sends it."""
    did: str
    """The number that was dialed, as the vendor sends it."""
    queue_id: str
    """The last queue it waited in; empty if in none."""
    started: Seconds | None
    """When it was first there."""
    answered_at: Seconds | None = None
    """When the first conversation with the far end began."""
    ended_at: Seconds | None = None
    """When its last leg or wait ended."""
    answered: bool = False
    """An agent talked to the far end."""
    picked_up: bool = False
    """An agent chose it from a queue."""
    outcome: Outcome | None = None
    """How it ended (docs/states.md)."""
    cause: str = ""
    """The vendor's word for the end, verbatim."""
    legs: int = 0
    """Attempts at extensions."""
    rings: int = 0
    """Legs that rang before the first answer."""
    wait_s: Seconds | None = None
    """Time in queues, each moment once, less talk, hold and unknown; none if one stay is not measured."""
    ring_s: Seconds | None = None
    """Time that it rang or was dialed as a whole: overlapping legs count once."""
    talk_s: Seconds | None = None
    """Time in which at least one leg talked."""
    hold_s: Seconds | None = None
    """Time on hold."""
    unknown_s: Seconds | None = None
    """Time of which it is not known what it was."""
    related: tuple[str, ...] = ()
    """The calls it came from."""
    transferred_by: str = ""
    """Who transferred it here, by the name that the vendor sends: the extension's, as a rule."""
    inferred: str = ""
    """Why its end was concluded, if no event reported it."""
    confirmed_at: Seconds | None = None
    """When a frame last listed any of its legs and waits."""
    campaign_id: str = ""
    """The vendor's id of the automatic dialer's campaign that made it; empty if none did."""

    @property
    def last_seen(self) -> Seconds | None:
        """When it ended, or when it was last listed if no event reported its end."""
        return last_seen(self.ended_at, self.inferred, self.confirmed_at)

    @property
    def found(self) -> Seconds | None:
        """When it ended, or when a list first lacked it if no event reported its end."""
        return self.ended_at


class LegRow(Struct, frozen=True, gc=False):
    """One attempt of one call at one extension, with the agent who worked there when it began."""

    call_id: str
    """The vendor's ivrid of the call."""
    exten_user: str
    """The extension's SIP name."""
    attempt: int
    """Counts within the call, from 1."""
    account_id: Id
    """Account of the extension."""
    agent_id: Id
    """onlineUserID of who was logged on when it was first seen; none if no agent was."""
    agent_name: str
    """The newest name of that id."""
    queue_id: str
    """The queue that it came from, by the vendor's word, else the one its call waited in last; empty if from none."""
    direction: str
    """Incoming, Outgoing, Click2call or Spy."""
    internal: bool
    """Between two extensions."""
    c2c: int
    """Of a click2call 1 for the agent's phone, 2 for the customer; else 0."""
    picked_up: bool
    """An agent chose it from the queue; it never rang."""
    rang: bool
    """It rang at the extension."""
    started: Seconds | None
    """When it began to ring, or was dialed."""
    answered_at: Seconds | None = None
    """When it was answered."""
    ended_at: Seconds | None = None
    """When it ended."""
    answered: bool = False
    """It was answered."""
    outcome: Outcome | None = None
    """How it ended (docs/states.md)."""
    cause: str = ""
    """The vendor's word for the end, verbatim."""
    ring_s: Seconds | None = 0
    """Time ringing or being dialed."""
    talk_s: Seconds | None = 0
    """Time in talk, without hold."""
    hold_s: Seconds | None = 0
    """Time on hold."""
    unknown_s: Seconds | None = 0
    """Time of which it is not known what it was."""
    inferred: str = ""
    """Why its end was concluded, if no event reported it."""
    spells: tuple[Spell, ...] = ()
    """Its life, state by state."""
    confirmed_at: Seconds | None = None
    """When a frame last listed it."""
    doubtful: str = ""
    """Why it may be over although it lives."""
    missed: int = 0
    """Its events that did not come, as the lists show."""
    unsure_s: Seconds = 0
    """Of its conversation: time of which it is not known whether it was talk or hold."""
    campaign_id: str = ""
    """The vendor's id of the automatic dialer's campaign that made it; empty if none did."""

    @property
    def last_seen(self) -> Seconds | None:
        """When it ended, or when it was last listed if no event reported its end."""
        return last_seen(self.ended_at, self.inferred if self.c2c != 1 else "", self.confirmed_at)

    @property
    def found(self) -> Seconds | None:
        """When it ended, or when a list first lacked it if no event reported its end."""
        return self.ended_at


class QueueEntryRow(Struct, frozen=True, gc=False):
    """One stay of one call in one queue."""

    queue_id: str
    """The vendor's id of the queue."""
    call_id: str
    """The vendor's ivrid of the call."""
    account_id: Id
    """The call's account."""
    joined_at: Seconds | None
    """When it joined."""
    left_at: Seconds | None = None
    """When it was answered, or given up."""
    wait_s: Seconds | None = None
    """How long it waited; none too if its end is not known."""
    outcome: Outcome | None = None
    """answered, picked up, abandoned, or lost: its end was not seen."""
    agent_name: str = ""
    """Who answered, if the vendor says so."""
    rings: int = 0
    """Legs of the call that began to ring while it waited."""
    rounds: int = 0
    """Of the rings: how many attempts of the queue they were; rings within 2 s are one."""
    inferred: str = ""
    """Why its end was concluded, if no event reported it."""
    confirmed_at: Seconds | None = None
    """When a frame last listed it."""
    missed: int = 0
    """Its events that did not come, as the lists show."""
    least_s: Seconds | None = None
    """How long it waited at least: `wait_s`, or until it was last listed."""
    most_s: Seconds | None = None
    """How long it waited at most: `wait_s`, or until a list lacked it; none if no list bounds it."""
    answer_ring_s: Seconds | None = None
    """Of the wait: how long the phone rang that answered it; none if none did, or it did not ring."""
    original_call_id: str = ""
    """The call that it was before it moved here from another queue."""

    @property
    def last_seen(self) -> Seconds | None:
        """When it ended, or when it was last listed if no event reported its end."""
        return last_seen(self.left_at, self.inferred if self.wait_s is None else "", self.confirmed_at)

    @property
    def found(self) -> Seconds | None:
        """When it ended, or when a list first lacked it if no event reported its end."""
        return self.left_at


class AgentStateRow(Struct, frozen=True, gc=False):
    """A stretch in which one agent had one status at one extension."""

    exten_user: str
    """The extension's SIP name."""
    account_id: Id
    """Account of the extension."""
    agent_id: Id
    """onlineUserID; none while no agent is logged on."""
    agent_name: str
    """Who was logged on."""
    status: int | None
    """representativeStatus, as a number: accounts can rename them."""
    status_name: str
    """Its usual name; empty if it has none."""
    since: Seconds | None
    """When the status was set, or the agent logged on."""
    until: Seconds | None = None
    """When the next was."""
    confirmed_at: Seconds | None = None
    """When a change at the extension last showed it."""


def concluded(inferred: str) -> bool:
    """Whether a reason says that something was concluded; what another account states is known."""
    return bool(inferred) and not inferred.startswith(STATED)


def last_seen(ended_at: Seconds | None, inferred: str, confirmed_at: Seconds | None) -> Seconds | None:
    """When something was last known to be there: its end, if an event reported that."""
    if not concluded(inferred) or ended_at is None or confirmed_at is None:
        return ended_at
    return min(ended_at, confirmed_at)


class Rows(Struct, frozen=True):
    """Rows of the tables that facts keep; contacts are made of them."""

    calls: tuple[CallRow, ...] = ()
    legs: tuple[LegRow, ...] = ()
    queue_entries: tuple[QueueEntryRow, ...] = ()
    agent_states: tuple[AgentStateRow, ...] = ()


def life(row: Struct) -> tuple[Seconds | None, Seconds | None]:
    """From when until when what a row is of lasted; none where that is unknown, or not over."""
    began, ended = _LIVES[type(row)]
    return getattr(row, began), getattr(row, ended)


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts, in their order."""
    return Rows(
        tuple(chain.from_iterable(part.calls for part in parts)),
        tuple(chain.from_iterable(part.legs for part in parts)),
        tuple(chain.from_iterable(part.queue_entries for part in parts)),
        tuple(chain.from_iterable(part.agent_states for part in parts)),
    )


TABLES: dict[str, type[Struct]] = {
    "calls": CallRow,
    "legs": LegRow,
    "queue_entries": QueueEntryRow,
    "agent_states": AgentStateRow,
    "contacts": ContactRow,
}

_LIVES = {
    CallRow: ("started", "ended_at"),
    LegRow: ("started", "ended_at"),
    QueueEntryRow: ("joined_at", "left_at"),
    AgentStateRow: ("since", "until"),
    ContactRow: ("started", "ended_at"),
}
