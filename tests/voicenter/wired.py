"""Frames in the vendor's spelling, whole ones: every test changes what it is about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from calltrack.core.observations import Body
from calltrack.voicenter.frames import Frame

_Body = TypeVar("_Body", bound=Body)
_One = TypeVar("_One")

NOW = 1_701_344_284


def call(**changed: Any) -> dict[str, Any]:
    """A call that talks, as captures have it; None takes a field away."""
    fields: dict[str, Any] = {
        "callStarted": NOW - 7,
        "calldurationinterval": NOW - 7,
        "callAnswered": NOW - 2,
        "answered": 1,
        "callername": "Dana",
        "callerphone": "0501234567",
        "callstatus": "Talking",
        "customdata": {},
        "direction": "Incoming",
        "ivrid": "2023-1",
        "recording": {"Filename": "a.mp3", "Options": "", "ApproximateURL": "", "IsMuted": 0},
        "did": "0722776772",
        "ip": "192.0.2.1",
        "channel": "SIP/A-000014a2",
        "queueID": 5001,
    }
    return {key: value for key, value in (fields | changed).items() if value is not None}


def extension(**changed: Any) -> dict[str, Any]:
    """An extension without calls."""
    fields: dict[str, Any] = {
        "calls": [],
        "userID": 70001,
        "userName": "Amit Raz",
        "number": 20001,
        "extenUser": "A",
        "accountID": 1001,
        "topAccountID": 1000,
        "summery": {"representative": "Dana Katz"},
        "onlineUserID": 70003,
        "representative": 70004,
        "representativeStatus": 1,
        "lastCallEventEpoch": NOW,
        "lastAnsweredCallEventEpoch": NOW - 2,
        "lastHangupCallEpoch": NOW - 90,
        "representativeUpdated": (NOW - 100) * 1000,
        "peerStatus": None,
    }
    return fields | changed


def event(data: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """The payload of an ExtensionEvent: a call was answered."""
    if data is None:
        data = extension(calls=[call()], currentCall=call())
    fields: dict[str, Any] = {
        "data": data,
        "eventName": "extension",
        "reason": "ANSWER",
        "servertime": NOW,
        "servertimeoffset": 120,
        "telephonyservertime": NOW - 2,
    }
    return {key: value for key, value in (fields | changed).items() if value is not None}


def queue_event(**changed: Any) -> dict[str, Any]:
    """The payload of a QueueEvent: a call joined."""
    waiting = {"CallerID": "0501234567", "CallerName": "Dana", "IvrUniqueID": "1", "ivrid": "1", "JoinTimeStamp": NOW}
    fields: dict[str, Any] = {
        "data": {"QueueID": 55, "QueueName": "Sales", "Calls": [waiting]},
        "eventName": "queue",
        "reason": "JOIN",
        "servertime": NOW,
        "servertimeoffset": 120,
        "telephonyservertime": NOW,
        "ivruniqueid": "1",
    }
    return fields | changed


def line(name: str, payload: Any) -> bytes:
    """A frame's text, as the socket has it."""
    return json.dumps([name, payload], separators=(",", ":")).encode()


def body(kind: type[_Body], name: str, payload: Any) -> _Body:
    """A frame's body, which is of a kind and has nothing unusable."""
    frame = Frame.decode(line(name, payload))
    assert () == frame.bad
    assert isinstance(frame.body, kind)
    return frame.body


def only(listed: Sequence[_One] | None) -> _One:
    """The one thing in a list."""
    assert listed is not None
    (one,) = listed
    return one
