"""table.LEG → a transitions.Machine → checked → a flat dict, because a dict look-up costs 1/100 of a trigger."""

from collections.abc import Iterable

from transitions import Machine

from calltrack.core.states import State
from calltrack.core.table import CALL, EXTENSION, LEG, MISSED, SEEN_AS, Edge


class BadTable(Exception):
    """The table contradicts itself; a programmer's mistake, found at import."""


def declare(edges: Iterable[Edge]) -> Machine:
    """The table as one shared machine without a model; raises BadTable on a duplicate or unreachable row.

    transitions itself accepts duplicate edges and states that nothing leads to, so they are checked here.
    """
    edges = tuple(edges)
    keys = [(edge.source, edge.signal) for edge in edges]
    if doubled := {key for key in keys if keys.count(key) > 1}:
        raise BadTable(f"two rows for {sorted(doubled)}")
    states = {edge.source for edge in edges} | {edge.dest for edge in edges}
    reached = {State.NEW}
    while more := {edge.dest for edge in edges if edge.source in reached} - reached:
        reached |= more
    if unreachable := states - reached:
        raise BadTable(f"nothing leads to {sorted(unreachable)}")
    return Machine(
        model=None,
        states=[state.value for state in State if state in states],
        transitions=[{"trigger": edge.signal, "source": edge.source.value, "dest": edge.dest.value} for edge in edges],
        initial=State.NEW.value,
        auto_transitions=False,
    )


def flatten(machine: Machine, edges: Iterable[Edge]) -> dict[tuple[State, str], tuple[Edge, ...]]:
    """(state, signal) → the steps to take, read back from the machine: one, or two where `MISSED` has an entry."""
    rows = {(edge.source, edge.signal): edge for edge in edges}
    paths: dict[tuple[State, str], tuple[Edge, ...]] = {}
    for signal, event in machine.events.items():
        for source, transitions in event.transitions.items():
            edge = rows[State(source), signal]
            if transitions[0].dest != edge.dest:
                raise BadTable(f"{edge} became {transitions[0]}")
            paths[edge.source, edge.signal] = (edge,)
    for (source, signal), missed in MISSED.items():
        if (source, signal) in paths:
            raise BadTable(f"{source} {signal} is both lawful and missed")
        first = rows[source, missed]
        paths[source, signal] = (first, rows[first.dest, signal])
    return paths


MACHINE = declare(LEG)
PATHS = flatten(MACHINE, LEG)
"""Not in here: impossible, or the leg is in that state already."""


_FIRST = {edge.signal: edge.dest for edge in LEG if edge.source is State.NEW}


def seen_as(status: str | None, c2c: int | None, answered: bool | None) -> State:
    """The state of a listed call; click2call leg 2 dials until it is answered, whatever it says (field guide §4)."""
    signal = SEEN_AS.get((status or "").lower(), "blurs")
    return _FIRST["dials" if signal == "talks" and c2c == 2 and not answered else signal]


def diagrams() -> dict[str, str]:
    """Mermaid text by name: the leg's machine, and how the states of calls and extensions are derived from legs."""
    lines = ["stateDiagram-v2", "    direction LR"]
    for signal, event in MACHINE.events.items():
        for source, transitions in event.transitions.items():
            told_by = PATHS[State(source), signal][0].told_by
            label = f"{signal} ({' / '.join(told_by)})" if told_by else signal
            start = "[*]" if source == State.NEW else source
            end = "[*]" if transitions[0].dest == State.HUNGUP else transitions[0].dest
            lines.append(f"    {start} --> {end}: {label}")
    return {
        "leg": "\n".join(lines) + "\n",
        "call": _order("any leg or wait is", CALL, State.HUNGUP),
        "extension": _order("any leg is", EXTENSION, State.IDLE),
    }


def _order(question: str, states: tuple[State, ...], otherwise: State) -> str:
    lines = ["flowchart LR"]
    for i, state in enumerate(states):
        lines.append(f'    q{i}{{"{question} {state}?"}} -- yes --> s{i}["{state}"]')
        lines.append(f"    q{i} -- no --> " + (f"q{i + 1}" if i + 1 < len(states) else f'other["{otherwise}"]'))
    return "\n".join(lines) + "\n"
