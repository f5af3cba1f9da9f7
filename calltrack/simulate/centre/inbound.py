"""Callers and those who answer them: arrivals, the distributor, ring groups, pick-ups."""

from math import log

from calltrack.simulate.centre.talk import conversation, wrap_up
from calltrack.simulate.centre.things import ADMINISTRATIVE, LOGIN, Desk, Entry, Leg, Process, Queue
from calltrack.simulate.centre.waiting import wait
from calltrack.simulate.centre.world import World
from calltrack.simulate.plan import happens

_LOOK = 2.0  # s between two looks of the distributor, in the mean


def arrivals(world: World, queue: Queue) -> Process:
    """A Poisson stream of callers."""
    rate = world.plan.arrivals * world.plan.agents * queue.share / 3600
    while True:
        yield world.random.expovariate(rate)
        world.begin(caller(world, queue))


def caller(world: World, queue: Queue) -> Process:
    """One caller, who waits until an agent answers or patience ends."""
    anonymous = world.random.random() < 0.05
    call = world.call("Anonymous" if anonymous else world.phone(), queue.name, queue.did, queue)
    yield from wait(world, queue, call)


def distributor(world: World) -> Process:
    """Looks every so often for callers and for free agents (Erlang: first come, first served)."""
    while True:
        yield world.random.uniform(0.5 * _LOOK, 1.5 * _LOOK)
        waited_in = [queue for queue in world.queues if queue.waiting]
        # Without legs first: most agents talk, and this is what a simulated day spends its time on.
        free = [desk for desk in world.desks if not desk.legs and desk.free] if waited_in else []
        if free:
            free.sort(key=_idle_since)
            for queue in waited_in:
                _offer_rings(world, queue, free)
                if not queue.rings_all:
                    _offer_picks(world, queue, free)


def _idle_since(desk: Desk) -> int:
    return desk.last_hangup


def _offer_rings(world: World, queue: Queue, free: list[Desk]) -> None:
    """Give the longest waiting callers to the longest idle agents."""
    rings_all = queue.rings_all
    for entry in queue.waiting:
        if entry.taken or entry.call.legs:
            continue
        able = [d for d in free if (d.rung or rings_all) and d.rests_until <= world.now]
        if not able:
            return
        desks = able[: queue.group]
        _promise(desks, free)
        world.begin(ringing(world, entry, desks))


def _offer_picks(world: World, queue: Queue, free: list[Desk]) -> None:
    """Perhaps one of those who pick takes a call, mostly the one that waits longest."""
    random = world.random
    pickers = [desk for desk in free if not desk.rung]
    entries = [entry for entry in queue.waiting if not entry.taken]
    if pickers and entries and random.random() > (1 - world.plan.pick_rate) ** (len(pickers) * _LOOK):
        entry = entries[0] if random.random() < 0.6 else random.choice(entries)
        entry.taken = True
        desk = random.choice(pickers)
        _promise([desk], free)
        world.begin(pick_up(world, entry, desk))


def _promise(desks: list[Desk], free: list[Desk]) -> None:
    for desk in desks:
        desk.promised = True
        free.remove(desk)


def ringing(world: World, entry: Entry, desks: list[Desk]) -> Process:
    """One attempt to reach an agent or a group; the same ivrid rings again until an agent answers."""
    random, plan, call = world.random, world.plan, entry.call
    legs = [world.incoming(call, desk) for desk in desks]
    for leg in legs:
        yield world.place(leg)
    answered = random.random() < 1 - (1 - plan.answers) ** len(legs)
    rejected = not answered and random.random() < plan.rejects
    yield (random.uniform(2.0, 17.0 if answered else 10.0) if answered or rejected else random.uniform(12.5, 17.5))
    legs = [leg for leg in legs if leg.live]  # the caller may have given up, or was picked up
    if not legs:
        return
    colleagues = [desk for desk in world.desks if desk.free] if happens(random, plan.snatches) else []
    if colleagues:
        yield from snatch(world, entry, legs, random.choice(colleagues))
        return
    if not answered:
        if not rejected and happens(random, plan.false_answers):
            yield world.seem_answered(legs[0])
            yield random.uniform(0.5, 5.0)
            legs = [leg for leg in legs if leg.live]
        for leg in legs:
            yield world.hangup(leg, "Call Rejected" if rejected else "Normal hangup")
            leg.desk.rests_until = world.now + random.uniform(0.5, 22.0)
        if desks[0].status == LOGIN and random.random() < 0.3:
            # an agent who lets it ring is often busy with something else (seen)
            yield random.uniform(0.5, 2.0)
            yield world.set_status(desks[0], ADMINISTRATIVE)
            world.begin(wrap_up(world, desks[0]), random.lognormvariate(log(plan.wrap_up), 1.0))
        return
    entry.taken = True
    winner = random.choice(legs)
    for leg in legs:
        if leg is not winner:
            yield world.hangup(leg, "Answered elsewhere")
    if len(desks) > 1:  # losers, 1-4 s, the winner, and the queue later still (field guide §4)
        switch = world.switch()
        yield random.uniform(1.0, 4.0)
        yield world.answer(winner, switch)
        yield random.uniform(0.2, 2.5)
        yield world.leave(entry, "EXIT", winner.desk.agent_name)
    else:  # the queue's EXIT comes before the ANSWER (seen)
        left = world.leave(entry, "EXIT", winner.desk.agent_name)
        yield left
        yield random.uniform(0.5, 3.0) if random.random() < 0.85 else random.uniform(3.0, 9.0)
        yield world.answer(winner, left.switch)
    yield from conversation(world, winner)


def pick_up(world: World, entry: Entry, desk: Desk) -> Process:
    """An agent takes a call out of the queue: talking from the start, `answered` 0 (field guide §4)."""
    random, call = world.random, entry.call
    for leg in list(call.legs):
        yield world.hangup(leg, "Answered elsewhere")
    left = world.leave(entry, "ANSWER", more=True)
    yield left
    yield random.uniform(0.0, 3.0) if random.random() < 0.85 else random.uniform(3.0, 10.0)
    leg = _picked_up(world, entry, desk, left.switch)
    if random.random() < 0.12:  # the switch notices the answer at once (seen)
        leg.answered, leg.answered_at, leg.server = 1, leg.started, 0
        yield world.place(leg, "ANSWER")
    else:
        yield world.place(leg)
    yield from conversation(world, leg)


def snatch(world: World, entry: Entry, rung: list[Leg], desk: Desk) -> Process:
    """A colleague picks the call up while it rings, in one second of the switch (field guide §8, ruling 9).

    The rings end with "Normal hangup" before or after the colleague's NEWCALL, and the queue's ANSWER is among them.
    """
    random = world.random
    entry.taken = desk.promised = True
    switch = max(world.switch(), *(leg.switched for leg in rung))
    leg = _picked_up(world, entry, desk, switch)
    steps = ["ring"] * len(rung) + ["NEWCALL", "ANSWER"]
    random.shuffle(steps)
    for step in steps:
        if step == "ring":
            yield world.hangup(rung.pop(0), switch=switch, outcome="elsewhere")
        elif step == "NEWCALL":
            yield world.place(leg)
        else:
            yield world.leave(entry, "ANSWER", more=leg not in entry.call.legs)
    yield from conversation(world, leg)


def _picked_up(world: World, entry: Entry, desk: Desk, switch: int) -> Leg:
    """Talking from the start, and anonymous (seen)."""
    leg = world.incoming(entry.call, desk, "Talking", switch)
    leg.name, leg.phone, leg.did = "", "Anonymous", ""
    return leg
