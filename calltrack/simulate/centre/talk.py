"""What people do once they talk: holds, consults, transfers, and how they say goodbye."""

from collections.abc import Sequence
from math import log

from calltrack.simulate.centre.things import ADMINISTRATIVE, LOGIN, Desk, Dialing, ExtensionChange, Leg, Process
from calltrack.simulate.centre.waiting import wait
from calltrack.simulate.centre.world import World
from calltrack.simulate.plan import DIALED, REDIALED, draw, happens

_ATTEMPTS = 3  # times that the switch dials one number before it gives up
_LATE: Sequence[tuple[float, float]] = [(0.4, 3), (2.0, 4), (9.0, 4), (31.0, 2), (58.0, 1), (75.0, 1)]
"""How long after its list a late HANGUP comes, s, with weights: within ruling 4's minute, and after it."""


def conversation(world: World, leg: Leg) -> Process:
    """From the answer to the last hang-up of the call."""
    random, plan = world.random, world.plan
    if happens(random, plan.mutes):
        world.begin(pause_recording(world, leg), random.uniform(2.0, 60.0))
    left = random.lognormvariate(0.0, plan.talk_sigma) * plan.talk_median
    chance = plan.interruptions
    while random.random() < chance:
        chance = plan.further
        part = left * random.random()
        left -= part
        yield part
        if random.random() < plan.consults:
            onward = yield from consult(world, leg)
            if onward:
                yield from conversation(world, onward)
                return
        else:
            yield world.hold(leg)
            yield random.lognormvariate(3.0, 1.0)
            if random.random() < 0.08:  # the caller does not wait for the agent's return (seen)
                break
            yield world.unhold(leg)
    yield left
    if leg.call.queue_id and len(world.queues) > 1 and happens(random, plan.requeues):
        yield from send_to_queue(world, leg)
    else:
        yield from goodbye(world, leg)


def goodbye(world: World, leg: Leg) -> Process:
    """Every leg of the call hangs up; after a queue call its agent has something to write down."""
    desk, writes, random, plan = leg.desk, False, world.random, world.plan
    if desk.status == LOGIN and leg.call.queue_id and random.random() < plan.wrap_ups:
        writes = True
    before = writes and random.random() < 0.4  # agents choose it a moment before the end (seen)
    if before:
        yield world.set_status(desk, ADMINISTRATIVE)
    late = leg.live and happens(random, plan.late_hangups)
    for each in list(leg.call.legs):
        if not (late and each is leg):
            yield world.hangup(each)
    if late:
        ended = world.hangup(leg)
        yield world.repeat_status(desk, ended.ends)
        world.begin(report_late(world, ended), draw(random, _LATE))
    if writes:
        if not before:
            yield random.uniform(0.1, 3.0)
            yield world.set_status(desk, ADMINISTRATIVE)
        world.begin(wrap_up(world, desk), random.lognormvariate(log(plan.wrap_up), 1.0))


def report_late(world: World, ended: ExtensionChange) -> Process:
    """The HANGUP of a leg that the desk's list lacks already (field guide §8, ruling 4)."""
    yield ended._replace(at=world.now, ends=())


def pause_recording(world: World, leg: Leg) -> Process:
    """The agent pauses the recording, and resumes it; no event of its own says so (field guide §7)."""
    random = world.random
    for muted in (True, False):
        if not leg.live:
            return
        leg.call.muted = muted
        if random.random() < 0.5:
            yield world.repeat_status(leg.desk)
        yield random.lognormvariate(3.0, 0.8)


def send_to_queue(world: World, leg: Leg) -> Process:
    """The caller waits again, in another queue and under a new ivrid, whose customdata names the old one."""
    old, random = leg.call, world.random
    queue = random.choice([queue for queue in world.queues if queue.queue_id != old.queue_id])
    for each in list(old.legs):
        yield world.hangup(each, "", "Transfer")
    new = world.call(old.phone, queue.name, queue.did, queue)
    new.custom = {**old.custom, "OriginalIvrUniqueID": old.ivrid}
    new.related, new.transferrer = (old.ivrid,), leg.desk.owner.name
    yield random.uniform(0.2, 2.0)
    world.begin(wait(world, queue, new))


