"""Streams of the simulated call centre, by seed: the same arguments, the same frames."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from calltrack.core.errors import NotAFrame
from calltrack.simulate import Faults, Plan, traffic
from calltrack.simulate.recording import encode
from calltrack.voicenter.frames import Frame

SEVERE = Faults(
    lose=0.02,
    repeat=0.02,
    delay=0.02,
    reorder=0.02,
    shuffle=0.02,
    echo=0.02,
    corrupt=0.02,
    mangle=0.02,
    disconnects=4,
    restarts=0.5,
    outage=40,
)
"""Everything goes wrong, ten times as often as on a bad day."""


def lawful(seed: int = 0, *, agents: int = 9, hours: float = 1.0, captured: bool = False) -> Iterator[Frame]:
    """What a client receives when nothing goes wrong; with `captured`, the quirks of captured traffic."""
    return faulty(seed, agents=agents, hours=hours, faults=Faults(), captured=captured)


def faulty(
    seed: int = 0, *, agents: int = 9, hours: float = 1.0, faults: Faults = SEVERE, captured: bool = False
) -> Iterator[Frame]:
    """What a client receives when everything goes wrong; lines that are no frames are left out.

    With `captured` the stream has the quirks of captured traffic too. The same stream as a file: the command that
    `repro` gives.
    """
    random, plan = Random(f"garble {seed}"), Plan(agents=agents)
    if captured:
        plan = plan.as_captured()
    for lines, _ in traffic(plan, seed=seed, hours=hours, faults=faults):
        for line in lines:
            try:
                yield Frame.decode(encode(line, random))
            except NotAFrame:
                continue


def repro(seed: int, *, agents: int = 9, hours: float = 1.0, faults: Faults = SEVERE, captured: bool = False) -> str:
    """The command that writes the stream of these arguments into a file, with the truth beside it."""
    rates = ",".join(
        f"{name}={getattr(faults, name):g}" for name in Faults.__dataclass_fields__ if getattr(faults, name)
    )
    options = f"--seed {seed} --agents {agents} --hours {hours:g} --faults {rates}"
    return f"calltrack simulate record out.jsonl {options}{' --plan captured' if captured else ''}"
