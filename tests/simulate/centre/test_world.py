"""One seed, one history; a plan that cannot work is refused."""

from typing import Any

import pytest

from calltrack.simulate import Plan, open_centre
from tests.simulate.frames import frames


def test_one_seed_gives_the_same_traffic() -> None:
    """Every frame, field and time of it."""
    assert list(frames(3, seed=5, agents=15)) == list(frames(3, seed=5, agents=15))


def test_another_seed_gives_other_traffic() -> None:
    """The seed matters from the first minutes."""
    assert list(frames(1, seed=5)) != list(frames(1, seed=6))


def test_it_does_not_matter_how_often_one_looks() -> None:
    """Time passes the same way in one go and in many steps."""
    plan = Plan(agents=12)
    at_once, in_steps = open_centre(plan, 3), open_centre(plan, 3)
    whole = [(change.at, change.reason) for change in at_once.changes(plan.start + 3600)]
    steps = [plan.start + 7.5 * n for n in range(1, 481)]
    assert [(change.at, change.reason) for until in steps for change in in_steps.changes(until)] == whole


def test_changes_come_in_order_of_time() -> None:
    """Never backwards, also across processes."""
    plan = Plan(agents=30)
    times = [change.at for change in open_centre(plan, 1).changes(plan.start + 4 * 3600)]
    assert times == sorted(times)


@pytest.mark.parametrize("bad", [{"agents": 0}, {"queues": 0}])
def test_a_call_centre_without_agents_or_queues_is_refused(bad: dict[str, Any]) -> None:
    """In words."""
    with pytest.raises(ValueError, match="at least one agent and one queue"):
        Plan(**bad)


@pytest.mark.parametrize("plan", [Plan(agents=1, queues=1), Plan(agents=2, campaigns=0, dialer=0, outgoing=0)])
def test_the_smallest_call_centres_work(plan: Plan) -> None:
    """One agent, one queue; no campaigns; no one who dials."""
    assert any(change.reason == "JOIN" for change in open_centre(plan, 1).changes(plan.start + 4 * 3600))
