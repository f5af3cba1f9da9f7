"""What a new name alone does not make an observation: the last step of decoding, in place.

Each function takes an object that msgspec has filled and sets the core's fields that need more than one wire field or
another unit. It runs for every frame, so the usual case of each field is one comparison.

Each returns the keys that every capture has and this frame lacks: it may have them in another case (`decode` looks).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from calltrack.cdr import popup
from calltrack.cdr import wire as cdr
from calltrack.core.observations import ENDS, STATUS, Body, Id, Reported
from calltrack.core.states import Outcome, State
from calltrack.voicenter import wire
from calltrack.voicenter.spellings import (
    CAMPAIGN_KINDS,
    CAUSES,
    DIAL_STATUSES,
    DIRECTIONS,
    EXTENSION_REASONS,
    QUEUE_OUTCOMES,
    QUEUE_REASONS,
    STATES,
    STATISTICS,
    meaning,
)
from calltrack.voicenter.texts import json_member, text

_TALKING, _DIALING, _TRANSFERRED = State.TALKING, State.DIALING, Outcome.TRANSFERRED
_NO_RAW = wire.NO_RAW
_state, _direction, _extension_reason = STATES.get, DIRECTIONS.get, EXTENSION_REASONS.get
_NONE = frozenset({"{}", "[]", "null", '""', ""})
_EMPTY, _LONGEST_NONE = 2, 12  # bytes of {}, and of the same with spaces
_NO_ONE = (0, "0", "")


def _custom(raw: Any) -> str:
    """Custom data as its JSON text; "" for {}, [], "" and null."""
    data = str(raw, "utf-8")
    return "" if data in _NONE or (len(data) < _LONGEST_NONE and "".join(data.split()) in _NONE) else data


def _related(value: list[Any] | str) -> tuple[str, ...]:
    """Ids of calls, from a list or from one text with commas."""
    parts = value.split(",") if isinstance(value, str) else value
    return tuple([one for part in parts if isinstance(part, str | int) and (one := str(part).strip())])


def _id(value: object) -> str:
    """An id as text; 0 is none."""
    return "" if value in _NO_ONE else text(value)


def _calls(listed: Iterable[wire.Call], lacks: list[str]) -> None:
    """State, direction and all that is text."""
    for call in listed:
        call_id = call.call_id
        if type(call_id) is not str or not call_id:
            call.call_id = text(call_id) or call.id_2 or call.id_3 or call.id_4
            if not call.call_id:
                lacks.append("ivrid")
        if type(call.caller) is not str:
            call.caller = text(call.caller)
        if type(call.caller_name) is not str:
            call.caller_name = text(call.caller_name)
        if type(call.did) is not str:
            call.did = text(call.did)
        answered = call.answered
        if answered is not False and answered is not True:
            if answered not in (0, 1):
                raise msgspec.ValidationError("not a flag")
            call.answered = answered == 1
        status = call.status
        state = _state(status)
        if state is None:
            if status:
                state = meaning(STATES, status)
            else:
                lacks.append("callstatus")
        if call.started is None:
            lacks.append("callStarted")
        # Leg 2 has not been answered yet: it dials, whatever it says (field guide §4).
        call.state = _DIALING if state is _TALKING and call.c2c == 2 and not call.answered else state
        direction = _direction(call.direction)
        if direction is not None:
            call.direction = direction
        elif call.direction:
            call.direction = meaning(DIRECTIONS, call.direction) or call.direction
        else:
            lacks.append("direction")
        queue_id = call.queue_id
        if type(queue_id) is int and queue_id:  # nearly always, and six times faster than asking _id
            call.queue_id = str(queue_id)
        elif queue_id != "":
            call.queue_id = _id(queue_id)
        if type(call.dialed_number) is not str:
            call.dialed_number = text(call.dialed_number)
        if call.campaign_id != "":
            call.campaign_id = _id(call.campaign_id)
        custom = call.custom
        if custom is not _NO_RAW:
            if len(custom) > _EMPTY:
                call.custom_data = _custom(custom)
            call.custom = _NO_RAW  # it would keep the whole frame's text alive
        if call.related_ids:
            call.related = _related(call.related_ids)
        recording = call.recording
        if recording is not None and not (recording.filename or recording.url or recording.muted or recording.options):
            call.recording = None


def _waits(listed: Iterable[wire.QueuedCall], lacks: list[str]) -> None:
    for call in listed:
        if type(call.call_id) is not str or not call.call_id:
            call.call_id = text(call.call_id) or call.id_2 or call.id_3 or call.id_4
            if not call.call_id:
                lacks.append("ivrid")
        if type(call.caller) is not str:
            call.caller = text(call.caller)
        if type(call.caller_name) is not str:
            call.caller_name = text(call.caller_name)
        if call.started is None:
            lacks.append("JoinTimeStamp")
        if call.custom is not _NO_RAW and len(call.custom) > _EMPTY:
            data = call.custom_data = _custom(call.custom)
            call.custom = _NO_RAW
            if "riginal" in data:
                call.original_call_id = json_member(data, "OriginalIvrUniqueID")


def _extension(seen: wire.Extension, lacks: list[str]) -> None:
    if seen.listed is None:
        seen.listed = seen.listed_2
        if seen.listed is None:
            lacks.append("calls")
    if seen.listed:
        _calls(seen.listed, lacks)
    exten_user = seen.exten_user
    if type(exten_user) is not str or not exten_user:
        seen.exten_user = text(exten_user)
        if not seen.exten_user:
            lacks.append("extenUser")
    if seen.agent_id is None:
        seen.agent_id = seen.representative
        lacks.append("onlineUserID")
    if seen.agent_status is None:
        lacks.append("representativeStatus")
    if seen.summary is not None:
        seen.agent_name = seen.summary.representative
    since = seen.agent_status_since
    if since:
        seen.agent_status_since = since / 1000 if since % 1000 else int(since // 1000)


def extension_event(body: wire.ExtensionEvent) -> list[str]:
    """The whole of an ExtensionEvent."""
    lacks: list[str] = []
    data = body.extension
    if data is None:
        data = body.extension = wire.ExtensionData()
        lacks.append("data")
    current, about, listed = data.current, "", data.listed
    # Mostly the event's call is the listed one, word for word: to compare them costs a third of going through another.
    same = current is not None and listed is not None and len(listed) == 1 and listed[0] == current
    _extension(data, lacks)
    _stamps(body, data, lacks)
    reason = body.reason or ""
    kind = _extension_reason(reason) or meaning(EXTENSION_REASONS, reason) or ""
    if same and listed is not None and listed[0].call_id:
        current = data.current = listed[0]
        about = current.call_id  # type: ignore[assignment]  # text by now
    elif current is not None:
        _calls((current,), lacks)
        about = current.call_id  # type: ignore[assignment]  # text by now
    if not about and kind is not STATUS:
        about = _named(body) or _named(data)
        if not about:
            lacks.extend(("currentCall", "ivruniqueid"))
        if current is not None:
            if current.status or current.started:
                current.call_id = about
            else:
                current = None
    if kind is not ENDS:
        body.reported = Reported(kind, about, current, body.cause or data.cause or "", None, False, "", reason)
        return lacks
    means, cause, dial_status = None, body.cause or data.cause or "", body.dial_status or data.dial_status
    if dial_status:
        means = meaning(DIAL_STATUSES, dial_status)
    if means is None and cause:
        means = meaning(CAUSES, cause)
    body.reported = Reported(kind, about, current, cause, means, means is _TRANSFERRED, "", reason)
    return lacks


def _named(said: wire.ExtensionEvent | wire.ExtensionData | wire.QueueEvent | wire.QueueData) -> str:
    """The id of the call that an event is about, as one of its two places has it."""
    return said.about or said.about_2 or said.about_3 or said.about_4 or ""


def _stamps(
    body: wire.ExtensionEvent | wire.QueueEvent, data: wire.ExtensionData | wire.QueueData, lacks: list[str]
) -> None:
    """Times and reason from outside `data`, else from inside it."""
    if not body.reason:
        body.reason = data.reason
        if not body.reason:
            lacks.append("reason")
    if not body.stamp:
        if data.stamp is not None:
            body.stamp = data.stamp
        else:
            lacks.append("servertime")
    if body.offset_min is None:
        body.offset_min = data.offset_min
        if data.offset_min is None:
            lacks.append("servertimeoffset")
    if not body.moment:
        body.moment = body.moment_2 or data.moment or data.moment_2 or body.moment


def _queue(seen: wire.Queue, lacks: list[str]) -> None:
    if seen.listed is None:
        seen.listed = seen.listed_2
        if seen.listed is None:
            lacks.append("Calls")
    if seen.listed:
        _waits(seen.listed, lacks)
    if type(seen.queue_id) is not str or not seen.queue_id:
        seen.queue_id = text(seen.queue_id) or text(seen.queue_id_2)
        if not seen.queue_id:
            lacks.append("QueueID")


def queue_event(body: wire.QueueEvent) -> list[str]:
    """The whole of a QueueEvent."""
    lacks: list[str] = []
    data = body.queue
    if data is None:
        data = body.queue = wire.QueueData()
        lacks.append("data")
    _queue(data, lacks)
    _stamps(body, data, lacks)
    reason = body.reason or ""
    kind = QUEUE_REASONS.get(reason) or meaning(QUEUE_REASONS, reason) or ""
    about = _named(body) or _named(data)
    if not about:
        lacks.append("ivruniqueid")
    means = meaning(QUEUE_OUTCOMES, reason) if kind is ENDS else None
    body.reported = Reported(kind, about, None, "", means, False, data.agent_name or "", reason)
    return lacks


def _campaign(seen: wire.Campaign, lacks: list[str]) -> None:
    seen.campaign_id = text(seen.campaign_id)
    if not seen.campaign_id:
        lacks.append("campaignID")
    seen.name, seen.code, kind = text(seen.name), text(seen.code), text(seen.kind)
    seen.kind = meaning(CAMPAIGN_KINDS, kind) or kind
    seen.call_ids = _call_ids(seen.calls)
    seen.calls = None
    counts: dict[str, Any] = {}
    for said in (seen.older_counts, seen.counts):
        if isinstance(said, dict):
            for part in (said, said.get("CallStatistics"), said.get("DialerStrategy")):
                counts.update(part if isinstance(part, dict) else {})
    seen.counts = seen.older_counts = None
    seen.statistics = {name: n for key, name in STATISTICS.items() if (n := _count(counts.get(key))) is not None}
    seen.strategy, seen.queue_id = text(counts.get("TypeName")), _id(counts.get("Queue"))


def _call_ids(value: object) -> tuple[str, ...]:
    """Ids of a campaign's calls, which are listed as ids or as objects that have one."""
    found = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            one = next((one[key] for key in ("ivrid", "IvrUniqueID", "Ivrid", "ivruniqueid") if one.get(key)), None)
        if isinstance(one, str | int) and one:
            found.append(str(one))
    return tuple(found)


