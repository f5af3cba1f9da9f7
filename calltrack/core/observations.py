"""What a source says, in the core's own terms: the only thing that the core is fed.

Theory of operation. A source (`calltrack.voicenter` is one) turns each frame that it receives into a `Frame` whose
`body` is one of the classes below. The core reads these and nothing else: it knows no field, no event name and no
spelling of any vendor. What a source has to guarantee:

* A list (`listed`) is complete: every live call at that device after the event. None says that the frame has no list;
  an empty list says that no call lives there. A source whose frames have no lists keeps its own (docs/sources.md).
* A call has one id wherever it is listed. "" is a call without one: the core reports it and goes on.
* Stamps are seconds of the server's local wall clock, as the server wrote them; 0 and None are "not said". Only
  `offset_min` makes UTC of them, and the core does that (field guide §2).
* States, directions and kinds are the constants named here. What a source cannot map, it leaves None or "", and puts
  the source's own word into `status` or `reason`, which serve as evidence only.

Instances may be mutable, so that a decoder can fill them in place; the core never changes one. A decoder finds a field
soonest if it comes where the JSON has it, so the fields of what is in every frame stand in the order of captures.
"""

from __future__ import annotations

from typing import ClassVar
from zlib import crc32

from msgspec import Struct, field

from calltrack.core.states import Outcome, State

Seconds = int | float
Id = int | str | None
"""Of an agent, a user, an account: as the source spells it. None is "not said"; 0, "0" and "" are no one."""

STARTS, ANSWERS, HOLDS, RETRIEVES, ENDS, STATUS = "starts", "answers", "holds", "retrieves", "ends", "status"
"""Kinds of event: a leg or wait starts, is answered, held, retrieved, ends; STATUS is an agent's status set."""

EXTENSION, QUEUE = "extension", "queue"
"""What an event concerns."""

INCOMING, OUTGOING, CLICK2CALL, SPY = "Incoming", "Outgoing", "Click2call", "Spy"


class Recording(Struct, frozen=True, gc=False):
    """What links a call to its audio; `muted` is True while the agent has paused the recording."""

    filename: str = ""
    muted: bool = False
    options: str = ""
    url: str = ""


class ListedCall(Struct, gc=False):
    """One call in an extension's list, or the call that an event is about."""

    call_id: str = ""
    state: State | None = None
    """Ringing, Dialing, Talking, Hold or Spying; None if the source's word for it is not known. A second click2call
    leg that no one has answered is Dialing whatever the source calls it (field guide §4)."""
    started: Seconds | None = None
    answered_at: Seconds | None = None
    answered: bool = False
    caller_name: str = ""
    caller: str = ""
    status: str = ""
    """The source's own word for the state, as evidence."""
    direction: str = ""
    recording: Recording | None = None
    did: str = ""
    queue_id: str = ""
    c2c: int | None = None
    """Of a click2call 1 for the agent's own phone, 2 for the customer; 0 of any other call; None is "not said"."""
    internal: bool = False
    spied_on: bool = False
    related: tuple[str, ...] = ()
    transferred_by: str = ""
    campaign_id: str = ""
    presented_number: str = ""
    presented_name: str = ""
    original_caller: str = ""
    original_caller_name: str = ""
    dialed_number: str = ""
    custom_data: str = ""
    """JSON text, as it came; "" if there is none."""


class ListedWait(Struct, gc=False):
    """One caller in a queue's list."""

    call_id: str = ""
    started: Seconds | None = None
    """When the caller joined."""
    caller: str = ""
    caller_name: str = ""
    distributed: bool = False
    original_call_id: str = ""
    """The id that the call had before it was moved between queues."""
    custom_data: str = ""

    # A wait and a leg are one kind of thing to the core (match.py, classify.py): what is the same for every wait.
    state: ClassVar[State] = State.QUEUED
    status: ClassVar[str] = ""
    answered: ClassVar[bool] = False
    answered_at: ClassVar[None] = None
    c2c: ClassVar[int] = 0
    direction: ClassVar[str] = INCOMING
    recording: ClassVar[None] = None


