import pytest
from transitions import Machine

from calltrack.core.machine import MACHINE, PATHS, BadTable, declare, diagrams, flatten
from calltrack.core.states import State
from calltrack.core.table import LEG, MISSED, NEW, RINGING, TALKING, Edge


class Model:
    """Something for transitions to move."""

    state = "New"


@pytest.mark.parametrize(("source", "signal"), sorted(PATHS))
def test_the_flat_dict_does_what_the_machine_does(source: State, signal: str) -> None:
    """Every path of the dict, walked with real triggers, ends in the same state."""
    model = Model()
    machine = Machine(
        model=model,
        states=list(MACHINE.states),
        transitions=[{"trigger": edge.signal, "source": edge.source.value, "dest": edge.dest.value} for edge in LEG],
        initial=source.value,
        auto_transitions=False,
    )
    assert source == model.state

    for edge in PATHS[source, signal]:
        model.trigger(edge.signal)  # type: ignore[attr-defined]

    assert PATHS[source, signal][-1].dest == model.state
    assert machine is not None


def test_the_dict_has_all_rows_and_no_others() -> None:
    """Each row of the table once, each missed step with both of its steps."""
    assert {(edge.source, edge.signal) for edge in LEG} | set(MISSED) == set(PATHS)
    assert all(1 == len(PATHS[edge.source, edge.signal]) for edge in LEG)
    assert all(2 == len(PATHS[key]) for key in MISSED)


def test_nothing_leaves_hungup() -> None:
    """An ended leg stays ended; another attempt is another leg."""
    assert not [edge for edge in LEG if edge.source is State.HUNGUP]


@pytest.mark.parametrize(
    ("edges", "fault"),
    [
        ([Edge(NEW, "rings", RINGING, (), "x"), Edge(NEW, "rings", TALKING, (), "x")], "two rows"),
        ([Edge(NEW, "rings", RINGING, (), "x"), Edge(TALKING, "ends", State.HUNGUP, (), "x")], "nothing leads to"),
        (
            [Edge(TALKING, "holds", State.HOLD, (), "x"), Edge(State.HOLD, "talks", TALKING, (), "x")],
            "nothing leads to",
        ),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(edges: list[Edge], fault: str) -> None:
    """transitions takes both; the check does not."""
    with pytest.raises(BadTable, match=fault):
        declare(edges)


def test_a_missed_step_must_not_be_lawful() -> None:
    """Else it would be both taken and reported."""
    more = [*LEG, Edge(RINGING, "holds", State.HOLD, (), "LegHeld")]
    with pytest.raises(BadTable, match="both lawful and missed"):
        flatten(declare(more), more)


def test_the_diagrams_have_every_row() -> None:
    """One arrow a row for the leg, one question a state for what is derived."""
    drawn = diagrams()

    assert len(LEG) == drawn["leg"].count("-->")
    assert "Talking --> Hold: holds (HOLD)" in drawn["leg"]
    assert {"leg", "call", "extension"} == set(drawn)


def test_a_row_that_became_another_is_refused() -> None:
    """The machine is the oracle: what it made of the table must be the table."""
    other = tuple(edge._replace(dest=RINGING) if edge.dest is TALKING else edge for edge in LEG)

    with pytest.raises(BadTable, match="became"):
        flatten(MACHINE, other)
