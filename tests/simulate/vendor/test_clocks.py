"""Clocks that are apart, set while they run, or wrong for one frame: the stamps bend, the order stays true."""

from collections import defaultdict
from itertools import pairwise

import pytest

from calltrack.simulate import Faults, Plan
from calltrack.simulate.vendor import Clocks
from tests.simulate.frames import Heard, legs, stream

START = Plan().start


def test_several_servers_stamp_frames_up_to_five_seconds_early() -> None:
    """Field guide §8, ruling 1: arrival order is true, servertime goes back; both stamps of a frame move together."""
    heard = stream(3, agents=20, servers=3, skew=5)
    plain = stream(3, agents=20)
    early = [b.body["servertime"] - a.body["servertime"] for a, b in zip(heard, plain, strict=True)]
    assert set(early) == {0, 2, 5}
    assert [each.at for each in heard] == [each.at for each in plain]
    assert any(b.body["servertime"] < a.body["servertime"] for a, b in pairwise(heard))
    for a, b, by in zip(heard, plain, early, strict=True):
        assert a.truth.clock == -by
        if "telephonyservertime" in b.body:
            assert a.body["telephonyservertime"] == b.body["telephonyservertime"] - by


def test_a_clock_step_changes_stamps_from_then_on_and_none_before() -> None:
    """Ruling 2: several frames of different devices are off by the same amount; a leg keeps its callStarted."""
    heard = stream(8, agents=20, faults=Faults(clock_steps=1))
    offs = [each.truth.clock for each in heard]
    steps = [b - a for a, b in pairwise(offs) if a != b]
    assert min(steps) < 0 < max(steps)
    assert all(abs(step) <= 2000 for step in steps)
    assert len(steps) < 20
    _every_leg_keeps_its_stamp(heard)


def test_an_hours_step_is_followed_by_the_offset_minutes_later() -> None:
    """Ruling 2, summer time: in between the frames are an hour off."""
    heard = stream(12, agents=20, faults=Faults(hour_steps=0.7))
    offsets = {each.body["servertimeoffset"] for each in heard}
    assert len(offsets) > 1 < len({offset - 120 for offset in offsets} & {-60, 0, 60})
    wrong = [each for each in heard if each.truth.clock]
    assert {each.truth.clock for each in wrong} <= {-3600, 3600, -7200, 7200}
    for a, b in pairwise(heard):
        if not a.truth.clock and b.truth.clock:
            begun = b.at
        elif a.truth.clock and not b.truth.clock:
            assert 60 <= b.at - begun <= 1200
    _every_leg_keeps_its_stamp(heard)


def _every_leg_keeps_its_stamp(heard: list[Heard]) -> None:
    stamps: dict[str, set[int]] = defaultdict(set)
    for _, _, call in legs(heard):
        stamps[call["channel"] + call["ivrid"]].add(call["callStarted"])
    redialed = sum(len(found) > 1 for found in stamps.values())
    assert redialed < len(stamps) / 10


@pytest.mark.parametrize("seed", range(5))
def test_a_wall_clock_asked_later_says_what_it_said(seed: int) -> None:
    """Stamps in a list are those of their time."""
    clocks = Clocks(Plan(), steps=5, hours=2, seed=seed)
    times = [START + n * 61 for n in range(600)]
    said = [clocks.local(at) for at in times]
    assert said == [clocks.local(at) for at in times]
    assert len({b - a for a, b in pairwise(said)}) > 5


def test_a_single_stamp_far_ahead_is_followed_by_a_right_one() -> None:
    """Ruling 2: an hour, a day or a year; the call in it has its own times."""
    heard = stream(6, agents=20, faults=Faults(far_ahead=0.01))
    far = [n for n, each in enumerate(heard) if each.truth.fault == "far ahead"]
    assert {heard[n].body["servertime"] - 7200 - int(heard[n].at) for n in far} == {3600, 86400, 31536000}
    for n in far:
        assert heard[n].truth.clock == 0
        assert n + 1 in far or n + 1 == len(heard) or heard[n + 1].body["servertime"] < heard[n].body["servertime"]
        for call in heard[n].body["data"].get("calls", []):
            assert call["callStarted"] - 7200 <= heard[n].at


def test_clocks_that_are_right_say_local_time() -> None:
    """And draw nothing."""
    clocks = Clocks(Plan(offset=180))
    assert (clocks.local(START), clocks.offset(START), clocks.early()) == (START + 10800, 180, 0)
