"""The things in a call centre: people, desks, queues, calls and their legs, and what can change about them.

All times are UTC epoch seconds. These are plain records; only `World` changes them.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Struct

LOGIN, LOGOUT, ADMINISTRATIVE = 1, 2, 5
"""Agent statuses (field guide §4)."""
AUTOMATIC = 5
"""The type of a campaign that connects its calls to agents."""


@dataclass(slots=True, eq=False)
class Agent:
    """A person: userID, name."""

    user_id: int
    name: str
    account: int


@dataclass(slots=True, eq=False)
class Call:
    """One call under one ivrid, with its live legs."""

    ivrid: str
    phone: str
    name: str
    did: str
    trunk: str
    """The far side's channel: `channel2` of the legs that it rings."""
    file: str
    queue_id: int | None = None
    campaign_id: int | None = None
    stage: str = "Originating"
    """How far a campaign's call has come: Originating, or a leg that rings or is answered, as in its statistics."""
    muted: bool = False
    """The agent has paused the recording."""
    custom: dict[str, str] = field(default_factory=dict)
    internal: bool = False
    related: tuple[str, ...] = ()
    transferrer: str = ""
    """The name of the extension that transferred it, which is its owner's, whichever agent works there."""
    legs: list["Leg"] = field(default_factory=list)
    entry: "Entry | None" = None
    owed: bool = False
    """More will come under this ivrid although nothing is live now: a redial, or a pick-up's leg."""

    @property
    def over(self) -> bool:
        """Nothing is live and nothing will come."""
        return not self.legs and self.entry is None and not self.owed


@dataclass(slots=True, eq=False)
class Leg:
    """One attempt of one call at one desk (field guide §3)."""

    call: Call
    desk: "Desk"
    direction: str
    status: str
    started: int
    name: str
    phone: str
    did: str
    channel: str
    channel2: str
    answered: int = 0
    answered_at: int = 0
    c2c: str = ""
    server: int = 239
    spied: bool = False
    switched: int = 0
    """The switch's time of the latest change; the next cannot be earlier."""
    began: int = 0
    """When it appeared in truth: some callStarted are an earlier leg's (field guide §8, ruling 7)."""
    talked: int = 0
    """When its talk began in truth; 0 if it never did."""
    fake: bool = False
    """It shows Talking and is not answered (ruling 8)."""

    @property
    def live(self) -> bool:
        """It is in its desk's list."""
        return self in self.desk.legs

    @property
    def state(self) -> str:
        """callstatus, but Dialing for a click2call customer who has not answered (field guide §4)."""
        return "Dialing" if self.c2c == "2" and not self.answered else self.status


@dataclass(slots=True, eq=False)
class Desk:
    """An extension, who owns it, who works at it, and its live legs."""

    exten: str
    number: int
    owner: Agent
    staff: list[Agent]
    """Who logs in here, shift after shift (field guide §4: two agents at one desk)."""
    rung: bool
    """The distributor rings it; otherwise its agent picks calls out of queues."""
    supervises: bool = False
    online: Agent | None = None
    status: int = LOGOUT
    status_since: int = 0
    last_call: int = 0
    last_answered: int = 0
    last_hangup: int = 0
    legs: list[Leg] = field(default_factory=list)
    promised: bool = False
    """A leg is about to come: nothing else may be given to this desk."""
    rests_until: float = 0.0

    @property
    def agent_name(self) -> str:
        """Who is at work here, or else who owns it."""
        return (self.online or self.owner).name

    @property
    def home(self) -> int:
        """The status its agent works in."""
        return LOGIN if self.rung else ADMINISTRATIVE

    @property
    def free(self) -> bool:
        """An agent is at work here and has no call."""
        return not self.legs and not self.promised and self.status == self.home


@dataclass(slots=True, eq=False)
class Entry:
    """One call's wait in one queue."""

    queue: "Queue"
    call: Call
    joined: int
    taken: bool = False
    """An agent has answered; the caller can no longer give up."""


@dataclass(slots=True, eq=False)
class Queue:
    """A queue and its waiting list."""

    queue_id: int
    name: str
    did: str
    group: int
    """Desks that it rings at once."""
    share: float
    waiting: list[Entry] = field(default_factory=list)

    @property
    def rings_all(self) -> bool:
        """A ring group: it rings several desks at once."""
        return self.group > 1


@dataclass(slots=True, eq=False)
class Campaign:
    """An automatic dialer's campaign."""

    campaign_id: int
    name: str
    type_id: int
    user_id: int
    account: int
    pending: int
    """Numbers that it has not called yet."""
    untouched: bool = True
    """It has not made a call yet."""
    calls: list[Call] = field(default_factory=list)


class End(Struct, frozen=True, gc=False, omit_defaults=True):
    """An end of a "leg" (`where`: extension), a "wait" (`where`: queue) or a "call"; times in UTC seconds.

    `started` and `cause` are what the frames say. Of a leg, `began` and `answered` (0: never) are when it really began
    and when its talk did, and `outcome` is "answered", "elsewhere" (a colleague took the call), "rejected" or
    "unanswered".
    """

    what: str
    call: str
    where: str | int | None
    started: int | None
    at: int
    cause: str
    began: int = 0
    answered: int = 0
    outcome: str = ""


class ExtensionChange(NamedTuple):
    """One change at a desk; `switch` is the switch's own time of it, UTC s."""

    at: float
    desk: Desk
    reason: str
    leg: Leg | None = None
    switch: int | None = None
    cause: str = ""
    dial_status: str = ""
    ends: tuple[End, ...] = ()


class QueueChange(NamedTuple):
    """One change of a waiting list."""

    at: float
    queue: Queue
    reason: str
    call: Call
    switch: int
    agent: str = ""
    ends: tuple[End, ...] = ()


class DialerChange(NamedTuple):
    """One change of a campaign's calls."""

    at: float
    campaign: Campaign
    reason: str
    call: Call
    switch: int = 0
    dial_status: str = ""
    ends: tuple[End, ...] = ()


Change = ExtensionChange | QueueChange | DialerChange
Process = Generator[float | Change, None, None]
"""Somebody's doings: yields a change that just happened, or the seconds until it goes on."""
Dialing = Generator[float | Change, None, Leg | None]
"""A process that ends with the leg that was answered, if any."""
