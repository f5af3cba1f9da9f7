"""After snapshots the state is the truth, no matter what went wrong; and what is reported is true or marked.

More seeds: `python -m tests.convergence --seeds 0-1000`.
"""

from typing import Any

import pytest

from calltrack import Tracker
from calltrack.core.advance import Advance
from calltrack.simulate import Faults
from calltrack.testing.simulated import repro
from tests.convergence import MIXES, differences, unmarked

pytestmark = pytest.mark.slow

SEEDS = range(100, 103)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mix", MIXES)
def test_after_snapshots_the_state_is_the_truth(mix: str, seed: int) -> None:
    """Legs, waits in their order, and agents; whatever was lost, doubled, late, shuffled or corrupted."""
    assert [] == differences(seed, MIXES[mix]), repro(seed, faults=MIXES[mix])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mix", [name for name, faults in MIXES.items() if not faults.mangle])
def test_what_is_reported_is_true_or_marked(mix: str, seed: int) -> None:
    """Inferred, in a gap, or with an anomaly about it."""
    assert [] == unmarked(seed, MIXES[mix]), repro(seed, faults=MIXES[mix])


def test_an_end_that_is_concluded_and_does_not_say_so_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither inferred nor with an anomaly: reported, and its cause is not the true one."""
    end = Advance.end

    def silent(self: Advance, one: Any, device: Any, reported: Any, why: str, *, heir: bool = False) -> None:
        end(self, one, device, reported, "", heir=heir)

    monkeypatch.setattr(Advance, "end", silent)
    monkeypatch.setattr(Advance, "anomaly", lambda *_, **__: None)

    assert unmarked(100, Faults(lose=0.2))


def test_a_tracker_that_ignores_lists_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was lost stays lost."""
    monkeypatch.setattr(Tracker, "_all_extensions", lambda self, body: None)

    assert differences(100, Faults(lose=0.2))
