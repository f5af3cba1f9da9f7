"""The vendor's objects as classes: each is an observation of the core with its fields under the vendor's names.

Theory of operation. msgspec fills these straight from JSON: a field that is declared again with `name=` is found under
that name and lands in the core's attribute, at no cost. A key that no class names is skipped by the parser. What needs
more than a new name (a state from a status, seconds from milliseconds) is declared here as a field of the wire alone,
and `normalise` turns it into the core's field in place.

* An observation's field that no wire key fills is hidden under a name that starts with HIDDEN, a code point
  that is not a character.
* Types are what captures send, and a number where the guide says that one was seen for a text. `loose` derives the
  classes that take any loose type from these.
* A misspelling that is documented or was seen has a field of its own (`ivrid`/`Ivrid`/`IvrUniqueID`/`ivruniqueid`), so
  it costs nothing; any other case is found by `salvage`.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Raw, Struct, field

from calltrack.core import observations
from calltrack.core.observations import Id
from calltrack.core.states import State

_MOST = 2**53
_YEAR_S = 366 * 86_400
Whole = Annotated[int, Meta(ge=-_MOST, le=_MOST)]
Stamp = Whole | Annotated[float, Meta(ge=-_MOST, le=_MOST)] | None
"""Seconds; anything beyond what JSON can hold is not a time."""

_LATER: Any = None
"""Default of a field that `normalise` always fills."""
NO_RAW = Raw()
HIDDEN = "\ufdd0"


def _hidden(name: str, default: Any) -> Any:
    return field(name=HIDDEN + name, default=default)


class Recording(observations.Recording, frozen=True, gc=False):
    """A call's `recording`."""

    filename: str = field(name="Filename", default="")
    muted: bool = field(name="IsMuted", default=False)
    options: str = field(name="Options", default="")
    url: str = field(name="ApproximateURL", default="")


class Call(observations.ListedCall, gc=False):
    """An element of `calls`, or `currentCall`."""

    call_id: Id = field(name="ivrid", default="")  # type: ignore[assignment]  # text once normalised
    state: State | None = _hidden("state", None)
    started: Stamp = field(name="callStarted", default=None)
    answered_at: Stamp = field(name="callAnswered", default=None)
    answered: bool | float = False  # type: ignore[assignment]  # a flag once normalised
    c2c: Whole | None = field(name="c2cdirection", default=None)
    direction: str = ""
    queue_id: Id = field(name="queueID", default="")  # type: ignore[assignment]  # text once normalised
    caller: Id = field(name="callerphone", default="")  # type: ignore[assignment]
    caller_name: Id = field(name="callername", default="")  # type: ignore[assignment]
    did: Id = ""  # type: ignore[assignment]
    internal: bool = field(name="isInternal", default=False)
    spied_on: bool = field(name="isSpyed", default=False)
    related: tuple[str, ...] = _hidden("related", ())
    transferred_by: str = field(name="transferExtensionName", default="")
    campaign_id: Id = field(name="campaignID", default="")  # type: ignore[assignment]
    presented_number: str = field(name="outgoingcallerphone", default="")
    presented_name: str = field(name="outgoingcallername", default="")
    original_caller: str = field(name="originalCallerID", default="")
    original_caller_name: str = field(name="originalCallerName", default="")
    dialed_number: Id = field(name="actualDialedNumber", default="")  # type: ignore[assignment]
    custom_data: str = _hidden("custom_data", "")
    recording: Recording | None = None
    status: str = field(name="callstatus", default="")

    custom: Raw = field(name="customdata", default=NO_RAW)
    related_ids: list[Any] | str | None = field(name="relatedIvrUniqueIDs", default=None)
    id_2: str = field(name="IvrUniqueID", default="")
    id_3: str = field(name="Ivrid", default="")
    id_4: str = field(name="ivruniqueid", default="")


class QueuedCall(observations.ListedWait, gc=False):
    """An element of a queue's `Calls`."""

    call_id: Id = field(name="ivrid", default="")  # type: ignore[assignment]  # text once normalised
    started: Stamp = field(name="JoinTimeStamp", default=None)
    caller: Id = field(name="CallerID", default="")  # type: ignore[assignment]
    caller_name: Id = field(name="CallerName", default="")  # type: ignore[assignment]
    distributed: bool = field(name="isDistributedQueue", default=False)
    original_call_id: str = _hidden("original_call_id", "")
    custom_data: str = _hidden("custom_data", "")

    custom: Raw = field(name="customdata", default=NO_RAW)
    id_2: str = field(name="IvrUniqueID", default="")
    id_3: str = field(name="Ivrid", default="")
    id_4: str = field(name="ivruniqueid", default="")


