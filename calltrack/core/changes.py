"""What comes out of the tracker: one frozen class per kind of change, past tense.

Every change says at which frame (`position`, counted from 1) and at which server time (`at`, UTC epoch s, None if
unknown) it became known, and carries the record as it is after it. `inferred` is "" if an event reported the change,
else the reason for which it was concluded.

Within 60 s of stream time nothing is final (ruling 4). What was handed out and turns out otherwise is corrected by a
change of its own: LegResumed, LegRevised, WaitResumed, WaitRevised, CallResumed, CallRevised, AgentStatusRevised.
Applying all changes leads to the snapshot (`replica.Replica`). docs/changes.md is generated from these classes.
"""

from __future__ import annotations

from enum import StrEnum

from calltrack.core.records import Call, Campaign, Extension, Gap, Id, Leg, Record, Seconds, Wait
from calltrack.core.states import State


class AnomalyKind(StrEnum):
    """What should not happen, by name."""

    IMPOSSIBLE_TRANSITION = "impossible_transition"
    """A leg is seen in a state that no lawful step leads to; the list is believed."""
    EVENT_MISSED = "event_missed"
    """The list shows something whose own event was lost or never sent."""
    REASON_DISAGREES = "reason_disagrees"
    """An event's reason says one thing of its call, its list another; the list is believed."""
    CLOCK_STEPPED = "clock_stepped"
    """The server's clock was set forwards or backwards; durations stay right (ruling 2)."""
    WRONG_STAMP = "wrong_stamp"
    """A frame was stamped far ahead and the next one was not: the stamp moves nothing (ruling 2)."""
    LATE_FRAME = "late_frame"
    """All that a frame reports is known already: it is late or doubled, and its list is of the past (ruling 1)."""
    CONTRADICTION = "contradiction"
    """A queue and an agent say different things of one call; talk decides (ruling 15)."""
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
    """A call, an extension or a queue without an id: it cannot be tracked."""
    SERVER_ERROR = "server_error"
    """The server reports an error of its own."""


class Change(Record, frozen=True, gc=False, tag_field="change", tag=True):
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
    """A leg ended; `leg` has its outcome, cause and durations. Once per leg, unless LegResumed takes it back."""


class LegResumed(LegChange, frozen=True):
    """An end that no event reported is taken back: a list has the leg again, and it has lost no time (ruling 4)."""


class LegRevised(LegChange, frozen=True):
    """A leg, live or ended, is corrected: its end has another time, cause or outcome, or it was answered."""


class LegDoubted(LegChange, frozen=True):
    """A live leg may be over; `leg.doubtful` says why (ruling 12)."""


class LegConfirmed(LegChange, frozen=True):
    """A doubtful leg is certain again."""


class RecordingChanged(LegChange, frozen=True):
    """The recording of a leg has another name or address, or was muted or unmuted."""


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


class CallRevised(CallChange, frozen=True):
    """An ended call is otherwise than handed out, because one of its legs or waits is."""

    call: Call


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
    """Another agent works at an extension, since when (ruling 18)."""

    agent_id: Id
    agent_name: str
    since: Seconds | None = None


class AgentLoggedOff(ExtensionChange, frozen=True):
    """The agent named is no longer logged on to an extension, and no other is."""

    agent_id: Id
    agent_name: str
    since: Seconds | None = None


class AgentStatusChanged(ExtensionChange, frozen=True):
    """An agent's status was set, by number and usual name, since when (field guide §4)."""

    old: int | None
    new: int | None
    name: str
    since: Seconds | None
    agent_name: str


class AgentStatusRevised(ExtensionChange, frozen=True):
    """An agent's status, already handed out, began at another time: the frame's stamp was wrong."""

    status: int | None
    since: Seconds | None


class AgentRenamed(ExtensionChange, frozen=True):
    """The agent at an extension has another name, under the same id (ruling 17)."""

    agent_id: Id
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


class WaitBlurred(QueueChange, frozen=True):
    """The connection was lost: whether the call still waits is not known."""


class WaitCorrected(QueueChange, frozen=True):
    """After a gap, the call is seen waiting still."""


class WaitResumed(QueueChange, frozen=True):
    """An end that no event reported is taken back: the queue's list has the call again (ruling 4)."""


class WaitRevised(QueueChange, frozen=True):
    """A wait is otherwise than handed out: it ended at another time or in another way, or began at another time."""


class WaitDoubted(QueueChange, frozen=True):
    """A call may not wait any more; `wait.doubtful` says why (ruling 12)."""


class WaitConfirmed(QueueChange, frozen=True):
    """A doubtful wait is certain again."""


class CampaignChange(Change, frozen=True):
    """Base of the changes of one dialer campaign."""

    campaign_id: str


class CampaignAppeared(CampaignChange, frozen=True):
    """A campaign is seen for the first time."""

    campaign: Campaign


class CampaignChanged(CampaignChange, frozen=True):
    """A campaign's calls, statistics or description are others."""

    campaign: Campaign


class CampaignRemoved(CampaignChange, frozen=True):
    """A campaign is no longer in the list of all campaigns."""


class ConnectionLost(Change, frozen=True):
    """The stream broke: what was known is unknown from `gap.since` on."""

    gap: Gap


class ConnectionRegained(Change, frozen=True):
    """The stream goes on after a gap; nothing that happened in it is replayed."""

    gap: Gap


class Anomaly(Change, frozen=True):
    """Something that should not happen, with the evidence: what was expected, what was seen, and where.

    `since` is set for a missed event: the moment of the last list before, so the event came between it and `at`.
    """

    kind: AnomalyKind
    detail: str
    call_id: str = ""
    exten_user: str = ""
    queue_id: str = ""
    expected: str = ""
    seen: str = ""
    since: Seconds | None = None


LEG_REPORTS: dict[str, type[LegChange]] = {
    "Started": LegStarted,
    "Answered": LegAnswered,
    "Held": LegHeld,
    "Retrieved": LegRetrieved,
    "Blurred": LegBlurred,
    "Corrected": LegCorrected,
    "Ended": LegEnded,
    "Resumed": LegResumed,
    "Revised": LegRevised,
    "Doubted": LegDoubted,
    "Confirmed": LegConfirmed,
    "Recording": RecordingChanged,
}
"""What the table reports of a leg → the change."""

WAIT_REPORTS: dict[str, type[QueueChange]] = {
    "Started": QueueJoined,
    "Blurred": WaitBlurred,
    "Corrected": WaitCorrected,
    "Ended": QueueLeft,
    "Resumed": WaitResumed,
    "Revised": WaitRevised,
    "Doubted": WaitDoubted,
    "Confirmed": WaitConfirmed,
}
"""The same of a wait."""
