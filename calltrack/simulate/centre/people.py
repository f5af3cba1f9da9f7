"""Agents' days: shifts and breaks, the calls they make, supervisors who listen, campaigns that dial."""

from calltrack.simulate.centre.talk import ask, conversation, dial, goodbye
from calltrack.simulate.centre.things import AUTOMATIC, LOGIN, LOGOUT, Call, Campaign, Desk, Process
from calltrack.simulate.centre.world import World
from calltrack.simulate.plan import BREAKS, draw

_SHIFT = 8 * 3600.0


def working_day(world: World, desk: Desk) -> Process:
    """Shift after shift: one agent logs in, takes breaks, logs out, and another comes to the same desk."""
    random, plan = world.random, world.plan
    ends = world.now + random.uniform(0.1, 1.0) * _SHIFT
    turn = 1 if desk.online else 0
    if desk.online is None:
        yield random.uniform(0.0, _SHIFT / 2)
    while True:
        if desk.online is None:
            agent = desk.staff[turn % len(desk.staff)]
            turn += 1
            ends = world.now + _SHIFT
            yield world.set_status(desk, LOGIN, agent)
            if desk.home != LOGIN:
                yield random.uniform(1.0, 30.0)
                yield world.set_status(desk, desk.home)
        while world.now < ends:
            yield min(random.expovariate(plan.breaks / 3600), ends - world.now + 1.0)
            if world.now < ends and desk.status == desk.home:
                yield world.set_status(desk, draw(random, BREAKS))
                yield random.lognormvariate(5.5, 1.0)
                yield world.set_status(desk, desk.home)
        desk.online = None
        yield world.set_status(desk, LOGOUT)
        yield random.uniform(60.0, 900.0)


def errands(world: World, desk: Desk) -> Process:
    """The calls that an agent makes."""
    random, plan = world.random, world.plan
    deeds = [(outside, plan.outgoing), (inside, plan.internal), (click2call, plan.click2call)]
    deeds += [(spy, plan.spying * plan.agents)] if desk.supervises else []
    rate = sum(weight for _, weight in deeds) / 3600
    if not rate:
        return
    while True:
        yield random.expovariate(rate)
        while desk.online and not desk.free:  # what an agent means to do waits for the end of the call
            yield random.uniform(1.0, 60.0)
        if desk.online:
            yield from draw(random, deeds)(world, desk)


def outside(world: World, desk: Desk) -> Process:
    """A call to the outside."""
    leg = yield from dial(world, desk, custom=world.random.random() < 0.7)
    if leg:
        yield from conversation(world, leg)


def inside(world: World, desk: Desk) -> Process:
    """A call to a colleague, who may be busy."""
    colleagues = [other for other in world.desks if other.online and other is not desk and not other.promised]
    if colleagues:
        leg = yield from ask(world, desk, world.random.choice(colleagues))
        if leg:
            yield world.random.lognormvariate(4.0, 1.0)
            yield from goodbye(world, leg)


def click2call(world: World, desk: Desk) -> Process:
    """Leg 1 rings the agent's own phone, leg 2 the customer (field guide §4)."""
    random = world.random
    phone = world.phone()
    first = world.outgoing(world.call(phone, phone), desk, direction="Click2Call")
    first.c2c = "1"
    yield world.place(first)
    yield random.uniform(1.0, 6.0)
    if random.random() < 0.15:
        yield world.hangup(first, "Call Rejected")
        return
    yield world.answer(first)
    yield random.uniform(0.5, 3.0)
    second, placed = world.customer_leg(first)
    yield placed
    yield random.uniform(3.0, 25.0)
    if random.random() < 0.7:
        yield world.answer(second)
        yield from conversation(world, second)
    else:
        yield world.hangup(second)


def spy(world: World, desk: Desk) -> Process:
    """A supervisor listens to a colleague, until bored or the call is over."""
    talking = [leg for other in world.desks for leg in other.legs if other is not desk and leg.status == "Talking"]
    if not talking:
        return
    heard = world.random.choice(talking)
    heard.spied = True
    leg = world.outgoing(world.call(heard.phone, heard.desk.agent_name), desk, direction="Spy")
    leg.status, leg.channel2 = "Spying", heard.channel
    yield world.place(leg)
    bored = world.now + world.random.lognormvariate(4.0, 1.0)
    while heard.live and world.now < bored:
        yield 2.0
    heard.spied = False
    yield world.hangup(leg)


def campaign(world: World, campaign: Campaign) -> Process:
    """An automatic dialer: reaches a customer, then rings a free agent."""
    random, plan = world.random, world.plan
    rate = plan.dialer * plan.agents / max(1, len(world.campaigns)) / 3600
    while rate:
        yield random.expovariate(rate)
        phone = world.phone()
        call = world.call(phone, campaign.name)
        call.campaign_id = campaign.campaign_id
        if world.release:
            world.begin(dialed(world, campaign, call))
            continue
        yield world.dialer(campaign, "NEWCALL", call)
        yield random.uniform(4.0, 25.0)
        free = [desk for desk in world.desks if desk.rung and desk.free]
        if free and random.random() < 0.6:
            leg = world.incoming(call, random.choice(free))
            yield world.place(leg)
            yield random.uniform(1.0, 9.0)
            yield world.dialer(campaign, "HANGUP", call)
            if random.random() < 0.8:
                yield world.answer(leg)
                world.begin(conversation(world, leg))
            else:
                yield world.hangup(leg)
        else:
            yield world.dialer(campaign, "HANGUP", call)


def dialed(world: World, campaign: Campaign, call: Call) -> Process:
    """The same with every stage of the call in the campaign's statistics (field guide §7)."""
    random = world.random
    yield world.dialer(campaign, "NEWCALL", call)
    yield random.uniform(0.5, 3.0)
    call.stage = "Leg1Ringing"
    yield random.uniform(3.0, 22.0)
    if random.random() < 0.35:
        yield world.dialer(campaign, "HANGUP", call, random.choice(("NOANSWER", "BUSY")))
        return
    call.stage = "Leg1Answer"
    yield world.dialer(campaign, "ANSWER", call)
    free = [desk for desk in world.desks if desk.rung and desk.free] if campaign.type_id == AUTOMATIC else []
    if free:
        yield from connected(world, campaign, call, random.choice(free))
    else:
        yield random.uniform(2.0, 30.0)
    yield world.dialer(campaign, "HANGUP", call, "ANSWER")


def connected(world: World, campaign: Campaign, call: Call, desk: Desk) -> Process:
    """The customer has answered; an agent's phone rings, and the two may talk."""
    leg = world.incoming(call, desk)
    call.stage = "Leg2Ringing"
    yield world.place(leg)
    yield world.random.uniform(1.0, 9.0)
    if world.random.random() < 0.8:
        yield world.answer(leg)
        call.stage = "Leg2Answer"
        yield world.dialer(campaign, "ANSWER", call)
        yield from conversation(world, leg)
    else:
        yield world.hangup(leg)
