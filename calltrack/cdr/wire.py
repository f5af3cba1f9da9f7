"""A record's JSON as a statement: the fields of CDR notifications and of Call Log records, in one class.

The two accounts name the same things differently (`CALLID`/`ivruniqueid`/`CallID`), and either may write a number as
text. So every field takes anything and `normalise` makes of it what the statement has; what it cannot use is left out.
A field that no class names is skipped by the parser and stays in the frame's text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import field

from calltrack.cdr.table import DIRECTIONS, UNKNOWN, UNSAID, Kind, kind_of, status_of
from calltrack.core import observations
from calltrack.core.clock import EARLIEST, LATEST
from calltrack.core.observations import Seconds, Statement

_TABLED = re.compile(r"\d+\.0")
_CUT = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
HIDDEN = "\ufdd0"
_LONGEST_S = 366 * 86_400
_GREATEST = 2**53  # beyond it numbers are not exact, and mean no amount or time
_EMPTY: tuple[Any, ...] = (None, "", [], {}, "[]", "{}", "null")

NOTIFICATION, CALL_LOG = "CDR", "Call Log"
"""The accounts, as a statement names them."""


class Record(observations.Stated, gc=False):
    """A CDR notification's body, or an element of a Call Log's `CDR_LIST`."""

    stamp: Any = field(name=f"{HIDDEN}stamp", default=None)
    offset_min: Any = field(name="servertimeoffset", default=None)
    """Not the vendor's: the receiver of the record may say what the account's clock is ahead of UTC, min."""
    statement: Any = field(name=f"{HIDDEN}statement", default=Statement())

    # Identity
    id_1: Any = field(name="ivruniqueid", default=None)
    id_2: Any = field(name="CallID", default=None)
    id_3: Any = field(name="ivrid", default=None)
    id_4: Any = field(name="CALLID", default=None)
    id_5: Any = field(name="IVR_UNIQUE_ID", default=None)
    id_6: Any = field(name="IvrUniqueID", default=None)
    kind_number: Any = field(name="CdrType", default=None)
    kind_1: Any = field(name="type", default=None)
    kind_2: Any = field(name="Type", default=None)
    status_1: Any = field(name="status", default=None)
    status_2: Any = field(name="DialStatus", default=None)
    direction: Any = None
    answered: Any = field(name="isAnswer", default=None)
    # Times
    started: Any = field(name="time", default=None)
    date: Any = field(name="Date", default=None)
    date_epoch: Any = field(name="DateEpoch", default=None)
    total_1: Any = field(name="duration", default=None)
    total_2: Any = field(name="Duration", default=None)
    talk: Any = field(name="actualCallDuration", default=None)
    ring_1: Any = field(name="actualCallDialtime", default=None)
    ring_2: Any = field(name="dialtime", default=None)
    ring_3: Any = field(name="RingTime", default=None)
    wait: Any = field(name="seconds_waiting_in_queue", default=None)
    # Who
    caller_1: Any = field(name="caller", default=None)
    caller_2: Any = field(name="callerPhone", default=None)
    caller_3: Any = field(name="CallerNumber", default=None)
    target_1: Any = field(name="target", default=None)
    target_2: Any = field(name="TargetNumber", default=None)
    did_1: Any = field(name="did", default=None)
    did_2: Any = field(name="DID", default=None)
    exten_user: Any = field(name="extenUser", default=None)
    caller_extension_1: Any = field(name="callerextension", default=None)
    caller_extension_2: Any = field(name="CallerExtension", default=None)
    target_extension: Any = field(name="TargetExtension", default=None)
    agent_name_1: Any = field(name="representative_name", default=None)
    agent_name_2: Any = field(name="RepresentativeName", default=None)
    agent_id_1: Any = field(name="representative_code", default=None)
    agent_id_2: Any = field(name="RepresentativeCode", default=None)
    user_name: Any = field(name="UserName", default=None)
    user_id: Any = field(name="UserId", default=None)
    queue_id: Any = field(name="queueid", default=None)
    queue_name_1: Any = field(name="queuename", default=None)
    queue_name_2: Any = field(name="QueueName", default=None)
    # What else is known
    record_1: Any = field(name="record", default=None)
    record_2: Any = field(name="RecordURL", default=None)
    price_1: Any = field(name="price", default=None)
    price_2: Any = field(name="Price", default=None)
    original: Any = field(name="OriginalIvrUniqueID", default=None)
    department_id_1: Any = field(name="DepartmentID", default=None)
    department_id_2: Any = field(name="DepartmentId", default=None)
    department: Any = field(name="DepartmentName", default=None)
    path_1: Any = field(name="IVR", default=None)
    path_2: Any = field(name="DTMFData", default=None)
    custom: Any = field(name="CustomData", default=None)
    analysis: Any = field(name="aiData", default=None)


def normalise(record: Record) -> list[str]:
    """Make the statement; returns the key that it lacks, if it names no call."""
    word, status = as_text(record.kind_1, record.kind_2), as_text(record.status_1, record.status_2)
    kind, meant = kind_of(record.kind_number, word), status_of(status)
    queue_id, queue_name = _id(record.queue_id), as_text(record.queue_name_1, record.queue_name_2)
    waits = kind.waits or (kind is UNKNOWN and bool(queue_id or queue_name))
    said = as_flag(record.answered)
    answered = meant.answered if said is None else said
    log = record.id_2 is not None
    started, started_utc = as_epoch(record.started), _utc(record.date, record.date_epoch)
    total, talk = _seconds(record.total_1, record.total_2), _seconds(record.talk)
    ring, wait = _seconds(record.ring_1, record.ring_2, record.ring_3), _seconds(record.wait)
    unusable = [
        *_unusable(record, kind is not UNKNOWN, "kind_number", "kind_1", "kind_2"),
        *_unusable(record, meant is not UNSAID, "status_1", "status_2"),
        *_unusable(record, said is not None, "answered"),
        *_unusable(record, started is not None or started_utc is not None, "started", "date", "date_epoch"),
        *_unusable(record, total is not None, "total_1", "total_2"),
        *_unusable(record, talk is not None, "talk"),
        *_unusable(record, ring is not None, "ring_1", "ring_2", "ring_3"),
        *_unusable(record, wait is not None, "wait"),
    ]
    if talk is None and answered and not waits and total is not None and ring is not None:
        talk = max(0, total - ring)  # the Call Log says only these two
    way = as_text(record.direction).lower()
    direction = kind.direction or DIRECTIONS.get(way, "")
    unusable += _unusable(record, _agrees(way, kind), "direction")
    for name in ("caller_1", "caller_2", "caller_3", "target_1", "target_2", "did_1", "did_2"):
        unusable += _unusable(record, not _CUT.fullmatch(as_text(getattr(record, name))), name)
    exten_user = _extension(record, kind, direction)
    far = record.target_1 if direction not in ("", observations.INCOMING) else record.caller_2 or record.caller_1
    far_2 = record.target_2 if direction not in ("", observations.INCOMING) else record.caller_3
    record.statement = Statement(
        call_id=as_text(record.id_1, record.id_2, record.id_3, record.id_4, record.id_5, record.id_6),
        account=CALL_LOG if log else NOTIFICATION,
        kind=kind.name or word or as_text(record.kind_number),
        status=status,
        outcome=(meant.of_wait if waits else None) or meant.outcome,
        answered=answered,
        exten_user=exten_user,
        queue_id=queue_id if waits else "",
        queue_name=queue_name if waits else "",
        direction=direction,
        c2c=kind.c2c,
        far_end=kind.far_end,
        started=started,
        started_utc=started_utc,
        total_s=total,
        wait_s=wait if waits else None,
        ring_s=ring,
        talk_s=0 if answered is False and talk is None else talk,
        caller=as_text(far, far_2),
        did=as_text(record.did_1, record.did_2),
        agent_id=_id(record.agent_id_1, record.agent_id_2, record.user_id) or None,
        agent_name=as_text(record.agent_name_1, record.agent_name_2, record.user_name),
        related=(original,) if (original := as_text(record.original)) else (),
        recording_url=as_text(record.record_1, record.record_2),
        price=as_number(record.price_1, record.price_2),
        department_id=_id(record.department_id_1, record.department_id_2),
        department=as_text(record.department),
        path=_json(record.path_1, record.path_2),
        analysis=_json(record.analysis),
        custom_data=_json(record.custom),
        unusable=tuple(unusable),
    )
    record.offset_min = as_number(record.offset_min)
    forget(record, _RAW)
    return [] if record.statement.call_id else ["ivruniqueid"]


def _agrees(way: str, kind: Kind) -> bool:
    """Whether a direction is one, and one that a kind of record can have. An internal call is either, at either end."""
    if way == "internal" or kind.far_end or kind.direction not in (observations.INCOMING, observations.OUTGOING):
        return way in DIRECTIONS
    return DIRECTIONS.get(way) == kind.direction


_NOTHING = ("", "0", "null", "none", "-")
_SHOWN = 40  # characters of a value


def _unusable(record: Record, used: bool, *names: str) -> list[str]:
    """The first of some fields that says something, as "name: value"; nothing if one of them was `used`."""
    for name in () if used else names:
        value = getattr(record, name)
        if value in _EMPTY or value == 0 or (isinstance(value, str) and value.strip().lower() in _NOTHING):
            continue
        text = value if isinstance(value, str) else _json(value)
        return [f"{_KEYS[name]}: {text.strip()[:_SHOWN]}"]
    return []


_KEPT = ("stamp", "offset_min", "statement")


def raw_fields(kind: type[observations.Stated]) -> tuple[str, ...]:
    """The fields of a body that its statement is made from."""
    return tuple(name for name in kind.__struct_fields__ if name not in _KEPT)


_RAW = raw_fields(Record)
_KEYS = {field.name: field.encode_name for field in msgspec.structs.fields(Record)}


def forget(body: observations.Stated, raw: tuple[str, ...]) -> None:
    """Let go of what the statement has now, so that equal bodies compare equal and cost their statement alone."""
    for name in raw:
        setattr(body, name, None)


def _extension(record: Record, kind: Kind, direction: str) -> str:
    """The extension of the part: who answered, or who made the call; "" if no agent was reached."""
    own = as_text(record.exten_user)
    if own:
        return own
    if direction == observations.INCOMING:
        return as_text(record.target_extension)
    if kind.c2c == 2:
        return as_text(record.caller_extension_2, record.target_extension)
    return as_text(record.caller_extension_1, record.caller_extension_2, record.target_extension)


def as_text(*values: object) -> str:
    """The first value that is a text or a number, as text."""
    for value in values:
        if isinstance(value, str):
            if value.strip():
                return value.strip()
        elif isinstance(value, float) and value.is_integer():
            return str(int(value))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return ""


def _id(*values: object) -> str:
    """An id as text; 0 is none, and "70004.0" is what a table makes of a number."""
    for value in values:
        text = as_text(value)
        text = text.removesuffix(".0") if _TABLED.fullmatch(text) else text
        if text not in ("", "0"):
            return text
    return ""


def as_number(*values: object) -> Seconds | None:
    """The first value that is a number, or a text that is one."""
    for value in values:
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                continue
        if isinstance(value, int | float) and -_GREATEST < value < _GREATEST:
            return int(value) if float(value).is_integer() else value
    return None


def _seconds(*values: object) -> Seconds | None:
    """A duration: "90", 90 or "00:01:30"; None for what is none, negative or longer than a year."""
    for value in values:
        found = as_number(value)
        if found is None and isinstance(value, str) and value.count(":") == 2:
            hours, minutes, seconds = (as_number(part) for part in value.split(":"))
            if hours is not None and minutes is not None and seconds is not None:
                found = hours * 3600 + minutes * 60 + seconds
        if found is not None and 0 <= found <= _LONGEST_S:
            return found
    return None


def as_epoch(value: object) -> Seconds | None:
    """A moment; None for 0 and what is none. A text without a zone, as tables have it, is of the account's clock."""
    if isinstance(value, str) and "-" in value:
        try:
            at = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
        value = None if at.tzinfo else at.replace(tzinfo=UTC).timestamp()
    found = as_number(value)
    return found if found is not None and EARLIEST <= found <= LATEST else None


def _utc(date: object, epoch: object) -> Seconds | None:
    """The Call Log's Date is ISO 8601 in GMT, with or without a zone; DateEpoch is the same as a number."""
    if isinstance(date, str) and date.strip():
        try:
            at = datetime.fromisoformat(date.strip())
            return as_epoch((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            pass
    return as_epoch(epoch)


def as_flag(value: object) -> bool | None:
    """Yes or no in any type."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false", "yes", "no"):
        return value.strip().lower() in ("true", "yes")
    found = as_number(value)
    return None if found is None else found != 0


def _json(*values: object) -> str:
    """A value as JSON text; a text that is JSON already stays as it is. "" for nothing."""
    for value in values:
        if value in _EMPTY:
            continue
        if isinstance(value, str):
            return value
        return msgspec.json.encode(value).decode()
    return ""
