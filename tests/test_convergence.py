"""After snapshots the state is the truth, no matter what went wrong; and what is told is true or marked.

More seeds: `python -m tests.convergence --seeds 0-1000`.
"""

import pytest
from calltrack.core.ledger import Ledger

from calltrack import Tracker
from calltrack.core.records import Leg
from calltrack.simulate import Faults
from calltrack.testing.simulated import repro
from tests.convergence import MIXES, differences, unmarked

SEEDS = range(100, 103)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mix", MIXES)
def test_after_snapshots_the_state_is_the_truth(mix: str, seed: int) -> None:
    """Legs, waits in their order, and agents; whatever was lost, doubled, late, shuffled or corrupted."""
    assert [] == differences(seed, MIXES[mix]), repro(seed, faults=MIXES[mix])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mix", [name for name, faults in MIXES.items() if not faults.mangle])
def test_what_is_told_is_true_or_marked(mix: str, seed: int) -> None:
    """Inferred, in a gap, or with an anomaly about it."""
    assert [] == unmarked(seed, MIXES[mix]), repro(seed, faults=MIXES[mix])


def test_an_end_that_is_concluded_and_does_not_say_so_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither inferred nor with an anomaly: told, and its cause is not the true one."""
    end_leg = Ledger.end_leg

    def told(self: Ledger, leg: Leg, cause: str, dial_status: str, told: bool, inferred: str) -> None:
        end_leg(self, leg, cause, dial_status, told, "")

    monkeypatch.setattr(Ledger, "end_leg", told)
    monkeypatch.setattr(Ledger, "anomaly", lambda *_, **__: None)

    assert unmarked(100, Faults(lose=0.2))


def test_a_tracker_that_ignores_lists_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was lost stays lost."""
    monkeypatch.setattr(Tracker, "_all_extensions", lambda self, body: None)

    assert differences(100, Faults(lose=0.2))
