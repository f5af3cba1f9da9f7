from calltrack import table
from calltrack.ledger import LEG_CHANGES
from calltrack.states import Outcome, State


def test_every_step_says_a_change_that_exists() -> None:
    """The names of the table are the names of the classes."""
    assert {edge.says for edge in table.LEG} == set(LEG_CHANGES)


def test_every_outcome_has_its_place() -> None:
    """A call can be decided by whatever a leg or wait ends with, but for a pick-up, which counts as answered."""
    placed = [outcome for row in table.CALL_OUTCOMES for outcome in row]

    assert len(set(placed)) == len(placed)
    assert set(Outcome) - {Outcome.PICKED_UP} == set(placed)


def test_every_state_of_a_leg_has_its_place() -> None:
    """What a leg can be in decides its call and its extension."""
    live = {edge.dest for edge in table.LEG} - {State.HUNGUP}

    assert live | {State.QUEUED} == set(table.CALL)
    assert live == set(table.EXTENSION)