def _count(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    return int(value) if isinstance(value, int | float) and 0 <= value < 1 << 53 else None


def campaign_event(body: wire.CampaignEvent) -> list[str]:
    """The whole of a DialerEvent."""
    lacks: list[str] = []
    if body.campaign is None:
        body.campaign = wire.Campaign()
        lacks.append("data")
    _campaign(body.campaign, lacks)
    if not body.reason:
        body.reason = body.dial_status or ""
    return lacks


def _error(code: Id, detail: Id) -> str:
    """What the server reports as its error; "" if its code is none."""
    if code is None or code in _NO_ONE:
        return ""
    return f"{code}: {detail}" if detail else f"{code}"


def _whole(
    items: str, key: str, normalise: Callable[[Any, list[str]], None]
) -> Callable[[wire.AllExtensions | wire.AllQueues | wire.AllCampaigns], list[str]]:
    """What makes a full list whole; its items are under `items`, or under `items_2` in the other spelling."""

    def full_list(body: wire.AllExtensions | wire.AllQueues | wire.AllCampaigns) -> list[str]:
        lacks: list[str] = []
        if getattr(body, items) is None:
            setattr(body, items, getattr(body, f"{items}_2"))
            if getattr(body, items) is None:
                lacks.append(key)
        for seen in getattr(body, items) or ():
            normalise(seen, lacks)
        body.error = _error(body.error_code, body.error_text)
        return _stamped(body, lacks)

    return full_list


def notice(body: wire.Notice | wire.Login) -> list[str]:
    """The server's error."""
    body.error = _error(body.error_code, body.error_text)
    return _stamped(body, [])


def fact(_body: Body) -> list[str]:
    """The live side's own frames say what they mean."""
    return []


def _stamped(body: Body, lacks: list[str]) -> list[str]:
    if body.stamp is None:
        lacks.append("servertime")
    return lacks


NORMALISE: dict[type[Any], Callable[[Any], list[str]]] = {
    wire.ExtensionEvent: extension_event,
    wire.QueueEvent: queue_event,
    wire.CampaignEvent: campaign_event,
    wire.AllExtensions: _whole("extensions", "extensions", _extension),
    wire.AllQueues: _whole("queues", "queues", _queue),
    wire.AllCampaigns: _whole("campaigns", "dialers", _campaign),
    wire.Login: notice,
    wire.Notice: notice,
    wire.Fact: notice,
    wire.Lost: fact,
    wire.Tick: fact,
    cdr.Record: cdr.normalise,
    popup.Popup: popup.normalise,
}
