"""kpi against an independent reading of the raw frames."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calltrack.simulate import Plan, write_recording
from tests.figures.recompute import differences

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
BEYOND = {
    "api-page": "its examples contradict one another",
    "lost-events": "it shows a call as Talking that no one answered, by the vendor's flag",
    "loose-types": "other spellings of the names",
    "outage-in-every-state": "a status that no one knows, so that no one knows how long was talked",
    "repeated-and-late-frames": "a frame that comes late takes the time back",
}
RECORDINGS = sorted(
    path
    for path in FIXTURES.rglob("*.jsonl")
    if not path.name.endswith(".changes.jsonl")
    and path.stem not in BEYOND
    and path.parent.name != "cases"  # test_cases
)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_the_figures_of_a_scenario(recording: Path) -> None:
    """Every figure of every queue and extension, and every second of every status."""
    assert [] == differences(recording)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.integers(1, 25), st.integers(1, 5))
def test_the_figures_of_a_simulated_call_centre(
    tmp_path_factory: pytest.TempPathFactory, seed: int, agents: int, queues: int
) -> None:
    """Whatever its size and traffic."""
    recording = tmp_path_factory.mktemp("recompute") / "simulated.jsonl"
    write_recording(recording, Plan(agents=agents, queues=queues, spying=0.5), seed=seed, hours=1.5, truth=False)

    assert [] == differences(recording)