Listed = ListedCall | ListedWait


class Reported(Struct, gc=False):
    """The one change that a frame reports."""

    kind: str = ""
    """STARTS, ANSWERS, HOLDS, RETRIEVES, ENDS or STATUS; "" if the source's word is not known."""
    call_id: str = ""
    call: ListedCall | None = None
    """The call as the event has it: at an end, as it last was."""
    cause: str = ""
    """The source's word for why it ended, verbatim."""
    means: Outcome | None = None
    """The outcome that cause, dial status or a queue's reason stands for; None if it stands for none."""
    transferred: bool = False
    """A leg's end is part of a transfer."""
    agent_name: str = ""
    """Of a wait: who answered, if the source says so."""
    reason: str = ""
    """The source's own word for the event, as evidence."""


NOTHING_REPORTED = Reported()
"""By a full list, or of what only a list shows."""


class ExtensionSeen(Struct, gc=False):
    """An extension's whole state. None is "not said" and leaves what is known."""

    exten_user: str = ""
    listed: list[ListedCall] | None = None
    user_id: Id = None
    user_name: str | None = None
    number: Id = None
    account_id: Id = None
    top_account_id: Id = None
    agent_id: Id = None
    agent_name: str | None = None
    agent_status: int | None = None
    last_call_at: Seconds | None = None
    last_answered_at: Seconds | None = None
    last_hangup_at: Seconds | None = None
    agent_status_since: Seconds | None = None
    """Seconds (not milliseconds) of the server's local wall clock."""
    peer_status: str | None = None


class QueueSeen(Struct, gc=False):
    """A queue's whole waiting list."""

    queue_id: str = ""
    listed: list[ListedWait] | None = None
    name: str | None = None


class CampaignSeen(Struct, gc=False):
    """An automatic dialer campaign, whole."""

    campaign_id: str = ""
    name: str = ""
    kind: str = ""
    """"Automatic" (with agents), "IVR" (a message), or the source's own word."""
    kind_id: Id = None
    code: str = ""
    user_id: Id = None
    account_id: Id = None
    call_ids: tuple[str, ...] = ()
    statistics: dict[str, int] = {}
    """Counts by name: total_calls, pending_calls, originating_calls, leg1_ringing, leg1_answered, leg2_ringing,
    leg2_answered, awaiting_callers, agents, free_agents; a name that the source does not say is missing."""
    strategy: str = ""
    queue_id: str = ""


class Body(Struct, gc=False):
    """Base of what a frame says: its stamps. None is "not said"."""

    stamp: Seconds | None = None
    """The server's clock when it sent the frame."""
    offset_min: Seconds | None = None
    """What that clock is ahead of UTC, minutes."""

    concerns: ClassVar[str] = ""
    """EXTENSION or QUEUE for one change there; asked of every frame, and an attribute costs a fifth of isinstance."""


class ExtensionEvent(Body, gc=False):
    """One change at one extension, with the extension's whole state."""

    extension: ExtensionSeen = field(default_factory=ExtensionSeen)
    reported: Reported = field(default_factory=Reported)
    moment: Seconds | None = None
    """When it happened at the switch."""

    concerns: ClassVar[str] = EXTENSION


class QueueEvent(Body, gc=False):
    """One change at one queue, with the queue's whole waiting list."""

    queue: QueueSeen = field(default_factory=QueueSeen)
    reported: Reported = field(default_factory=Reported)
    moment: Seconds | None = None

    concerns: ClassVar[str] = QUEUE


class CampaignEvent(Body, gc=False):
    """One change of one campaign, with the campaign's whole state."""

    campaign: CampaignSeen = field(default_factory=CampaignSeen)
    reason: str = ""


class FullList(Body, gc=False):
    """Base of the lists of everything of one kind; `error` is the server's own error, "" if it reports none."""

    error: str = ""


class AllExtensions(FullList, gc=False):
    """Every monitored extension; None if the frame has no list."""

    extensions: list[ExtensionSeen] | None = None


