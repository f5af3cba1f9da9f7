"""The table of contacts, a row per matter of a customer; docs/tables.md is generated from it."""

from __future__ import annotations

from msgspec import Struct

from calltrack.core.records import Id, Seconds
from calltrack.core.states import Outcome


class Step(Struct, frozen=True):
    """A stay in a queue, or an attempt at a phone, of a contact."""

    kind: str
    """queue, attempt, conversation, or consultation."""
    call_id: str
    """The vendor's ivrid."""
    where: str
    """The queue's id, or the extension's SIP name."""
    agent_id: Id
    """Who was logged on there; none for a queue."""
    agent_name: str
    """The agent's name."""
    since: Seconds | None
    """When it began."""
    until: Seconds | None
    """When it ended."""
    outcome: str
    """How it ended; empty while it lasts."""
    seconds: Seconds | None
    """How long it waited, or was in conversation, hold included; none if that is not known."""


class ContactRow(Struct, frozen=True):
    """One matter of one customer: transfers, consultations, moves between queues and calls back are one contact."""

    contact_id: str
    """The ivrid of its first call."""
    account_id: Id
    """Account of the first of its calls that has one."""
    direction: str
    """That of its first call."""
    caller: str
    """The far end's phone number, as the vendor sends it."""
    caller_name: str
    """The far end's name, as the vendor sends it."""
    did: str
    """The number that was dialed, as the vendor sends it."""
    queue_id: str
    """The last queue it waited in; empty if in none."""
    started: Seconds | None
    """When its first call began."""
    answered_at: Seconds | None
    """When the first conversation with the customer began."""
    ended_at: Seconds | None
    """When its last call ended; none while one lives."""
    answered: bool
    """An agent talked to the customer."""
    outcome: Outcome | None
    """How its last call ended that was the customer's."""
    resolved_by: Id
    """Who had the last conversation that was not passed on; none if there was none, or no person was logged on."""
    resolved_by_name: str
    """That agent's name."""
    transfers: int
    """Times that it was passed on."""
    consultations: int
    """Calls in which an agent asked a colleague, or someone else, during a conversation."""
    agents: int
    """Agents who talked to the customer."""
    calls: tuple[str, ...]
    """Its calls, consultations included, in the order in which they began."""
    wait_s: Seconds
    """The customer's time in queues, less talk, hold and unknown."""
    talk_s: Seconds
    """Time in which the customer talked to an agent, each moment once."""
    hold_s: Seconds
    """Time in which the customer was on hold and talked to no agent."""
    unknown_s: Seconds
    """Time of which it is not known what it was."""
    consult_s: Seconds
    """Time of agents in consultations, which is not the customer's."""
    confirmed_at: Seconds | None
    """The moment by which it counts in an interval: its end, or its last confirmation if no event reported that."""
    journey: tuple[Step, ...]
    """Where it was, with whom and how long, in order."""
