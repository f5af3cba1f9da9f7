"""What is really so: the state after every frame, to score a consumer by.

A truth record says what changed at the source, and how many lines of the recording had been written by then
(`n`). So what was true when a consumer had read `n` lines is every record with a number up to `n`, later ones
replacing earlier ones extension by extension and queue by queue. A lost frame has its record all the same.
"""

from msgspec import Struct

from calltrack.simulate.centre.things import Campaign, Change, Desk, End, ExtensionChange, Queue, QueueChange
from calltrack.simulate.centre.world import World


class TrueLeg(Struct, frozen=True, gc=False, omit_defaults=True):
    """A live leg: ivrid, the state a tracker should show, callStarted in UTC seconds, and a paused recording."""

    call: str
    state: str
    started: int
    muted: bool = False


class Truth(Struct, omit_defaults=True):
    """What is true once `n` lines were written; `at` is UTC seconds of the server's time.

    `legs` and `agents` (onlineUserID or 0, and status) are by extension, `waiting` (ivrids) by queue, `dialing`
    (ivrids) by campaign. `fault` names what became of the frame: "gap", or a value of FRAME_FAULTS (faults.py).
    `clock` is how far the frame's servertime, its offset taken off, is from the true time, s.
    """

    n: int
    at: float
    legs: dict[str, list[TrueLeg]] = {}
    agents: dict[str, tuple[int, int]] = {}
    waiting: dict[int, list[str]] = {}
    dialing: dict[int, list[str]] = {}
    ends: tuple[End, ...] = ()
    fault: str = ""
    clock: int = 0


def truth_after(change: Change, clock: int) -> Truth:
    """What this change made true, with its frame's clock; `n` is 0."""
    truth = Truth(0, change.at, ends=change.ends, clock=clock)
    if isinstance(change, ExtensionChange):
        _add_desk(truth, change.desk)
    elif isinstance(change, QueueChange):
        _add_queue(truth, change.queue)
    else:
        _add_campaign(truth, change.campaign)
    return truth


def whole_truth(world: World) -> Truth:
    """Everything that is true now; `n` is 0."""
    truth = Truth(0, world.now)
    for desk in world.desks:
        _add_desk(truth, desk)
    for queue in world.queues:
        _add_queue(truth, queue)
    for campaign in world.campaigns:
        _add_campaign(truth, campaign)
    return truth


def _add_desk(truth: Truth, desk: Desk) -> None:
    truth.legs[desk.exten] = [TrueLeg(leg.call.ivrid, leg.state, leg.started, leg.call.muted) for leg in desk.legs]
    truth.agents[desk.exten] = (desk.online.user_id if desk.online else 0, desk.status)


def _add_queue(truth: Truth, queue: Queue) -> None:
    truth.waiting[queue.queue_id] = [entry.call.ivrid for entry in queue.waiting]


def _add_campaign(truth: Truth, campaign: Campaign) -> None:
    truth.dialing[campaign.campaign_id] = [call.ivrid for call in campaign.calls]