class Summary(Struct, gc=False):
    """The `summery` of an extension: the name of the person who is logged on there."""

    representative: str | None = None


class Extension(observations.ExtensionSeen, gc=False):
    """An element of `extensions`."""

    exten_user: Id = field(name="extenUser", default="")  # type: ignore[assignment]  # text once normalised
    listed: list[Call] | None = field(name="calls", default=None)  # type: ignore[assignment]
    agent_id: Id = field(name="onlineUserID", default=None)
    agent_name: str | None = _hidden("agent_name", None)
    agent_status: Whole | None = field(name="representativeStatus", default=None)
    agent_status_since: Stamp = field(name="representativeUpdated", default=None)
    user_id: Id = field(name="userID", default=None)
    user_name: str | None = field(name="userName", default=None)
    number: Id = None
    account_id: Id = field(name="accountID", default=None)
    top_account_id: Id = field(name="topAccountID", default=None)
    peer_status: str | None = field(name="peerStatus", default=None)
    last_call_at: Stamp = field(name="lastCallEventEpoch", default=None)
    last_answered_at: Stamp = field(name="lastAnsweredCallEventEpoch", default=None)
    last_hangup_at: Stamp = field(name="lastHangupCallEpoch", default=None)

    summary: Summary | None = field(name="summery", default=None)
    representative: Id = None
    listed_2: list[Call] | None = field(name="Calls", default=None)


class ExtensionData(Extension, gc=False):
    """An ExtensionEvent's `data`; some frames have the event's own fields in here (field guide §1)."""

    current: Call | None = field(name="currentCall", default=None)
    reason: str | None = None
    cause: str | None = None
    dial_status: str | None = field(name="dialStatus", default=None)
    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    moment: Stamp = field(name="telephonyservertime", default=None)
    moment_2: Stamp = field(name="telephonyServerTime", default=None)
    about: str | None = field(name="ivruniqueid", default=None)
    about_2: str | None = field(name="ivrUniqueId", default=None)
    about_3: str | None = field(name="ivrid", default=None)
    about_4: str | None = field(name="IvrUniqueID", default=None)


class Queue(observations.QueueSeen, gc=False):
    """An element of `queues`."""

    queue_id: Id = field(name="QueueID", default="")  # type: ignore[assignment]
    listed: list[QueuedCall] | None = field(name="Calls", default=None)  # type: ignore[assignment]
    name: str | None = field(name="QueueName", default=None)

    listed_2: list[QueuedCall] | None = field(name="calls", default=None)
    queue_id_2: Id = field(name="queueID", default=None)


class QueueData(Queue, gc=False):
    """A QueueEvent's `data`."""

    agent_name: str | None = field(name="AnsweredAgent", default=None)
    reason: str | None = None
    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    moment: Stamp = field(name="telephonyservertime", default=None)
    moment_2: Stamp = field(name="telephonyServerTime", default=None)
    about: str | None = field(name="ivruniqueid", default=None)
    about_2: str | None = field(name="ivrUniqueId", default=None)
    about_3: str | None = field(name="ivrid", default=None)
    about_4: str | None = field(name="IvrUniqueID", default=None)


class ExtensionEvent(observations.ExtensionEvent, gc=False):
    """The payload of an ExtensionEvent (field guide §4)."""

    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    extension: ExtensionData = field(name="data", default=_LATER)
    reported: observations.Reported = _hidden("reported", None)
    moment: Stamp = field(name="telephonyservertime", default=None)

    reason: str | None = None
    cause: str | None = None
    dial_status: str | None = field(name="dialStatus", default=None)
    moment_2: Stamp = field(name="telephonyServerTime", default=None)
    about: str | None = field(name="ivruniqueid", default=None)
    about_2: str | None = field(name="ivrUniqueId", default=None)
    about_3: str | None = field(name="ivrid", default=None)
    about_4: str | None = field(name="IvrUniqueID", default=None)


