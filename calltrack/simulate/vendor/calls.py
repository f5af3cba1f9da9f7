"""How a call is shown in the list of an extension, and in that of a queue."""

from collections.abc import Callable
from zlib import crc32

from calltrack.simulate.centre.things import Call, Entry, Leg
from calltrack.simulate.vendor.releases import Json, add_invented

Local = Callable[[int], int]
"""The server's wall clock at a time (UTC epoch, s); 0 for 0."""

_SHOWN = "0770000999"  # the account's number, which those who are called see


def call_of(leg: Leg, local: Local, release: int) -> Json:
    """A call at an extension."""
    call, started = leg.call, local(leg.started)
    said: Json = {
        "callStarted": started,
        "calldurationinterval": started,
        "callAnswered": local(leg.answered_at),
        "answered": leg.answered,
        "callername": leg.name,
        "callerphone": leg.phone,
        "callstatus": leg.status,
        "customdata": call.custom,
        "direction": leg.direction,
        "ivrid": call.ivrid,
        "recording": _recording(leg, release),
        "did": leg.did,
        "ip": "192.0.2.1",
        "blcServerID": leg.server,
        "isOpensips": False,
        "channel": leg.channel,
        "channel2": leg.channel2,
    }
    if call.queue_id is not None:
        said["queueID"] = call.queue_id
    if leg.c2c:
        said["c2cdirection"] = leg.c2c
    if call.internal:
        said["isInternal"] = True
    if leg.spied:
        said["isSpyed"] = True
    if call.related:
        said["relatedIvrUniqueIDs"] = call.related
    if call.transferrer:
        said["transferExtensionName"] = call.transferrer
    if call.campaign_id is not None:
        said["campaignID"] = call.campaign_id
    if release:
        _add_since_2023_12(said, leg)
        add_invented(said, release, "call", crc32(call.ivrid.encode()))
    return said


def _recording(leg: Leg, release: int) -> Json:
    """Of an outgoing call a later release says it from the answer on; a paused one is 1 or "1" (field guide §7)."""
    call = leg.call
    if not release:
        return {"Filename": call.file, "Options": "", "ApproximateURL": "", "IsMuted": int(call.muted)}
    known = leg.direction != "Outgoing" or bool(leg.answered)
    return {
        "Filename": call.file if known else "",
        "Options": "m" if known else "",
        "ApproximateURL": f"https://recordings.example/{call.file}" if known else "",
        "IsMuted": str(int(call.muted)) if leg.direction == "Outgoing" else int(call.muted),
    }


def _add_since_2023_12(said: Json, leg: Leg) -> None:
    call, outgoing = leg.call, leg.direction in ("Outgoing", "Click2Call")
    dialed = leg.phone if outgoing else leg.did
    said["outgoingcallerphone"] = _SHOWN if outgoing else ""
    said["outgoingcallername"] = leg.desk.agent_name if outgoing else ""
    said["callType"] = leg.direction
    # A queue puts its own name over the caller's, and a pick-up hides the number.
    said["originalCallerID"] = call.phone
    said["originalCallerName"] = "" if call.queue_id is not None else call.name
    as_number = dialed.isdecimal() and crc32(call.ivrid.encode()) % 2 == 0
    said["actualDialedNumber"] = int(dialed) if as_number else dialed


def entry_of(entry: Entry, local: Local, release: int) -> Json:
    """A call that waits in a queue."""
    call, joined = entry.call, local(entry.joined)
    said: Json = {
        "CallerID": call.phone,
        "CallerName": call.name,
        "IvrUniqueID": call.ivrid,
        "JoinTimeStamp": joined,
        "calldurationinterval": joined,
        "ivrid": call.ivrid,
    }
    if release:
        said["isDistributedQueue"] = False
        said["customdata"] = _custom(call)
        add_invented(said, release, "waiting", crc32(call.ivrid.encode()))
    return said


def _custom(call: Call) -> Json | list[Json]:
    """Empty custom data is an object or an array (field guide §1)."""
    if not call.custom and crc32(call.ivrid.encode()) % 3 == 0:
        return []
    return dict(call.custom)