class AllQueues(FullList, gc=False):
    """Every monitored queue; None if the frame has no list."""

    queues: list[QueueSeen] | None = None


class AllCampaigns(FullList, gc=False):
    """Every campaign; None if the frame has no list."""

    campaigns: list[CampaignSeen] | None = None


class Login(FullList, gc=False):
    """A new connection was accepted: full lists follow, and what happened before it is not replayed."""


class Lost(Body, gc=False):
    """The connection was lost: nothing is known from the last frame on. Added by the live side."""

    reason: str = ""


class Tick(Body, gc=False):
    """Time that passed without a frame, s since the last frame or tick. Added by the live side while it is quiet."""

    elapsed_s: Seconds = 0


class Statement(Struct, frozen=True, gc=False):
    """What another account of the same calls states of one call, or of one part of it, after that is over (or `live`).

    It describes a wait if `queue_id` or `queue_name` is set, and a leg if `exten_user` is. None and "" are "not said".
    A duration is whole seconds, so it may be off by one. Talk that another account measures includes hold.
    """

    call_id: str = ""
    account: str = ""
    """Which account states it, in the source's word."""
    kind: str = ""
    """What part of the call it is, in the source's word."""
    status: str = ""
    """How it ended, in the source's word."""
    outcome: Outcome | None = None
    """What `status` stands for."""
    answered: bool | None = None
    exten_user: str = ""
    queue_id: str = ""
    queue_name: str = ""
    direction: str = ""
    c2c: int = 0
    far_end: bool = False
    """It is the part of a transferred call that goes on: it never rang."""
    started: Seconds | None = None
    """Of the server's local wall clock."""
    started_utc: Seconds | None = None
    """The same as UTC epoch, for an account that says UTC."""
    total_s: Seconds | None = None
    """From the beginning to the end, waiting included."""
    ended_utc: Seconds | None = None
    """When it was over, UTC epoch, for an account that says that and no duration: about, by the receiver's clock."""
    live: bool = False
    """It goes on: it is stated that it began, or was answered `ring_s` after that."""
    wait_s: Seconds | None = None
    ring_s: Seconds | None = None
    talk_s: Seconds | None = None
    caller: str = ""
    did: str = ""
    agent_id: Id = None
    agent_name: str = ""
    related: tuple[str, ...] = ()
    recording_url: str = ""
    price: Seconds | None = None
    """In the smallest unit of the account's currency."""
    department_id: str = ""
    department: str = ""
    path: str = ""
    """The caller's way through menus, as JSON text."""
    analysis: str = ""
    """What a machine made of the recording (summary, transcript, emotions), as JSON text."""
    custom_data: str = ""
    unusable: tuple[str, ...] = ()
    """The source's fields whose value could not be used, is not known, or contradicts another one: "name: value"."""


class Stated(Body, gc=False):
    """Another account's statement; it has no stamp: when it comes says nothing of the server's clock."""

    statement: Statement = Statement()


class Notice(FullList, gc=False):
    """Any other frame; `known` is False if the source does not know the event."""

    known: bool = True


class Frame(Struct, frozen=True, gc=False):
    """One frame: the source's name for it, what it says, and when it was received (UTC epoch, s) if that is known.

    `raw` is its text as it came. `bad` names the values that could not be used, each with its path.
    """

    event: str
    body: Body
    at: float | None = None
    raw: bytes = b""
    bad: tuple[str, ...] = ()

    source: ClassVar[str] = ""

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the fields that are not understood, each with its path; worked out when asked."""
        return ()

    def fingerprint(self) -> int:
        """The same for two frames of the same name and payload, whenever they were received."""
        return crc32(self.raw) | len(self.raw) << 32


def times_of(body: Body) -> tuple[Seconds | None, Seconds | None, Seconds | None]:
    """A frame's stamp, offset (min) and moment, as `Clock.tell` takes them."""
    return body.stamp, body.offset_min, body.moment if isinstance(body, ExtensionEvent | QueueEvent) else None
