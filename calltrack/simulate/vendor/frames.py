"""What the vendor emits for each change: its frames, field for field and in its order.

Fields and order are those of captured traffic (seen); fields that the captures lack (click2call, transfers,
spying) are spelled as doc and sdk have them and come last, before those that later releases add (calls.py).
Times are seconds of the server's local wall clock (field guide §2).
"""

from typing import Any, NamedTuple

from calltrack.simulate.centre.things import (
    Agent,
    Change,
    Desk,
    ExtensionChange,
    Queue,
    QueueChange,
)
from calltrack.simulate.centre.world import World
from calltrack.simulate.vendor.calls import call_of, entry_of
from calltrack.simulate.vendor.campaigns import campaign_of, event_of
from calltrack.simulate.vendor.clocks import Clocks
from calltrack.simulate.vendor.releases import Json, add_invented

_NAMELESS = 97  # one HANGUP in about so many has a null currentCall (seen: 1 of 89)


class Emitted(NamedTuple):
    """One frame as it leaves the server: UTC seconds, event, JSON object."""

    at: float
    event: str
    data: Json

    @property
    def clock(self) -> int:
        """How far its servertime, the offset taken off, is from the true time, s."""
        stamp: int = self.data["servertime"] - self.data["servertimeoffset"] * 60
        return stamp - int(self.at)


class Vendor:
    """The vendor's servers, as far as their frames go: they read a world and never change it."""

    def __init__(self, world: World, clocks: Clocks | None = None) -> None:
        self.world = world
        self.clocks = clocks or Clocks(world.plan)

    def frame(self, change: Change) -> Emitted:
        """The frame for a change; to be made before the world goes on."""
        if isinstance(change, ExtensionChange):
            return Emitted(change.at, "ExtensionEvent", self._extension_event(change))
        if isinstance(change, QueueChange):
            return Emitted(change.at, "QueueEvent", self._queue_event(change))
        stamp = self._stamp(change.at)
        return Emitted(change.at, "DialerEvent", event_of(change, stamp, self._local, self.world))

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
        dialers = [campaign_of(campaign, self.world) for campaign in self.world.campaigns]
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
        add_invented(data, self.world.release, "frame", int(self.world.now))
        return Emitted(self.world.now, event, data)

    def _stamp(self, at: float, switch: int | None = None) -> Json:
        early = self.clocks.early()
        stamp: Json = {"servertime": self.clocks.local(at) - early, "servertimeoffset": self.clocks.offset(at)}
        if switch is not None:
            stamp["telephonyservertime"] = self._local(switch) - early
        return stamp

    def _local(self, at: int) -> int:
        return self.clocks.local(at) if at else 0

    def _extension_event(self, change: ExtensionChange) -> Json:
        data = self._extension(change.desk)
        stamp = self._stamp(change.at, change.switch)
        event = {"data": data, "eventName": "extension", "reason": change.reason, **stamp}
        self._explain(event, data, change)
        add_invented(event, self.world.release, "frame", int(change.at))
        return event

    def _explain(self, event: Json, data: Json, change: ExtensionChange) -> None:
        """Add what a change of a leg says besides the desk's list."""
        leg = change.leg
        if leg is None or change.switch is None:
            return
        if change.reason != "HANGUP":
            # The very dict of the list: the vendor's currentCall never disagrees with it (field guide §4).
            data["currentCall"] = data["calls"][change.desk.legs.index(leg)]
            return
        nameless = change.switch % _NAMELESS == 0
        data["currentCall"] = None if nameless else call_of(leg, self._local, self.world.release)
        event["callerID"] = "" if nameless else leg.phone
        event["ivruniqueid"] = leg.call.ivrid
        event["dialStatus"] = change.dial_status
        event["cause"] = change.cause

    def _extension(self, desk: Desk) -> Json:
        online = desk.online.user_id if desk.online else 0
        release = self.world.release
        said: Json = {
            "calls": [call_of(leg, self._local, release) for leg in desk.legs],
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
        add_invented(said, release, "extension", desk.number)
        return said

    def _queue_event(self, change: QueueChange) -> Json:
        queue = change.queue
        data: Json = {"QueueID": queue.queue_id, "Calls": self._waiting(queue), "QueueName": queue.name}
        if change.agent:
            data["AnsweredAgent"] = change.agent
        event = {
            "data": data,
            "eventName": "queue",
            "reason": change.reason,
            **self._stamp(change.at, change.switch),
            "ivruniqueid": change.call.ivrid,
        }
        add_invented(data, self.world.release, "queue", queue.queue_id)
        add_invented(event, self.world.release, "frame", int(change.at))
        return event

    def _waiting(self, queue: Queue) -> list[Json]:
        return [entry_of(entry, self._local, self.world.release) for entry in queue.waiting]
