"""What a frame says: one frozen class per kind of frame, fields spelled and ordered as the vendor sends them.

Every field may be missing; the tracker asks for what it needs. The order of the fields matters for speed alone
(the decoder looks for the next field first where it was last seen). A `Raw` field is known and not used: it is
skipped, not decoded, and stays reachable through `Frame.payload`; `customdata` is kept as its text.
What the fields mean: field guide §1-§5.
"""

from typing import Annotated, Any, TypeVar

from msgspec import Meta, Raw, Struct
from msgspec.structs import replace

Number = Annotated[int, Meta(ge=-(2**53), le=2**53)] | None
"""A time or code; the tolerant decoder cuts fractions off, and anything beyond what JSON can hold is no number."""
Text = int | str | None
"""An id that usually is a number. Names, phones and ivrids are `str`: the tolerant decoder spells numbers out."""


class Wire(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Base of the frame classes; a field that is not declared sends the frame to the tolerant decoder."""


class CallInfo(Wire, frozen=True):
    """One call at an extension: an element of `calls`, or `currentCall` (doc, seen)."""

    callStarted: Number = None
    calldurationinterval: Raw = Raw()
    callAnswered: Number = None
    answered: bool | None = None
    callername: str | None = None
    callerphone: str | None = None
    callstatus: str | None = None
    customdata: Raw = Raw()
    direction: str | None = None
    ivrid: str | None = None
    recording: Raw = Raw()
    did: str | None = None
    ip: Raw = Raw()
    blcServerID: Raw = Raw()
    isOpensips: Raw = Raw()
    channel: Raw = Raw()
    channel2: Raw = Raw()
    queueID: Text = None
    c2cdirection: int | None = None
    isInternal: bool | None = None
    isSpyed: Raw = Raw()
    relatedIvrUniqueIDs: Any = None
    transferExtensionName: str | None = None
    campaignID: Raw = Raw()
    actualDialedNumber: Raw = Raw()
    IvrUniqueID: str | None = None


class Summary(Wire, frozen=True):
    """The `summery` of an extension: the name of the person who works there now (doc)."""

    representative: str | None = None


class ExtensionInfo(Wire, frozen=True):
    """One extension's whole state; the last fields are there because some frames carry them inside `data` (doc)."""

    calls: list[CallInfo] | None = None
    userID: Text = None
    userName: str | None = None
    number: Text = None
    extenUser: str | None = None
    accountID: Text = None
    topAccountID: Raw = Raw()
    summery: Summary | None = None
    onlineUserID: Text = None
    representative: Text = None
    representativeStatus: int | None = None
    lastCallEventEpoch: Raw = Raw()
    lastAnsweredCallEventEpoch: Raw = Raw()
    lastHangupCallEpoch: Raw = Raw()
    representativeUpdated: Number = None
    peerStatus: Raw = Raw()
    currentCall: CallInfo | None = None
    eventName: Raw = Raw()
    reason: str | None = None
    cause: str | None = None
    servertime: Number = None
    servertimeoffset: Number = None
    telephonyservertime: Number = None
    callerID: Raw = Raw()
    ivruniqueid: str | None = None
    ivrid: str | None = None
    dialStatus: str | None = None


class ExtensionEvent(Wire, frozen=True):
    """One change at one extension (field guide §4)."""

    data: ExtensionInfo | None = None
    eventName: Raw = Raw()
    reason: str | None = None
    servertime: Number = None
    servertimeoffset: Number = None
    telephonyservertime: Number = None
    callerID: Raw = Raw()
    ivruniqueid: str | None = None
    ivrid: str | None = None
    dialStatus: str | None = None
    cause: str | None = None


class QueueCall(Wire, frozen=True):
    """One waiting call: an element of a queue's `Calls` (doc, seen)."""

    CallerID: str | None = None
    CallerName: str | None = None
    IvrUniqueID: str | None = None
    JoinTimeStamp: Number = None
    calldurationinterval: Raw = Raw()
    ivrid: str | None = None


class QueueInfo(Wire, frozen=True):
    """One queue's whole waiting list; the last fields are there for frames that carry them inside `data`."""

    QueueID: Text = None
    QueueName: str | None = None
    UserID: Raw = Raw()
    DistributorID: Raw = Raw()
    IsDistributedQueue: Raw = Raw()
    Calls: list[QueueCall] | None = None
    AnsweredAgent: str | None = None
    eventName: Raw = Raw()
    reason: str | None = None
    servertime: Number = None
    servertimeoffset: Number = None
    telephonyservertime: Number = None
    ivruniqueid: str | None = None
    ivrid: str | None = None


class QueueEvent(Wire, frozen=True):
    """One change at one queue (field guide §5)."""

    data: QueueInfo | None = None
    eventName: Raw = Raw()
    reason: str | None = None
    servertime: Number = None
    servertimeoffset: Number = None
    telephonyservertime: Number = None
    ivruniqueid: str | None = None
    ivrid: str | None = None


class AllExtensionsStatus(Wire, frozen=True):
    """Every monitored extension (doc)."""

    extensions: list[ExtensionInfo] | None = None
    servertime: Number = None
    servertimeoffset: Number = None
    errorCode: Number = None
    errorDesc: Text = None


class LoginStatus(Wire, frozen=True):
    """Every monitored queue (doc)."""

    queues: list[QueueInfo] | None = None
    servertime: Number = None
    servertimeoffset: Number = None
    errorCode: Number = None
    errorDesc: Text = None


class Notice(Struct, frozen=True, gc=False):
    """Any other frame, known or not: what the tracker reads of it; all else stays in `Frame.payload`."""

    servertime: Number = None
    servertimeoffset: Number = None
    errorCode: Number = None
    errorDesc: Text = None
    reason: Text = None


Body = ExtensionEvent | QueueEvent | AllExtensionsStatus | LoginStatus | Notice

BODIES: dict[str, type[Body]] = {
    "ExtensionEvent": ExtensionEvent,
    "QueueEvent": QueueEvent,
    "AllExtensionsStatus": AllExtensionsStatus,
    "loginStatus": LoginStatus,
}

ALIASES = {"QueueEvents": "QueueEvent", "AllExtensionStatus": "AllExtensionsStatus"}

KNOWN = frozenset(
    {
        *BODIES,
        *("loginSuccess", "loginResponse", "closeme", "error", "keepaliveResponse"),
        *("connect", "disconnect", "malformed"),
        *("AllDialersStatus", "DialerEvent", "AllUsersStatus"),
        *("ExtensionsUpdated", "QueuesUpdated", "DialersUpdated"),
    }
)
"""Events whose meaning is known (field guide §1); the facts connect, disconnect and malformed are the socket's."""


def text(value: Text) -> str:
    """A name, phone or id as a string: "" where there is none, numbers spelled out."""
    if type(value) is str:
        return value
    return "" if value is None else str(value)


def call_id_of(info: CallInfo | QueueCall) -> str:
    """The id of a listed call, under whichever of its names; "" if it has none."""
    return info.ivrid or info.IvrUniqueID or ""


def times_of(body: Body) -> tuple[Number, Number, Number]:
    """A frame's servertime, servertimeoffset and telephonyservertime: beside `data`, else in it (field guide §1)."""
    if isinstance(body, ExtensionEvent | QueueEvent):
        inner = body.data or ExtensionInfo()
        offset = body.servertimeoffset
        return (
            body.servertime or inner.servertime,
            inner.servertimeoffset if offset is None else offset,
            body.telephonyservertime or inner.telephonyservertime,
        )
    return body.servertime, body.servertimeoffset, None


_Event = TypeVar("_Event", ExtensionEvent, QueueEvent)


def taken_out(body: _Event, info: ExtensionInfo | QueueInfo) -> _Event:
    """The event with the reason and times that some frames carry inside `data`; outside first (field guide §1)."""
    servertime, offset_min, moment = times_of(body)
    return replace(
        body,
        reason=body.reason or info.reason,
        servertime=servertime,
        servertimeoffset=offset_min,
        telephonyservertime=moment,
    )