class QueueEvent(observations.QueueEvent, gc=False):
    """The payload of a QueueEvent (field guide §5)."""

    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    queue: QueueData = field(name="data", default=_LATER)
    reported: observations.Reported = _hidden("reported", None)
    moment: Stamp = field(name="telephonyservertime", default=None)

    reason: str | None = None
    moment_2: Stamp = field(name="telephonyServerTime", default=None)
    about: str | None = field(name="ivruniqueid", default=None)
    about_2: str | None = field(name="ivrUniqueId", default=None)
    about_3: str | None = field(name="ivrid", default=None)
    about_4: str | None = field(name="IvrUniqueID", default=None)


class Campaign(observations.CampaignSeen, gc=False):
    """An element of `dialers`, or a DialerEvent's `data` (field guide §7)."""

    campaign_id: Id = field(name="campaignID", default="")  # type: ignore[assignment]
    name: Id = ""  # type: ignore[assignment]
    kind: Id = field(name="type", default="")  # type: ignore[assignment]
    kind_id: Id = field(name="typeID", default=None)
    code: Id = ""  # type: ignore[assignment]
    user_id: Id = field(name="userID", default=None)
    account_id: Id = field(name="accountID", default=None)
    call_ids: tuple[str, ...] = _hidden("call_ids", ())
    statistics: dict[str, int] = field(name=f"{HIDDEN}statistics", default_factory=dict)
    strategy: str = _hidden("strategy", "")
    queue_id: str = _hidden("queue_id", "")

    calls: Any = None
    counts: Any = field(name="data", default=None)
    older_counts: Any = field(name="statistics", default=None)


class CampaignEvent(observations.CampaignEvent, gc=False):
    """The payload of a DialerEvent (sdk; never captured)."""

    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    campaign: Campaign = field(name="data", default=_LATER)
    reason: str = ""

    dial_status: str | None = field(name="dialStatus", default=None)


class AllExtensions(observations.AllExtensions, gc=False):
    """The payload of an AllExtensionsStatus."""

    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    error: str = _hidden("error", "")
    extensions: list[Extension] | None = None  # type: ignore[assignment]

    extensions_2: list[Extension] | None = field(name="Extensions", default=None)
    error_code: Id = field(name="errorCode", default=None)
    error_text: Id = field(name="errorDesc", default=None)


class AllQueues(observations.AllQueues, gc=False):
    """The payload of a loginStatus."""

    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    error: str = _hidden("error", "")
    queues: list[Queue] | None = None  # type: ignore[assignment]

    queues_2: list[Queue] | None = field(name="Queues", default=None)
    error_code: Id = field(name="errorCode", default=None)
    error_text: Id = field(name="errorDesc", default=None)


class AllCampaigns(observations.AllCampaigns, gc=False):
    """The payload of an AllDialersStatus."""

    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    error: str = _hidden("error", "")
    campaigns: list[Campaign] | None = field(name="dialers", default=None)  # type: ignore[assignment]

    campaigns_2: list[Campaign] | None = field(name="Dialers", default=None)
    error_code: Id = field(name="errorCode", default=None)
    error_text: Id = field(name="errorDesc", default=None)


class Login(observations.Login, gc=False):
    """The payload of a loginSuccess."""

    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    error: str = _hidden("error", "")

    error_code: Id = field(name="errorCode", default=None)
    error_text: Id = field(name="errorDesc", default=None)


class Notice(observations.Notice, gc=False):
    """The payload of any other event."""

    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    error: str = _hidden("error", "")
    known: bool = _hidden("known", True)

    error_code: Id = field(name="errorCode", default=None)
    error_text: Id = field(name="errorDesc", default=None)


class Fact(Notice, gc=False):
    """The payload of a fact of the live side: what it carries is not the server's word, so it has no time."""

    stamp: Stamp = _hidden("stamp", None)
    offset_min: Stamp = _hidden("offset_min", None)


class Lost(observations.Lost, gc=False):
    """The payload of the live side's disconnect."""

    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    reason: str = ""


class Tick(observations.Tick, gc=False):
    """The payload of the live side's tick."""

    stamp: Stamp = field(name="servertime", default=None)
    offset_min: Stamp = field(name="servertimeoffset", default=None)
    elapsed_s: Annotated[int, Meta(ge=0, le=_YEAR_S)] | Annotated[float, Meta(ge=0, le=_YEAR_S)] = 0


SKIPPED = frozenset(
    {
        *("calldurationinterval", "ip", "blcServerID", "blcServerId", "isOpensips", "channel", "channel2", "channel 2"),
        *("callType", "eventName", "callerID", "UserID", "DistributorID", "IsDistributedQueue"),
    }
)
"""Keys that are known and that nothing is read from."""
