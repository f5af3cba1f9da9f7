"""The table as it runs, as an oracle, and as diagrams."""

import pytest

from calltrack import State
from calltrack.core import machine, table
from calltrack.core.machine import MACHINE, STEPS, BadTable, Replay, declare, diagrams
from calltrack.core.table import CONNECTION, Edge


def test_every_row_is_a_step_and_an_edge_of_the_machine() -> None:
    """transitions knows each source, signal and destination."""
    assert len(CONNECTION) == len(STEPS)
    for row in CONNECTION:
        assert MACHINE.get_transitions(row.signal, row.source.value, row.dest.value)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((Edge(State.NEW, "rings", "", State.RINGING, "", "Started", None),) * 2, "two rows"),
        (
            (
                Edge(State.NEW, "rings", "", State.RINGING, "", "Started", None),
                Edge(State.NEW, "rings", "x", State.DIALING, "", "Started", None),
            ),
            "a guard changes",
        ),
        ((Edge(State.HOLD, "rings", "", State.RINGING, "", "Started", None),), "no row leads to"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(rows: tuple[Edge, ...], reason: str) -> None:
    """Two rows for one key, a guard that decides where a step leads, a state that no row leads to."""
    with pytest.raises(BadTable, match=reason):
        declare(rows)


def test_the_oracle_refuses_a_step_that_no_row_has() -> None:
    """And follows those that one has."""
    path = Replay()

    assert [True, True, True, False] == [
        path.step(state) for state in (State.RINGING, State.TALKING, State.HUNGUP, State.IDLE)
    ]


def test_the_diagrams_have_every_step() -> None:
    """Drawn from the table."""
    drawn = diagrams()

    assert {"connection", "call", "extension"} == set(drawn)
    assert "Ringing --> Talking: talks (answers)" in drawn["connection"]
    assert all(str(state) in drawn["call"] for state in table.CALL)
    assert machine.SIGNALS[State.HOLD] == "holds"
