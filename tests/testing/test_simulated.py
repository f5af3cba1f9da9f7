import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from calltrack import Anomaly, Recording, Tracker
from calltrack.cli import commands
from calltrack.testing import faulty, lawful, prove
from calltrack.testing.simulated import repro

SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_law_holds_of_lawful_traffic(seed: int) -> None:
    """And there is no anomaly in it, but for two holds in one second, whose frames are echoes of each other."""
    prove(lawful(seed), hint=f"seed {seed}")
    tracker, prints = Tracker(), set[int]()
    for frame in lawful(seed):
        changes = tracker.feed(frame)
        if frame.fingerprint() in prints:
            break
        prints.add(frame.fingerprint())
        assert [] == [change for change in changes if isinstance(change, Anomaly)]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_law_holds_of_faulty_traffic(seed: int) -> None:
    """Whatever goes wrong; the message has the command that makes the stream again."""
    prove(faulty(seed), hint=repro(seed))


@pytest.mark.parametrize("captured", [False, True])
def test_the_command_makes_the_very_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, captured: bool) -> None:
    """Frame for frame; only the end of the line is kept in a file."""
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(commands, shlex.split(repro(7, captured=captured))[1:], catch_exceptions=False)

    read = Recording("out.jsonl", on_bad=lambda bad: None)
    assert [frame.raw for frame in faulty(7, captured=captured)] == [frame.raw.rstrip() for frame in read]


def test_a_seed_is_a_stream() -> None:
    """The same again, and another for another."""
    assert list(faulty(1)) == list(faulty(1))
    assert list(faulty(1)) != list(faulty(2))
