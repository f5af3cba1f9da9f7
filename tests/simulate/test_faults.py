"""Each fault does what its name says, as often as asked, and the seed decides when."""

from collections import Counter
from itertools import pairwise
from random import Random

import msgspec
import pytest

from calltrack.simulate import Emitted, Faults, Plan, traffic
from calltrack.simulate.faults import garble, mangle
from tests.simulate.frames import delivered

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("lose", "lost"),
        ("repeat", "repeated"),
        ("delay", "late"),
        ("reorder", "swapped"),
        ("echo", "echoed"),
        ("corrupt", "garbled"),
        ("mangle", "mangled"),
        ("far_ahead", "far ahead"),
    ],
)
def test_a_fault_of_a_frame_comes_as_often_as_asked(name: str, fault: str) -> None:
    """One frame in ten, and no other fault."""
    seen = Counter(truth.fault for _, truth in delivered(8, 1, Faults(**{name: 0.1}), agents=30))
    assert set(seen) == {"", fault}
    assert seen[fault] / seen.total() == pytest.approx(0.1, abs=0.02)


def test_a_lost_frame_never_arrives_and_a_repeated_one_arrives_twice() -> None:
    """Lines for a frame: none, one, two."""
    for lines, truth in delivered(4, 2, Faults(lose=0.1, repeat=0.1), agents=20):
        assert len(lines) == {"lost": 0, "": 1, "repeated": 2}[truth.fault]


def test_an_echo_is_the_same_frame_again_up_to_ten_seconds_later() -> None:
    """Every frame comes at its time, and those once more."""
    lines = [line for found, _ in delivered(4, 3, Faults(echo=0.1), agents=20) for line in found]
    frames = [line.frame for found, _ in delivered(4, 3, Faults(), agents=20) for line in found]
    assert frames == [line.frame for line in lines if line.at == line.frame.at]
    again = [line for line in lines if line.at != line.frame.at]
    assert again
    assert all(0.5 <= line.at - line.frame.at <= 10 and line.frame in frames for line in again)


def test_a_distant_echo_is_the_same_event_again_up_to_300_frames_later() -> None:
    """Field guide §8, ruling 4: exact, of extensions and queues alone, at any distance."""
    lines = [line for found, _ in delivered(8, 3, Faults(distant=0.05), agents=20) for line in found]
    frames = [line.frame for found, _ in delivered(8, 3, Faults(), agents=20) for line in found]
    assert frames == [line.frame for line in lines if line.at == line.frame.at]
    places = {id(line.frame): n for n, line in reversed(list(enumerate(lines)))}
    between = [
        sum(other.at == other.frame.at for other in lines[places[id(line.frame)] + 1 : n])
        for n, line in enumerate(lines)
        if line.at != line.frame.at
    ]
    assert (min(between) < 10, max(between) > 290) == (True, True)
    assert set(between) <= set(range(1, 301))
    assert {line.frame.event for line in lines if line.at != line.frame.at} == {"ExtensionEvent", "QueueEvent"}


def test_a_shuffle_brings_the_frames_of_a_few_seconds_in_any_order() -> None:
    """Farther than to the next place, and nothing is lost by it, but perhaps at the very end."""
    found = delivered(8, 4, Faults(shuffle=0.05), agents=30)
    lines = [line.frame for arrived, _ in found for line in arrived]
    frames = [line.frame for arrived, _ in delivered(8, 4, Faults(), agents=30) for line in arrived]
    places = {msgspec.json.encode(frame): n for n, frame in enumerate(frames)}
    moved = [places.pop(msgspec.json.encode(frame)) - n for n, frame in enumerate(lines)]
    assert len(places) <= 8
    assert max(moved) > 2
    assert any(truth.fault == "shuffled" for _, truth in found)


@pytest.mark.parametrize("seed", range(40))
def test_a_mangled_frame_differs_in_one_value(seed: int) -> None:
    """And is JSON still; the frame that was given stays as it was."""
    frame = Emitted(1.0, "QueueEvent", {"data": {"QueueID": 1, "Calls": [{"ivrid": "1"}]}, "reason": "JOIN"})
    before = msgspec.json.encode(frame)
    mangled = mangle(Random(seed), frame)
    assert before == msgspec.json.encode(frame)
    assert msgspec.json.decode(msgspec.json.encode(mangled.data)) != frame.data


def test_a_late_frame_arrives_up_to_ten_seconds_later_at_a_time_of_its_own() -> None:
    """Not at that of the next frame; receive times never go back."""
    lines = [line for found, _ in delivered(8, 3, Faults(delay=0.1), agents=30) for line in found]
    late = [line.at - line.frame.at for line in lines if line.at != line.frame.at]
    assert 0.5 <= min(late) < 1 < 9 < max(late) <= 10
    assert all(before.at <= after.at for before, after in pairwise(lines))


def test_a_swapped_frame_comes_after_the_next_one() -> None:
    """And nothing is lost by it, but perhaps at the very end."""
    lines = [line.frame for found, _ in delivered(4, 4, Faults(reorder=0.2), agents=20) for line in found]
    frames = [line.frame for found, _ in delivered(4, 4, Faults(), agents=20) for line in found]
    assert lines != frames
    assert len(frames) - len(lines) <= 2
    assert sorted(frame.at for frame in lines) == [frame.at for frame in frames[: len(lines)]]


def test_after_a_lost_connection_come_the_snapshots_and_nothing_of_the_gap() -> None:
    """disconnect with its reason, silence, the snapshots (field guide §6)."""
    found = delivered(24, 5, Faults(disconnects=2, restarts=1, outage=30), agents=20)
    lines = [line for arrived, _ in found for line in arrived]
    breaks = [n for n, line in enumerate(lines) if line.frame.event == "disconnect"]
    greeting = ["loginSuccess", "loginStatus", "AllExtensionsStatus"]
    assert {lines[n].frame.data["reason"] for n in breaks} == {"transport close", "server restart"}
    assert all([line.frame.event for line in lines[n + 1 : n + 4]] == greeting for n in breaks if n + 1 < len(lines))
    assert len(breaks) == pytest.approx(24 * 3, rel=0.4)
    assert any(truth.fault == "gap" for _, truth in found)


def test_what_a_gap_swallowed_stands_in_the_truth_all_the_same() -> None:
    """The same ends as without faults."""
    faults = Faults(disconnects=6, outage=120, lose=0.05)
    ends = [end for _, truth in delivered(6, 6, faults, agents=20) for end in truth.ends]
    assert ends == [end for _, truth in traffic(Plan(agents=20), seed=6, hours=6) for end in truth.ends]


def test_one_seed_gives_the_same_faults() -> None:
    """Line by line."""
    assert delivered(4, 7, Faults.all(), agents=20) == delivered(4, 7, Faults.all(), agents=20)


@pytest.mark.parametrize("seed", range(40))
def test_a_garbled_text_is_no_json(seed: int) -> None:
    """Whichever way it breaks."""
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(garble(Random(seed), b'{"at":1.5,"event":"QueueEvent","data":{"QueueID":1}}'))


@pytest.mark.parametrize("bad", [{"lose": -0.1}, {"lose": 0.6, "repeat": 0.6}])
def test_impossible_faults_are_refused(bad: dict[str, float]) -> None:
    """In words."""
    with pytest.raises(ValueError, match=r"cannot be negative|more than 1"):
        Faults(**bad)
