"""The vendor's account of ended calls: CDR notifications, one for each part of a call, and as Call Log records.

What a part is, and which figures it has, is field guide §9: a wait in a queue with the agent who answered it, each leg
of a click2call, each attempt to dial, each part of a transferred call. A ring that was not answered has no record.
Times are the switch's; talk includes hold, and the duration of a queue's record includes the wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zlib import crc32

from calltrack.simulate.centre.things import Call as WorldCall
from calltrack.simulate.centre.things import Change, DialerChange, Leg, Queue, QueueChange
from calltrack.simulate.centre.world import World
from calltrack.simulate.vendor.clocks import Clocks
from calltrack.simulate.vendor.releases import Json

TYPES = {
    1: "Incoming Call",
    4: "Extension Outgoing",
    8: "Queue",
    9: "Click2Call leg1",
    10: "Click2Call leg2",
    13: "XferCDR",
    15: "ProductiveCall Leg2",
}
"""CdrType → its name; those that a simulated centre makes."""

_STATUSES = {
    "User busy": "BUSY",
    "No user responding": "NOANSWER",
    "User alerting, no answer": "NOANSWER",
    "Unallocated (unassigned) number": "NOTCALLED",
    "Call Rejected": "CANCEL",
    "Normal hangup": "CANCEL",
}
_ANALYSED_S = 120  # talk from which the simulated account has a summary
_PRICE = 7  # agorot a begun minute
_LAG = 15  # s by which the switch can date an answer before the queue dates its caller


class Part(NamedTuple):
    """A record before it is written: times in UTC s."""

    at: float
    """When the call was over; the record is made then."""
    ivrid: str
    number: int
    body: Json
    """The CDR notification."""
    started: int


class _Wait:
    def __init__(self, queue: Queue, joined: int) -> None:
        self.queue, self.joined = queue, joined
        self.left: int | None = None
        self.answered = False


class _Open:
    """A call that is not over: its legs in their order, and its waits."""

    def __init__(self, call: WorldCall) -> None:
        self.call = call
        self.legs: list[Leg] = []
        self.waits: list[_Wait] = []
        self.causes: dict[int, str] = {}
        self.ends: dict[int, int] = {}
        self.agents: dict[int, tuple[str, int]] = {}


class Registrar:
    """Sees every change of a world, in order, and gives the records of each call when it is over."""

    def __init__(self, clocks: Clocks, world: World) -> None:
        self._clocks = clocks
        self._open: dict[str, _Open] = {}
        for entry in (entry for queue in world.queues for entry in queue.waiting):
            self._of(entry.call).waits.append(_Wait(entry.queue, entry.joined))
        for leg in (leg for desk in world.desks for leg in desk.legs):
            self._enter(leg)

    def see(self, change: Change) -> list[Part]:
        """The records that a change makes; none, unless it ends a call."""
        if isinstance(change, DialerChange):
            return []
        if isinstance(change, QueueChange):
            found = self._of(change.call)
            if change.reason == "JOIN":
                found.waits.append(_Wait(change.queue, change.switch))
            else:
                wait = next(wait for wait in found.waits if wait.left is None and wait.queue is change.queue)
                wait.left, wait.answered = change.switch, change.reason != "ABANDONED"
        elif change.leg is not None:
            leg = change.leg
            found = self._enter(leg)
            if change.reason == "HANGUP":
                found.causes[id(leg)] = change.cause
            elif leg.c2c == "2" and change.reason == "NEWCALL":  # the first leg has no end of its own
                found.ends |= {id(one): leg.switched for one in found.legs if one.c2c == "1"}
        over = [end.call for end in change.ends if end.what == "call"]
        return [part for ivrid in over for part in self._close(ivrid, change.at)]

    def _enter(self, leg: Leg) -> _Open:
        found = self._of(leg.call)
        if not any(leg is one for one in found.legs):
            found.legs.append(leg)
            online = leg.desk.online or leg.desk.owner
            found.agents[id(leg)] = (online.name, online.user_id)
        return found

    def _of(self, call: WorldCall) -> _Open:
        return self._open.setdefault(call.ivrid, _Open(call))

    def _close(self, ivrid: str, at: float) -> Iterator[Part]:
        found = self._open.pop(ivrid, None)
        if found is None:
            return
        legs = [leg for leg in found.legs if leg.direction != "Spy"]
        used: set[int] = set()
        for wait in found.waits:
            if wait.left is None:
                continue
            taken = []
            if wait.answered:
                taken = [leg for leg in legs if leg.talked and leg.direction == "Incoming" and id(leg) not in used]
                taken = [leg for leg in taken if leg.talked >= wait.joined - _LAG]
            winner = min(taken, key=lambda leg: leg.talked, default=None)
            if winner is not None:
                used.add(id(winner))
            yield self._queued(at, found, wait, winner)
        for leg in legs:
            if id(leg) in used:
                continue
            number = self._number(found, leg)
            if number:
                yield self._leg(at, found, leg, number)

    def _number(self, found: _Open, leg: Leg) -> int:
        """The type of a leg's record; 0 if it has none."""
        if leg.c2c:
            return 9 if leg.c2c == "1" else 10
        if leg.direction == "Outgoing":
            return 4
        if not leg.talked or (found.call.internal and any(one.direction == "Outgoing" for one in found.legs)):
            return 0
        if found.call.campaign_id is not None:
            return 15
        return 13 if found.call.transferrer else 1

    def _queued(self, at: float, found: _Open, wait: _Wait, leg: Leg | None) -> Part:
        left = wait.left or wait.joined
        body = self._body(found, 8, wait.joined)
        body |= {"queueid": wait.queue.queue_id, "queuename": wait.queue.name}
        body["seconds_waiting_in_queue"] = left - wait.joined
        if leg is None:
            body |= {"status": "ABANDONE", "isAnswer": 0, "duration": left - wait.joined, "actualCallDuration": 0}
            body |= {"dialtime": 0, "actualCallDialtime": 0, "extenUser": ""}
        else:
            self._answered(body, found, leg, wait.joined)
        return Part(at, found.call.ivrid, 8, body, wait.joined)

    def _leg(self, at: float, found: _Open, leg: Leg, number: int) -> Part:
        body = self._body(found, number, leg.began)
        if number == 4:
            body["direction"] = "internal" if found.call.internal else "outgoing"
            body |= {"caller": leg.desk.exten, "callerPhone": "", "target": self._e164(leg.phone), "did": ""}
        if number in (9, 10):
            body |= {"direction": "outgoing", "caller": leg.desk.exten, "target": self._e164(leg.phone), "did": ""}
        if leg.talked:
            self._answered(body, found, leg, leg.began)
        else:
            over = found.ends.get(id(leg), leg.switched)
            body |= {"status": _STATUSES.get(found.causes.get(id(leg), ""), "NOANSWER"), "isAnswer": 0}
            body |= {"duration": over - leg.began, "actualCallDuration": 0}
            body |= {"dialtime": over - leg.began, "actualCallDialtime": over - leg.began, "extenUser": leg.desk.exten}
            self._who(body, found, leg)
        return Part(at, found.call.ivrid, number, body, leg.began)

    def _answered(self, body: Json, found: _Open, leg: Leg, began: int) -> None:
        over = found.ends.get(id(leg), leg.switched)
        talk, rang = over - leg.talked, leg.talked - leg.began
        body |= {"status": "ANSWER", "isAnswer": 1, "duration": over - began, "actualCallDuration": talk}
        body |= {"dialtime": rang, "actualCallDialtime": rang, "extenUser": leg.desk.exten}
        body["record"] = f"https://recordings.example/{found.call.file}"
        if leg.direction != "Incoming":
            body["price"] = _PRICE * -(-talk // 60)
        if talk >= _ANALYSED_S:
            body["aiData"] = {"summary": f"They talked for {talk // 60} minutes.", "emotions": ["calm"]}
        self._who(body, found, leg)

    def _who(self, body: Json, found: _Open, leg: Leg) -> None:
        name, code = found.agents[id(leg)]
        body |= {"representative_name": name, "representative_code": code}

    def _body(self, found: _Open, number: int, began: int) -> Json:
        call = found.call
        body: dict[str, Any] = {
            "ivruniqueid": call.ivrid,
            "type": TYPES[number],
            "direction": "incoming",
            "time": self._clocks.local(began),
            "caller": self._e164(call.phone),
            "callerPhone": self._e164(call.phone),
            "target": call.did,
            "did": call.did,
            "record": "",
            "price": 0,
            "CustomData": call.custom,
            "IVR": _path(call.ivrid) if number == 8 else [],
            "DepartmentID": 100 + crc32(call.name.encode()) % 3,
            "DepartmentName": f"Department {crc32(call.name.encode()) % 3 + 1}",
        }
        if call.related:
            body["OriginalIvrUniqueID"] = call.related[0]
        return body

    @staticmethod
    def _e164(phone: str) -> str:
        """A number without its plus; anything else as it is."""
        return f"972{phone[1:]}" if phone.isdecimal() and phone.startswith("0") else phone


def _path(ivrid: str) -> list[Json]:
    """The caller's way through the menus."""
    keys = crc32(ivrid.encode())
    return [{"layer_id": 1, "layer_name": "Welcome", "DTMF": keys % 4}, {"layer_id": 2, "DTMF": keys // 4 % 3}]


_LOGGED = {
    "type": "Type",
    "status": "DialStatus",
    "duration": "Duration",
    "dialtime": "RingTime",
    "queuename": "QueueName",
    "record": "RecordURL",
    "price": "Price",
    "representative_name": "RepresentativeName",
    "representative_code": "RepresentativeCode",
    "did": "DID",
    "CustomData": "CustomData",
    "IVR": "DTMFData",
    "DepartmentName": "DepartmentName",
    "DepartmentID": "DepartmentId",
}


def logged(part: Part) -> Json:
    """A record as the Call Log has it: in GMT, without the seconds of wait and talk (field guide §9)."""
    body = part.body
    found: Json = {new: body[old] for old, new in _LOGGED.items() if old in body}
    outgoing = body["direction"] != "incoming"
    found |= {
        "CallID": part.ivrid,
        "CdrType": part.number,
        "Date": datetime.fromtimestamp(part.started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "DateEpoch": part.started,
        "CallerNumber": body["caller"],
        "TargetNumber": body["target"],
        "CallerExtension": body["extenUser"] if outgoing else "",
        "TargetExtension": "" if outgoing else body["extenUser"],
    }
    return found
