"""What comes out of the tracker: one frozen class per kind of change, past tense.

Every change says at which frame (`position`, counted from 1) and at which server time (`at`, UTC epoch s, None if
unknown) it became known, and carries the record as it is after it. `inferred` is "" if a frame told so, else the reason
for which it was concluded. docs/changes.md is generated from these classes.
"""

from enum import StrEnum

from msgspec import Struct

from calltrack.core.records import Call, Extension, Gap, Leg, Seconds, Wait
from calltrack.core.states import State


class AnomalyKind(StrEnum):
    """What should not happen, by name."""

    IMPOSSIBLE_TRANSITION = "impossible_transition"
    """A leg is seen in a state that no lawful step leads to; the list is believed."""
    EVENT_MISSED = "event_missed"
    """The list shows something whose own event was lost or never sent."""
    REASON_DISAGREES = "reason_disagrees"
    """An event's reason says one thing of its call, its list another; the list is believed."""
    TIME_BACKWARDS = "time_backwards"
    """A frame's server time is earlier than that of the frame before it."""
    LATE_FRAME = "late_frame"
    """A frame is older than what is known of its extension or queue: late or doubled, it changes nothing there."""
    NEGATIVE_DURATION = "negative_duration"
    """Something ends before it began by the server's own times; the duration is counted as 0."""
    UNKNOWN_STATUS = "unknown_status"
    """A callstatus that no document and no capture has; the leg's state is Unknown."""
    UNKNOWN_REASON = "unknown_reason"
    """An event's reason that no document and no capture has; its list is used all the same."""
    UNKNOWN_EVENT = "unknown_event"
    """A frame whose event's name is not known; it is counted."""
    BAD_VALUE = "bad_value"
    """A field's value could not be used and was taken as missing."""
    MISSING_IDENTITY = "missing_identity"
    """A call without ivrid, an extension without extenUser or a queue without QueueID: it cannot be tracked."""
    SERVER_ERROR = "server_error"
    """The server reports an error of its own."""


class Change(Struct, frozen=True, gc=False, tag_field="change", tag=True):
    """Base of all changes."""

    position: int
    at: Seconds | None


class LegChange(Change, frozen=True):
    """Base of the changes of one leg."""

    call_id: str
    exten_user: str
    leg: Leg
    inferred: str = ""


class LegStarted(LegChange, frozen=True):
    """A call rings at, is dialed from, is picked up at or is listened to from an extension."""


class LegAnswered(LegChange, frozen=True):
    """A leg was answered: it talks now. Of a click2call's leg 1: the agent took the phone."""


class LegHeld(LegChange, frozen=True):
    """A leg was put on hold."""


class LegRetrieved(LegChange, frozen=True):
    """A leg was taken off hold."""


class LegBlurred(LegChange, frozen=True):
    """A leg's state is not known any more: the connection was lost, or its status has an unknown name."""


class LegCorrected(LegChange, frozen=True):
    """A leg is seen in a state that no event explains: after a gap, or by an impossible transition."""


class LegEnded(LegChange, frozen=True):
    """A leg ended; `leg` has its outcome, cause and durations. Once per leg."""


class CallChange(Change, frozen=True):
    """Base of the changes of one call."""

    call_id: str


class CallStarted(CallChange, frozen=True):
    """A call is seen for the first time; caller and did are the phone numbers as the vendor sends them."""

    state: State
    direction: str
    caller: str
    caller_name: str
    did: str
    started: Seconds | None
    inferred: str = ""


class CallResumed(CallChange, frozen=True):
    """A call that had ended is seen again under its id; it is the same call."""


class CallStateChanged(CallChange, frozen=True):
    """A call's state, derived from its legs and waits, is another."""

    old: State
    new: State


class CallLinked(CallChange, frozen=True):
    """A call names the calls it came from, and who transferred it if someone did."""

    related: tuple[str, ...]
    transferred_by: str


class CallEnded(CallChange, frozen=True):
    """A call has no live leg and waits nowhere; `call` has its outcome, durations and every leg."""

    call: Call
    inferred: str = ""


class ExtensionChange(Change, frozen=True):
    """Base of the changes of one extension."""

    exten_user: str


class ExtensionAppeared(ExtensionChange, frozen=True):
    """An extension is seen for the first time."""

    extension: Extension


class ExtensionStateChanged(ExtensionChange, frozen=True):
    """What an extension does, derived from its legs, is another."""

    old: State
    new: State
    inferred: str = ""


class ExtensionRemoved(ExtensionChange, frozen=True):
    """An extension is no longer in the list of all monitored ones."""

    extension: Extension


class AgentLoggedOn(ExtensionChange, frozen=True):
    """Another agent works at an extension now."""

    agent_id: int | str | None
    agent_name: str


class AgentLoggedOff(ExtensionChange, frozen=True):
    """Nobody is logged on to an extension any more; the agent named is who was."""

    agent_id: int | str | None
    agent_name: str


class AgentStatusChanged(ExtensionChange, frozen=True):
    """An agent's status was set, by number and usual name, since when (field guide §4)."""

    old: int | None
    new: int | None
    name: str
    since: Seconds | None
    agent_name: str


class QueueChange(Change, frozen=True):
    """Base of the changes of one queue."""

    queue_id: str
    call_id: str
    wait: Wait
    inferred: str = ""


class QueueJoined(QueueChange, frozen=True):
    """A call waits in a queue."""


class QueueLeft(QueueChange, frozen=True):
    """A call waits no longer; `wait` says how it ended and how long it took."""


class ConnectionLost(Change, frozen=True):
    """The stream broke: what was known is unknown from `gap.since` on."""

    gap: Gap


class ConnectionRegained(Change, frozen=True):
    """The stream goes on after a gap; nothing that happened in it is replayed."""

    gap: Gap


class Anomaly(Change, frozen=True):
    """Something that should not happen, with the evidence: what was expected, what was seen, and where."""

    kind: AnomalyKind
    detail: str
    call_id: str = ""
    exten_user: str = ""
    queue_id: str = ""
    expected: str = ""
    seen: str = ""
