"""How an automatic dialer's campaign is shown, and what happens to its calls (field guide §7)."""

from collections import Counter

from calltrack.simulate.centre.things import AUTOMATIC, Call, Campaign, DialerChange
from calltrack.simulate.centre.world import World
from calltrack.simulate.vendor.calls import Local
from calltrack.simulate.vendor.releases import Json, add_invented

_TYPES = {3: "IVR", AUTOMATIC: "Automatic"}


def campaign_of(campaign: Campaign, world: World) -> Json:
    """A campaign with its live calls; release 0 has `statistics`, later ones userID, accountID and `data`."""
    calls = [_dialed(call) for call in campaign.calls]
    said: Json = {
        "campaignID": campaign.campaign_id,
        "name": campaign.name,
        "typeID": campaign.type_id,
        "type": _TYPES[campaign.type_id],
        "code": "dialer-code",
    }
    if not world.release:
        return {**said, "calls": calls, "statistics": {}}
    said |= {"userID": campaign.user_id, "accountID": campaign.account, "calls": calls}
    said["data"] = _data(campaign, world)
    add_invented(said, world.release, "campaign", campaign.campaign_id)
    return said


def event_of(change: DialerChange, stamp: Json, local: Local, world: World) -> Json:
    """A DialerEvent: later releases spell it as the SDK's published types do, no capture has one."""
    campaign, call = campaign_of(change.campaign, world), change.call
    if not world.release:
        data = {**campaign, "currentCall": _dialed(call)}
        return {"data": data, "eventName": "dialer", "reason": change.reason, **stamp}
    event: Json = {
        "callerID": call.phone,
        "data": campaign,
        "dialStatus": change.dial_status,
        "eventName": "dialer",
        "ivrUniqueId": call.ivrid,
        "telephonyServerTime": local(change.switch),
        "reason": change.reason,
        **stamp,
    }
    add_invented(event, world.release, "frame", int(change.at))
    return event


def _dialed(call: Call) -> Json:
    return {"ivrid": call.ivrid, "callerphone": call.phone, "campaignID": call.campaign_id}


def _data(campaign: Campaign, world: World) -> Json:
    """Empty until the campaign has made a call."""
    if not campaign.calls and campaign.untouched:
        return {}
    stages = Counter(call.stage for call in campaign.calls)
    statistics = {"TotalCalls": len(campaign.calls), "TotalPendingCalls": campaign.pending}
    statistics["TotalOriginatingCalls"] = stages["Originating"]
    for stage in ("Leg1Ringing", "Leg1Answer", "Leg2Ringing", "Leg2Answer"):
        statistics[f"Total{stage}Calls"] = stages[stage]
    desks = [desk for desk in world.desks if desk.rung and desk.online]
    queue = world.queues[campaign.campaign_id % len(world.queues)]
    return {
        "CallStatistics": statistics,
        "DialerStrategy": {
            "TypeName": "Predictive" if campaign.type_id == AUTOMATIC else "Message",
            "Queue": queue.queue_id,
            "CurrentAwaitingCallers": len(queue.waiting),
            "CurrentTotalAgents": len(desks),
            "CurrentFreeAgents": sum(desk.free for desk in desks),
        },
    }
