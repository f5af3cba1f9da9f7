from __future__ import annotations

from random import Random

import pytest

from calltrack import Frame, Tracker
from calltrack.core.records import Extension
from calltrack.figures import Facts, Options, Report, report
from calltrack.simulate import Plan, good_day, open_centre, traffic
from calltrack.simulate.recording import encode

HOURS, EVERY = 3.0, 600.0  # s between two looks at the agents


def lived(plan: Plan) -> tuple[Report, list[list[Extension]]]:
    """The figures of some hours, and the extensions every so often."""
    tracker, facts, garbler = Tracker(), Facts(), Random(0)
    looks: list[list[Extension]] = []
    for lines, _ in traffic(plan, seed=5, hours=HOURS):
        for line in lines:
            facts.apply(tracker.feed(Frame.decode(encode(line, garbler))), tracker.time)
            if (tracker.time or 0) > plan.start + len(looks) * EVERY:
                looks.append(list(tracker.snapshot().extensions))
    facts.learn(tracker.snapshot())
    return report(facts, plan.start, None, Options()), looks


@pytest.mark.parametrize("agents", [20, 40])
def test_a_good_day_looks_like_one(agents: int) -> None:
    """Most callers are answered soon by agents who are busy but not always, some of whom wait for the next call."""
    found, looks = lived(good_day(agents, 6, 1_704_697_200.0))
    waits, work = found.total.waits, found.total.work
    assert waits is not None
    assert work is not None
    idle = sum(one.agent_status == 1 and one.state == "Idle" for look in looks for one in look) / len(looks)
    administrative = sum(one.agent_status == 5 for look in looks for one in look) / len(looks)

    assert 0.65 < (waits.service_level.negative or 0) < 0.92
    assert 0.7 < (work.occupancy or 0) < 0.9
    assert 0.05 < idle / agents < 0.3
    assert administrative / agents < 0.1


def test_agents_of_a_good_day_have_names_of_their_own() -> None:
    """Some hundreds of them, each at one desk."""
    desks = open_centre(good_day(300, 6, 1_704_697_200.0), 0).desks

    assert 600 == len({agent.name for desk in desks for agent in desk.staff})