def wrap_up(world: World, desk: Desk) -> Process:
    """The agent is done with other work: back to calls, unless something else was chosen since."""
    if desk.status == ADMINISTRATIVE:
        yield world.set_status(desk, LOGIN)


def dial(world: World, desk: Desk, custom: bool = False) -> Dialing:
    """A desk dials outside, over another route if the switch says so, until it is answered or given up."""
    random = world.random
    phone = world.phone()
    call = world.call(phone, phone)
    if custom:
        call.custom = {f"key{n}": f"value{n}" for n in range(5)}
    channel = world.channel(desk.exten)
    for attempt in range(_ATTEMPTS):
        leg = world.outgoing(call, desk, channel)
        yield world.place(leg)
        cause, dial_status, least, most = draw(random, DIALED)
        yield random.uniform(least, most)
        if cause == "answered":
            yield world.answer(leg)
            return leg
        again = cause in REDIALED and attempt + 1 < _ATTEMPTS and random.random() < 0.85
        yield world.hangup(leg, cause, dial_status, more=again)
        if not again:
            return None
        yield random.uniform(0.0, 2.5)
    return None


def consult(world: World, leg: Leg) -> Dialing:
    """The agent makes another call meanwhile; a transfer gives the leg that the caller talks on now."""
    random = world.random
    yield world.hold(leg)
    if random.random() < 0.4:  # a conference rather than a consult (seen)
        yield world.unhold(leg)
    yield random.uniform(0.0, 4.0)
    colleagues = [desk for desk in world.desks if desk.free] if random.random() < 0.5 else []
    if colleagues:
        asked = yield from ask(world, leg.desk, random.choice(colleagues))
    else:
        asked = yield from dial(world, leg.desk)
    if asked:
        yield random.lognormvariate(4.6, 1.0)
        if colleagues and random.random() < world.plan.transfers:
            return (yield from transfer(world, leg, asked))
        for each in list(asked.call.legs):
            yield world.hangup(each)
        yield random.uniform(0.2, 8.0)
    if leg.status == "Hold":
        yield world.unhold(leg)
    return None


def ask(world: World, caller: Desk, callee: Desk) -> Dialing:
    """An internal call: one ivrid, two legs; gives the callee's if it is answered (field guide §4)."""
    random, busy = world.random, bool(callee.legs)
    call = world.call(caller.agent_name, caller.agent_name)
    call.internal = True
    near = world.outgoing(call, caller)
    near.name = near.phone = callee.agent_name
    far = world.incoming(call, callee, switch=near.started)
    far.phone = str(callee.number % 1000)
    near.channel2, far.channel2 = far.channel, near.channel
    yield world.place(near)
    yield world.place(far)
    if busy:
        cause = "User busy"
        yield random.uniform(0.1, 0.6)
    elif random.random() < 0.75:
        yield random.uniform(2.0, 12.0)
        switch = world.switch()
        yield world.answer(far, switch)
        yield world.answer(near, switch)
        return far
    else:
        cause = random.choice(("User alerting, no answer", "Normal hangup"))
        yield random.uniform(8.0, 30.0)
    yield world.hangup(far, cause)
    yield world.hangup(near, cause)
    return None


def transfer(world: World, leg: Leg, asked: Leg) -> Dialing:
    """Both of the agent's legs and the consulted one end; the other two go on under a new ivrid."""
    old, between = leg.call, asked.call
    for each in (leg, *between.legs[:]):
        yield world.hangup(each, "", "Transfer")
    new = world.call(old.phone, old.name, old.did)
    new.queue_id, new.trunk, new.custom = old.queue_id, old.trunk, old.custom
    new.related = (old.ivrid, between.ivrid)
    new.transferrer = leg.desk.owner.name
    onward = world.incoming(new, asked.desk, "Talking")
    onward.answered, onward.answered_at = 1, onward.started
    if happens(world.random, world.plan.repeated_stamps):
        onward.started, onward.answered_at = asked.started, asked.answered_at
        yield world.place(onward, switch=max(world.switch(), asked.switched))
    else:
        yield world.place(onward)
    return onward
