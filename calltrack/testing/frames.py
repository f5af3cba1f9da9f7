"""Frames as the vendor sends them, built from what matters to a test. Times are seconds after START."""

from typing import Any

from calltrack.voicenter.frames import Frame

START = 1_767_258_000  # the server's wall clock, two hours ahead of UTC
OFFSET_MIN = 120
DIRECTIONS = {"Ringing": "Incoming", "Dialing": "Outgoing", "Spying": "Spy"}


def utc(seconds: float) -> float:
    """The UTC epoch (s) of a moment of the test."""
    return START - OFFSET_MIN * 60 + seconds


def call(call_id: str, status: str, started: int = 1, answered_at: int = 0, **more: Any) -> dict[str, Any]:
    """One element of `calls`, or a currentCall."""
    return {
        "callStarted": START + started,
        "callAnswered": START + answered_at if answered_at else 0,
        "answered": int(bool(answered_at)),
        "callername": "Caller",
        "callerphone": "0501234567",
        "callstatus": status,
        "customdata": {},
        "direction": DIRECTIONS.get(status, "Incoming"),
        "ivrid": call_id,
        **more,
    }


def extension(
    at: int,
    name: str,
    reason: str,
    current: dict[str, Any] | None = None,
    calls: list[dict[str, Any]] | None = None,
    *,
    outside: dict[str, Any] | None = None,
    **inside: Any,
) -> Frame:
    """An ExtensionEvent; `calls` is [current] if not given, [] after a HANGUP."""
    if calls is None:
        calls = [current] if current is not None and reason != "HANGUP" else []
    data: dict[str, Any] = {
        "calls": calls,
        "userID": 7,
        "userName": "Clark Kent",
        "number": 1001,
        "extenUser": name,
        "accountID": 100,
        "summery": {"representative": "Clark Kent"},
        "onlineUserID": 7,
        "representative": 7,
        "representativeStatus": 1,
        "representativeUpdated": (START - 60) * 1000,
        "currentCall": current,
        **inside,
    }
    body: dict[str, Any] = {
        "data": data,
        "eventName": "extension",
        "reason": reason,
        "servertime": START + at,
        "servertimeoffset": OFFSET_MIN,
        **(outside or {}),
    }
    if reason == "HANGUP" and current is not None:
        body = {"cause": "Normal hangup", "dialStatus": "", "ivruniqueid": current["ivrid"], **body}
    return Frame.of("ExtensionEvent", body)


def waiting(call_id: str, joined: int = 1) -> dict[str, Any]:
    """One element of a queue's `Calls`."""
    return {"CallerID": "0501234567", "CallerName": "Support", "JoinTimeStamp": START + joined, "ivrid": call_id}


def queue(at: int, reason: str, call_id: str, calls: list[dict[str, Any]], **inside: Any) -> Frame:
    """A QueueEvent of queue 55."""
    body = {
        "data": {"QueueID": 55, "QueueName": "Support", "Calls": calls, **inside},
        "eventName": "queue",
        "reason": reason,
        "servertime": START + at,
        "servertimeoffset": OFFSET_MIN,
        "ivruniqueid": call_id,
    }
    return Frame.of("QueueEvent", body)


def all_extensions(at: int, **extensions: list[dict[str, Any]]) -> Frame:
    """An AllExtensionsStatus: name → live calls."""
    found = [{"extenUser": name, "calls": calls, "representativeStatus": 1} for name, calls in extensions.items()]
    return Frame.of("AllExtensionsStatus", {"extensions": found, **stamp(at)})


def all_queues(at: int, calls: list[dict[str, Any]]) -> Frame:
    """A loginStatus with queue 55."""
    return Frame.of("loginStatus", {"queues": [{"QueueID": 55, "QueueName": "Support", "Calls": calls}], **stamp(at)})


def stamp(at: int) -> dict[str, int]:
    """What every other frame carries."""
    return {"servertime": START + at, "servertimeoffset": OFFSET_MIN, "errorCode": 0}
