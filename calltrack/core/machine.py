"""The table as it runs, as an oracle, and as diagrams.

`STEPS` is what the tracker looks every step up in. `MACHINE` is the same rows declared with transitions; `Replay` puts
a connection's changes through it, so that `calltrack check` and the tests find a step that no row allows. The oracle
reads states out of changes and knows nothing of guards: whatever the guard, a state and a signal lead to one state,
which is checked here.
"""

from __future__ import annotations

from collections.abc import Iterable

from transitions import Machine

from calltrack.core.states import State
from calltrack.core.table import CALL, CONNECTION, EXTENSION, HUNGUP, NEW, Edge

STEPS: dict[tuple[State, str, str], Edge] = {(row.source, row.signal, row.guard): row for row in CONNECTION}
"""(state, signal, guard) → the row. A missing key is an impossible step, or no step at all."""

SIGNALS: dict[State | None, str] = {row.dest: row.signal for row in CONNECTION if row.source is NEW}
"""What a listed call or wait in a state signals; a status without a known name (None) blurs."""
SIGNALS[None] = "blurs"
SEEN_AS: dict[str, State] = {signal: state for state, signal in SIGNALS.items() if state is not None} | {"ends": HUNGUP}


class BadTable(Exception):
    """The table contradicts itself; a programmer's mistake, found at import."""


def declare(edges: Iterable[Edge]) -> Machine:
    """The table as one shared machine without a model; raises BadTable for a row that contradicts another.

    transitions itself accepts duplicate edges and states that nothing leads to, so they are checked here.
    """
    edges = tuple(edges)
    keys = [(edge.source, edge.signal, edge.guard) for edge in edges]
    if doubled := {key for key in keys if keys.count(key) > 1}:
        raise BadTable(f"two rows for {sorted(doubled)}")
    steps = {(edge.source, edge.signal): edge.dest for edge in edges}
    if torn := [edge for edge in edges if steps[edge.source, edge.signal] is not edge.dest]:
        raise BadTable(f"a guard changes where {torn[0].signal} leads from {torn[0].source}")
    states = {edge.source for edge in edges} | {edge.dest for edge in edges}
    reached = {NEW}
    while more := {edge.dest for edge in edges if edge.source in reached} - reached:
        reached |= more
    if unreachable := states - reached:
        raise BadTable(f"no row leads to {sorted(unreachable)}")
    return Machine(
        model=None,
        states=[state.value for state in State if state in states],
        transitions=[
            {"trigger": signal, "source": source.value, "dest": dest.value} for (source, signal), dest in steps.items()
        ],
        initial=NEW.value,
        auto_transitions=False,
    )


MACHINE = declare(CONNECTION)


class Replay:
    """One connection's path through the machine; each step is the state that a change shows."""

    state: State

    def __init__(self) -> None:
        self.state = NEW
        self.trigger = MACHINE.events

    def step(self, dest: State) -> bool:
        """Go to the state that a change shows; False if no row leads there from the last one."""
        signal = "ends" if dest is HUNGUP else SIGNALS.get(dest, "")
        found = MACHINE.get_transitions(signal, self.state.value, dest.value) if signal else []
        self.state = dest
        return bool(found)


def diagrams() -> dict[str, str]:
    """Mermaid text by name: the connection's machine, and how states of calls and extensions are derived."""
    lines = ["stateDiagram-v2", "    direction LR"]
    drawn: dict[tuple[State, str, State], list[str]] = {}
    for edge in CONNECTION:
        reported_by = drawn.setdefault((edge.source, edge.signal, edge.dest), [])
        if edge.reported_by and edge.reported_by not in reported_by:
            reported_by.append(edge.reported_by)
    for (source, signal, dest), reported_by in drawn.items():
        label = f"{signal} ({' / '.join(reported_by)})" if reported_by else signal
        lines.append(f"    {'[*]' if source is NEW else source} --> {dest}: {label}")
    return {
        "connection": "\n".join(lines) + "\n",
        "call": _order("any leg or wait is", CALL, State.HUNGUP),
        "extension": _order("any leg is", EXTENSION, State.IDLE),
    }


def _order(question: str, states: tuple[State, ...], otherwise: State) -> str:
    lines = ["flowchart LR"]
    for i, state in enumerate(states):
        lines.append(f'    q{i}{{"{question} {state}?"}} -- yes --> s{i}["{state}"]')
        lines.append(f"    q{i} -- no --> " + (f"q{i + 1}" if i + 1 < len(states) else f'other["{otherwise}"]'))
    return "\n".join(lines) + "\n"
