"""What the vendor emits for each change: its frames, field for field and in its order.

Fields and order are those of captured traffic (seen); fields that the captures lack (click2call, transfers,
spying, dialers) are spelled as doc and sdk have them and come last.
Times are seconds of the server's local wall clock (field guide §2).
"""

from typing import Any, NamedTuple

from calltrack.simulate.centre import (
    Agent,
    Call,
    Campaign,
    Change,
    Desk,
    DialerChange,
    Entry,
    ExtensionChange,
    Leg,
    Queue,
    QueueChange,
)
from calltrack.simulate.world import World

_TYPES = {3: "IVR", 5: "Automatic"}
_NAMELESS = 97  # one HANGUP in about so many has a null currentCall (seen: 1 of 89)

Json = dict[str, Any]


class Emitted(NamedTuple):
    """One frame as it leaves the server: UTC seconds, event, JSON object."""

    at: float
    event: str
    data: Json


class Vendor:
    """The vendor's server, as far as its frames go: reads a world, never changes it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ahead = world.plan.offset * 60

    def frame(self, change: Change) -> Emitted:
        """The frame for a change; to be made before the world goes on."""
        if isinstance(change, ExtensionChange):
            return Emitted(change.at, "ExtensionEvent", self._extension_event(change))
        if isinstance(change, QueueChange):
            return Emitted(change.at, "QueueEvent", self._queue_event(change))
        return Emitted(change.at, "DialerEvent", self._dialer_event(change))

    def greeting(self) -> list[Emitted]:
        """What a client gets on connecting (field guide §6)."""
        return [self.login_success(), self.login_status(), self.all_extensions_status()]

    def directory(self) -> list[Emitted]:
        """What else there is to know at the start: AllUsersStatus, AllDialersStatus (seen)."""
        return [self.all_users_status(), self.all_dialers_status()]

    def login_success(self) -> Emitted:
        """The token was good."""
        return self._status("loginSuccess")

    def login_status(self) -> Emitted:
        """Every queue with its waiting calls."""
        user = self.world.desks[0].owner.user_id
        queues = [
            {
                "QueueID": queue.queue_id,
                "QueueName": queue.name,
                "UserID": user,
                "DistributorID": 301,
                "IsDistributedQueue": False,
                "Calls": self._waiting(queue),
            }
            for queue in self.world.queues
        ]
        return self._status("loginStatus", queues=queues)

    def all_extensions_status(self, extensions: frozenset[str] | None = None) -> Emitted:
        """Every monitored extension with its live calls; `extensions` narrows it to those."""
        desks = [desk for desk in self.world.desks if extensions is None or desk.exten in extensions]
        return self._status("AllExtensionsStatus", extensions=[self._extension(desk) for desk in desks])

    def all_users_status(self) -> Emitted:
        """Everybody who may log in."""
        people: dict[int, Agent] = {a.user_id: a for desk in self.world.desks for a in desk.staff}
        users = [{"userID": a.user_id, "userName": a.name, "accountID": a.account} for a in people.values()]
        return self._status("AllUsersStatus", users=users)

    def all_dialers_status(self) -> Emitted:
        """Every campaign with its calls."""
        dialers = [self._campaign(campaign) for campaign in self.world.campaigns]
        return self._status("AllDialersStatus", dialers=dialers)

    def keepalive_response(self, *, ok: bool = True) -> Emitted:
        """The answer to a keepalive; if not `ok` the client has to log in again."""
        emitted = self._status("keepaliveResponse", isOK=ok)
        if not ok:
            emitted.data.update(errorCode=401, errorDesc="Token expired")
        return emitted

    def notice(self, event: str) -> Emitted:
        """Any event that says nothing but its name and time: ExtensionsUpdated, closeme, ..."""
        return self._status(event)

    def _status(self, event: str, **first: Any) -> Emitted:
        data = {**first, **self._stamp(self.world.now), "errorCode": 0, "errorDesc": "OK"}
        return Emitted(self.world.now, event, data)

    def _stamp(self, at: float) -> Json:
        return {"servertime": int(at) + self._ahead, "servertimeoffset": self.world.plan.offset}

    def _local(self, at: int) -> int:
        return at + self._ahead if at else 0

    def _extension_event(self, change: ExtensionChange) -> Json:
        data = self._extension(change.desk)
        leg = change.leg
        event = {"data": data, "eventName": "extension", "reason": change.reason, **self._stamp(change.at)}
        if leg is None or change.switch is None:
            return event
        event["telephonyservertime"] = self._local(change.switch)
        if change.reason != "HANGUP":
            # The very dict of the list: the vendor's currentCall never disagrees with it (field guide §4).
            data["currentCall"] = data["calls"][change.desk.legs.index(leg)]
            return event
        nameless = change.switch % _NAMELESS == 0
        data["currentCall"] = None if nameless else self._call(leg)
        event["callerID"] = "" if nameless else leg.phone
        event["ivruniqueid"] = leg.call.ivrid
        event["dialStatus"] = change.dial_status
        event["cause"] = change.cause
        return event

    def _extension(self, desk: Desk) -> Json:
        online = desk.online.user_id if desk.online else 0
        return {
            "calls": [self._call(leg) for leg in desk.legs],
            "userID": desk.owner.user_id,
            "userName": desk.owner.name,
            "number": desk.number,
            "extenUser": desk.exten,
            "accountID": desk.owner.account,
            "topAccountID": desk.owner.account,
            "summery": {"representative": desk.agent_name},
            "onlineUserID": online,
            "representative": online,
            "representativeStatus": desk.status,
            "lastCallEventEpoch": self._local(desk.last_call),
            "lastAnsweredCallEventEpoch": self._local(desk.last_answered),
            "lastHangupCallEpoch": self._local(desk.last_hangup),
            "representativeUpdated": self._local(desk.status_since) * 1000,
            "peerStatus": None,
        }

    def _call(self, leg: Leg) -> Json:
        call, started = leg.call, self._local(leg.started)
        said: Json = {
            "callStarted": started,
            "calldurationinterval": started,
            "callAnswered": self._local(leg.answered_at),
            "answered": leg.answered,
            "callername": leg.name,
            "callerphone": leg.phone,
            "callstatus": leg.status,
            "customdata": call.custom,
            "direction": leg.direction,
            "ivrid": call.ivrid,
            "recording": {"Filename": call.file, "Options": "", "ApproximateURL": "", "IsMuted": 0},
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
        return said

    def _queue_event(self, change: QueueChange) -> Json:
        queue = change.queue
        data: Json = {"QueueID": queue.queue_id, "Calls": self._waiting(queue), "QueueName": queue.name}
        if change.agent:
            data["AnsweredAgent"] = change.agent
        return {
            "data": data,
            "eventName": "queue",
            "reason": change.reason,
            **self._stamp(change.at),
            "telephonyservertime": self._local(change.switch),
            "ivruniqueid": change.call.ivrid,
        }

    def _waiting(self, queue: Queue) -> list[Json]:
        return [self._entry(entry) for entry in queue.waiting]

    def _entry(self, entry: Entry) -> Json:
        call, joined = entry.call, self._local(entry.joined)
        return {
            "CallerID": call.phone,
            "CallerName": call.name,
            "IvrUniqueID": call.ivrid,
            "JoinTimeStamp": joined,
            "calldurationinterval": joined,
            "ivrid": call.ivrid,
        }

    def _dialer_event(self, change: DialerChange) -> Json:
        # No capture has one; its outer form is that of the other events.
        data = {**self._campaign(change.campaign), "currentCall": self._dialed(change.call)}
        return {"data": data, "eventName": "dialer", "reason": change.reason, **self._stamp(change.at)}

    def _campaign(self, campaign: Campaign) -> Json:
        return {
            "campaignID": campaign.campaign_id,
            "name": campaign.name,
            "typeID": campaign.type_id,
            "type": _TYPES[campaign.type_id],
            "code": "dialer-code",
            "calls": [self._dialed(call) for call in campaign.calls],
            "statistics": {},
        }

    def _dialed(self, call: Call) -> Json:
        return {"ivrid": call.ivrid, "callerphone": call.phone, "campaignID": call.campaign_id}
