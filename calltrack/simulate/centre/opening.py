"""Opening time: furnish a call centre after a plan, and set everybody in it going."""

from random import Random

from calltrack.simulate.centre import inbound, people
from calltrack.simulate.centre.things import Agent, Campaign, Desk, Queue
from calltrack.simulate.centre.world import World
from calltrack.simulate.plan import Plan

_TREES = (
    "Alder",
    "Aspen",
    "Birch",
    "Cedar",
    "Elder",
    "Hazel",
    "Juniper",
    "Larch",
    "Linden",
    "Maple",
    "Rowan",
)
_STONES = (
    "Agate",
    "Basalt",
    "Chalk",
    "Flint",
    "Garnet",
    "Jasper",
    "Marble",
    "Onyx",
    "Opal",
    "Quartz",
    "Slate",
)
_GROUP = 5  # desks that a ring group rings at once
_BEFORE = 3600  # s that the centre is at work before anybody listens
_SECOND_DESK = 11  # every so many desks, one belongs to the owner of the desk before (field guide §3)
_SUPERVISOR = 7  # every so many desks, one whose agent may listen to others


def open_centre(plan: Plan, seed: int) -> World:
    """A world in full swing: the same plan and seed give the same traffic, byte for byte.

    A client that connects at the plan's start finds calls that began before, as every real stream has them.
    """
    random = Random(f"furnish {seed}")
    world = World(plan, seed, _desks(plan, random), _queues(plan), _campaigns(plan))
    world.now = plan.start - _BEFORE
    for queue in world.queues:
        world.begin(inbound.arrivals(world, queue))
    world.begin(inbound.distributor(world))
    for desk in world.desks:
        world.begin(people.working_day(world, desk))
        world.begin(people.errands(world, desk))
    for campaign in world.campaigns:
        world.begin(people.campaign(world, campaign))
    for _ in world.changes(plan.start):
        pass
    return world


def _agent(n: int) -> Agent:
    name = f"{_TREES[n % len(_TREES)]} {_STONES[n // len(_TREES) % len(_STONES)]}"
    again = n // (len(_TREES) * len(_STONES))
    return Agent(70001 + n, f"{name} {again + 1}" if again else name, 1001 + n % 4)


def _desks(plan: Plan, random: Random) -> list[Desk]:
    rung, opened = round(plan.ringers * plan.agents) or 1, int(plan.start) - _BEFORE
    desks: list[Desk] = []
    for n in range(plan.agents):
        shared = plan.shared_desks and n % _SECOND_DESK == _SECOND_DESK - 1
        owner = desks[-1].owner if shared else _agent(n)
        desk = Desk(f"SIP{n + 1:05d}", 20001 + n, owner, [owner, _agent(plan.agents + n)], n < rung)
        desk.supervises = n % _SUPERVISOR == _SUPERVISOR - 1
        desk.status_since = opened - random.randrange(60, 7200)
        if random.random() < 0.9 or n == 0:
            desk.online, desk.status = owner, desk.home
        desk.last_call = desk.last_hangup = opened - random.randrange(60, 7200)
        desk.last_answered = desk.last_call - random.randrange(600)
        desks.append(desk)
    return desks


def _queues(plan: Plan) -> list[Queue]:
    """The first gets most of the callers (seen); the last, if there are several, is a small ring group."""
    group = 0.03
    between = [(0.3 - group) / max(1, plan.queues - 2)] * (plan.queues - 2)
    shares = [1 - sum(between) - group, *between, group] if plan.queues > 1 else [1.0]
    groups = [plan.agents if n < plan.ring_all else 1 for n in range(plan.queues)]
    if plan.queues > plan.ring_all and plan.queues > 1:
        groups[-1] = _GROUP
    return [
        Queue(5001 + n, f"Queue {n + 1}", f"0770000{n + 1:03d}", group, share)
        for n, (share, group) in enumerate(zip(shares, groups, strict=True))
    ]


def _campaigns(plan: Plan) -> list[Campaign]:
    return [
        Campaign(901 + n, f"Campaign {n + 1}", (5, 3)[n % 2], 70001 + n % plan.agents, 1001 + n % 4, 40 + 17 * n)
        for n in range(plan.campaigns)
    ]
