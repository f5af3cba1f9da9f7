import pytest

from tests.kafka.reference import compared
from tests.kafka.simulate import World, run


@pytest.mark.parametrize("batch", [0, *(pytest.param(batch, marks=pytest.mark.slow) for batch in (1, 2, 3))])
def test_every_account_is_as_one_process_makes_it(batch: int) -> None:
    """Ten worlds of kills, zombies, upgrades, lost acknowledgements; `python -m tests.kafka.simulate` has more."""
    outcomes = [run(seed) for seed in range(batch * 10, batch * 10 + 10)]

    assert [] == [difference for outcome in outcomes for difference in outcome.differences]
    assert all(sum(column) for column in zip(*(outcome[1:] for outcome in outcomes), strict=True))


def test_without_the_rule_it_is_not() -> None:
    """The control: a reader that takes everything gets doubles from zombies."""
    assert any(run(seed, control="no rule").differences for seed in range(5))


def test_without_reading_the_tail_it_is_not() -> None:
    """The control: with kills only, a worker that reads the tail repeats nothing, one that does not does."""
    worlds = [World(seed, zombies=False) for seed in range(5)]
    for world in worlds:
        world.run(400)

    assert [] == [difference for world in worlds for difference in compared(world.topics, rule=False)[0]]
    assert all(run(seed, control="no tail", zombies=False).differences for seed in range(5))
