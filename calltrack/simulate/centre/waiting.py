"""A caller's wait in a queue: it ends when an agent answers, or when patience does."""

from calltrack.simulate.centre.things import Call, Process, Queue
from calltrack.simulate.centre.world import World


def wait(world: World, queue: Queue, call: Call) -> Process:
    """Join the queue, and give up in the end unless an agent has answered."""
    random, plan = world.random, world.plan
    yield world.join(queue, call)
    entry = call.entry
    if random.random() < plan.hasty:
        yield random.expovariate(1 / 40)
    else:
        yield random.lognormvariate(0.0, 0.6) * plan.patience
    if entry and call.entry is entry and not entry.taken:
        yield world.leave(entry, "ABANDONED")
        for leg in list(call.legs):
            yield world.hangup(leg)
